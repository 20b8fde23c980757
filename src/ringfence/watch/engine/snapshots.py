"""An engine's state as bytes that say whose they are and whether they are whole.

Layout: magic (8 bytes), BLAKE2b-256 of the rest, then MessagePack of `Snapshot`. Integers in the arrays are little-endian.
"""

import sys
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec
import numpy as np

from ringfence.policy.plan import Plan
from ringfence.watch.engine.errors import SnapshotDamaged, SnapshotOfAnotherPlan, SnapshotOfAnotherVersion
from ringfence.watch.kernels.layout import MARKS, REST, ROW, SPAN, VALUE
from ringfence.watch.tallies import Remembered
from ringfence.watch.tallies import layout as layout_of_tallies
from ringfence.watch.tallies import read as read_tally
from ringfence.watch.windows import Packed

_MAGIC: Final = b"RFWINDO2"
_DIGEST_BYTES: Final = 32
_WORDS: Final = (np.dtype(np.uint64), np.dtype(np.int64))
_DTYPES: Final = (MARKS, SPAN, ROW, _WORDS[0], VALUE, _WORDS[1], REST, _WORDS[1])  # in the order of `Packed`
_HASHES: Final = "siphash-2-4"  # of text; keys of another kind of hash would meet nobody
_LAYOUT: Final = blake2b(
    repr((_HASHES, layout_of_tallies(), sys.byteorder, [dtype.descr for dtype in _DTYPES])).encode(), digest_size=16
).digest()


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """`windows` holds each group's `Packed` arrays as (shape, bytes); `call_ids` what samples may name, by event number.

    `tallies` is what the rules that tallies measure remember, rule by rule. `begun`: nothing before that moment was counted.
    """

    layout: bytes
    owner: bytes
    clock: int
    next_event: int
    windows: tuple[tuple[tuple[tuple[int, ...], bytes], ...], ...]
    call_ids: dict[int, str]
    tallies: tuple[bytes, ...]
    begun: int | None = None


def owner_of(plan: Plan, key: bytes, groups: Sequence[Sequence[str]]) -> bytes:
    """Return what tells the snapshots of one plan and one installation from all others.

    `groups` are the rules that compiled windows measure together, by name: where another version of Ringfence chooses others, its
    arrays are others too, though they look alike.
    """
    return blake2b(repr((plan, groups)).encode("utf-8", "surrogatepass"), digest_size=16, key=key).digest()


class Reached(NamedTuple):
    """How far an engine came: the time of the last event, the number of the next, and since when it counts (`None`: not said)."""

    clock: int
    next_event: int
    begun: int | None = None


def write(
    owner: bytes, reached: Reached, *, windows: list[Packed], call_ids: dict[int, str], tallies: tuple[bytes, ...] = ()
) -> bytes:
    """Return the snapshot of an engine that `owner_of` names."""
    arrays = tuple(tuple((array.shape, array.tobytes()) for array in packed) for packed in windows)
    snapshot = Snapshot(_LAYOUT, owner, reached.clock, reached.next_event, arrays, call_ids, tallies, reached.begun)
    body = msgspec.msgpack.encode(snapshot)
    return _MAGIC + blake2b(body, digest_size=_DIGEST_BYTES).digest() + body


def read(data: bytes, owner: bytes) -> tuple[Snapshot, list[Packed], list[Remembered]]:
    """Return what `write` wrote. Raises `SnapshotRefused`."""
    digest, body = data[len(_MAGIC) : len(_MAGIC) + _DIGEST_BYTES], data[len(_MAGIC) + _DIGEST_BYTES :]
    if not data.startswith(_MAGIC[:-1]) or len(data) < len(_MAGIC) + _DIGEST_BYTES:
        raise SnapshotDamaged("this is no snapshot of windows, or its beginning is damaged")
    if not data.startswith(_MAGIC):
        raise SnapshotOfAnotherVersion("the snapshot was written by another version of Ringfence")
    if blake2b(body, digest_size=_DIGEST_BYTES).digest() != digest:
        raise SnapshotDamaged("the snapshot's checksum is wrong: bytes are missing or changed")
    try:
        snapshot = msgspec.msgpack.decode(body, type=Snapshot)
    except msgspec.DecodeError as error:
        raise SnapshotOfAnotherVersion(f"the snapshot was written by another version of Ringfence: {error}") from None
    if snapshot.layout != _LAYOUT:
        raise SnapshotOfAnotherVersion("the snapshot was written by a version of Ringfence that lays windows out in another way")
    if snapshot.owner != owner:
        raise SnapshotOfAnotherPlan(
            "the snapshot was written under another policy version, by another installation, or with rules measured in another way"
        )
    windows = [
        Packed(*(np.frombuffer(raw, dtype).reshape(shape) for (shape, raw), dtype in zip(arrays, _DTYPES, strict=True)))
        for arrays in snapshot.windows
    ]
    return snapshot, windows, [read_tally(tally) for tally in snapshot.tallies]
