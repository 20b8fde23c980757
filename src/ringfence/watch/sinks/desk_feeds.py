"""Findings and observations to the desk, each once, also over a crash."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from ringfence.feeds import FeedReader, FeedWriter
from ringfence.vocabulary.contracts import Finding, Observation
from ringfence.vocabulary.times import DAY, Micros

FINDINGS: Final = "findings"
OBSERVATIONS: Final = "observations"
KEPT_US: Final = Micros(30 * DAY)
MOST_BYTES: Final = 1024 * 1024 * 1024
_README: Final = """\
What this folder holds: {feed} of watch, for the desk. Each is one line: number, checksum, JSON.

Personal data in it: the subjects of {feed} (accounts, numbers, IP addresses) and SIP Call-IDs, with times. No content.

How long: a file is deleted when its newest record is older than {days} days, or earlier when the folder exceeds {megabytes} MB; the
newest file, which is begun anew each day (UTC), always stays. Only the account that runs Ringfence may read it. The desk keeps what
it has read in its own database; what it reads too late it is told to be missing.
"""


class _Identity(Struct):
    id: str


_ENCODER: Final = msgspec.json.Encoder()
_IDENTITY: Final = msgspec.json.Decoder(_Identity)


class DeskFeeds:
    """Writes the two feeds under `folder`. Raises what `FeedWriter` raises."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._findings = FeedWriter(folder / FINDINGS)
        try:
            self._observations = FeedWriter(folder / OBSERVATIONS)
        except BaseException:
            self._findings.close()
            raise
        self._day: int | None = None
        for feed in (FINDINGS, OBSERVATIONS):
            text = _README.format(feed=feed, days=KEPT_US // DAY, megabytes=MOST_BYTES // (1024 * 1024))
            (folder / feed / "README").write_text(text, encoding="utf-8")

    @property
    def positions(self) -> tuple[int, int]:
        """The last number in the findings feed and in the observations feed."""
        return self._findings.last, self._observations.last

    def find(self, findings: Sequence[Finding]) -> None:
        """Append findings, all or none."""
        self._findings.append([_ENCODER.encode(finding) for finding in findings])

    def observe(self, observations: Sequence[Observation]) -> None:
        """Append observations, all or none."""
        self._observations.append([_ENCODER.encode(observation) for observation in observations])

    def unwritten(
        self, findings: Sequence[Finding], observations: Sequence[Observation], *, found: int, observed: int
    ) -> tuple[list[Finding], list[Observation]]:
        """Return those that the feeds do not hold after numbers `found` and `observed`: a crash came before they were written."""
        # A feed that was deleted meanwhile begins anew: all that it holds came after.
        told = {_IDENTITY.decode(payload).id for payload in self._payloads(FINDINGS, min(found, self._findings.last))}
        there = Counter(self._payloads(OBSERVATIONS, min(observed, self._observations.last)))
        return [each for each in findings if each.id not in told], [each for each in observations if _missing(there, each)]

    def trim(self, now: Micros) -> None:
        """Delete what is older than `KEPT_US` or beyond `MOST_BYTES`, read or not, by whole segments. Raises `OSError`."""
        day = now // DAY
        for writer in (self._findings, self._observations):
            if self._day not in (None, day):
                writer.rotate()
            writer.trim_beyond(most_bytes=MOST_BYTES, since=Micros(now - KEPT_US))
        self._day = day

    def close(self) -> None:
        """Give both feeds free."""
        self._findings.close()
        self._observations.close()

    def _payloads(self, feed: str, after: int) -> list[bytes]:
        reader = FeedReader(self._folder / feed, after=after)
        payloads: list[bytes] = []
        while records := reader.read():
            payloads += [record.payload for record in records]
        return payloads


def _missing(there: Counter[bytes], record: Observation) -> bool:
    payload = _ENCODER.encode(record)
    if there[payload] == 0:
        return True
    there[payload] -= 1
    return False
