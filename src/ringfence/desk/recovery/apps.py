"""The app's name for Django."""

from django.apps import AppConfig


class RecoveryConfig(AppConfig):
    """Label: `recovery`."""

    name = "ringfence.desk.recovery"
    verbose_name = "Recovery"
