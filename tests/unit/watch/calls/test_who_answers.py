"""Who a call is laid to: known addresses and proven credentials, never a mere claim."""

import pytest
from tests.unit.watch.calls.recordings import ALICE, BOB, SS1, START, authorization, datagram, events_of, request, response

from ringfence.vocabulary.contracts import (
    AccountLink,
    Event,
    EventKind,
    NumberLink,
    Observation,
    ObservationKind,
    PartyLink,
    Reference,
    TrunkLink,
)
from ringfence.vocabulary.times import DAY, MILLISECOND, Micros
from ringfence.watch.attribution import EMERGENCY_LIST, Directory
from ringfence.watch.calls import Tracker
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.wire.sip import parse

_PROOF = [authorization("trunk7")]


def _reference(*, policy: str = "p1", address: str | None = None, user: str | None = "trunk7") -> Reference:
    return Reference(
        time=Micros(0),
        policy=policy,
        parties=(PartyLink(party="root", kind="reseller"), PartyLink(party="acme", parent="root")),
        accounts=(AccountLink(account="A1", party="acme", plan="office"), AccountLink(account="A2", party="root")),
        trunks=(TrunkLink(trunk="T1", account="A1", address=address, user=user),),
        numbers=(NumberLink(number="+3225551212", account="A2"),),
        lists={EMERGENCY_LIST: ("112",)},
    )


def _by_user() -> Tracker:
    return Tracker(Directory(_reference()))


def _by_address() -> Tracker:
    return Tracker(Directory(_reference(address=ALICE, user=None)))


def _ask(payload: bytes, ms: int, *, port: int = 5060, source: str = ALICE) -> Datagram:
    return datagram(payload, source, SS1, Micros(START + ms * MILLISECOND), ports=(port, 5060))


def _reply(to: bytes, status: int, ms: int, *, port: int = 5060) -> Datagram:
    return datagram(response(to, status), SS1, ALICE, Micros(START + ms * MILLISECOND), ports=(5060, port))


def _accounts(events: list[Event], kind: EventKind) -> list[str | None]:
    return [event.account for event in events if event.kind is kind]


def _registered(tracker: Tracker, *, status: int = 200) -> None:
    register = request("REGISTER", to="trunk7", call_id="r", branch="r", extra=_PROOF)
    for each in (_ask(register, -20), _reply(register, status, -10)):
        tracker.feed(each, parse(each.payload))


def test_a_known_address_answers_from_the_first_packet() -> None:
    event = events_of(_by_address(), [_ask(request(), 0)])[0]
    assert (event.account, event.trunk, event.plan, event.party_path, event.direction) == (
        "A1",
        "T1",
        "office",
        ("root", "acme"),
        "outbound",
    )


def test_a_claimed_user_name_answers_for_nothing() -> None:
    guess = request(extra=_PROOF)
    for status in (401, 403, 407, 404, 503):
        events = events_of(_by_user(), [_ask(guess, 0), _reply(guess, status, 10)])
        assert {event.account for event in events} == {None}, status


def test_accepted_credentials_answer_for_the_call_from_then_on() -> None:
    first, second = request(), request(cseq=2, branch="b2", extra=_PROOF)
    stream = [_ask(first, 0), _reply(first, 407, 1), _ask(second, 2), _reply(second, 200, 3)]
    events = events_of(_by_user(), stream)
    assert _accounts(events, EventKind.ATTEMPT) == [None]
    assert _accounts(events, EventKind.ANSWER) == ["A1"]
    assert _accounts(events, EventKind.REQUEST) == [None, "A1"]


def test_a_busy_answer_after_a_challenge_proves_the_credentials() -> None:
    first, second = request(), request(cseq=2, branch="b2", extra=_PROOF)
    stream = [_ask(first, 0), _reply(first, 407, 1), _ask(second, 2), _reply(second, 486, 3)]
    assert _accounts(events_of(_by_user(), stream), EventKind.END) == ["A1"]


def test_a_registered_trunk_answers_for_attempts_from_its_address_and_port() -> None:
    tracker = _by_user()
    _registered(tracker)
    assert _accounts(events_of(tracker, [_ask(request(), 0)]), EventKind.ATTEMPT) == ["A1"]


