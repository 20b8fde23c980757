"""Where this installation's files lie."""

from pathlib import Path

from django.conf import settings


def data_folder() -> Path:
    """Return the data folder. Raises `RuntimeError` in a process without one, such as a test that needs none."""
    folder = settings.RINGFENCE_DATA
    if folder is None:
        raise RuntimeError("no data folder. Hint: start through `ringfence web|worker|mail|up`, or set RINGFENCE_DATA")
    return Path(folder)
