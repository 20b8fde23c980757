"""The app's name for Django."""

from django.apps import AppConfig


class InquiriesConfig(AppConfig):
    """Label: `inquiries`."""

    name = "ringfence.desk.inquiries"
    verbose_name = "Inquiries"
