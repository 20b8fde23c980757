"""The app's name for Django."""

from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    """Label: `complaints`."""

    name = "ringfence.desk.complaints"
    verbose_name = "Complaints"
