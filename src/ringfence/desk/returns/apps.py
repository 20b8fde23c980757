"""The app's name for Django."""

from django.apps import AppConfig


class ReturnsConfig(AppConfig):
    """Label: `returns`."""

    name = "ringfence.desk.returns"
    verbose_name = "Returning parties"
