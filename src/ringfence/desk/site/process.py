"""How a process becomes a desk process: its data folder named, Django's registry filled. Once, before any model is imported."""

import os
from pathlib import Path

import django


def configure(data: Path) -> None:
    """Make this process one of the data folder's. Raises `ImproperlyConfigured` where the folder has no usable key."""
    os.environ["RINGFENCE_DATA"] = str(data.resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ringfence.desk.site.settings")
    django.setup()
