"""A file of addresses in use: a firewall must not forget them with the gate's process."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from ringfence.gate.table.used_sources import UsedSources
from ringfence.vocabulary.times import MINUTE, Micros

USED_FILE: Final = "gate-used-sources.json"
EVERY_US: Final = Micros(10 * MINUTE)
"""How old the file may be where no address is new."""
_DECODER: Final = msgspec.json.Decoder(dict[str, int])


class KeptSources:
    """Keeps in `data` which addresses trunks and registrations used. A disk that refuses it stops nothing."""

    def __init__(self, data: Path, used: UsedSources) -> None:
        self._path = data / USED_FILE
        self._used = used
        self._saved = (-1, Micros(0))
        with suppress(OSError, msgspec.MsgspecError):  # a file that cannot be read is as none
            used.recall({address: Micros(when) for address, when in _DECODER.decode(self._path.read_bytes()).items()})

    def is_due(self, now: Micros) -> bool:
        """Tell whether there is something to save."""
        changes, when = self._saved
        return self._used.changes != changes or now - when >= EVERY_US

    def save(self, now: Micros) -> None:
        """Write the file whole or not at all. It waits for the disk, and may run in another thread."""
        self._saved = (self._used.changes, now)
        draft = self._path.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            draft.write_text(json.dumps(self._used.noted(now)), encoding="utf-8")
            draft.replace(self._path)
