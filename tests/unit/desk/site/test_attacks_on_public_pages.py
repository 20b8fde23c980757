"""Public pages that anybody may try: who guesses their links, or floods their forms, is told to watch and found."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.test import Client
from tests.conftest import ROOT
from tests.unit.desk.scene import ANALYST, NOON, Desk

from ringfence.desk.access import services as access
from ringfence.desk.audit import selectors as audit
from ringfence.desk.complaints import floods
from ringfence.feeds.segments import records_after
from ringfence.policy import load, read_folder
from ringfence.vocabulary.contracts import DeskEvent, Finding, Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine
from ringfence.watch.live.desk_tail import as_event

pytestmark = pytest.mark.django_db

ADDRESS = "203.0.113.77"
LINKS = [
    "/inquiries/1/guessed/",
    "/notices/nothing/guessed/",
    "/recover/compromised/guessed/",
    "/report/guessed/",
    "/rights/1/guessed/",
]


def told(desk: Desk) -> list[DeskEvent]:
    desk.clock.now = datetime.now(UTC) + timedelta(minutes=1)
    desk.work()
    return [msgspec.json.decode(each.payload, type=DeskEvent) for each in records_after(desk.folder / "feeds" / "desk-events")]


def found(events: list[DeskEvent]) -> list[Finding]:
    nobody = Directory(Reference(time=Micros(0)))
    engine = Engine(load(read_folder(ROOT / "bundles" / "default")).plan, key=b"", source="test", compiled=False)
    return engine.step([as_event(event, nobody) for event in events], events[-1].time)


@pytest.mark.parametrize("path", LINKS)
def test_who_guesses_links_of_a_public_page_is_found_by_the_address(desk: Desk, path: str) -> None:
    guesser = Client(REMOTE_ADDR=ADDRESS)
    assert [guesser.get(path).status_code for _ in range(10)] == [404] * 10
    events = told(desk)
    assert {(event.kind, event.name, event.source) for event in events} == {("fact", "link-refused", ADDRESS)}
    (finding,) = found(events)
    assert (finding.rule, finding.subject.id, finding.measures["failures"]) == ("web-guessing", ADDRESS, 10)
    assert "guessed" not in repr(list(audit.entries(actor=ANALYST).values()))


def test_who_floods_the_form_of_complaints_is_found_by_the_address(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floods, "UNWORKED_AN_HOUR", 0)
    sender = Client(REMOTE_ADDR=ADDRESS)
    assert [sender.post("/report/", {"challenge": floods.challenge()}).status_code for _ in range(10)] == [429] * 10
    events = told(desk)
    assert {(event.name, event.source) for event in events} == {("form-refused", ADDRESS)}
    assert [finding.rule for finding in found(events)] == ["web-guessing"]


def test_a_page_that_is_not_there_and_has_no_secret_part_is_nobodys_attack(desk: Desk) -> None:
    assert Client(REMOTE_ADDR=ADDRESS).get("/no-such-page/").status_code == 404
    assert told(desk) == []


def test_refused_pages_beyond_a_bound_are_counted_alone(desk: Desk) -> None:
    for _ in range(502):
        access.note_page_refused(what="link-refused", address=ADDRESS, now=NOON)
    assert audit.entries(actor=ANALYST, verb="refused").count() <= 500
    assert audit.entries(actor=ANALYST, verb="not-listed").count() == 1
    assert len(told(desk)) <= 500
