"""Signed identities in traffic: verified once a call, told with its events, and nothing of the signature kept."""

from collections import Counter

import msgspec
import pytest
from tests.unit.watch.calls.recordings import ALICE, SS1, authorization, datagram, events_of, request, response
from tests.unit.watch.identity.authorities import NOW, SP, Holder, der, provider

from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.contracts import Event, EventKind, NumberLink, Reference
from ringfence.vocabulary.identity import IdentityOutcome as Outcome
from ringfence.vocabulary.times import SECOND, Micros, micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker, TrackerOptions
from ringfence.watch.calls.signed import is_signed
from ringfence.watch.identity import Identities, Trust, Verifier

ROOT = Holder("Root", authority_for_others=True)
SIGNER = Holder("SP 1234", ROOT, authority=der(0x30, provider("1234")))
CALLER, CALLEE = "+12155551212", "+12355551212"
AT = micros(NOW)


def tracker(*, held: str | None = None, own_code: str | None = None) -> Tracker:
    numbers = () if held is None else (NumberLink(number=held, account="acme"),)
    verifier = Verifier(Trust((ROOT.certificate,)), {SP: SIGNER.pem})
    return Tracker(Directory(Reference(time=Micros(0), numbers=numbers)), TrackerOptions(identities=Identities(verifier, own_code)))


def invite(header: str | None = None, *, caller: str = CALLER, callee: str = CALLEE, call_id: str = "c1", **more: object) -> bytes:
    extra = [] if header is None else [f"Identity: {header}"]
    return request(to=callee, user=caller, call_id=call_id, branch=call_id, extra=extra, **more)  # type: ignore[arg-type]  # as given


def attempts(of: Tracker, *payloads: bytes) -> list[Event]:
    datagrams = [datagram(payload, ALICE, SS1, Micros(AT + nth * SECOND)) for nth, payload in enumerate(payloads)]
    return [event for event in events_of(of, datagrams) if event.kind is EventKind.ATTEMPT]


def test_a_signed_call_is_told_with_outcome_attestation_and_signer_to_its_end() -> None:
    events = events_of(tracker(), [datagram(invite(SIGNER.shaken(attest="B")), ALICE, SS1, AT)])
    calls = [event for event in events if event.kind in (EventKind.ATTEMPT, EventKind.END)]
    told = {(event.verification, event.attestation, event.signer) for event in calls}
    assert told == {(Outcome.VERIFIED, Attestation.B, "1234")}


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        (invite(), Outcome.UNSIGNED),
        (invite(SIGNER.shaken()), Outcome.VERIFIED),
        (invite(SIGNER.shaken(), caller="12155551212", callee="12355551212"), Outcome.VERIFIED),  # written without +
        (invite(SIGNER.shaken(), caller="+19005550000"), Outcome.CALLER_MISMATCH),
        (invite(SIGNER.shaken(), callee="+3227000000"), Outcome.CALLEE_MISMATCH),
        (invite(SIGNER.shaken(age_s=300)), Outcome.STALE),
        (invite("nothing"), Outcome.UNREADABLE),
        (invite(SIGNER.shaken()).replace(b"Identity:", b"y:"), Outcome.VERIFIED),
        (invite(SIGNER.shaken()).replace(b"Identity:", b"IDENTITY :"), Outcome.VERIFIED),
        (
            invite(SIGNER.shaken()).replace(b"Max-", b"P-Asserted-Identity: <sip:+19005550000@x.example>\r\nMax-"),
            Outcome.CALLER_MISMATCH,
        ),
    ],
)
def test_a_call_is_told_with_what_its_identity_comes_to(message: bytes, outcome: Outcome) -> None:
    (event,) = attempts(tracker(), message)
    assert event.verification is outcome


def test_a_signature_on_a_second_call_is_a_replay_and_on_a_retry_of_the_first_is_none() -> None:
    header = SIGNER.shaken()
    first, again = invite(header), invite(header, cseq=2)
    challenged = [datagram(first, ALICE, SS1, AT), datagram(response(first, 407), SS1, ALICE, Micros(AT + 1))]
    retried = again.replace(b"Max-", authorization("u").encode() + b"\r\nMax-")
    stream = [*challenged, datagram(retried, ALICE, SS1, Micros(AT + 2))]
    stream.append(datagram(invite(header, call_id="c2"), ALICE, SS1, Micros(AT + 3)))
    told = [event.verification for event in events_of(tracker(), stream) if event.kind is EventKind.ATTEMPT]
    assert told == [Outcome.VERIFIED, Outcome.REPLAYED]


def test_a_forwarded_call_is_led_by_its_diversion() -> None:
    headers = f"{SIGNER.shaken()}\r\nIdentity: {SIGNER.diversion('12155551212', '12355551212', '12355550002')}"
    (event,) = attempts(tracker(), invite(headers, callee="+12355550002"))
    assert event.verification is Outcome.VERIFIED_DIVERTED


def test_an_a_of_somebody_else_for_a_number_held_here_is_too_much() -> None:
    message = invite(SIGNER.shaken())
    told = [attempts(tracker(held=CALLER, own_code=code), message)[0].verification for code in ("9999", "1234", None)]
    assert told == [Outcome.OVER_ATTESTED, Outcome.VERIFIED, Outcome.VERIFIED]


def test_messages_fed_in_batches_are_told_the_same() -> None:
    payloads = [invite(SIGNER.shaken()), invite(None, call_id="c2"), invite(SIGNER.shaken(), call_id="c3", callee="+3227000000")]
    datagrams = [datagram(payload, ALICE, SS1, Micros(AT + nth)) for nth, payload in enumerate(payloads)]
    batched = tracker().feed_all(datagrams, Counter())
    assert batched == [event for event in events_of(tracker(), datagrams) if event.kind is EventKind.ATTEMPT]
    assert [event.verification for event in batched] == [Outcome.VERIFIED, Outcome.UNSIGNED, Outcome.CALLEE_MISMATCH]


def test_nothing_is_told_where_nobody_verifies() -> None:
    (event,) = attempts(Tracker(Directory(Reference(time=Micros(0)))), invite(SIGNER.shaken()))
    assert (event.verification, event.attestation, event.signer) == (None, None, None)


def test_neither_events_nor_what_is_remembered_hold_the_signature() -> None:
    made, header = tracker(), SIGNER.shaken()
    events = attempts(made, invite(header))
    token = header.partition(";")[0]
    for part in token.split("."):
        assert part.encode() not in msgspec.json.encode(events)
        assert part.encode() not in made.snapshot()


@pytest.mark.parametrize("line", ["P-Asserted-Identity: <sip:+1@x>", "X: y: 1", "Yes: 1", "Identity-Info: <x>"])
def test_most_messages_are_known_to_carry_no_identity_without_being_read(line: str) -> None:
    assert not is_signed(request(extra=[line]))
    assert is_signed(request(extra=[line, "Identity: x"]))
