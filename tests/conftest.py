"""What every test may ask for: third-party data that lies beside the project, and programs the machine may lack."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
REQUIRE_ALL = os.environ.get("RINGFENCE_REQUIRE_ALL") == "1"

# The same examples each time, however busy the machine; RINGFENCE_EXPLORE=1 looks for new ones.
settings.register_profile(
    "ringfence", deadline=None, derandomize="RINGFENCE_EXPLORE" not in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ringfence")


def shared_data(*parts: str) -> Path:
    """Return a path under the third-party data; skip the test, with the reason, where it is absent."""
    path = SHARED_DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"third-party test data is absent: {'/'.join(('shared', 'data', *parts))}")
    return path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a program that is not here; where everything is required, let it fail instead."""
    if REQUIRE_ALL:
        return
    for item in items:
        for marker in item.iter_markers("needs"):
            missing = [name for name in marker.args if shutil.which(name, path=_PROGRAM_PATH) is None]
            if missing:
                item.add_marker(pytest.mark.skip(reason=f"not installed here: {', '.join(missing)}"))


_PROGRAM_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/lib/postgresql/15/bin"))
