"""A call plan as SIP: whole transactions, one dialog, nothing shared between two playings."""

from collections import Counter
from dataclasses import replace

import pytest

from ringfence.simulate import carrier, signalling, sip_text
from ringfence.simulate.carrier import CallPlan
from ringfence.simulate.flows import Flow
from ringfence.simulate.profiles import Outcome
from ringfence.simulate.provider import EDGE_ADDRESS, harbour_voice
from ringfence.vocabulary.times import MINUTE, SECOND

PLANS = list(carrier.calls(harbour_voice(), seed=3, duration=MINUTE))


def a_plan(outcome: Outcome, *, released_by: str = "caller", challenged: bool = False) -> CallPlan:
    registered = next(plan for plan in PLANS if plan.account.trunk.user is not None)
    return replace(
        registered,
        outcome=outcome,
        released_by=released_by,
        challenged=challenged,
        setup_us=SECOND,
        ring_us=4 * SECOND,
        talk_us=60 * SECOND,
    )


def told(flow: Flow) -> list[str]:
    """What passes, as `>INVITE` from the caller and `<200` to it."""
    return [
        f"{'<' if packet.source == EDGE_ADDRESS else '>'}{sip_text.method(packet.payload) or sip_text.status(packet.payload)}"
        for packet in flow.packets
    ]


@pytest.mark.parametrize(
    ("outcome", "passes"),
    [
        (Outcome.ANSWERED, ">INVITE <100 <180 <200 >ACK >BYE <200"),
        (Outcome.BUSY, ">INVITE <100 <486 >ACK"),
        (Outcome.NO_ANSWER, ">INVITE <100 <180 <480 >ACK"),
        (Outcome.CANCELLED, ">INVITE <100 <180 >CANCEL <200 <487 >ACK"),
        (Outcome.UNALLOCATED, ">INVITE <100 <404 >ACK"),
    ],
)
def test_each_outcome_has_its_messages(outcome: Outcome, passes: str) -> None:
    assert told(signalling.flow(a_plan(outcome), "s")) == passes.split()


def test_a_stale_nonce_is_challenged_and_the_second_request_has_the_next_sequence_number() -> None:
    flow = signalling.flow(a_plan(Outcome.BUSY, challenged=True), "s")

    assert told(flow) == [">INVITE", "<407", ">ACK", ">INVITE", "<100", "<486", ">ACK"]
    invites = [packet.payload for packet in flow.packets if sip_text.method(packet.payload) == "INVITE"]
    assert [sip_text.header(invite, "CSeq") for invite in invites] == ["1 INVITE", "2 INVITE"]


def test_the_callee_can_hang_up() -> None:
    flow = signalling.flow(a_plan(Outcome.ANSWERED, released_by="callee"), "s")

    assert told(flow)[-2:] == ["<BYE", ">200"]
    assert flow.packets[-2].destination == a_plan(Outcome.ANSWERED).source


def test_talk_and_ring_times_are_the_plans() -> None:
    flow = signalling.flow(a_plan(Outcome.ANSWERED), "s")
    ringing, answer, bye = (flow.packets[index].offset for index in (2, 3, 5))

    assert answer - ringing == 4 * SECOND
    assert 60 * SECOND <= bye - answer < 60 * SECOND + SECOND // 10


def test_only_requests_out_of_a_dialog_are_asked_about() -> None:
    flow = signalling.flow(a_plan(Outcome.CANCELLED), "s")

    asked = [packet for packet in flow.packets if sip_text.opens_dialog_or_stands_alone(packet.payload)]
    assert [sip_text.method(packet.payload) for packet in asked] == ["INVITE"]


def test_two_playings_of_an_hour_share_no_call_id_and_no_branch() -> None:
    def marks(salt: str) -> set[str]:
        flows = [signalling.flow(plan, salt) for plan in PLANS]
        payloads = [packet.payload for flow in flows for packet in flow.packets]
        return {flow.call_id for flow in flows} | {
            (sip_text.header(payload, "Via") or "").split("branch=")[1] for payload in payloads
        }

    assert not marks("one") & marks("two")


def test_call_ids_of_an_hour_are_all_different() -> None:
    assert max(Counter(signalling.flow(plan, "s").call_id for plan in PLANS).values()) == 1


def test_the_edges_question_has_neither_body_nor_digest_response() -> None:
    packet = signalling.flow(a_plan(Outcome.ANSWERED), "s").packets[0]
    assert signalling.SDP_MARKER.encode() in packet.payload
    assert signalling.DIGEST_MARKER.encode() in packet.payload

    question = sip_text.without_body(
        packet.payload, ["Via: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bKx"], received="192.0.2.7", port=5060
    )

    assert signalling.SDP_MARKER.encode() not in question
    assert signalling.DIGEST_MARKER.encode() not in question
    assert 'username="' in (sip_text.header(question, "Proxy-Authorization") or "")
    assert question.endswith(b"Content-Length: 0\r\n\r\n")
    assert sip_text.header(question, "Content-Type") is None
    vias = [line for line in question.split(b"\r\n") if line.startswith(b"Via:")]
    assert vias[0].endswith(b"z9hG4bKx")
    assert vias[1].endswith(b";received=192.0.2.7;rport=5060")
    assert vias[1].count(b"rport") == 1


def test_the_body_is_as_long_as_the_message_says() -> None:
    for plan in PLANS:
        for packet in signalling.flow(plan, "s").packets:
            body = packet.payload.partition(b"\r\n\r\n")[2]
            assert sip_text.header(packet.payload, "Content-Length") == str(len(body))
