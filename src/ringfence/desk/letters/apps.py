"""The app's name for Django."""

from django.apps import AppConfig


class LettersConfig(AppConfig):
    """Label: `letters`."""

    name = "ringfence.desk.letters"
    verbose_name = "Letters"
