"""What the tracker remembers: bounded, carried over a restart exactly, and safe from anything on the wire."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import shared_data
from tests.unit.watch.calls.recordings import ALICE, SS1, START, authorization, datagram, events_of, recorded, request, response

from ringfence.vocabulary.contracts import EventKind, Reference, TrunkLink
from ringfence.vocabulary.times import DAY, SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import OtherVersion, Tracker, TrackerOptions
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.wire.sip import parse

_DIRECTORY = Directory(Reference(time=Micros(0), policy="p", trunks=(TrunkLink(trunk="T", account="A", user="100"),)))


def _stream() -> list[Datagram]:
    streams = [recorded(_capture(name)) for name in ("svcrack", "svwar_invite", "sipp_calls")]
    return sorted((each for stream in streams for each in stream), key=lambda each: each.time)


def _capture(name: str) -> Path:
    return shared_data("sip-capture", "attack-tools", f"{name}.pcap")


@pytest.mark.parametrize("cut", [0, 1, 50, 184, 185, 200, 250, 300, 420, 475])
def test_a_restored_tracker_goes_on_as_if_nothing_had_happened(cut: int) -> None:
    stream = _stream()
    uninterrupted, before, after = Tracker(_DIRECTORY), Tracker(_DIRECTORY), Tracker(_DIRECTORY)
    events_before = [event for each in stream[:cut] for event in uninterrupted.feed(each, parse(each.payload))]
    assert [event for each in stream[:cut] for event in before.feed(each, parse(each.payload))] == events_before
    after.restore(before.snapshot())
    assert events_of(after, stream[cut:]) == events_of(uninterrupted, stream[cut:])
    assert after.snapshot() == uninterrupted.snapshot()


@settings(deadline=None, max_examples=10)
@given(st.lists(st.integers(10, 150), min_size=1), st.integers(0, 475))
def test_changes_laid_over_a_snapshot_give_the_whole(batches: list[int], first: int) -> None:
    stream = _stream()
    live, restored = Tracker(_DIRECTORY), Tracker(_DIRECTORY)
    place = first
    for each in stream[:place]:
        live.feed(each, parse(each.payload))
    live.changes()
    restored.restore(live.snapshot())
    while place < len(stream):
        for size in batches:
            for each in stream[place : place + size]:
                live.feed(each, parse(each.payload))
            place += size
            restored.restore(live.changes())
            assert restored.snapshot() == live.snapshot()
    assert restored.advance(Micros(live.clock + DAY)) == live.advance(Micros(live.clock + DAY))


def test_changes_tell_of_a_posting() -> None:
    live, restored = Tracker(_DIRECTORY), Tracker(_DIRECTORY)
    register = request("REGISTER", to="100", user="100", extra=[authorization("100")])
    answers = [datagram(register, ALICE, SS1, START), datagram(response(register, 200), SS1, ALICE, START)]
    for policy in ("p", "q"):
        live.use(Directory(Reference(time=Micros(0), policy=policy, trunks=(TrunkLink(trunk="T", account="A", user="100"),))))
        events_of(live, answers)
        assert [seen.policy for seen in live.observations()] == [policy]
        restored.restore(live.changes())
        assert restored.snapshot() == live.snapshot()


def test_a_state_that_is_none_is_refused() -> None:
    for data in (b"", b"\x90", b"rubbish"):
        with pytest.raises(OtherVersion):
            Tracker(_DIRECTORY).restore(data)


def test_memory_stays_within_its_limits_and_says_so() -> None:
    tracker = Tracker(_DIRECTORY, TrackerOptions(most_transactions=100, most_calls=50, most_claims=10))
    for n in range(1000):
        each = datagram(request(call_id=f"c{n}", branch=f"b{n}"), ALICE, SS1, Micros(START + n))
        assert [event.kind for event in tracker.feed(each, parse(each.payload))] == [EventKind.ATTEMPT]
    assert (len(tracker.transactions), len(tracker.calls)) == (100, 50)
    assert tracker.dropped == 900 + 950


def test_a_call_without_a_sign_of_life_ends_with_what_is_known() -> None:
    invite, info = request(), request("INFO", cseq=2, branch="i", tags=("a", "b"))
    stream = [
        datagram(invite, ALICE, SS1, START),
        datagram(response(invite, 200), SS1, ALICE, START),
        datagram(info, ALICE, SS1, Micros(START + 60 * SECOND)),
    ]
    tracker = Tracker(_DIRECTORY)
    events_of(tracker, stream)
    (end,) = tracker.advance(Micros(START + DAY))
    assert (end.kind, end.duration_ms, end.released_by) == (EventKind.END, 60_000, "network")
    assert end.time == START + 60 * SECOND + tracker.options.silent_us
    assert (len(tracker.calls), len(tracker.transactions)) == (0, 0)


def test_time_never_goes_back() -> None:
    tracker = Tracker(_DIRECTORY)
    times = [START, START - 5 * SECOND, START + SECOND]
    sent = [datagram(request(call_id=f"c{n}", branch=f"b{n}"), ALICE, SS1, Micros(time)) for n, time in enumerate(times)]
    events = [event for each in sent for event in tracker.feed(each, parse(each.payload))]
    assert [event.time for event in events] == [START, START, START + SECOND]


_SOUND = request(extra=[authorization("x")])
_PARTS = st.sampled_from(
    [b"\r\n", b"Via: ", b"CSeq: 99999999999999999999 INVITE\r\n", b"\xff\xfe", b";tag=", b"SIP/2.0 ", b"\x00", b"["]
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(_SOUND)), st.integers(0, 9), st.one_of(_PARTS, st.binary(max_size=9))), max_size=6))
def test_nothing_on_the_wire_makes_it_raise(edits: list[tuple[int, int, bytes]]) -> None:
    tracker = Tracker(_DIRECTORY)
    for base in (_SOUND, request("BYE", tags=("a", "b")), response(_SOUND, 200), request("REGISTER"), request("CANCEL")):
        payload = base
        for place, cut, insert in edits:
            payload = payload[:place] + insert + payload[place + cut :]
        for each in (base, payload):
            tracker.feed(datagram(each, ALICE, SS1, START), parse(each))
    tracker.advance(Micros(START + DAY))
    restored = Tracker(_DIRECTORY)
    restored.restore(tracker.snapshot())
    assert restored.snapshot() == tracker.snapshot()
