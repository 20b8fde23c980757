"""What the worker tells watch and the gate of parties, lists and the version in force."""

from datetime import timedelta
from functools import reduce

import msgspec
import pytest
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, WORKER, Desk

from ringfence.desk.audit import selectors as audit
from ringfence.desk.complaints.peer_lists import services as peer_lists
from ringfence.desk.complaints.peer_lists.services import Given
from ringfence.desk.decisions import services as deciding
from ringfence.desk.parties import services as parties
from ringfence.desk.site.worker import Worker
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.contracts import Reference, merged
from ringfence.vocabulary.times import from_iso, micros

pytestmark = pytest.mark.django_db


def references(desk: Desk) -> list[Reference]:
    desk.work()
    return [msgspec.json.decode(record.payload, type=Reference) for record in records_after(desk.folder / "feeds" / "reference")]


def test_the_reference_names_the_version_and_its_lists_and_changes_name_what_changed(desk: Desk) -> None:
    (whole,) = references(desk)
    assert (whole.full, whole.policy, whole.accounts) == (True, desk.policy, ())
    assert whole.lists == {"protected-sources": ("198.51.100.0/24",)}
    accounts = b"account,parent,kind,plan\nshop,resell,,gold\nresell,,reseller,\n"
    numbers = b"number,account\n+3225551212,shop\n+3225551000-+3225551099,resell\n"
    parties.import_parties(files={"accounts.csv": accounts, "numbers.csv": numbers}, actor=ADMIN, now=NOON)
    (_, first) = references(desk)
    assert (first.full, first.policy, first.lists) == (False, desk.policy, {})
    assert {link.account for link in first.accounts} == {link.party for link in first.parties} == {"shop", "resell"}
    parties.import_parties(files={"numbers.csv": b"number,account\n+3225551212,resell\n"}, actor=ADMIN, now=desk.clock())
    (_, _, second) = references(desk)
    assert [link.account for link in second.numbers] == ["shop", "resell"]
    assert (second.accounts, second.parties, second.blocks) == ((), (), ())
    given = b"number,account,state\n+3225551212,,quarantined\n"
    parties.import_parties(files={"numbers.csv": given}, actor=ADMIN, now=desk.clock())
    deciding.hold_automation(reason="a test", actor=WORKER, now=NOON)
    *_, last = references(desk)
    assert (last.automation_held, last.full, len(last.numbers), last.blocks[0].account) == (True, False, 2, None)


def test_a_worker_that_starts_again_tells_the_same_as_the_changes_did(desk: Desk) -> None:
    for nth in range(3):
        text = f"account,party\na{nth},shop\n"
        parties.import_parties(files={"accounts.csv": text.encode()}, actor=ADMIN, now=NOON)
        desk.work()
    told = reduce(merged, references(desk))
    desk.worker.close()
    desk.worker = Worker(desk.folder, clock=desk.clock)
    desk.worker.start()
    (anew,) = references(desk)
    assert anew.full
    assert msgspec.structs.replace(told, time=anew.time) == anew


def test_after_many_changes_the_whole_is_written_and_the_changes_are_deleted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.desk.site.worker._CHANGES_TOLD", 6)
    lengths = []
    for nth in range(6):
        parties.import_parties(files={"accounts.csv": f"account,party\na{nth},shop\n".encode()}, actor=ADMIN, now=NOON)
        lengths.append([reference.full for reference in references(desk)].count(False))
    assert max(lengths) <= 3
    assert lengths[-1] < max(lengths)
    assert len(reduce(merged, references(desk)).accounts) == 6


def test_what_peers_and_files_bring_is_told_with_its_spans_and_a_file_that_changes_is_told_again(desk: Desk) -> None:
    given = Given(name="weekly", kind="reported-callers", data=b"+3225550100\n", provenance="a peer's mail", days=30)
    peer_lists.take_list(given=given, actor=ANALYST, now=NOON)
    folder = desk.folder / "lists"
    folder.mkdir()
    (folder / "reported-callers.csv").write_text("entry,source,expiry,review\n+3225550199,me,2026-12-31,\n", encoding="utf-8")
    desk.clock.now = NOON + timedelta(minutes=1)
    *_, told = references(desk)
    brought = told.brought["reported-callers"]
    assert [entry.entry for entry in brought.entries] == ["+3225550100", "+3225550199"]
    assert [entry.source for entry in brought.entries] == ["weekly: a peer's mail", "file reported-callers.csv: me"]
    assert (brought.entries[0].valid_from, brought.entries[0].valid_to) == (micros(NOON), micros(NOON + timedelta(days=30)))
    assert brought.entries[1].valid_to == from_iso("2027-01-01T00:00:00Z")
    assert (brought.fetched, brought.fresh_until) == (micros(NOON), micros(NOON + timedelta(days=30)))
    assert told.lists["reported-callers"] == ("+3225550100", "+3225550199")

    (folder / "reported-callers.csv").write_text("entry,source,expiry\nnobody's columns\n", encoding="utf-8")
    desk.clock.now += timedelta(minutes=1)
    *_, told = references(desk)
    assert told.brought["reported-callers"] == brought
    (act, *_) = audit.entries(actor=ANALYST, verb="read-lists")
    assert "column review is missing" in str(act.details["refused"])

    (folder / "reported-callers.csv").unlink()
    desk.clock.now += timedelta(minutes=1)
    *_, told = references(desk)
    assert [entry.entry for entry in told.brought["reported-callers"].entries] == ["+3225550100"]
