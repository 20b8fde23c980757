"""Keys as they are written: so many of them are back at once, and take little room until they have an event again."""

from array import array
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ringfence.watch.tallies.exact import ExactSum
from ringfence.watch.tallies.keys import Key, KeyParts


@dataclass(frozen=True, slots=True)
class Asleep:
    """Keys in order: what tells each apart, when it last had an event, how many entries it takes, where it ends in `blob`."""

    parts: list[KeyParts]
    times: "array[int]"
    sizes: "array[int]"
    ends: "array[int]"
    blob: bytes

    @classmethod
    def nobody(cls) -> "Asleep":
        """Return no keys."""
        return cls([], array("q"), array("q"), array("q"), b"")

    def written(self, place: int) -> bytes:
        """Return the key at a place as it is written."""
        return self.blob[self.ends[place - 1] if place else 0 : self.ends[place]]


def encode(key: Key, blob: bytearray) -> None:
    """Write a key at the end of `blob`."""
    _ENCODER.encode_into(key, blob, -1)


def decoded(written: bytes) -> Key:
    """Return the key that `encode` wrote."""
    return _DECODER.decode(written)


def _pack(value: object) -> object:
    if isinstance(value, ExactSum):
        return value.packed()
    raise NotImplementedError(type(value))  # so msgspec wants to be told of a type that no hook knows


def _unpack(_: type, value: Any) -> ExactSum:  # noqa: ANN401 (whatever stood there)
    return ExactSum.unpacked(value)


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_pack)
_DECODER: Final = msgspec.msgpack.Decoder(Key, dec_hook=_unpack)
