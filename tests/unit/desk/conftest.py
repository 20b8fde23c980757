"""A desk with a policy posted."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings
from tests.unit.desk.scene import ADMIN, NOON, Desk, write_bundle

from ringfence.desk.policies import services as policies


@pytest.fixture(autouse=True)
def quick_hashing(settings: Settings) -> None:
    """Passwords of tests guard nothing: hash them in microseconds."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    """A data folder of this test's own."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    settings.RINGFENCE_DATA = folder
    return folder


@pytest.fixture
def policy(data: Path, tmp_path: Path, db: None) -> str:
    """The hash of the test's bundle, posted as version 1."""
    policies.post_bundle(folder=write_bundle(tmp_path / "bundle"), actor=ADMIN, now=NOON)
    return next(path.name for path in (data / "policies").iterdir())


@pytest.fixture
def desk(data: Path, policy: str) -> Iterator[Desk]:
    """A desk with a policy posted, nothing found yet."""
    running = Desk(data, policy)
    yield running
    running.close()
