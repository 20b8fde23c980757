"""HEP, versions 1 to 3: what capture agents send. Bytes to packets; no I/O."""

from ringfence.watch.wire.hep.decoder import MAGIC, decode, looks_like_hep
from ringfence.watch.wire.hep.frames import FrameSplitter
from ringfence.watch.wire.hep.packet import HepDefect, HepPacket

__all__ = ["MAGIC", "FrameSplitter", "HepDefect", "HepPacket", "decode", "looks_like_hep"]
