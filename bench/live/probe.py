"""Small scans from addresses never seen before, in the midst of the traffic: how long until their findings stand in the feed."""

import socket
import time
from pathlib import Path
from typing import Final

import msgspec

from bench.live.mirror import encoded, now, stamp
from ringfence.cli.shipped import EXAMPLES
from ringfence.feeds import FeedReader
from ringfence.simulate import attacks
from ringfence.vocabulary.contracts import Finding

TARGETS: Final = 5
"""How many refused targets the rule sip-scan wants: the answer to the last of them crosses its threshold."""
RULE: Final = "sip-scan"


class Probes:
    """Sends scans to watch at `to` and reads the findings feed in the data folder."""

    def __init__(self, data: Path, to: tuple[str, int]) -> None:
        self._to = to
        self._feed = FeedReader(data / "feeds" / "findings")
        self._recording = attacks.recording(EXAMPLES / "captures" / "svwar.pcap")
        self._count = 0
        self._sent: dict[str, float] = {}
        self.found: list[float] = []
        """Seconds from the crossing packet to its finding, of each scan that was found."""

    @property
    def missing(self) -> int:
        """How many scans were not found yet."""
        return len(self._sent)

    def begin(self) -> None:
        """Forget what was measured."""
        self.look()
        self._sent, self.found = {}, []

    def scan(self) -> None:
        """Send one scan."""
        self._count += 1
        source = f"198.18.{self._count // 250}.{self._count % 250 + 1}"
        flows = attacks.flows(self._recording, source, f"probe{self._count}")[:TARGETS]
        messages = [encoded(packet) for flow in flows for packet in flow.packets]  # REGISTER and 404, the last 404 at the end
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for message in messages:
                out.sendto(stamp(message, now()), self._to)
            self._sent[source] = time.perf_counter()

    def look(self) -> None:
        """Take in what the feed has."""
        while records := self._feed.read():
            seen = time.perf_counter()
            for record in records:
                finding = msgspec.json.decode(record.payload, type=Finding)
                if finding.rule == RULE and finding.subject.id in self._sent:
                    self.found.append(seen - self._sent.pop(finding.subject.id))

    def wait(self, seconds: float) -> None:
        """Look until all were found, or for so long."""
        deadline = time.perf_counter() + seconds
        while self._sent and time.perf_counter() < deadline:
            self.look()
            time.sleep(0.002)
