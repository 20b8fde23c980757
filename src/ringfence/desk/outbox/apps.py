"""The app's name for Django."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Label: `outbox`."""

    name = "ringfence.desk.outbox"
    verbose_name = "Outbox"
