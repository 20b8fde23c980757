"""Requests that change a call, from those who take part in it and from others; messages that nobody can read."""

from collections import Counter

import pytest
from tests.unit.watch.calls.recordings import ALICE, BOB, SS1, START, datagram, events_of, request, response

from ringfence.vocabulary.contracts import AccountLink, Event, EventKind, NumberLink, Reference, TrunkLink
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Edges, Tracker, TrackerOptions
from ringfence.watch.sources.datagram import Datagram

STRANGER = "203.0.113.66"
REFERENCE = Reference(
    time=Micros(0),
    accounts=(AccountLink(account="acme", party="acme"), AccountLink(account="umbra", party="umbra")),
    numbers=(NumberLink(number="+3225551212", account="umbra"),),
    trunks=(
        TrunkLink(trunk="t1", account="acme", address=ALICE),
        TrunkLink(trunk="t1b", account="acme", address="198.51.100.10"),
        TrunkLink(trunk="t2", account="umbra", address="198.51.101.20"),
        TrunkLink(trunk="t3", account="mallory", address="198.51.102.30"),
    ),
)


def call(*, answered: bool = True, contact: str = BOB) -> list[Datagram]:
    """Return a call of ALICE's over SS1, which sends it on to BOB."""
    invite = request()
    onward = invite.replace(b"\r\nVia:", f"\r\nVia: SIP/2.0/UDP {SS1};branch=z9hG4bKs1\r\nVia:".encode(), 1)
    packets = [
        datagram(invite, ALICE, SS1, START),
        datagram(onward, SS1, BOB, Micros(START + 1)),
        datagram(response(invite, 180), SS1, ALICE, Micros(START + SECOND)),
    ]
    if answered:
        answer = response(invite, 200, extra=(f"Contact: <sip:b@{contact}>",))
        packets.append(datagram(answer, SS1, ALICE, Micros(START + 2 * SECOND)))
    return packets


def oddities(packets: list[Datagram], options: TrackerOptions | None = None) -> list[Event]:
    events = events_of(Tracker(Directory(REFERENCE), options), packets)
    return [event for event in events if event.kind is EventKind.ODDITY]


def sent(method: str, source: str, *, tags: tuple[str, str | None] = ("a", "b"), branch: str = "x9", port: int = 5060) -> Datagram:
    payload = request(method, branch=branch, cseq=7 if method != "CANCEL" else 1, via=source, tags=tags)
    return datagram(payload, source, SS1, Micros(START + 5 * SECOND), ports=(port, 5060))


@pytest.mark.parametrize("method", ["BYE", "REFER", "INVITE", "UPDATE"])
def test_a_strangers_request_within_a_call_is_told_once(method: str) -> None:
    forged = sent(method, STRANGER)
    (odd,) = oddities([*call(), forged, forged])
    assert (odd.name, odd.method, odd.source, odd.account) == ("stranger-in-session", method, STRANGER, None)
    assert (odd.caller, odd.callee, odd.call_id) == ("trunk7", "+3225551212", "c1")


def test_a_forged_cancel_is_told_while_the_call_rings() -> None:
    (odd,) = oddities([*call(answered=False), sent("CANCEL", STRANGER, tags=("a", None), branch="b1")])
    assert (odd.name, odd.method) == ("stranger-in-session", "CANCEL")


def test_the_right_call_id_with_guessed_tags_is_told_apart() -> None:
    (odd,) = oddities([*call(), sent("BYE", STRANGER, tags=("guess", "work"))])
    assert odd.name == "stranger-guesses-session"


@pytest.mark.parametrize(
    ("source", "tags"),
    [
        (ALICE, ("a", "b")),
        (SS1, ("b", "a")),
        (BOB, ("b", "a")),  # the next server's place, known from where the INVITE went
        ("192.0.2.250", ("a", "b")),  # a neighbour of one of them
        ("198.51.100.10", ("a", "b")),  # the caller's other trunk
        ("198.51.101.20", ("b", "a")),  # a trunk of who holds the number called
    ],
)
def test_who_takes_part_is_no_stranger(source: str, tags: tuple[str, str]) -> None:
    assert oddities([*call(), sent("BYE", source, tags=tags)]) == []


def test_a_callee_that_its_answer_named_is_no_stranger() -> None:
    hidden = [packet for packet in call(contact="203.0.113.5") if packet.destination != BOB]
    assert oddities([*hidden, sent("BYE", "203.0.113.5", tags=("b", "a"))]) == []


def test_a_phone_that_was_accepted_at_its_new_address_is_no_stranger() -> None:
    login = request("REGISTER", call_id="r1", branch="r", user="trunk7", to="trunk7", via=STRANGER).replace(
        b"\r\nCall-ID",
        b'\r\nAuthorization: Digest username="trunk7", realm="r", nonce="n", uri="sip:r", response="00"\r\nCall-ID',
        1,
    )
    moved = [
        datagram(login, STRANGER, SS1, Micros(START + 3 * SECOND)),
        datagram(response(login, 200), SS1, STRANGER, Micros(START + 3 * SECOND + 1)),
    ]
    assert oddities([*call(), *moved, sent("BYE", STRANGER)]) == []


def test_another_customer_is_a_stranger_with_an_account() -> None:
    (odd,) = oddities([*call(), sent("BYE", "198.51.102.30")])
    assert (odd.account, odd.trunk, odd.direction) == ("mallory", "t3", "outbound")


def test_the_provider_s_own_servers_are_no_strangers() -> None:
    options = TrackerOptions(edges=Edges(addresses=frozenset({SS1, "198.18.5.5"})))
    assert oddities([*call(), sent("BYE", "198.18.5.5")], options) == []


def test_a_request_of_a_call_that_nobody_knows_is_only_a_request() -> None:
    assert oddities([sent("BYE", STRANGER)]) == []


def test_a_message_against_the_grammar_is_told_with_what_is_wrong() -> None:
    torn = (
        b"INVITE sip:100@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=\r\nFrom: <sip:x\r\nCall-ID: 9\r\nCSeq: 99999999999 INVITE\r\n\r\n"
    )
    (odd,) = oddities([datagram(torn, STRANGER, SS1, START)])
    assert odd.name is not None
    assert odd.name.startswith("broken-")
    assert odd.value is not None
    assert odd.value >= 2
    (own,) = oddities([datagram(b"\x00\x01nonsense\r\n\r\n", "198.51.102.30", SS1, START)])
    assert (own.name, own.account) == ("broken-start-line", "mallory")


def test_strangers_are_told_apart_through_thousands_of_calls_that_begin_together() -> None:
    """What is known of calls is put together anew now and then, also while some of a batch have a place and no texts yet."""
    packets = [sent("BYE", STRANGER)]
    for turn in range(14):
        at = Micros(START + (10 + 60 * turn) * SECOND)
        invites = [request(call_id=f"n{turn}-{nth}", branch=f"n{turn}-{nth}") for nth in range(100)]
        packets += [datagram(invite, ALICE, SS1, Micros(at + nth)) for nth, invite in enumerate(invites)]
        packets += [datagram(response(invite, 486), SS1, ALICE, Micros(at + SECOND + nth)) for nth, invite in enumerate(invites)]
    events = Tracker(Directory(REFERENCE)).feed_all(packets, Counter())
    assert sum(event.kind is EventKind.END for event in events) == 1_400
