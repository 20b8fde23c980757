"""Which reference was in force from which batch of the journal on: one file for each change, beside the journal."""

import os
import zlib
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from ringfence.vocabulary.contracts import Reference
from ringfence.vocabulary.times import Micros

FOLDER: Final = "references"
_SUFFIX: Final = ".reference"
_DIGEST_BYTES: Final = 16
_LEVEL: Final = 1  # of compression: a million numbers are a hundred megabytes, and repeat themselves
_DECODER: Final = msgspec.json.Decoder(Reference)


class ReferenceDamaged(Exception):
    """A kept reference is not what was written."""


class References:
    """References in `folder`, each named by the first batch that was judged by it and a digest of its content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, number: int, reference: Reference) -> bool:
        """Keep that batches from `number` on are judged by `reference`; tell whether that is news. Raises `OSError`.

        The same content again, however new its record, is kept once.
        """
        body, kept = _encoded(reference), self._kept()
        name = f"{number:016d}-{_digest(body)}{_SUFFIX}"
        if kept and kept[-1][1].name.partition("-")[2] == name.partition("-")[2]:
            return False
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._folder / f"{name}.draft"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(zlib.compress(body, _LEVEL))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / name)
        for first, path in kept:
            if first >= number:  # no batch was judged by it
                path.unlink()
        return True

    def firsts(self) -> list[int]:
        """Return the first batch of each reference that is kept, in order."""
        return [first for first, _ in self._kept()]

    def read(self, first: int) -> Reference:
        """Return the reference from batch `first` on, one of `firsts`. Raises `ReferenceDamaged`, `OSError`."""
        path = next(path for number, path in self._kept() if number == first)
        try:
            body = zlib.decompress(path.read_bytes())
            if _digest(body) != path.stem.partition("-")[2]:
                raise ReferenceDamaged(f"{path}: fails its checksum")
            return _DECODER.decode(body)
        except (zlib.error, msgspec.DecodeError) as error:
            raise ReferenceDamaged(f"{path}: {error}") from None

    def trim(self, before: int) -> None:
        """Delete those by which no batch from number `before` on was judged. Raises `OSError`."""
        needed = max((first for first in self.firsts() if first <= before), default=None)
        for first, path in self._kept():
            if needed is not None and first < needed:
                path.unlink()

    def _kept(self) -> list[tuple[int, Path]]:
        """Return first batches and files, in order."""
        return sorted((int(path.stem.partition("-")[0]), path) for path in self._folder.glob(f"*{_SUFFIX}"))


def _encoded(reference: Reference) -> bytes:
    """Return the content, without the time at which it was written: the worker writes the same anew at each start."""
    return msgspec.json.encode(msgspec.structs.replace(reference, time=Micros(0)))


def _digest(body: bytes) -> str:
    return blake2b(body, digest_size=_DIGEST_BYTES).hexdigest()
