"""The record of what was signed, as a feed of its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from ringfence.feeds import FeedWriter
from ringfence.gate.identity.signing import Signed
from ringfence.vocabulary.times import DAY, HOUR, Micros

FEED: Final = "gate-signatures"
KEPT_US: Final = Micros(400 * DAY)
MOST_BYTES: Final = 1024 * 1024 * 1024
_README: Final = f"""\
What this folder holds: for each call that the gate signed a line with number, checksum, JSON: when, for which account and trunk,
what was attested and why, under which identifier of the origin, with which certificate. So it can be answered for later.

Personal data in it: account names and SIP Call-IDs, with times. No numbers, no token, no content.

How long: a file is deleted when its newest record is older than {KEPT_US // DAY} days, or earlier when the folder exceeds
{MOST_BYTES // (1024 * 1024)} MB; the newest file, which is begun anew each hour, always stays.
"""


class SignaturesFeed:
    """Appends records durably. Raises what `FeedWriter` raises; `write` then has written none."""

    def __init__(self, feeds: Path) -> None:
        self._writer = FeedWriter(feeds / FEED)
        (feeds / FEED / "README").write_text(_README, encoding="utf-8")
        self._hour: int | None = None

    def write(self, records: Sequence[Signed], now: Micros) -> None:
        """Make records durable; once an hour let go what is too old or too much."""
        self._writer.append([msgspec.json.encode(record) for record in records])
        if self._hour not in (None, now // HOUR):
            self._writer.rotate()
            self._writer.trim_beyond(most_bytes=MOST_BYTES, since=Micros(now - KEPT_US))
        self._hour = now // HOUR

    def close(self) -> None:
        """Give the feed free."""
        self._writer.close()