def test_a_known_trunks_call_to_an_unused_number_stays_the_trunks() -> None:
    tracker = _by_user()
    _registered(tracker)
    call = request(extra=_PROOF)
    for status, account in ((404, "A1"), (486, "A1"), (503, "A1"), (403, None), (407, None)):
        invite = call.replace(b"Call-ID: ", b"Call-ID: %d-" % status)
        events = events_of(tracker, [_ask(invite, 0, port=5099), _reply(invite, status, 10, port=5099)])
        assert _accounts(events, EventKind.ATTEMPT) == ["A1"]
        assert _accounts(events, EventKind.REQUEST) == [account], status


def test_a_neighbour_behind_the_same_address_gains_nothing_by_the_trunks_name() -> None:
    tracker = _by_user()
    _registered(tracker)
    assert _accounts(events_of(tracker, [_ask(request(), 0, port=5099)]), EventKind.ATTEMPT) == [None]


def test_a_refused_registration_vouches_for_nothing() -> None:
    tracker = _by_user()
    _registered(tracker, status=403)
    assert _accounts(events_of(tracker, [_ask(request(), 0), _ask(request(call_id="d", extra=_PROOF), 1)]), EventKind.ATTEMPT) == [
        None,
        None,
    ]


def test_acceptance_vouches_for_a_day() -> None:
    tracker = _by_user()
    _registered(tracker)
    late = DAY // MILLISECOND
    assert _accounts(events_of(tracker, [_ask(request(extra=_PROOF), late - 11)]), EventKind.ATTEMPT) == ["A1"]
    assert _accounts(events_of(tracker, [_ask(request(call_id="d", extra=_PROOF), late)]), EventKind.ATTEMPT) == [None]


def test_a_held_number_as_caller_attributes_nothing_and_as_callee_makes_it_inbound() -> None:
    event = events_of(_by_user(), [_ask(request(user="+3225551212", to="+3225551212"), 0, source=BOB)])[0]
    assert (event.account, event.direction) == (None, "inbound")
    assert events_of(_by_user(), [_ask(request(user="+3225551212", to="+441"), 0, source=BOB)])[0].direction is None


def test_an_attributed_call_to_an_emergency_number_leaves_no_event() -> None:
    invite, bye = request(to="112"), request("BYE", to="112", cseq=2, branch="y", tags=("a", "b"))
    stream = [_ask(invite, 0), _reply(invite, 200, 5), _ask(bye, 9)]
    assert events_of(_by_address(), stream) == []
    assert [event.kind.value for event in events_of(_by_user(), stream)] == ["attempt", "answer", "request", "end"]


@pytest.mark.parametrize("service", ["urn:service:sos", "urn:service:sos.fire", "URN:Service:SOS.Police"])
def test_an_attributed_call_to_the_emergency_service_leaves_no_event(service: str) -> None:
    invite = request().replace(b"INVITE sip:+3225551212@provider.example", f"INVITE {service}".encode())
    stream = [_ask(invite, 0), _reply(invite, 200, 5)]
    assert events_of(_by_address(), stream) == []
    stranger = events_of(_by_user(), stream)
    assert [event.kind.value for event in stranger] == ["attempt", "answer", "request"]
    assert {event.target for event in stranger} == {None}


@pytest.mark.parametrize("uri", ["urn:service:sosx", "urn:service:counseling", "sip:service%3Asos@provider.example", "urn:isbn:1"])
def test_what_only_looks_like_the_emergency_service_is_counted(uri: str) -> None:
    invite = request().replace(b"sip:+3225551212@provider.example SIP", f"{uri} SIP".encode())
    assert [event.kind.value for event in events_of(_by_address(), [_ask(invite, 0)])] == ["attempt", "end", "request"]


def test_the_first_use_after_a_posting_is_observed_once() -> None:
    tracker = _by_address()
    for call_id in ("c1", "c2"):
        events_of(tracker, [_ask(request(call_id=call_id), 0)])
    assert [(seen.kind, seen.subject, seen.policy, seen.call_id) for seen in tracker.observations()] == [
        (ObservationKind.FIRST_USE, "A1", "p1", "c1")
    ]
    tracker.use(Directory(_reference(policy="p2", address=ALICE, user=None)))
    events_of(tracker, [_ask(request(call_id="c3"), 0)])
    assert [(seen.policy, seen.call_id) for seen in tracker.observations()] == [("p2", "c3")]


