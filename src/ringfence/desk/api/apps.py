"""The app's name for Django."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Label: `api`."""

    name = "ringfence.desk.api"
    verbose_name = "API"
