"""From a finding on the feed to an order on the feed, and what edges say back."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.db import transaction
from django.test import Client
from tests.conftest import ROOT
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, WORKER, Desk, finding

from ringfence.desk.access import services as access
from ringfence.desk.audit import selectors as audit
from ringfence.desk.audit import services as sealing
from ringfence.desk.cases import selectors as cases
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions.services import Why
from ringfence.desk.detections import selectors as detections
from ringfence.desk.enforcement import selectors as orders
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.outbox import selectors as waiting
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties.models import Party
from ringfence.desk.site import worker
from ringfence.desk.site.worker import Worker
from ringfence.feeds import FeedDamaged
from ringfence.feeds.marks import mark_read
from ringfence.feeds.segments import records_after
from ringfence.policy import load, read_folder
from ringfence.vocabulary.contracts import (
    ActionKind,
    DeskEvent,
    Observation,
    ObservationKind,
    OrderChange,
    ReceiptState,
    Reference,
)
from ringfence.vocabulary.severity import Mode
from ringfence.vocabulary.times import SECOND, Micros, micros
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine
from ringfence.watch.live.desk_tail import as_event

pytestmark = pytest.mark.django_db


def only_order(desk: Desk) -> OrderChange:
    changes = [change for change in desk.changes() if not change.full]
    assert len(changes) == 1
    return changes[0]


def test_a_finding_against_an_outsider_becomes_an_order_on_the_feed(desk: Desk) -> None:
    found = desk.find()
    (order,) = only_order(desk).upserts
    case = cases.cases(actor=ANALYST).get()
    decision = decisions.decisions(actor=ANALYST).get()
    assert (case.subject, case.role, case.findings) == ("source 203.0.113.9", "outsider", 1)
    assert (decision.clause, decision.rule_clause, decision.finding_id) == ("technical-prevention", "unauthorised-access", found.id)
    assert (decision.actor_kind, decision.actor_id) == ("standing-order", desk.policy)
    assert (order.decision, order.policy, order.rule, order.scope.value) == (decision.id, desk.policy, "sip-scan", "203.0.113.9")
    assert order.action.kind is ActionKind.REFUSE
    assert order.action.silent
    assert order.until == order.start + 3600 * SECOND
    assert order.generation == only_order(desk).generation == 2


def test_a_finding_on_the_feed_twice_is_one_finding_and_one_order(desk: Desk) -> None:
    desk.find()
    desk.find()
    assert detections.findings(actor=ANALYST).count() == decisions.decisions(actor=ANALYST).count() == 1
    only_order(desk)


def test_a_second_finding_joins_the_case_and_orders_nothing_more(desk: Desk) -> None:
    desk.find()
    desk.find(time=micros(NOON) + SECOND)
    case = cases.cases(actor=ANALYST).get()
    only_order(desk)
    assert case.findings == 2
    brakes = audit.entries(actor=ANALYST, verb="left-to-a-person")
    assert [entry.details["because"] for entry in brakes] == ["a measure is in force already"]


def test_a_shadow_finding_opens_no_case(desk: Desk) -> None:
    desk.find(mode=Mode.SHADOW)
    assert detections.findings(actor=ANALYST).count() == 1
    assert not cases.cases(actor=ANALYST).exists()


def test_a_finding_in_report_mode_opens_a_case_and_decides_nothing(desk: Desk) -> None:
    desk.find(mode=Mode.REPORT)
    assert cases.cases(actor=ANALYST).count() == 1
    assert not decisions.decisions(actor=ANALYST).exists()


def test_an_attributed_finding_opens_the_partys_case_without_an_order(desk: Desk) -> None:
    desk.find(party_path=("reseller", "shop"))
    case = cases.cases(actor=ANALYST).get()
    assert (case.subject, case.role) == ("party shop", "offender")
    assert not orders.orders(actor=ANALYST).exists()


def test_a_protected_source_is_left_to_a_person(desk: Desk) -> None:
    desk.find("198.51.100.7")
    assert not decisions.decisions(actor=ANALYST).exists()
    (entry,) = audit.entries(actor=ANALYST, verb="left-to-a-person")
    assert entry.details["because"] == "the source is on the list of protected sources"


def test_an_expired_protection_protects_nobody(desk: Desk) -> None:
    desk.find("203.0.113.99")
    assert orders.orders(actor=ANALYST).count() == 1


def test_receipts_and_refusals_move_the_order_on(desk: Desk) -> None:
    desk.find()
    order = orders.orders(actor=ANALYST).get()
    desk.receive(order.id, ReceiptState.PLACED, seconds=0.4)
    assert orders.orders(actor=ANALYST).get().state == "placed"
    refusal = Observation(
        kind=ObservationKind.REFUSAL, time=Micros(micros(NOON) + 700_000), subject="203.0.113.9", order=order.id, edge="k1"
    )
    desk.write("observations", refusal, refusal, refusal)
    desk.work()
    page = orders.order_page(id=order.id, actor=ANALYST)
    assert page is not None
    assert page.order.state == "observed"
    assert [(place.edge, place.held, place.mirrored) for place in page.placements] == [("k1", True, 3)]
    assert [step.seconds_since_crossing for step in page.steps][-2:] == [0.4, 0.7]


def test_lifting_removes_the_order_once_every_edge_says_so(desk: Desk) -> None:
    desk.find()
    order = orders.orders(actor=ANALYST).get()
    for edge in ("k1", "k2"):
        desk.receive(order.id, ReceiptState.PLACED, edge=edge)
    enforcement.lift_order(order_id=order.id, why=Why("a tester of ours"), actor=ANALYST, now=desk.clock())
    desk.work()
    assert desk.changes()[-1].removals == (order.id,)
    desk.receive(order.id, ReceiptState.REMOVED, edge="k1")
    assert orders.orders(actor=ANALYST, state="all").get().state == "removing"
    desk.receive(order.id, ReceiptState.REMOVED, edge="k2")
    assert orders.orders(actor=ANALYST, state="all").get().state == "removed"


def test_a_person_who_lifts_is_not_overruled_until_the_end_that_was_decided(desk: Desk) -> None:
    desk.find()
    order = orders.orders(actor=ANALYST).get()
    enforcement.lift_order(order_id=order.id, why=Why("a tester of ours"), actor=ANALYST, now=desk.clock())
    desk.find(time=micros(NOON) + SECOND)
    assert not orders.orders(actor=ANALYST).exists()
    desk.clock.now += timedelta(hours=2)
    desk.find(time=micros(NOON) + 7200 * SECOND)
    assert orders.orders(actor=ANALYST).count() == 1


def test_an_order_ends_by_itself(desk: Desk) -> None:
    desk.find()
    order = orders.orders(actor=ANALYST).get()
    desk.clock.now += timedelta(minutes=59)
    desk.work()
    assert orders.orders(actor=ANALYST).get().in_force
    desk.clock.now += timedelta(minutes=2)
    desk.work()
    assert desk.changes()[-1].removals == (order.id,)
    desk.clock.now += timedelta(minutes=2)
    desk.work()
    over = orders.orders(actor=ANALYST, state="all").get()
    assert (over.state, over.ended_by, over.end_reason) == ("removed", "worker", "its time was over")


def test_a_start_writes_the_whole_table_first(desk: Desk) -> None:
    desk.find()
    desk.worker.start()
    last = desk.changes()[-1]
    assert last.full
    assert [order.generation for order in last.upserts] == [2]


def test_unreadable_records_are_passed_by_and_noted(desk: Desk) -> None:
    desk.write("findings", b'{"v":1}', finding(desk.policy))
    desk.write("receipts", b"[]")
    desk.receive("no-such-order", ReceiptState.PLACED)
    assert detections.findings(actor=ANALYST).count() == 1
    assert sorted(entry.noun_id for entry in audit.entries(actor=ANALYST, verb="passed-by")) == [
        "findings:1",
        "receipts:1",
        "receipts:2",
    ]


def test_a_finding_of_a_version_never_posted_here_orders_nothing(desk: Desk) -> None:
    desk.find(policy="0" * 64)
    assert cases.cases(actor=ANALYST).count() == 1
    assert not decisions.decisions(actor=ANALYST).exists()


def test_everything_is_sealed_and_verifies(desk: Desk) -> None:
    desk.find()
    desk.clock.now += timedelta(seconds=1)
    desk.work()
    verified = sealing.verify(actor=WORKER)
    assert verified.broken is None
    assert verified.sealed == audit.entries(actor=WORKER).count() > 5
    assert verified.unsealed == 0


def test_the_audit_holds_no_address(desk: Desk) -> None:
    desk.find()
    assert not [entry for entry in audit.entries(actor=WORKER) if b"203.0.113.9" in bytes(entry.body)]


def test_a_message_that_cannot_be_carried_out_holds_no_other_up(desk: Desk) -> None:
    outbox.enqueue(topic="decision.made", payloads=[{"decision": "no such decision"}], now=NOON)
    desk.find()
    assert orders.orders(actor=ANALYST).count() == 1
    (stuck,) = waiting.stuck(actor=ANALYST)
    assert (stuck.payload, stuck.attempts, stuck.error) == (
        {"decision": "no such decision"},
        1,
        "NotThere: no decision no such decision",
    )


def test_a_worker_that_fails_in_the_middle_of_taking_in_begins_there_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("findings", finding(desk.policy))
    with monkeypatch.context() as patch:
        patch.setattr("ringfence.desk.outbox.services.advance", _full_disk)
        with pytest.raises(OSError, match="No space"), transaction.atomic():
            desk.worker.step()
    assert not detections.findings(actor=ANALYST).exists()
    desk.work()
    assert detections.findings(actor=ANALYST).count() == orders.orders(actor=ANALYST).count() == 1


def _full_disk(**_arguments: object) -> None:
    raise OSError(28, "No space left on device")


def test_decisions_are_told_to_watch_as_events(desk: Desk) -> None:
    desk.find()
    (record,) = records_after(desk.folder / "feeds" / "desk-events")
    event = msgspec.json.decode(record.payload, type=DeskEvent)
    assert (event.kind, event.clause, event.conduct_time) == ("decision", "technical-prevention", micros(NOON))
    assert (event.rule, event.account, event.caller) == ("sip-scan", None, None)


def test_failed_sign_ins_are_told_to_watch_with_their_address_and_for_a_partys_login_with_the_party(desk: Desk) -> None:
    acme = Party.objects.create(name="acme")
    access.create_login(username="ann", password="x" * 12, roles=(), party=acme.pk, actor=ADMIN, now=NOON)
    for username, address in (("ann", "192.0.2.1"), ("nobody", "192.0.2.2"), ("ann", "")):
        access.note_failure(username=username, address=address, now=NOON)
    desk.work()
    told = [msgspec.json.decode(each.payload, type=DeskEvent) for each in records_after(desk.folder / "feeds" / "desk-events")]
    assert {(event.kind, event.name) for event in told} == {("fact", "sign-in-failed")}
    assert [(event.source, event.account, event.party_path) for event in told] == [
        ("192.0.2.1", "login/ann", ("acme",)),
        ("192.0.2.2", None, ()),
        (None, "login/ann", ("acme",)),
    ]
    assert len({event.id for event in told}) == 3


@pytest.mark.parametrize("path", ["/api/v1/bulk", "/api/reports/v1/reports"])
def test_a_program_that_guesses_keys_is_found_by_its_address(desk: Desk, path: str) -> None:
    guesser = Client(headers={"authorization": "Bearer rf_guessed"}, REMOTE_ADDR="203.0.113.77")
    assert [guesser.post(path, data={}, content_type="application/json").status_code for _ in range(10)] == [401] * 10
    desk.clock.now = datetime.now(UTC) + timedelta(minutes=1)
    desk.work()
    told = [msgspec.json.decode(each.payload, type=DeskEvent) for each in records_after(desk.folder / "feeds" / "desk-events")]
    assert {(event.kind, event.name, event.source) for event in told} == {("fact", "key-refused", "203.0.113.77")}
    nobody = Directory(Reference(time=Micros(0)))
    engine = Engine(load(read_folder(ROOT / "bundles" / "default")).plan, key=b"", source="test")
    (found,) = engine.step([as_event(event, nobody) for event in told], told[-1].time)
    assert (found.rule, found.subject.id, found.measures["failures"]) == ("web-guessing", "203.0.113.77", 10)
    assert "rf_guessed" not in repr(list(audit.entries(actor=ANALYST).values()))


def test_guessed_keys_beyond_a_bound_are_counted_alone(desk: Desk) -> None:
    for _ in range(502):
        access.note_key_refused(address="203.0.113.77", now=NOON)
    assert audit.entries(actor=ANALYST, verb="refused").count() <= 500
    assert audit.entries(actor=ANALYST, verb="not-listed").count() == 1


@pytest.mark.parametrize("again_by", ["the same worker", "another worker"])
def test_an_event_is_told_to_watch_once_though_nobody_noted_that_it_was(desk: Desk, again_by: str) -> None:
    def tell(*ids: str) -> None:
        payloads = [{"kind": "complaint", "id": id, "time": micros(NOON)} for id in ids]
        outbox.enqueue(topic="desk-event", payloads=payloads, now=NOON)
        desk.work()

    tell("first", "second")
    if again_by == "another worker":
        desk.worker.close()
        desk.worker = Worker(desk.folder, clock=desk.clock)
    tell("first", "second", "third")  # the messages that a worker had carried out when it died
    told = [msgspec.json.decode(each.payload, type=DeskEvent).id for each in records_after(desk.folder / "feeds" / "desk-events")]
    assert told == ["first", "second", "third"]


def test_what_watch_has_heard_and_needs_no_more_is_let_go_of_by_whole_days(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_TOLD_AT_ONCE", 2)  # so many stay, to be known again
    feed = desk.folder / "feeds" / "desk-events"
    for day in range(4):
        payloads = [{"kind": "complaint", "id": f"{day}-{nth}", "time": micros(NOON)} for nth in range(2)]
        outbox.enqueue(topic="desk-event", payloads=payloads, now=NOON)
        desk.work()
        desk.clock.now += timedelta(days=1)
        desk.work()
    mark_read(feed, 4)
    desk.clock.now += timedelta(minutes=1)
    desk.work()
    assert [record.number for record in records_after(feed)] == [5, 6, 7, 8]
    mark_read(feed, 8)
    desk.clock.now += timedelta(minutes=1)
    desk.work()
    assert [record.number for record in records_after(feed)] == [7, 8]


def test_a_feed_that_cannot_be_read_holds_up_nothing_else(desk: Desk) -> None:
    desk.find()
    order = orders.orders(actor=ANALYST).get().id
    with next((desk.folder / "feeds" / "findings").glob("*.seg")).open("ab") as segment:
        segment.write(b"0000000000000002 00000000 {}\n")
    enforcement.lift_order(order_id=order, why=Why("a mistake"), actor=ANALYST, now=desk.clock())
    with pytest.raises(FeedDamaged):
        desk.worker.step()
    assert desk.changes()[-1].removals == (order,)
    desk.clock.now += timedelta(minutes=2)
    with pytest.raises(FeedDamaged):
        desk.worker.step()
    assert orders.orders(actor=ANALYST, state="removed").exists()


def test_a_record_that_the_database_cannot_hold_is_passed_by_and_the_others_kept(desk: Desk) -> None:
    beyond = Observation(kind=ObservationKind.AGENT, subject="far", time=Micros(2**62))
    sound = Observation(kind=ObservationKind.AGENT, subject="edge-1", time=micros(NOON), text="well")
    desk.write("observations", sound, beyond, sound)
    desk.work()
    (agent,) = detections.agents(actor=ANALYST)
    assert (agent.subject, agent.sightings) == ("edge-1", 2)
    (entry,) = audit.entries(actor=ANALYST, verb="passed-by")
    assert entry.noun_id == "observations:2"


def test_what_a_sender_wrote_cannot_stop_the_intake(desk: Desk) -> None:
    nul = "a\0" + "b" * 300
    desk.find(nul, party_path=(nul,))
    desk.write(
        "observations", Observation(kind=ObservationKind.REFUSAL, subject=nul, order=nul, edge=nul, call_id=nul, time=micros(NOON))
    )
    desk.find("203.0.113.10")
    assert [order.scope_value for order in orders.orders(actor=ANALYST)] == ["203.0.113.10"]


def test_a_feed_that_was_begun_anew_is_read_from_its_beginning_and_somebody_is_told(desk: Desk) -> None:
    for number in range(1, 4):
        desk.find(f"203.0.113.{number}")
    desk._writers.pop("findings").close()
    for segment in (desk.folder / "feeds" / "findings").glob("*.seg"):
        segment.unlink()
    desk.worker._readers.clear()  # the worker was restarted too
    desk.find("203.0.113.9")
    assert orders.orders(actor=ANALYST).filter(scope_value="203.0.113.9").exists()
    (alarm,) = decisions.alarms(actor=ANALYST)
    assert (alarm.kind, "findings" in alarm.text) == ("feed", True)


def test_a_damaged_feed_is_an_alarm_once(desk: Desk) -> None:
    desk.find()
    with next((desk.folder / "feeds" / "findings").glob("*.seg")).open("ab") as segment:
        segment.write(b"0000000000000002 00000000 {}\n")
    for _ in range(3):
        with pytest.raises(FeedDamaged):
            desk.worker.step()
    assert [alarm.kind for alarm in decisions.alarms(actor=ANALYST)] == ["feed"]
