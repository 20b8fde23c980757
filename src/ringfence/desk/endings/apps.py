"""The app's name for Django."""

from django.apps import AppConfig


class EndingsConfig(AppConfig):
    """Label: `endings`."""

    name = "ringfence.desk.endings"
    verbose_name = "Ends of contracts"
