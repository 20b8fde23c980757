"""The app's name for Django."""

from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    """Label: `decisions`."""

    name = "ringfence.desk.decisions"
    verbose_name = "Decisions"
