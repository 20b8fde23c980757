"""Posting a bundle: whole, once, and never changed."""

from pathlib import Path

import pytest
from tests.unit.desk.scene import ADMIN, ANALYST, BUNDLE, NOON, write_bundle

from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.desk.policies import selectors, services
from ringfence.policy import BundleRefused

pytestmark = pytest.mark.django_db


def test_a_posted_bundle_lies_under_its_hash_to_the_byte(data: Path, policy: str) -> None:
    kept = data / "policies" / policy
    assert {path.relative_to(kept).as_posix(): path.read_text() for path in kept.rglob("*") if path.is_file()} == BUNDLE
    assert not [path for path in kept.parent.iterdir() if path.name.startswith(".")]
    assert selectors.bundle(hash=policy).hash == policy


def test_posting_the_same_again_is_the_version_it_was(policy: str, tmp_path: Path) -> None:
    assert services.post_bundle(folder=tmp_path / "bundle", actor=ADMIN, now=NOON) == 1
    assert selectors.versions(actor=ANALYST).count() == 1


def test_a_changed_bundle_is_the_next_version_and_the_first_stays(policy: str, tmp_path: Path) -> None:
    changed = write_bundle(tmp_path / "next", **{"policy.md": BUNDLE["policy.md"] + "\nNever.\n"})
    assert services.post_bundle(folder=changed, actor=ADMIN, now=NOON) == 2
    current = selectors.current(actor=ANALYST)
    assert current is not None
    assert current.number == 2
    assert selectors.bundle(hash=policy).hash == policy


def test_a_bad_bundle_is_refused_and_leaves_nothing(data: Path, tmp_path: Path) -> None:
    bad = write_bundle(tmp_path / "bad", **{"ladder.yaml": "no-such-clause:\n  steps: []\n"})
    with pytest.raises(BundleRefused):
        services.post_bundle(folder=bad, actor=ADMIN, now=NOON)
    assert not (data / "policies").exists()
    assert selectors.current(actor=ANALYST) is None


def test_a_copy_that_a_crash_left_half_written_is_in_nobodys_way(data: Path, tmp_path: Path, policy: str) -> None:
    (data / "policies" / f".{policy}.1").mkdir()
    assert services.post_bundle(folder=tmp_path / "bundle", actor=ADMIN, now=NOON) == 1


def test_only_an_admin_posts(data: Path, tmp_path: Path) -> None:
    with pytest.raises(NotPermitted):
        services.post_bundle(folder=write_bundle(tmp_path / "bundle"), actor=ANALYST, now=NOON)


def test_a_version_that_was_never_posted_has_no_row() -> None:
    with pytest.raises(NotThere):
        selectors.version_id(hash="0" * 64, actor=ANALYST)


def test_a_version_posted_before_the_loader_asked_a_question_is_read_as_it_was(data: Path, tmp_path: Path) -> None:
    rule = BUNDLE["rules/sip-scan.yaml"]
    when = "when: refused >= 5"
    assert when in rule
    spoken = rule.replace(when, "when: refused / asked > 0.5").replace("measure:\n", "measure:\n  asked: count()\n")
    older = write_bundle(tmp_path / "older", **{"rules/sip-scan.yaml": spoken})
    with pytest.raises(BundleRefused, match="minimum"):
        services.post_bundle(folder=older, actor=ADMIN, now=NOON)
    kept = data / "policies" / ("0" * 64)
    kept.parent.mkdir()
    older.rename(kept)
    (read,) = selectors.bundle(hash=kept.name).plan.rules
    assert read.minimum is None
