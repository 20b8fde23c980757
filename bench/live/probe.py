"""A small scan from an address never seen before: how long until its finding stands in the feed."""

import socket
import time
from pathlib import Path
from typing import Final

import msgspec

from bench.live.mirror import encoded, now, stamp
from ringfence.cli.shipped import EXAMPLES
from ringfence.feeds import FeedReader
from ringfence.simulate import attacks
from ringfence.simulate.flows import Packet
from ringfence.vocabulary.contracts import Finding

TARGETS: Final = 5
"""How many refused targets the rule sip-scan wants: the answer to the last of them crosses its threshold."""

NEVER_S: Final = 15.0


class Probes:
    """Sends scans to watch at `to` and reads the findings feed in the data folder."""

    def __init__(self, data: Path, to: tuple[str, int]) -> None:
        self._to = to
        self._feed = FeedReader(data / "feeds" / "findings")
        self._recording = attacks.recording(EXAMPLES / "captures" / "svwar.pcap")
        self._count = 0

    def latency_s(self) -> float | None:
        """Scan once; return the seconds from the crossing packet to its finding, `None` where it never came."""
        self._count += 1
        source = f"198.18.{self._count // 250}.{self._count % 250 + 1}"
        packets = self._refused(source)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for packet in packets:
                sent = time.perf_counter()
                out.sendto(stamp(encoded(packet), now()), self._to)
        while time.perf_counter() - sent < NEVER_S:
            if any(msgspec.json.decode(record.payload, type=Finding).subject.id == source for record in self._feed.read()):
                return time.perf_counter() - sent
            time.sleep(0.001)
        return None

    def _refused(self, source: str) -> list[Packet]:
        """Return REGISTER and 404 for the first targets, the last 404 at the end."""
        flows = attacks.flows(self._recording, source, f"probe{self._count}")[:TARGETS]
        return [packet for flow in flows for packet in flow.packets]
