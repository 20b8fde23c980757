"""What rules that decide before found, as a feed for the desk."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from ringfence.feeds import FeedWriter
from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.times import DAY, Micros

FEED: Final = "gate-findings"
KEPT_US: Final = Micros(30 * DAY)
MOST_BYTES: Final = 1024 * 1024 * 1024
_README: Final = f"""\
What this folder holds: findings of the gate, by rules that decide before a call. Each is one line: number, checksum, JSON.

Personal data in it: the findings' subjects (accounts, numbers, IP addresses) and SIP Call-IDs, with times. No content.

How long: a file is deleted when its newest record is older than {KEPT_US // DAY} days, or earlier when the folder exceeds
{MOST_BYTES // (1024 * 1024)} MB; the newest file, which is begun anew each day (UTC), always stays.
"""


class FindingsFeed:
    """Appends findings durably. Raises what `FeedWriter` raises; `write` then has written none."""

    def __init__(self, feeds: Path) -> None:
        self._writer = FeedWriter(feeds / FEED)
        (feeds / FEED / "README").write_text(_README, encoding="utf-8")
        self._day: int | None = None

    def write(self, findings: Sequence[Finding], now: Micros) -> None:
        """Make findings durable; once a day let go what is too old or too much."""
        self._writer.append([msgspec.json.encode(finding) for finding in findings])
        if self._day not in (None, now // DAY):
            self._writer.rotate()
            self._writer.trim_beyond(most_bytes=MOST_BYTES, since=Micros(now - KEPT_US))
        self._day = now // DAY

    def close(self) -> None:
        """Give the feed free."""
        self._writer.close()
