"""The app's name for Django."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Label: `access`."""

    name = "ringfence.desk.access"
    verbose_name = "Access"
