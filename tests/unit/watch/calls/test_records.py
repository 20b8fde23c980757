"""A call record gives the events that signalling of the call would have given."""

from tests.unit.watch.calls.recordings import ALICE, SS1, START, datagram, events_of, request, response

from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.contracts import AccountLink, EventKind, NumberLink, PartyLink, Reference, TrunkLink
from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros
from ringfence.watch.attribution import EMERGENCY_LIST, Directory
from ringfence.watch.calls import Tracker, events_of_record
from ringfence.watch.wire.cdr.record import CallRecord

_DIRECTORY = Directory(
    Reference(
        time=Micros(0),
        parties=(PartyLink(party="root"), PartyLink(party="acme", parent="root")),
        accounts=(AccountLink(account="A1", party="acme", plan="office"),),
        trunks=(TrunkLink(trunk="T1", account="A1", address=ALICE),),
        numbers=(NumberLink(number="+3225551212", account="A1"),),
        lists={EMERGENCY_LIST: ("112",)},
    )
)


def _record(*, answered: bool = True, **changes: object) -> CallRecord:
    fields: dict[str, object] = {
        "line": 7,
        "call_id": "c1",
        "start": START,
        "answer": Micros(START + 2 * SECOND) if answered else None,
        "end": Micros(START + 5 * SECOND),
        "account": "A1",
        "caller": "+3221",
        "callee": "+441",
        "source_ip": ALICE,
        "status": 0,
        "released_by": "callee",
        "attestation": Attestation.B,
        "trunk": None,
        "ring_ms": 1_500,
    }
    return CallRecord(**{**fields, **changes})  # type: ignore[arg-type]  # the record's fields by name


def test_an_answered_call_has_three_events() -> None:
    attempt, answer, end = events_of_record(_record(), _DIRECTORY)
    assert [each.kind for each in (attempt, answer, end)] == [EventKind.ATTEMPT, EventKind.ANSWER, EventKind.END]
    assert [each.time - START for each in (attempt, answer, end)] == [0, 2 * SECOND, 5 * SECOND]
    assert (attempt.account, attempt.plan, attempt.party_path, attempt.direction) == ("A1", "office", ("root", "acme"), "outbound")
    assert (attempt.status, attempt.answered, attempt.ring_ms) == (0, False, 0)
    assert (answer.status, answer.answered, answer.ring_ms, answer.released_by) == (200, True, 1_500, None)
    assert (end.duration_ms, end.released_by, end.attestation) == (3_000, "callee", Attestation.B)
    assert attempt.sequence < answer.sequence < end.sequence < events_of_record(_record(line=8), _DIRECTORY)[0].sequence


def test_the_network_s_own_numbers_are_told_with_every_event() -> None:
    events = events_of_record(_record(pai="+3222", diversion="+3223"), _DIRECTORY)
    assert [(event.asserted, event.diverted) for event in events] == [("+3222", "+3223")] * 3


def test_an_unanswered_call_has_no_answer() -> None:
    attempt, end = events_of_record(_record(answered=False, status=486), _DIRECTORY)
    assert (attempt.kind, end.kind) == (EventKind.ATTEMPT, EventKind.END)
    assert (end.status, end.answered, end.duration_ms) == (486, False, 0)


def test_without_an_account_the_trunk_at_the_source_answers() -> None:
    event = events_of_record(_record(account=None), _DIRECTORY)[0]
    assert (event.account, event.trunk, event.direction) == ("A1", "T1", "outbound")
    event = events_of_record(_record(account=None, source_ip="203.0.113.1", callee="+3225551212"), _DIRECTORY)[0]
    assert (event.account, event.direction) == (None, "inbound")


def test_an_account_that_the_reference_lacks_still_answers() -> None:
    event = events_of_record(_record(account="X"), _DIRECTORY)[0]
    assert (event.account, event.party_path, event.plan) == ("X", (), None)


def test_an_attributed_call_to_an_emergency_number_leaves_no_event() -> None:
    assert events_of_record(_record(callee="112"), _DIRECTORY) == []
    assert len(events_of_record(_record(callee="112", account=None, source_ip="203.0.113.1"), _DIRECTORY)) == 3


def test_a_call_for_help_is_one_where_the_accounts_callers_are() -> None:
    reference = Reference(
        time=Micros(0),
        accounts=(AccountLink(account="here", party="p"), AccountLink(account="abroad", party="p", country="GB")),
        lists={"emergency-numbers": ("112", "101")},
        emergency={"BE": ("112", "101"), "GB": ("112", "999"), "ZZ": ("112",)},
    )
    directory = Directory(reference)
    called = {
        account: [
            number for number in ("112", "101", "999") if not events_of_record(_record(callee=number, account=account), directory)
        ]
        for account in ("here", "abroad")
    }
    assert called == {"here": ["112", "101"], "abroad": ["112", "999"]}
    moved = directory.changed(Reference(time=Micros(1), full=False, emergency={"GB": ("18000",)}))
    assert events_of_record(_record(callee="18000", account="abroad"), moved) == []


def test_a_record_says_what_the_signalling_of_the_same_call_says() -> None:
    invite, bye = request(to="+441", user="+3221"), request("BYE", to="+441", cseq=2, branch="y", tags=("a", "b"))
    ringing = response(invite, 180)
    stream = [
        datagram(invite, ALICE, SS1, START),
        datagram(ringing, SS1, ALICE, Micros(START + 500 * MILLISECOND)),
        datagram(response(invite, 200), SS1, ALICE, Micros(START + 2 * SECOND)),
        datagram(bye, ALICE, SS1, Micros(START + 5 * SECOND)),
    ]
    live = [event for event in events_of(Tracker(_DIRECTORY), stream) if event.kind is not EventKind.REQUEST]
    recorded = events_of_record(_record(released_by="caller"), _DIRECTORY)
    same = ("kind", "time", "caller", "callee", "target", "account", "party_path", "plan", "direction", "source")
    outcome = ("status", "answered", "duration_ms", "ring_ms", "released_by")
    for name in same + outcome:
        assert [getattr(event, name) for event in recorded] == [getattr(event, name) for event in live], name


def test_a_call_that_the_file_ends_before_is_an_attempt_and_an_answer() -> None:
    events = events_of_record(_record(end=None, callee=None), _DIRECTORY)
    assert [event.kind for event in events] == [EventKind.ATTEMPT, EventKind.ANSWER]
    assert events[0].callee is None


def test_without_ringing_in_the_record_the_wait_for_an_answer_stands_for_it_less_setting_up() -> None:
    start = Micros(START)

    def ring_ms(waited_us: int, **changes: object) -> int:
        until = Micros(start + waited_us)
        record = _record(answered=False, **{"ring_ms": None, "end": until, **changes})
        return events_of_record(record, Directory(Reference(time=Micros(0))))[-1].ring_ms

    assert ring_ms(6 * SECOND, status=487) == 4_000
    assert ring_ms(SECOND * 3 // 2, status=487) == 1_000
    assert ring_ms(6 * SECOND, status=487, ring_ms=3_500) == 3_500
    assert ring_ms(6 * SECOND, status=404) == 0
    assert ring_ms(6 * SECOND, status=486) == 0
