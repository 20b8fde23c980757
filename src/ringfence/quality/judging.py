"""One carrier's events through the engine, in batches, under one or several plans at once."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from ringfence.policy.plan import Plan
from ringfence.quality.beside import apart, beside, plain
from ringfence.simulate.labelled.packets import Packet
from ringfence.vocabulary.contracts import Event, Finding, Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls.tracker import ANSWER_US, Tracker
from ringfence.watch.detectors.registrations import Registrations, oddity_of
from ringfence.watch.engine import Engine, limits_of
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.wire.sip import Defect

_BATCH = 16_384


def tracked(packets: Iterable[Packet], reference: Reference) -> Iterator[Event]:
    """Yield the events that watch makes of the packets, which come in the order of their times."""
    tracker, defects = Tracker(Directory(reference)), Counter[Defect]()
    tracker.note_no_changes()
    stream, last = iter(packets), None
    while held := list(islice(stream, 1_000)):
        yield from tracker.feed_all([_datagram(packet) for packet in held], defects)
        tracker.observations()
        last = held[-1].time
    if last is not None:
        yield from tracker.advance(Micros(last + ANSWER_US))


def with_oddities(events: Iterable[Event]) -> Iterator[Event]:
    """Yield an edge's events, and what watch's detectors say of them; of packets the tracker itself does."""
    registrations = Registrations()
    for event in events:
        yield event
        oddity = oddity_of(event, registrations)
        if oddity is not None:
            yield oddity


def _datagram(packet: Packet) -> Datagram:
    time, source, source_port, destination, destination_port, payload = packet
    return Datagram(time, time, PayloadKind.SIP, "udp", source, source_port, destination, destination_port, payload)


class Judged:
    """What each of the plans finds; they are measured in one pass, each with the memory that its bundle gives it."""

    def __init__(self, plans: Sequence[Plan], reference: Reference, *, source: str) -> None:
        own = limits_of(plans[0])
        limits = replace(own, memory_bytes=own.memory_bytes * len(plans))
        self._engine = Engine(beside(plans), key=b"", source=source, limits=limits)
        self._engine.know(Directory(reference))
        self.findings: list[list[Finding]] = [[] for _ in plans]
        self.events = 0

    def take(self, events: Iterable[Event], told: Callable[[int], None] = lambda _count: None) -> None:
        """Judge all events, which come in the order of their times. `told` hears how many have been, now and then."""
        stream = iter(events)
        while batch := list(islice(stream, _BATCH)):
            for finding in self._engine.step(batch, batch[-1].time):
                plan, own = apart(finding)
                self.findings[plan].append(own)
            self.events += len(batch)
            told(self.events)

    @property
    def losses(self) -> tuple[str, ...]:
        """Rules that had to forget something before its time."""
        return tuple(sorted({plain(rule) for rule, lost in self._engine.losses.items() if lost.events or lost.cool_downs}))
