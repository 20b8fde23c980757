"""The machine's Chromium."""

import shutil
from typing import Final

from playwright.sync_api import Browser, Playwright

_QUIET: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync")


def chromium_with(playwright: Playwright) -> Browser:
    """Start it; it asks nobody for anything."""
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(_QUIET))