def test_an_accepted_registration_is_a_first_use_and_a_refused_one_is_not() -> None:
    tracker = _by_user()
    _registered(tracker, status=403)
    assert tracker.observations() == []
    tracker = _by_user()
    _registered(tracker)
    assert [seen.subject for seen in tracker.observations()] == ["A1"]


def test_an_edges_log_line_is_a_refusal_of_its_order() -> None:
    tracker = _by_user()
    line = b"ringfence.refused order=o-17 source=203.0.113.9 method=INVITE"
    tracker.feed(Datagram(START, START, PayloadKind.LOG, "udp", SS1, 0, SS1, 0, line, agent=7, correlation="c9"), None)
    assert tracker.observations() == [
        Observation(
            kind=ObservationKind.REFUSAL,
            time=START,
            subject="203.0.113.9",
            order="o-17",
            edge="7",
            call_id="c9",
            text="INVITE",
        )
    ]


@pytest.mark.parametrize("answered", [False, True])
def test_guessing_passwords_within_a_dialog_of_ones_own_is_seen(answered: bool) -> None:
    invite = request(call_id="c", tags=("a", None))
    stream = [_ask(invite, 0), _reply(invite, 200 if answered else 404, 5)]
    for nth in range(3):
        guess = request("REGISTER", call_id="c", cseq=nth + 2, branch=f"g{nth}", tags=("a", "b"), extra=_PROOF)
        stream += [_ask(guess, 10 * nth + 10), _reply(guess, 403, 10 * nth + 15)]
    found = events_of(_by_user(), stream)
    assert [event.status for event in found if event.kind is EventKind.REGISTRATION] == [403, 403, 403]


def test_a_request_within_a_call_that_failed_is_one_of_its_own() -> None:
    invite = request(call_id="c", tags=("a", None))
    options = request("OPTIONS", call_id="c", cseq=2, branch="o", tags=("a", "b"))
    stream = [_ask(invite, 0), _reply(invite, 404, 5), _ask(options, 10), _reply(options, 404, 15)]
    found = events_of(_by_user(), stream)
    assert [event.method for event in found if event.kind is EventKind.REQUEST] == ["INVITE", "OPTIONS"]


@pytest.mark.parametrize("method", ["REGISTER", "X-FOO", "m!%*_+`'~.9"])
def test_whatever_method_was_refused_it_is_seen(method: str) -> None:
    tracker = _by_user()
    _log(tracker, f"ringfence.refused order=o-17 source=2001:DB8::0:1 method={method}".encode())
    assert [(seen.subject, seen.text) for seen in tracker.observations()] == [("2001:db8::1", method)]


def test_what_the_refused_wrote_into_the_log_line_is_bounded() -> None:
    tracker = _by_user()
    _log(tracker, b"ringfence.refused order=o-17 source=203.0.113.9 method=INVITE", correlation="x" * 60_000)
    assert [len(seen.call_id or "") for seen in tracker.observations()] == [32]


def _log(tracker: Tracker, line: bytes, correlation: str = "c9") -> None:
    tracker.feed(Datagram(START, START, PayloadKind.LOG, "udp", SS1, 0, SS1, 0, line, agent=7, correlation=correlation), None)


def test_a_message_that_carries_a_log_line_is_no_refusal() -> None:
    tracker = _by_user()
    line = "ringfence.refused order=o-17 source=203.0.113.9 method=INVITE"
    forged = request(call_id=line.replace(" ", ""), user="x", extra=[f"Subject: {line}"]) + line.encode()
    events_of(tracker, [_ask(forged, 0), _ask(line.encode(), 1)])
    assert tracker.observations() == []


def test_any_other_log_line_is_no_refusal() -> None:
    tracker = _by_user()
    refused = b"ringfence.refused order=o source=%s method=INVITE"
    lines = (b"", b"ringfence.refused order=o", b"\xff" * 99, refused % b"x", refused % b"::::", refused % b"1.2.3.4.5")
    for line in (
        *lines,
        b"x " + refused % b"1.2.3.4",
        refused % b"1.2.3.4" + b" order=p",
        b"ringfence.refused order= source=1.2.3.4",
    ):
        tracker.feed(Datagram(START, START, PayloadKind.LOG, "udp", SS1, 0, SS1, 0, line), None)
    assert tracker.observations() == []
