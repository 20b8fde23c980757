"""The app's name for Django."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Label: `notices`."""

    name = "ringfence.desk.notices"
    verbose_name = "Notices"
