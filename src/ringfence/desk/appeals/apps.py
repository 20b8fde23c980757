"""The app's name for Django."""

from django.apps import AppConfig


class AppealsConfig(AppConfig):
    """Label: `appeals`."""

    name = "ringfence.desk.appeals"
    verbose_name = "Appeals"
