"""Fuzz targets for everything that reads bytes from the network: each takes any bytes and must not raise.

The unit tests run them on random and mutated bytes. With atheris installed this file fuzzes on its own:
`python tests/fuzz/wire_targets.py CORPUS_FOLDER`.
"""

import sys
from collections.abc import Callable

from ringfence.watch.wire.hep import FrameSplitter, HepPacket, decode
from ringfence.watch.wire.sip import Message, StreamSplitter, parse
from ringfence.watch.wire.sip.stream import LIMIT
from ringfence.watch.wire.websocket import MessageReader, looks_like_websocket


def fuzz_parse(data: bytes) -> None:
    """A SIP message: no bytes raise, and every field can be shown and has its type's bounds."""
    message = parse(data)
    assert isinstance(message, Message)
    assert message.status == 0 or 100 <= message.status <= 699
    assert 0 <= message.body_bytes <= len(data)
    assert not any("\0" in text for text in (message.call_id or "", message.user_agent or "", message.from_tag or ""))
    repr(message).encode("utf-8")


def fuzz_decode(data: bytes) -> None:
    """A HEP packet, and what it carries."""
    packet = decode(data)
    assert isinstance(packet, HepPacket)
    repr(packet).encode("utf-8")
    if packet.payload is not None:
        fuzz_parse(packet.payload)


def fuzz_streams(data: bytes) -> None:
    """A stream that comes in uneven parts: bounded, and no octet counted twice."""
    sip, hep, websocket = StreamSplitter(), FrameSplitter(), MessageReader()
    given = 0
    looks_like_websocket(data)
    size = 1 + (data[0] if data else 0)
    for at in range(0, len(data), size):
        given += sum(map(len, sip.feed(data[at : at + size])))
        hep.feed(data[at : at + size])
        websocket.feed(data[at : at + size])
        assert sip.held_octets <= LIMIT
        assert hep.held_octets <= 65_535 + size
    assert websocket.lost_octets + websocket.held_octets <= len(data)
    assert given + sip.lost_octets + sip.held_octets <= len(data)


TARGETS: tuple[Callable[[bytes], None], ...] = (fuzz_parse, fuzz_decode, fuzz_streams)


def fuzz_all(data: bytes) -> None:
    """Every target on the same bytes."""
    for target in TARGETS:
        target(data)


if __name__ == "__main__":
    import atheris  # type: ignore[import-not-found] # runs where the fuzzer is installed, which the tests don't need

    atheris.instrument_all()
    atheris.Setup(sys.argv, fuzz_all)
    atheris.Fuzz()
