"""The app's name for Django."""

from django.apps import AppConfig


class DetectionsConfig(AppConfig):
    """Label: `detections`."""

    name = "ringfence.desk.detections"
    verbose_name = "Detections"
