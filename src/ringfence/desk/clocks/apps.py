"""The app's name for Django."""

from django.apps import AppConfig


class ClocksConfig(AppConfig):
    """Label: `clocks`."""

    name = "ringfence.desk.clocks"
    verbose_name = "Clocks"
