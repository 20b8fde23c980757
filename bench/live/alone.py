"""`python -m bench.live.alone [RATE [SECONDS]]`: findings' delay by a clock that goes by the processor time used.

On a shared machine the time that others take is not counted: what comes out is what a machine of the same speed with nothing else
at work would give, without the reading of sockets. One thread does all: takes HEP packets in, has turns, and makes the copy that
writes a checkpoint every ten seconds. Where there is nothing to do the clock goes on by as much as watch sleeps.
"""

import ipaddress
import os
import shutil
import sys
import tempfile
import time
from bisect import bisect_right
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from bench.live.__main__ import SCANS_A_SECOND
from bench.live.mirror import encoded, messages, stamp
from bench.live.probe import RULE, TARGETS
from bench.live.provisioned import provision
from ringfence.cli.checkpoint_keeper import CheckpointKeeper
from ringfence.cli.collection import spare_collection
from ringfence.cli.shipped import EXAMPLES
from ringfence.feeds import FeedReader
from ringfence.policy import load, read_folder
from ringfence.policy.plan import Plan
from ringfence.simulate import attacks
from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker
from ringfence.watch.lake import Journal
from ringfence.watch.live import DeskTail, Judges, Pipeline, ReferenceTail, ReorderBuffer
from ringfence.watch.sinks import DeskFeeds
from ringfence.watch.sources.hep import Intake, Packets
from ringfence.watch.sources.hep.received import MOST_AT_ONCE

LATENESS_US: Final = 100 * MILLISECOND
SLEEP_US: Final = 20 * MILLISECOND
READ_US: Final = 2 * MILLISECOND
"""How often sockets are looked at: by another thread than that which has turns, so that turns don't make packets arrive later."""
CHECKPOINT_US: Final = 10 * SECOND
AFTER_US: Final = 400 * MILLISECOND


class Silence:
    """A log that keeps still."""

    def info(self, event: str, **fields: object) -> None:
        """Say nothing."""

    warning = error = info


