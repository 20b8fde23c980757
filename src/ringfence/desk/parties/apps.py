"""The app's name for Django."""

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    """Label: `parties`."""

    name = "ringfence.desk.parties"
    verbose_name = "Parties"
