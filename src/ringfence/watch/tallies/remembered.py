"""All that a rule's tallies remember, as bytes. Who keeps them says whose they are and checks that they are whole."""

from collections import deque
from typing import Any, Final, get_args

import msgspec
from msgspec import Struct

from ringfence.watch.tallies.exact import ExactSum
from ringfence.watch.tallies.keys import Key

VERSION: Final = 2
"""Of the layout below and of `Key`, which other versions can't read."""


class Remembered(Struct, array_like=True, frozen=True, kw_only=True):
    """`keys` stand in the order in which they were idle. `rounds` and `compared` are the boundaries that come next.

    `peers` is what each compared measure came to in the last period that is over: its start, and the keys' values in order.
    """

    begun: int | None
    keys: list[Key]
    forgotten: int
    woken: int
    short_until: int
    rounds: list[int | None]
    compared: dict[int, int | None]
    peers: dict[int, tuple[int, list[float]]]


def write(remembered: Remembered) -> bytes:
    """Return it as bytes."""
    return _ENCODER.encode(remembered)


def read(data: bytes) -> Remembered:
    """Return what `write` wrote. Raises `msgspec.DecodeError` for anything else."""
    return _DECODER.decode(data)


def _encode(value: object) -> object:
    if isinstance(value, deque):
        return list(value)
    if isinstance(value, ExactSum):
        return value.packed()
    raise NotImplementedError(type(value))  # so msgspec wants to be told of a type that no hook knows


def _decode(kind: type, value: Any) -> object:  # noqa: ANN401 (whatever stood there)
    if kind is ExactSum:
        return ExactSum.unpacked(value)
    return deque(map(ExactSum.unpacked, value)) if get_args(kind) == (ExactSum,) else deque(value)


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_encode)
_DECODER: Final = msgspec.msgpack.Decoder(Remembered, dec_hook=_decode)