class Alone:
    """Watch without its sockets on the folder `data`, with a clock of its own."""

    def __init__(self, data: Path) -> None:
        self.now = self.read = Micros(time.time_ns() // 1000)
        self.delays: list[float] = []
        """Milliseconds from the crossing packet to the end of the turn that told its finding."""
        self.crossing: dict[str, Micros] = {}
        self.used = 0.0
        self.stops: list[float] = []
        """Milliseconds for which a checkpoint held turns up."""
        log = Silence()
        reference = ReferenceTail(data / "feeds").newest()
        if reference is None:
            raise FileNotFoundError(data / "feeds")
        feeds, journal = DeskFeeds(data / "feeds"), Journal(data / "journal")
        self._pipeline = Pipeline(
            tracker=Tracker(Directory(reference)),
            journal=journal,
            feeds=feeds,
            judges=Judges(lambda policy: _plan(data, policy), key=bytes(32), log=log, feeds=data / "feeds"),
            reorder=ReorderBuffer(LATENESS_US),
            log=log,
        )
        networks = (ipaddress.ip_network("127.0.0.0/8"),)
        pipeline = self._pipeline
        self._intake = Intake(deliver=pipeline.take, clock=lambda: self.read, allowed=networks, deliver_many=pipeline.take_many)
        self._keeper = CheckpointKeeper(data / "journal", self._pipeline, log)
        self._desk = DeskTail(data / "feeds", after=0, log=log)
        self._feed = FeedReader(data / "feeds" / "findings")
        self._pipeline.recover([])
        self._pipeline.use(reference, self.now)
        spare_collection()

    def play(self, traffic: list[tuple[Micros, bytes]]) -> None:
        """Let packets arrive at their times, and go on until all are consumed."""
        place, regular, end = 0, self.now, traffic[-1][0] + AFTER_US
        is_behind = False
        while place < len(traffic) or is_behind or self.now < end:
            began = time.thread_time()
            while place < len(traffic) and traffic[place][0] <= self.now:
                self.read = Micros(min(self.now, traffic[place][0] + READ_US))
                came = bisect_right(traffic, self.read, place, min(len(traffic), place + MOST_AT_ONCE), key=_time)
                self._intake.take_many(_packets([packet for _, packet in traffic[place:came]]), "127.0.0.1")
                place = came
            is_behind = self._pipeline.turn(self.now)
            self._pass(time.thread_time() - began)
            self._look()
            if self.now - regular >= CHECKPOINT_US:
                regular = self.now
                self._checkpoint()
            if not is_behind:
                self.now = Micros(self.now + SLEEP_US)

    def _pass(self, seconds: float) -> None:
        self.used += seconds
        self.now = Micros(self.now + int(seconds * SECOND))

    def _checkpoint(self) -> None:
        began = time.thread_time()
        self._pipeline.trim(now=self.now, keep_after=0)
        copy = self._keeper.begin()
        spent = time.thread_time() - began
        self.stops.append(1000 * spent)
        self._pass(spent)
        if copy is not None:
            os.waitpid(copy, 0)

    def _look(self) -> None:
        while records := self._feed.read():
            for record in records:
                if RULE.encode() in record.payload:
                    crossed = self.crossing.pop(_subject(record.payload), None)
                    if crossed is not None:
                        self.delays.append((self.now - crossed) / MILLISECOND)


def main(arguments: list[str]) -> int:
    """Measure one rate; return 1 where nothing was found."""
    rate = int(arguments[0]) if arguments else 20_000
    seconds = int(arguments[1]) if len(arguments) > 1 else 12
    data = Path(tempfile.mkdtemp(prefix="ringfence-bench-"))
    try:
        provision(data, 9)
        alone = Alone(data)
        begin = Micros(alone.now + SECOND)
        alone.play(traffic(alone, begin, rate, seconds))
        found, elapsed = sorted(alone.delays), (alone.now - begin) / SECOND
        if not found:
            print("nothing was found")
            return 1
        p50, p99 = (found[min(len(found) - 1, int(len(found) * share))] for share in (0.5, 0.99))
        share, stops = alone.used / elapsed, ", ".join(f"{each:.0f}" for each in alone.stops)
        told = f"{len(found)} findings, {len(alone.crossing)} never, p50 {p50:.0f} ms, p99 {p99:.0f} ms"
        print(f"{rate:,} messages/s for {seconds} s: {share:.0%} of a core, {told}; held up for checkpoints {stops or 'never'} ms")
    finally:
        shutil.rmtree(data)
    return 0


def traffic(alone: Alone, begin: Micros, rate: int, seconds: int) -> list[tuple[Micros, bytes]]:
    """Return the packets with their times, in order; note when each scan among them crosses its threshold."""
    sent = [(Micros(begin + number * SECOND // rate), each) for number, each in enumerate(messages(rate * seconds, "alone"))]
    recording = attacks.recording(EXAMPLES / "captures" / "svwar.pcap")
    for number in range(1, seconds * SCANS_A_SECOND):
        source, at = f"198.18.{number // 250}.{number % 250 + 1}", begin + number * SECOND // SCANS_A_SECOND
        flows = attacks.flows(recording, source, f"probe{number}")[:TARGETS]
        scan = [encoded(packet) for flow in flows for packet in flow.packets]
        sent += [(Micros(at + nth), each) for nth, each in enumerate(scan)]
        alone.crossing[source] = Micros(at + len(scan) - 1)
    return [(at, stamp(packet, at)) for at, packet in sorted(sent, key=_time)]


def _packets(several: list[bytes]) -> Packets:
    ends = np.cumsum([len(each) for each in several])
    return Packets(np.frombuffer(b"".join(several), np.uint8), np.concatenate([[0], ends[:-1]]), ends)


def _time(packet: tuple[Micros, bytes]) -> Micros:
    return packet[0]


def _subject(payload: bytes) -> str:
    return msgspec.json.decode(payload, type=Finding).subject.id


def _plan(data: Path, policy: str) -> Plan:
    return load(read_folder(data / "policies" / policy), posted=True).plan


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
