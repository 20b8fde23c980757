"""The input files: the demo network's hours, written once and kept in bench/out."""

import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ringfence.simulate import carrier, records, signalling
from ringfence.simulate.flows import Packet
from ringfence.simulate.provider import harbour_voice, write_provider
from ringfence.vocabulary.times import HOUR, SECOND, Micros, from_iso

OUT: Final = Path(__file__).resolve().parent.parent / "out"
BEGIN: Final = from_iso("2026-03-02T09:00:00Z")
SEED: Final = 11
_ETHERNET: Final = bytes(6) + bytes(6) + b"\x08\x00"


def capture(hours: float) -> tuple[Path, int]:
    """Return a pcap file of the demo network's signalling and how many messages it holds; written where it is missing."""
    path = OUT / f"calls-{hours:g}h.pcap"
    packets = sorted(_packets(hours), key=lambda timed: timed[0])
    if not path.exists():
        draft = path.with_suffix(".draft")
        with draft.open("wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            for time, packet in packets:
                file.write(_frame(time, packet))
        draft.replace(path)
    return path, len(packets)


def call_records(hours: float) -> tuple[Path, int]:
    """Return a file of the demo network's call records and how many rows it has; written where it is missing."""
    path = OUT / f"calls-{hours:g}h.csv"
    if not path.exists():
        plans = carrier.calls(harbour_voice(), seed=SEED, duration=Micros(int(hours * HOUR)))
        records.write_records(plans, path.with_suffix(".draft"), begin=BEGIN)
        path.with_suffix(".draft").replace(path)
    with path.open("rb") as file:
        return path, sum(1 for _ in file) - 1


def provider_files() -> list[str]:
    """Return the options that tell `ringfence scan` who holds which account, trunk and number."""
    OUT.mkdir(parents=True, exist_ok=True)
    accounts, trunks, numbers = write_provider(harbour_voice(), OUT)
    return ["--accounts", str(accounts), "--trunks", str(trunks), "--numbers", str(numbers)]


def _packets(hours: float) -> Iterator[tuple[Micros, Packet]]:
    for plan in carrier.calls(harbour_voice(), seed=SEED, duration=Micros(int(hours * HOUR))):
        flow = signalling.flow(plan, "bench")
        for packet in flow.packets:
            yield Micros(BEGIN + flow.start + packet.offset), packet


def _frame(time: Micros, packet: Packet) -> bytes:
    """Return the packet with its pcap record header. Checksums are zero, as in captures of offloading network cards."""
    udp = struct.pack("!HHHH", packet.source_port, packet.destination_port, 8 + len(packet.payload), 0) + packet.payload
    addresses = socket.inet_aton(packet.source) + socket.inet_aton(packet.destination)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + addresses
    frame = _ETHERNET + ip + udp
    seconds, microseconds = divmod(time, SECOND)
    return struct.pack("<IIII", seconds, microseconds, len(frame), len(frame)) + frame
