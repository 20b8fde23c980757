"""The newest word of the desk on parties, trunks, numbers, lists and the policy in force."""

from pathlib import Path
from typing import Final

import msgspec

from ringfence.feeds import FeedGap, FeedReader, Record
from ringfence.vocabulary.contracts import Reference

REFERENCE: Final = "reference"
_DECODER: Final = msgspec.json.Decoder(Reference)


class ReferenceTail:
    """Follows the reference feed under `folder`, of which the last record alone counts. It may not exist yet."""

    def __init__(self, folder: Path) -> None:
        self._reader = FeedReader(folder / REFERENCE)

    def newest(self) -> Reference | None:
        """Return the newest reference since the last call, or `None`. Raises `FeedDamaged`, `msgspec.DecodeError` for a bad one."""
        payload: bytes | None = None
        while records := self._read():
            payload = records[-1].payload
        return None if payload is None else _DECODER.decode(payload)

    def _read(self) -> list[Record]:
        try:
            return self._reader.read(100)
        except FeedGap:  # older ones than the newest are no loss
            return self._reader.read(100)
