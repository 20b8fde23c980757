"""`ringfence policy packs` and the warnings of `policy check`: what is out of date is said, and goes on holding."""

from pathlib import Path

import pytest
from tests.unit.policy.minimal import SETTINGS, files
from typer.testing import CliRunner

from ringfence.cli.policy import app

PACK = """\
pack: be
country: BE
title: Belgium
review: 2199-06-30
unknown: [Which numbers were ported.]
sources: {plan: the numbering plan}
emergency:
  - {number: "112", source: plan}
  - {number: "101", source: plan, review: 2020-01-31}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = "entry,source,expiry,review\n192.0.2.7,ours,2020-01-31,\n192.0.2.8,ours,,2020-01-31\n"
    settings = SETTINGS.replace("severability", 'packs = ["be"]\nseverability', 1)
    for path, content in (files(settings=settings, list=rows) | {"packs/be.yaml": PACK.encode()}).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


def test_packs_are_listed_with_their_next_review_and_what_is_overdue(folder: Path) -> None:
    result = CliRunner().invoke(app, ["packs", str(folder)])
    assert result.exit_code == 1
    assert [word in result.stdout for word in ("Belgium", "2020-01-31", "112 101")] == [True] * 3


def test_a_pack_is_shown_with_every_source_and_what_it_does_not_know(folder: Path) -> None:
    result = CliRunner().invoke(app, ["packs", str(folder), "be"])
    assert [word in result.stdout for word in ("not known: Which numbers", "the numbering plan", "OVERDUE", "2199-06-30")] == [
        True
    ] * 4


def test_a_pack_that_the_bundle_does_not_name_is_told(folder: Path) -> None:
    result = CliRunner().invoke(app, ["packs", str(folder), "us"])
    assert (result.exit_code, result.stderr) == (2, "no pack us in bundle.toml; it names be\n")


def test_check_warns_of_what_is_past_its_day_and_takes_the_bundle(folder: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(folder)])
    assert result.exit_code == 0
    assert "packs be\n" in result.stdout
    assert result.stderr.splitlines() == [
        "warning: pack be: 1 values were to be reviewed by 2020-01-31: emergency-numbers 101",
        "warning: lists/protected-sources.csv: 1 of 2 entries are past their day of review",
        "warning: lists/protected-sources.csv: 1 of 2 entries have expired",
    ]


def test_a_bundle_without_packs_says_so(tmp_path: Path) -> None:
    for path, content in files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    result = CliRunner().invoke(app, ["packs", str(tmp_path)])
    assert (result.exit_code, "no pack" in result.stdout) == (0, True)
