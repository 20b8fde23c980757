"""The app's name for Django."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Label: `cases`."""

    name = "ringfence.desk.cases"
    verbose_name = "Cases"
