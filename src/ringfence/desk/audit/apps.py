"""The app's name for Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Label: `audit`."""

    name = "ringfence.desk.audit"
    verbose_name = "Audit"
