"""A bundle is read and checked once, and taken up by later starts as it was."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from ringfence.cli import kept_bundles
from ringfence.cli.kept_bundles import MOST, kept_bundle
from ringfence.policy import Bundle, BundleRefused, load, read_folder

ROOT = Path(__file__).resolve().parents[3]
FOUR = ROOT / "tests" / "bundles" / "four"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each bundle that was read, and not taken up, was posted."""
    told: list[bool] = []

    def reading(files: Mapping[str, bytes], *, posted: bool = False) -> Bundle:
        told.append(posted)
        return load(files, posted=posted)

    monkeypatch.setattr(kept_bundles, "load", reading)
    return told


def test_a_bundle_that_was_read_before_is_taken_up_as_it_was(tmp_path: Path, reads: list[bool]) -> None:
    files = read_folder(ROOT / "bundles" / "default")
    first = kept_bundle(files, folder=tmp_path)
    second = kept_bundle(files, folder=tmp_path)
    assert reads == [False]
    assert first == second == load(files)
    assert list(second.lists) == list(first.lists)


def test_another_version_and_another_way_of_reading_are_read(tmp_path: Path, reads: list[bool]) -> None:
    files = read_folder(FOUR)
    kept_bundle(files, folder=tmp_path)
    kept_bundle(files, posted=True, folder=tmp_path)
    kept_bundle(files | {"policy.md": files["policy.md"] + b"\nOne more line.\n"}, folder=tmp_path)
    assert reads == [False, True, False]


def test_what_another_release_kept_is_not_taken_up(tmp_path: Path, reads: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    files = read_folder(FOUR)
    kept_bundle(files, folder=tmp_path)
    monkeypatch.setattr(kept_bundles, "_release", lambda: ("of tomorrow",))
    kept_bundle(files, folder=tmp_path)
    assert reads == [False, False]


@pytest.mark.parametrize("keep", [0, 10, 32, 1_000])
def test_a_file_cut_short_is_as_good_as_none(tmp_path: Path, reads: list[bool], keep: int) -> None:
    files = read_folder(FOUR)
    whole = kept_bundle(files, folder=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:keep])
    assert kept_bundle(files, folder=tmp_path) == whole
    assert kept_bundle(files, folder=tmp_path) == whole
    assert reads == [False, False]


def test_a_refused_bundle_is_refused_each_time(tmp_path: Path) -> None:
    files = read_folder(FOUR) | {"rules/broken.yaml": b"rule: broken\nwhen: ((\n"}
    for _ in range(2):
        with pytest.raises(BundleRefused):
            kept_bundle(files, folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_where_nothing_can_be_written_a_bundle_is_read_each_time(tmp_path: Path, reads: list[bool]) -> None:
    files = read_folder(FOUR)
    for _ in range(2):
        assert kept_bundle(files, folder=tmp_path / "not there") == load(files)
    assert reads == [False, False]


def test_what_was_unused_for_longest_makes_room(tmp_path: Path, reads: list[bool]) -> None:
    files = read_folder(FOUR)
    first = kept_bundle(files, folder=tmp_path)
    (kept,) = tmp_path.iterdir()
    for number in range(MOST):
        other = tmp_path / f"bundle-{number}"
        other.touch()
        os.utime(other, ns=(number, number))
    kept_bundle(files, posted=True, folder=tmp_path)
    assert kept_bundle(files, folder=tmp_path) == first
    assert reads == [False, True]
    assert kept.exists()
    assert len(list(tmp_path.iterdir())) == MOST


def test_a_bundle_kept_by_another_process_judges_alike(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from ringfence.cli.kept_bundles import kept_bundle\n"
        "from ringfence.policy import load, read_folder; from ringfence.watch.engine.sameness import digests_of\n"
        "files = read_folder(Path(sys.argv[1])); kept = kept_bundle(files, folder=Path(sys.argv[2]))\n"
        "assert kept == load(files); print(sorted(digests_of(kept.plan).items()))"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", script, str(FOUR), str(tmp_path)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1] != ""
    assert len(list(tmp_path.iterdir())) == 1
