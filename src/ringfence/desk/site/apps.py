"""The app's name for Django."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Label: `site`."""

    name = "ringfence.desk.site"
    verbose_name = "Site"
