"""All that a rule's tallies remember, as bytes. Who keeps them says whose they are and checks that they are whole."""

import sys
from array import array
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct

from ringfence.watch.tallies.asleep import Asleep
from ringfence.watch.tallies.keys import Key, KeyParts


class Remembered(Struct, array_like=True, frozen=True, kw_only=True):
    """`parts` stand in the order in which the keys were idle, as `times`, `sizes` and `ends` do: 64-bit words, little-endian.

    `keys` are written one after the other (`Asleep`). `octets` is how much they may take. `rounds` and `compared` are the
    boundaries that come next. `classed` is when
    each measure of a subject, by its place and the subject's parts, last had an event, the longest ago first. `peers` is what each
    compared measure came to in the last period that is over: its start, and the keys' values in order.
    """

    begun: int | None
    parts: list[KeyParts]
    times: bytes
    sizes: bytes
    ends: bytes
    keys: bytes
    under_way: dict[str, list[KeyParts]]
    forgotten: int
    woken: int
    short_until: int
    octets: int
    rounds: list[int | None]
    compared: dict[int, int | None]
    classed: list[tuple[int, KeyParts, int]]
    peers: dict[int, tuple[int, list[float]]]

    @property
    def asleep(self) -> Asleep:
        """The keys."""
        return Asleep(self.parts, words(self.times), words(self.sizes), words(self.ends), self.keys)


def layout() -> bytes:
    """Return what tells apart versions of Ringfence that write otherwise: the layout of every struct that is written."""
    written = [repr(msgspec.inspect.type_info(kind)) for kind in (Remembered, Key)]
    return blake2b(repr(written).encode(), digest_size=16).digest()


def octets(numbers: "array[int]") -> bytes:
    """Return the words as they are written."""
    if sys.byteorder == "big":
        numbers = array("q", numbers)
        numbers.byteswap()
    return numbers.tobytes()


def words(octets: bytes) -> "array[int]":
    """Return the words that were written."""
    numbers = array("q", octets)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def write(remembered: Remembered) -> bytes:
    """Return it as bytes."""
    return _ENCODER.encode(remembered)


def read(data: bytes | memoryview) -> Remembered:
    """Return what `write` wrote. Raises `msgspec.DecodeError` for anything else."""
    return _DECODER.decode(data)


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Remembered)
