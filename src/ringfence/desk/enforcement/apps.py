"""The app's name for Django."""

from django.apps import AppConfig


class EnforcementConfig(AppConfig):
    """Label: `enforcement`."""

    name = "ringfence.desk.enforcement"
    verbose_name = "Enforcement"
