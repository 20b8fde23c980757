"""The newest word of the desk on parties, trunks, numbers, lists and the policy in force."""

from pathlib import Path
from typing import Final

import msgspec

from ringfence.feeds import FeedGap, FeedReader, Record
from ringfence.vocabulary.contracts import Reference, merged

REFERENCE: Final = "reference"
_DECODER: Final = msgspec.json.Decoder(Reference)


class ReferenceTail:
    """Follows the reference feed under `folder`: whole records and changes of them. It may not exist yet."""

    def __init__(self, folder: Path) -> None:
        self._reader = FeedReader(folder / REFERENCE)
        self._based = False

    def newest(self) -> Reference | None:
        """Return what was told since the last call: the newest whole reference with its changes, or the changes as one; or `None`.

        The first answer is whole: changes of what nobody told are passed by. Raises `FeedDamaged`, `msgspec.DecodeError` for a
        bad record.
        """
        payloads: list[bytes] = []
        while records := self._read():
            payloads += [record.payload for record in records]
        told: Reference | None = None
        for payload in payloads:
            reference = _DECODER.decode(payload)
            if reference.full:
                told, self._based = reference, True
            elif self._based:
                told = reference if told is None else merged(told, reference)
        return told

    def _read(self) -> list[Record]:
        try:
            return self._reader.read(100)
        except FeedGap:  # what is gone was needless: a whole record that came later is there
            self._based = False
            return self._reader.read(100)
