"""One desk and one browser for the journeys of a module: each uses subjects of its own.

Not for the session: Playwright keeps an event loop running as long as it lives, and later tests want their own.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.browser.chromium import chromium_with
from tests.browser.office import Office, open_office


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture(autouse=True)
def no_errors(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test whose pages broke a security policy, ran into an error or warned. Chromium also says that of a 404."""
    if "office" not in request.fixturenames:
        yield
        return
    office: Office = request.getfixturevalue("office")
    office.errors.clear()
    yield
    assert [error for error in office.errors if "status of 404" not in error] == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = chromium_with(playwright)
        yield chromium
        chromium.close()
