"""Peers' lists come as CSV, JSON or lines; each entry has its source and its end; watch and gate are told what counts now."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.unit.desk.complaints.test_answering import client_of
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, NOON, STRANGER, WORKER, Desk

from ringfence.desk.actor import StaffRole
from ringfence.desk.audit import selectors as audit
from ringfence.desk.complaints import answering
from ringfence.desk.complaints.models import PeerEntry
from ringfence.desk.complaints.peer_lists import selectors, services
from ringfence.desk.complaints.peer_lists.reading import LARGEST, read_list
from ringfence.desk.complaints.peer_lists.services import Given, ListRefused
from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.desk.outbox import services as outbox
from ringfence.desk.site.reference import reference
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.times import micros

pytestmark = pytest.mark.django_db

CALLERS, SOURCES = "reported-callers", "reported-sources"


def given(data: bytes, **changes: object) -> Given:
    told = {"name": "north", "kind": CALLERS, "provenance": "https://north.example/list", "data": data, **changes}
    return Given(**told)  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize(
    ("kind", "data", "entries"),
    [
        (CALLERS, b"+32 2 555.12-12 # scam\n\n+4930\n", ["+3225551212", "+4930"]),
        (CALLERS, b"number,note,expiry\r\n+3225551212,scam,2026-12-31\r\n", ["+3225551212"]),
        (CALLERS, b'["+3225551212", "+3225551212"]', ["+3225551212"]),
        (CALLERS, b'{"entries": [{"number": "+3225551212", "note": "x", "expiry": "2026-12-31T00:00:00Z"}]}', ["+3225551212"]),
        (SOURCES, b"192.0.2.7\n198.51.100.9/24\n2001:db8::1\n", ["192.0.2.7", "198.51.100.0/24", "2001:db8::1"]),
    ],
)
def test_a_list_is_read_in_each_of_its_forms(kind: str, data: bytes, entries: list[str]) -> None:
    found = read_list(data, kind)
    assert (list(found.rows), found.problems) == (entries, [])


@pytest.mark.parametrize(
    ("kind", "data", "line", "cause"),
    [
        (CALLERS, b"+3225551212\nalice\n", 2, "alice is no number"),
        (CALLERS, b"=cmd|' /C calc'!A0\n", 1, "is no number"),
        (SOURCES, b"+3225551212\n", 1, "is no address"),
        (CALLERS, b"number,expiry\n+3225551212,soon\n", 2, "expiry soon is no day"),
        (CALLERS, b"\xff\xfe+32", 0, "it is no UTF-8"),
        (CALLERS, b'{"numbers": 3}', 0, "write a JSON array"),
        (CALLERS, b"[" * 100_000, 0, ""),
        (CALLERS, b"# nothing\n", 0, "it holds no entry"),
        (CALLERS, b" " * (LARGEST + 1), 0, "larger than"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(kind: str, data: bytes, line: int, cause: str) -> None:
    problem = read_list(data, kind).problems[0]
    assert problem.line == line
    assert cause in problem.cause


def test_one_bad_line_and_nothing_is_taken(policy: str) -> None:
    taken = services.take_list(given=given(b"+3225551212\nalice\n"), actor=ANALYST, now=NOON)
    assert (len(taken.problems), PeerEntry.objects.count()) == (1, 0)


def test_a_list_that_comes_again_replaces_itself_and_only_news_is_told(desk: Desk) -> None:
    services.take_list(given=given(b"+3225551212\n+4930\n"), actor=ANALYST, now=NOON)
    again = services.take_list(given=given(b"+3225551212\n+331\n", days=60), actor=ANALYST, now=NOON + timedelta(days=1))
    assert (again.added, again.kept, again.ended) == (1, 1, 1)
    facts = [message.payload for message in outbox.due(topics=("desk-event",), now=NOON + timedelta(days=2))]
    assert [(fact["name"], fact["caller"]) for fact in facts] == [
        ("reported-caller", each) for each in ("+3225551212", "+4930", "+331")
    ]
    told = reference(actor=WORKER, now=NOON + timedelta(days=31)).lists[CALLERS]
    assert told == ("+3225551212", "+331"), "what stayed has its new end"
    entry = audit.entries(actor=AUDITOR, verb="took-list")[0]
    assert (entry.details["added"], entry.details["provenance"]) == (1, "https://north.example/list")
    desk.clock.now = NOON + timedelta(days=2)
    desk.work()
    records = records_after(desk.folder / "feeds" / "reference")
    assert CALLERS in json.loads(list(records)[-1].payload)["lists"]
    assert not outbox.due(topics=("desk-event",), now=NOON + timedelta(days=2)), "watch was told"


def test_an_entry_ends_by_itself_and_is_asked_for_by_number_or_address(policy: str) -> None:
    services.take_list(given=given(b"number,expiry\n+32255,\n+4930123456,2026-03-02\n"), actor=ANALYST, now=NOON)
    services.take_list(given=given(b"198.51.100.0/24\n", name="src", kind=SOURCES), actor=ANALYST, now=NOON)

    def listed(asked: str, days: int) -> list[str]:
        return [one.entry for one in selectors.listed(asked=asked, actor=AUDITOR, now=NOON + timedelta(days=days))]

    assert listed("+3225551212", 0) == ["+32255"]
    assert (listed("+4930123456", 0), listed("+4930123456", 1)) == (["+4930123456"], [])
    assert listed("198.51.100.77", 0) == ["198.51.100.0/24"]
    assert not selectors.listed(asked="+3225551212", actor=STRANGER, now=NOON)
    assert services.let_go(actor=WORKER, now=NOON + timedelta(days=1)) == 1
    assert services.let_go(actor=WORKER, now=NOON + timedelta(days=1)) == 0
    told = selectors.brought(actor=AUDITOR, now=NOON + timedelta(days=1))[CALLERS]
    held = {each.entry for each in told.entries if each.holds(micros(NOON + timedelta(days=1)))}
    assert held
    assert "+4930123456" not in held
    assert not selectors.brought(actor=STRANGER, now=NOON)
    assert not selectors.peer_lists(actor=STRANGER, now=NOON)


def test_who_only_reads_takes_none_in_and_a_list_says_where_it_is_from(policy: str) -> None:
    with pytest.raises(NotPermitted):
        services.take_list(given=given(b"+331\n"), actor=AUDITOR, now=NOON)
    with pytest.raises(ListRefused):
        services.take_list(given=given(b"+331\n", provenance=" "), actor=ANALYST, now=NOON)
    with pytest.raises(ListRefused):
        services.take_list(given=given(b"+331\n", days=0), actor=ANALYST, now=NOON)
    with pytest.raises(NotThere):
        services.take_list(given=given(b"+331\n", peer="South"), actor=ANALYST, now=NOON)
    services.take_list(given=given(b"+331\n"), actor=ANALYST, now=NOON)
    with pytest.raises(ListRefused, match="north holds calling numbers that others reported"):
        services.take_list(given=given(b"198.51.100.7\n", kind=SOURCES), actor=ANALYST, now=NOON)


def test_the_page_takes_a_file_and_says_what_is_stale(data: Path, policy: str) -> None:
    answering.know_peer(name="North", addresses=[], mail="", actor=ADMIN, now=NOON)
    client = client_of(StaffRole.ANALYST)
    form = {"name": "north", "kind": CALLERS, "provenance": "by mail", "peer": "North", "days": "30"}
    refused = client.post("/complaints/peers/lists/", {**form, "entries": "<b>x</b>"})
    assert (refused.status_code, b"<b>x</b> is no" in refused.content) == (400, False)
    file = SimpleUploadedFile("list.csv", b"entry\n+3225551212\n")
    page = client.post("/complaints/peers/lists/", {**form, "file": file}, follow=True).content.decode()
    assert "Taken: 1 new" in page
    assert "stale" not in page
    services.take_list(given=given(b"+331\n", name="old"), actor=ANALYST, now=NOON)  # long ago, by the clock of pages
    page = client.get("/complaints/peers/lists/?asked=%2B3225551212").content.decode()
    assert "stale" in page
    assert "From: by mail" in page
