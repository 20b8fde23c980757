"""Which reference was in force from which batch of the journal on: one file for each change, beside the journal."""

import errno
import os
import zlib
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from ringfence.vocabulary.contracts import Reference, merged
from ringfence.vocabulary.times import Micros

FOLDER: Final = "references"
_SUFFIX: Final = ".reference"
_CHANGE: Final = ".reference-change"
_DIGEST_BYTES: Final = 16
_LEVEL: Final = 1  # of compression: a million numbers are a hundred megabytes, and repeat themselves
_DECODER: Final = msgspec.json.Decoder(Reference)


class ReferenceDamaged(Exception):
    """A kept reference is not what was written."""


class References:
    """References in `folder`, each named by the first batch that was judged by it and a digest of its content.

    Each is whole, or a change of those before it (`Reference.full`).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, number: int, reference: Reference) -> bool:
        """Keep that batches from `number` on are judged by `reference`; tell whether that is news. Raises `OSError`.

        The same content again, however new its record, is kept once. Of changes between two batches one is made.
        """
        body, kept = _encoded(reference), self._kept()
        if kept and kept[-1].digest == _digest(body):
            return False
        if not reference.full and not kept:
            raise FileNotFoundError(errno.ENOENT, "what this is a change of was not kept", str(self._folder))
        if not reference.full and kept[-1].first >= number:  # no batch was judged by that alone
            reference = merged(self.told(kept[-1].first), reference)
            body = _encoded(reference)
        name = f"{number:016d}-{_digest(body)}{_SUFFIX if reference.full else _CHANGE}"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._folder / f"{name}.draft"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(zlib.compress(body, _LEVEL))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / name)
        for one in kept:
            if one.first >= number and one.path.name != name:  # no batch was judged by it
                one.path.unlink()
        return True

    def firsts(self) -> list[int]:
        """Return the first batch of each reference that is kept, in order."""
        return [one.first for one in self._kept()]

    def told(self, first: int) -> Reference:
        """Return what was told before batch `first`, one of `firsts`: it may be a change. Raises `ReferenceDamaged`, `OSError`."""
        return _told(next(one for one in self._kept() if one.first == first))

    def read(self, first: int) -> Reference:
        """Return the whole reference from batch `first` on, one of `firsts`. Raises `ReferenceDamaged`, `OSError`."""
        chain: list[Reference] = []
        for one in reversed([one for one in self._kept() if one.first <= first]):
            chain.append(_told(one))
            if chain[-1].full:
                break
        found = chain.pop()
        if not found.full:
            raise ReferenceDamaged(f"{self._folder}: nothing whole stands before batch {first}")
        while chain:
            found = merged(found, chain.pop())
        return found

    def trim(self, before: int) -> None:
        """Delete those by which no batch from number `before` on was judged. Raises `OSError`."""
        kept = self._kept()
        needed = max((one.first for one in kept if one.first <= before and not one.is_change), default=None)
        for one in kept:
            if needed is not None and one.first < needed:
                one.path.unlink()

    def _kept(self) -> list["_Kept"]:
        """Return what is kept, in order."""
        paths = (path for path in self._folder.glob(f"*-*{_SUFFIX}*") if path.suffix in (_SUFFIX, _CHANGE))
        return sorted((_kept(path) for path in paths), key=lambda one: one.first)


class _Kept(NamedTuple):
    """One file."""

    first: int
    digest: str
    is_change: bool
    path: Path


def _kept(path: Path) -> _Kept:
    first, _, digest = path.stem.partition("-")
    return _Kept(int(first), digest, path.suffix == _CHANGE, path)


def _told(one: _Kept) -> Reference:
    try:
        body = zlib.decompress(one.path.read_bytes())
        if _digest(body) != one.digest:
            raise ReferenceDamaged(f"{one.path}: fails its checksum")
        return _DECODER.decode(body)
    except (zlib.error, msgspec.DecodeError) as error:
        raise ReferenceDamaged(f"{one.path}: {error}") from None


def _encoded(reference: Reference) -> bytes:
    """Return the content, without the time at which it was written: the worker writes the same anew at each start."""
    return msgspec.json.encode(msgspec.structs.replace(reference, time=Micros(0)))


def _digest(body: bytes) -> str:
    return blake2b(body, digest_size=_DIGEST_BYTES).hexdigest()
