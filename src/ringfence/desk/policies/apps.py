"""The app's name for Django."""

from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    """Label: `policies`."""

    name = "ringfence.desk.policies"
    verbose_name = "Policies"
