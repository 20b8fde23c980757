"""Each complaint is asked whether it is ours: five ends, each with its reasons; numbers open for a stated reason alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, NOON, STRANGER

from ringfence.desk.access import services as access
from ringfence.desk.access.models import Person
from ringfence.desk.actor import StaffRole, system
from ringfence.desk.audit import selectors as audit
from ringfence.desk.complaints import answering, selectors, services
from ringfence.desk.complaints.handling import handle_received
from ringfence.desk.complaints.models import Answer, Verdict
from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.desk.outbox import selectors as outbox
from ringfence.desk.parties import services as parties
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import SECOND, Micros, micros
from ringfence.watch.lake.store import Lake

pytestmark = pytest.mark.django_db

MAILBOX = system("mail")
BEFORE = NOON - timedelta(days=30)
OURS, CALLEE, OTHER, PEERS_OWN = "+3225551212", "+32470654321", "+3225559999", "+33145121026"
ACCOUNTS = "account,parent,kind\nresell,,reseller\nshop,resell,end-user\nbank,,customer\n"
NUMBERS = f"number,account\n{OURS},shop\n{OTHER},bank\n"


def call(id: str, minutes: float, *, caller: str = OURS, callee: str = CALLEE, account: str | None = "shop") -> list[Event]:
    """Return a call begun so many minutes before noon."""
    start = Micros(micros(NOON) - int(minutes * 60 * SECOND))
    path = ("resell", "shop") if account == "shop" else () if account is None else (account,)
    source = "203.0.113.9" if account else "198.51.100.7"
    about = {"call_id": id, "caller": caller, "callee": callee, "account": account, "party_path": path, "source": source}
    ended = Micros(start + 40 * SECOND)
    return [
        Event(kind=EventKind.ATTEMPT, time=start, trunk="t1" if account else None, **about),  # type: ignore[arg-type]  # as above
        Event(kind=EventKind.END, time=ended, status=200, answered=True, duration_ms=33_000, **about),  # type: ignore[arg-type]  # as above
    ]


@pytest.fixture
def carrier(data: Path, policy: str) -> Path:
    """A carrier with parties, a peer, and calls over the two hours before noon."""
    files = {"accounts.csv": ACCOUNTS.encode(), "numbers.csv": NUMBERS.encode()}
    assert parties.import_parties(files=files, actor=ADMIN, now=BEFORE).written
    answering.know_peer(name="North", addresses=["198.51.100.0/28"], mail="", actor=ADMIN, now=BEFORE)
    carry(
        data, [*call("first@x", 120), *call("meant@x", 30), *call("peer@x", 45, caller=PEERS_OWN, account=None), *call("last@x", 1)]
    )
    return data


def carry(data: Path, events: Sequence[Event]) -> None:
    with Lake(data / "lake", data / "lake-keys", settings.RINGFENCE_KEY).writing() as writer:
        writer.add(sorted(events, key=lambda event: event.time))
        writer.commit()


def complain(text: str, *, now: datetime = NOON) -> int:
    raw = f"From: joe@example.be\r\nSubject: calls\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()
    return services.take_in(raw=raw, sender="joe@example.be", actor=MAILBOX, now=now)


def answered(text: str) -> Answer:
    number = complain(text)
    handle_received(actor=MAILBOX, now=NOON)
    return Answer.objects.get(complaint_id=number)


@pytest.mark.parametrize(
    ("text", "verdict", "who"),
    [
        (f"Call from {OURS} to {CALLEE} on 2026-03-01 at 11:33 UTC", Verdict.OURS, "shop"),
        ("Appel du 02 555 12 12 sur mon numéro 0470/65.43.21 le 1er mars 2026 à 12h28 (Europe/Brussels)", Verdict.OURS, "shop"),
        (f"withheld number rang {CALLEE} on 2026-03-01 11:30 UTC, my number: {CALLEE}", Verdict.OURS, "shop"),
        (f"Call from {PEERS_OWN} on my number {CALLEE}, 2026-03-01 11:15 UTC", Verdict.CARRIED, "North"),
        (f"Call from {OTHER} on my number {CALLEE}, 2026-03-01 11:15 UTC", Verdict.SPOOFED, "bank"),
        (f"Call from +4930123456 on my number {CALLEE}, 2026-03-01 11:05 UTC", Verdict.NOT_OURS, ""),
        (f"They ask to call back {OTHER}", Verdict.OURS, "bank"),
        (f"Call from +4930123456 on my number {CALLEE}, 2026-03-01 11:05 UTC, asked to call back {OTHER}", Verdict.OURS, "bank"),
        ("They ask to call back +4930123456", Verdict.NOT_OURS, ""),
        (f"Calls from {OURS} all the time", Verdict.OURS, "shop"),
        (f"Calls from {OTHER} all the time", Verdict.UNDECIDABLE, "bank"),
        (f"Call from {OURS} on my number {CALLEE}, 2026-02-20 11:05 UTC", Verdict.UNDECIDABLE, ""),
        (f"Call from {OURS} on my number {CALLEE}, 2026-03-01 13:00 UTC", Verdict.UNDECIDABLE, ""),
        ("You are all crooks", Verdict.UNDECIDABLE, ""),
    ],
)
def test_a_complaint_ends_in_one_of_five_ways(carrier: Path, text: str, verdict: Verdict, who: str) -> None:
    answer = answered(text)
    assert (answer.verdict, answer.upstream or answer.party) == (verdict, who)
    assert answer.reasons
    assert not outbox.stuck(actor=AUDITOR)


def test_that_a_time_lies_before_what_is_kept_proves_nothing(carrier: Path) -> None:
    answer = answered(f"Call from {OTHER} on my number {CALLEE}, 2026-02-20 11:05 UTC")
    assert (answer.verdict, answer.reasons) == (Verdict.UNDECIDABLE, ["The time told lies before the calls that are kept."])


def test_the_candidates_are_shown_the_likest_first_with_why_and_without_numbers(carrier: Path) -> None:
    answer = answered(f"Call from {OURS} to {CALLEE} on 2026-03-01 at 11:28 UTC")
    (best,) = answer.candidates.all()
    assert best.start == NOON - timedelta(minutes=30)
    assert (best.account, best.party, best.trunk, best.seconds) == ("shop", "shop", "t1", 33.0)
    assert "the caller is the one that was shown" in best.why
    entry = audit.history(noun="complaint", noun_id=str(answer.complaint_id), actor=AUDITOR)[-1]
    assert (entry.verb, entry.details["party"]) == ("looked-into", "shop")
    assert OURS.encode() not in bytes(entry.body)
    assert OURS not in f"{vars(best)}{answer.looked}"


def test_two_senders_of_equally_like_calls_are_left_to_a_person(carrier: Path) -> None:
    carry(
        carrier, [*call("a@x", 60.1, callee="+32470111111"), *call("b@x", 59.9, caller=OURS, callee="+32470111111", account="bank")]
    )
    answer = answered(f"Call from {OURS} on my number +32470111111, 2026-03-01 11:00 UTC")
    assert answer.verdict == Verdict.UNDECIDABLE
    assert {one.account for one in answer.candidates.all()} == {"shop", "bank"}


def test_numbers_open_for_a_person_with_a_reason_which_the_audit_keeps(carrier: Path) -> None:
    answer = answered(f"withheld number rang my number: {CALLEE} on 2026-03-01 11:30 UTC")
    candidate = answer.candidates.order_by("-likeness")[0].id
    with pytest.raises(answering.NoGround):
        answering.open_call(candidate=candidate, reason=" ", actor=ANALYST, now=NOON)
    for nobody in (AUDITOR, STRANGER, MAILBOX):
        with pytest.raises(NotPermitted):
            answering.open_call(candidate=candidate, reason="to ask shop", actor=nobody, now=NOON)
    opened = answering.open_call(candidate=candidate, reason="to ask shop", actor=ANALYST, now=NOON)
    assert (opened.caller, opened.callee, opened.source, opened.call_id) == (OURS, CALLEE, "203.0.113.9", "meant@x")
    entry = audit.history(noun="complaint", noun_id=str(answer.complaint_id), actor=AUDITOR)[-1]
    assert (entry.verb, entry.actor_id, entry.details["reason"]) == ("opened-numbers", "ana", "to ask shop")
    Lake(carrier / "lake", carrier / "lake-keys", settings.RINGFENCE_KEY).keys.destroy(NOON.date())
    with pytest.raises(NotThere):
        answering.open_call(candidate=candidate, reason="to ask shop", actor=ANALYST, now=NOON)


def test_a_person_answers_otherwise_and_both_answers_stay(carrier: Path) -> None:
    first = answered(f"Call from +4930123456 on my number {CALLEE}, 2026-03-01 11:05 UTC")
    by_hand = {"number": first.complaint_id, "actor": ANALYST, "now": NOON}
    with pytest.raises(answering.NoGround):
        answering.answer_by_hand(verdict="ours", names=("bank", ""), reason="", **by_hand)  # type: ignore[arg-type]  # as above
    with pytest.raises(NotThere):
        answering.answer_by_hand(verdict="ours", names=("nobody", ""), reason="r", **by_hand)  # type: ignore[arg-type]  # as above
    answering.answer_by_hand(verdict="ours", names=("bank", ""), reason="they said so", **by_hand)  # type: ignore[arg-type]  # as above
    page = selectors.complaint_page(number=first.complaint_id, actor=AUDITOR)
    assert page is not None
    assert [(one.verdict, one.party, one.by) for one in page.answers] == [("ours", "bank", "ana"), ("not-ours", "", "mail")]


def test_where_history_is_damaged_the_complaint_waits_and_is_shown(carrier: Path) -> None:
    for path in (carrier / "lake").rglob("*.parquet"):
        path.write_bytes(b"")
    complain(f"Call from {OURS} to {CALLEE} on 2026-03-01 at 11:28 UTC")
    assert handle_received(actor=MAILBOX, now=NOON) == 0
    (stuck,) = outbox.stuck(actor=AUDITOR)
    assert "HistoryUnreadable" in stuck.error
    assert not Answer.objects.exists()


def test_a_peer_has_addresses_and_is_changed_by_its_name(carrier: Path) -> None:
    with pytest.raises(answering.PeerRefused):
        answering.know_peer(name="South", addresses=["nonsense"], mail="", actor=ADMIN, now=NOON)
    with pytest.raises(NotPermitted):
        answering.know_peer(name="South", addresses=[], mail="", actor=ANALYST, now=NOON)
    answering.know_peer(name="North", addresses=["192.0.2.1"], mail="abuse@north.example", actor=ADMIN, now=NOON)
    assert [(peer.name, peer.addresses) for peer in selectors.peers(actor=AUDITOR)] == [("North", ["192.0.2.1/32"])]
    assert not selectors.peers(actor=STRANGER)


def client_of(*roles: StaffRole) -> Client:
    name = "-".join(roles)
    if not Person.objects.filter(username=name).exists():
        access.create_login(username=name, password="correct horse battery", roles=roles, actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(Person.objects.get(username=name))
    return client


def test_the_page_says_what_was_answered_and_opens_numbers_by_a_form(carrier: Path) -> None:
    answer = answered(f"withheld number rang my number: {CALLEE} on 2026-03-01 11:30 UTC")
    client, address = client_of(StaffRole.ANALYST), f"/complaints/{answer.complaint_id}/"
    page = client.get(address).content.decode()
    assert "Ours: the party is found" in page
    assert "the called number is the one told of" in page
    assert OURS not in page
    form = f"{address}open/{answer.candidates.order_by('-likeness')[0].id}/"
    assert "Nothing was opened" in client.post(form, {"reason": ""}, follow=True).content.decode()
    opened = client.post(form, {"reason": "to ask the party"})
    assert OURS in opened.content.decode()
    assert opened["Cache-Control"] == "no-store"
    assert "looked into again" in client.post(f"{address}look/", follow=True).content.decode()
    given = {"verdict": "not-ours", "reason": "a mistake", "party": "", "upstream": ""}
    assert "Not ours" in client.post(f"{address}answer/", given, follow=True).content.decode()
    assert client_of(StaffRole.AUDITOR).post(form, {"reason": "r"}).status_code == 403
    assert Client().post(form, {"reason": "r"}).status_code == 302


def test_peers_are_kept_by_a_form(carrier: Path) -> None:
    client = client_of(StaffRole.ADMIN)
    kept = client.post("/complaints/peers/", {"name": "South", "addresses": "192.0.2.0/24 2001:db8::1", "mail": ""}, follow=True)
    assert "192.0.2.0/24, 2001:db8::1/128" in kept.content.decode()
    refused = client.post("/complaints/peers/", {"name": "East", "addresses": "x", "mail": ""}, follow=True)
    assert "x is no address or network" in refused.content.decode()
    assert client_of(StaffRole.ANALYST).post("/complaints/peers/", {"name": "E", "addresses": "192.0.2.1"}).status_code == 403
