"""The app's name for Django."""

from django.apps import AppConfig


class DisclosuresConfig(AppConfig):
    """Label: `disclosures`."""

    name = "ringfence.desk.disclosures"
    verbose_name = "Disclosures"
