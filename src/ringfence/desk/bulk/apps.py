"""The app's name for Django."""

from django.apps import AppConfig


class BulkConfig(AppConfig):
    """Label: `bulk`."""

    name = "ringfence.desk.bulk"
    verbose_name = "Bulk decisions"
