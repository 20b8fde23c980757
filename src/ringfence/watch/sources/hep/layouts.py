"""Packets of one agent are laid out alike: what was found out of one is not found out of the next one again."""

from operator import itemgetter
from struct import Struct
from typing import Final, NamedTuple

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.wire.hep import MAGIC, HepPacket, decode
from ringfence.watch.wire.hep.decoder import CHUNK, CHUNKS, HEADER

_MOST: Final = 8
"""Layouts remembered: an agent has one, or as many as its correlation ids have lengths."""
_MOST_ADDRESSES: Final = 65_536
_LONGEST: Final = 1_024
"""What stands before the payload in a layout that is remembered."""
_PAYLOAD: Final = (0, 0x000F)
_NUMBERS: Final = {1: "B", 2: "H", 4: "I"}
_READ: Final = (
    "seconds",
    "microseconds",
    "payload_type",
    "protocol",
    "source",
    "source_port",
    "destination",
    "destination_port",
    "agent",
)
"""What every packet of a layout that is remembered has."""
_OPTIONAL: Final = ("correlation", "key")


class Captured(NamedTuple):
    """What of a HEP packet without defects counts. `time` may be as wrong as the agent's clock."""

    time: Micros
    payload_type: int
    protocol: int
    source: str
    source_port: int
    destination: str
    destination_port: int
    agent: int
    correlation: str | None
    key: bytes | None
    payload: bytes


class _Layout:
    """Chunks of the same types and sizes, one after another, and behind them the payload, with which the packet ends."""

    __slots__ = ("_begin", "_heads", "_mask", "_pick", "_values")

    def __init__(self, chunks: list[tuple[int, int, int]], names: list[str | None]) -> None:
        """`chunks` are vendor, type and size of each, the payload's the last; `names` what is read of them, where anything is."""
        form, heads, mask = [">4xH"], [MAGIC, b"\0\0"], [b"\xff\xff\xff\xff\0\0"]
        for (vendor, kind, size), name in zip(chunks[:-1], names[:-1], strict=True):
            octets = size - CHUNK.size
            form.append(f"6x{octets}x" if name is None else f"6x{_form(kind, octets)}")
            heads += [CHUNK.pack(vendor, kind, size), bytes(octets)]
            mask += [b"\xff" * CHUNK.size, bytes(octets)]
        heads.append(CHUNK.pack(*_PAYLOAD, 0))
        mask.append(b"\xff\xff\xff\xff\0\0")
        self._values = Struct("".join([*form, "4xH"]))
        self._begin = self._values.size
        self._heads, self._mask = int.from_bytes(b"".join(heads), "big"), int.from_bytes(b"".join(mask), "big")
        order = [name for name in names if name is not None]
        nothing = len(order) + 2  # the packet's length before them, the payload's behind, then what is missing
        places = [order.index(name) + 1 if name in order else nothing for name in (*_READ, *_OPTIONAL)]
        self._pick = itemgetter(*places, 0, nothing - 1)

    def captured(self, data: bytes, addresses: dict[bytes, str]) -> Captured | None:
        """Return what the packet says; `None` where it is laid out otherwise. `addresses` remembers what addresses are as text."""
        begin, length = self._begin, len(data)
        if int.from_bytes(data[:begin], "big") & self._mask != self._heads or length < begin:
            return None
        seconds, micros, kind, protocol, source, port, receiver, receiver_port, agent, correlation, key, total, size = self._pick(
            (*self._values.unpack_from(data), None)
        )
        if total != length or begin + size - CHUNK.size != length or micros >= SECOND:
            return None
        return Captured(
            seconds * SECOND + micros,
            kind,
            protocol,
            addresses.get(source) or _address(source, addresses),
            port,
            addresses.get(receiver) or _address(receiver, addresses),
            receiver_port,
            agent,
            None if correlation is None else _text(correlation),
            key,
            data[begin:],
        )


class Layouts:
    """The layouts of one sender's packets."""

    __slots__ = ("_addresses", "_known")

    def __init__(self) -> None:
        self._known: list[_Layout] = []
        self._addresses: dict[bytes, str] = {}

    def read(self, data: bytes) -> HepPacket | Captured:
        """Return what `data`, which may be anything, says: of a layout that was seen before, all that counts; else the packet."""
        known = self._known
        for place, layout in enumerate(known):
            captured = layout.captured(data, self._addresses)
            if captured is not None:
                if place:
                    known.insert(0, known.pop(place))
                return captured
        packet = decode(data)
        found = _layout(data) if packet.payload is not None and not packet.defects else None
        if found is not None:
            del known[_MOST - 1 :]
            known.insert(0, found)
        return packet


def _form(kind: int, octets: int) -> str:
    return _NUMBERS[octets] if CHUNKS[kind][2] is None else f"{octets}s"


def _address(octets: bytes, addresses: dict[bytes, str]) -> str:
    if len(addresses) >= _MOST_ADDRESSES:
        addresses.clear()
    read = CHUNKS[0x0003 if len(octets) == 4 else 0x0005][2]
    text = addresses[octets] = "" if read is None else str(read(octets))
    return text


def _text(octets: bytes) -> str:
    read = CHUNKS[0x0011][2]
    return "" if read is None else str(read(octets))


def _layout(data: bytes) -> _Layout | None:
    """Return how a packet of version 3 without defects is laid out; `None` where that is not worth remembering.

    That is where the payload is not its end or stands far behind, or where it lacks what the others have.
    """
    chunks: list[tuple[int, int, int]] = []
    at, is_last = HEADER.size, False
    while data.startswith(MAGIC) and at + CHUNK.size <= len(data) and at <= _LONGEST and not is_last:
        vendor, kind, size = CHUNK.unpack_from(data, at)
        chunks.append((vendor, kind, size))
        at += size
        is_last = (vendor, kind) == _PAYLOAD
    if not is_last or at != len(data):
        return None
    names = [_name(vendor, kind) for vendor, kind, _ in chunks]
    return _Layout(chunks, names) if set(_READ) <= set(names) else None


def _name(vendor: int, kind: int) -> str | None:
    name = CHUNKS[kind][0] if vendor == 0 and kind in CHUNKS else None
    return name if name in (*_READ, *_OPTIONAL) else None
