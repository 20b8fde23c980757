"""HEP version 3: what capture agents send. Bytes to packets; no I/O."""

from ringfence.watch.wire.hep.decoder import decode
from ringfence.watch.wire.hep.frames import FrameSplitter
from ringfence.watch.wire.hep.packet import HepDefect, HepPacket

__all__ = ["FrameSplitter", "HepDefect", "HepPacket", "decode"]
