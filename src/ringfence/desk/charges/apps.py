"""The app's name for Django."""

from django.apps import AppConfig


class ChargesConfig(AppConfig):
    """Label: `charges`."""

    name = "ringfence.desk.charges"
    verbose_name = "Charges"
