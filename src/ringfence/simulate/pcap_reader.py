"""Captures to replay: classic pcap files of Ethernet frames with IP and UDP in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import dpkt

from ringfence.vocabulary.times import SECOND, Micros


class CaptureRefused(Exception):
    """The file can't be replayed. `cause` says why."""

    def __init__(self, path: Path, cause: str) -> None:
        super().__init__(f"{path}: {cause}")
        self.path, self.cause = path, cause


@dataclass(frozen=True, slots=True)
class CapturedPacket:
    """One UDP datagram at its time of capture. Addresses are canonical text."""

    time: Micros
    source: str
    source_port: int
    destination: str
    destination_port: int
    payload: bytes


def read(path: Path) -> Iterator[CapturedPacket]:
    """Yield the UDP datagrams of the capture in the file's order, and pass over what else it holds. Raises `CaptureRefused`."""
    try:
        with path.open("rb") as file:
            reader = dpkt.pcap.Reader(file)
            if reader.datalink() != dpkt.pcap.DLT_EN10MB:
                raise CaptureRefused(path, f"link type {reader.datalink()} instead of Ethernet")
            for seconds, frame in reader:
                packet = _datagram(Micros(round(float(seconds) * SECOND)), frame)
                if packet is not None:
                    yield packet
    except OSError as error:
        raise CaptureRefused(path, error.strerror or "unreadable") from error
    except (ValueError, dpkt.dpkt.Error) as error:
        raise CaptureRefused(path, f"no pcap file, or a torn one: {error}") from error


def _datagram(time: Micros, frame: bytes) -> CapturedPacket | None:
    packet = dpkt.ethernet.Ethernet(frame).data
    if not isinstance(packet, dpkt.ip.IP | dpkt.ip6.IP6) or not isinstance(packet.data, dpkt.udp.UDP):
        return None
    udp = packet.data
    if udp.ulen > len(udp):
        raise ValueError("a datagram is cut short")
    return CapturedPacket(time, str(ip_address(packet.src)), udp.sport, str(ip_address(packet.dst)), udp.dport, bytes(udp.data))
