"""An engine's state as bytes that say whose they are and whether they are whole.

Layout: magic (8 bytes), BLAKE2b-256 of the rest, then MessagePack of `Snapshot`. Integers in the arrays are little-endian.
"""

import sys
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec
import numpy as np

from ringfence.watch.engine.errors import SnapshotDamaged, SnapshotOfAnotherInstallation, SnapshotOfAnotherVersion
from ringfence.watch.kernels.layout import MARKS, REST, ROW, SPAN, VALUE
from ringfence.watch.tallies import Remembered
from ringfence.watch.tallies import layout as layout_of_tallies
from ringfence.watch.tallies import read as read_tally
from ringfence.watch.windows import Packed, Shape

_MAGIC: Final = b"RFWINDO3"
_DIGEST_BYTES: Final = 32
_WORDS: Final = (np.dtype(np.uint64), np.dtype(np.int64))
_DTYPES: Final = (MARKS, SPAN, ROW, _WORDS[0], VALUE, _WORDS[1], REST, _WORDS[1])  # in the order of `Packed`
_HASHES: Final = "siphash-2-4, numbers folded"  # keys and values of another kind of hash would meet nobody
_LAYOUT: Final = blake2b(
    repr((_HASHES, layout_of_tallies(), sys.byteorder, [dtype.descr for dtype in _DTYPES])).encode(), digest_size=16
).digest()


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """`windows` holds each group's `Packed` arrays as (shape, bytes); `call_ids` what samples may name, by event number.

    `shapes` say what the groups are about, `tallied` the rules that tallies measure and what stands for what each remembers;
    `tallies` is that, rule by rule. `begun`: nothing before that moment was counted; of rules in `begun_of`, before a later one.
    """

    layout: bytes
    owner: bytes
    clock: int
    next_event: int
    windows: tuple[tuple[tuple[tuple[int, ...], memoryview], ...], ...]
    call_ids: dict[int, str]
    shapes: tuple[Shape, ...]
    tallied: tuple[tuple[str, bytes], ...]
    tallies: tuple[memoryview, ...]
    begun: int | None = None
    begun_of: dict[str, int] = {}  # msgspec copies an empty dict


def owner_of(key: bytes) -> bytes:
    """Return what tells the snapshots of one installation from all others."""
    return blake2b(b"windows", digest_size=16, key=key).digest()


class Reached(NamedTuple):
    """How far an engine came: the time of the last event, the number of the next, and since when it counts (`None`: not said)."""

    clock: int
    next_event: int
    begun: int | None = None
    begun_of: Mapping[str, int] = MappingProxyType({})


def write(
    owner: bytes,
    reached: Reached,
    *,
    windows: Sequence[tuple[Shape, Packed]],
    call_ids: dict[int, str],
    tallies: Sequence[tuple[str, bytes, bytes | memoryview]] = (),
) -> bytes:
    """Return the snapshot of an engine that `owner_of` names; `tallies` are each rule's name, digest and what it remembers."""
    snapshot = Snapshot(
        _LAYOUT,
        owner,
        reached.clock,
        reached.next_event,
        tuple(tuple((array.shape, memoryview(array.tobytes())) for array in packed) for _, packed in windows),
        call_ids,
        tuple(shape for shape, _ in windows),
        tuple((name, digest) for name, digest, _ in tallies),
        tuple(memoryview(remembered) for _, _, remembered in tallies),
        reached.begun,
        dict(reached.begun_of),
    )
    return encoded(snapshot)


def encoded(snapshot: Snapshot) -> bytes:
    """Return a snapshot as octets, with what tells whether they are whole."""
    body = msgspec.msgpack.encode(snapshot)
    return _MAGIC + blake2b(body, digest_size=_DIGEST_BYTES).digest() + body


def read(data: bytes | memoryview, owner: bytes, *, is_whole: bool = False) -> tuple[Snapshot, list[Packed]]:
    """Return what `write` wrote, tallies still as octets; arrays and octets stand in `data`, uncopied. Raises `SnapshotRefused`.

    `is_whole`: somebody saw to that already, so its checksum need not be made again.
    """
    data = memoryview(data)
    magic, digest = bytes(data[: len(_MAGIC)]), bytes(data[len(_MAGIC) : len(_MAGIC) + _DIGEST_BYTES])
    body = data[len(_MAGIC) + _DIGEST_BYTES :]
    if not magic.startswith(_MAGIC[:-1]) or len(digest) < _DIGEST_BYTES:
        raise SnapshotDamaged("this is no snapshot of windows, or its beginning is damaged")
    if magic != _MAGIC:
        raise SnapshotOfAnotherVersion("the snapshot was written by another version of Ringfence")
    if not is_whole and blake2b(body, digest_size=_DIGEST_BYTES).digest() != digest:
        raise SnapshotDamaged("the snapshot's checksum is wrong: bytes are missing or changed")
    try:
        snapshot = msgspec.msgpack.decode(body, type=Snapshot)
    except msgspec.DecodeError as error:
        raise SnapshotOfAnotherVersion(f"the snapshot was written by another version of Ringfence: {error}") from None
    if snapshot.layout != _LAYOUT:
        raise SnapshotOfAnotherVersion("the snapshot was written by a version of Ringfence that lays windows out in another way")
    if snapshot.owner != owner:
        raise SnapshotOfAnotherInstallation("the snapshot was written by another installation: its hashes meet nobody's here")
    windows = [
        Packed(*(np.frombuffer(raw, dtype).reshape(shape) for (shape, raw), dtype in zip(arrays, _DTYPES, strict=True)))
        for arrays in snapshot.windows
    ]
    return snapshot, windows


def tally_of(snapshot: Snapshot, place: int) -> Remembered:
    """Return what the rule at a place among those `tallied` remembers. Raises `SnapshotRefused`."""
    try:
        return read_tally(snapshot.tallies[place])
    except msgspec.DecodeError as error:
        raise SnapshotOfAnotherVersion(f"the snapshot was written by another version of Ringfence: {error}") from None
