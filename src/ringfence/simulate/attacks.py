"""Recorded attacks as flows of the demo network: the same messages, from other addresses, at a new time, never twice alike."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ringfence.simulate import pcap_reader, sip_text
from ringfence.simulate.flows import Flow, Packet
from ringfence.simulate.pcap_reader import CapturedPacket
from ringfence.simulate.provider import EDGE_ADDRESS
from ringfence.vocabulary.times import Micros

_BRANCH: Final = re.compile(rb"(;branch=[^;,\s\r]+)")
_CALL_ID: Final = re.compile(rb"(?im)^(Call-ID:[ \t]*)([^@\r\n]+)")
_CONTENT_LENGTH: Final = re.compile(rb"(?im)^Content-Length:[^\r\n]*")


@dataclass(frozen=True, slots=True)
class Attack:
    """A recorded attack, played from `source`. Times in seconds from the start of the play.

    It first comes at `first_s` with `first_rounds` rounds of the recording, one begun every `round_s`; it comes back at `back_s`,
    and from then on every `again_s`, with one round: what a refusal does to it shows there.
    """

    name: str
    file: str
    source: str
    first_s: float
    first_rounds: int
    round_s: float
    back_s: float
    again_s: float


# Addresses from the networks of RFC 5737. Rounds follow so closely and often that the attack goes on when its order is in force;
# the scan by INVITE stays below forty attempts in two seconds, or it would be a flood as well.
ATTACKS: Final = (
    Attack("one OPTIONS probe", "svmap.pcap", "203.0.113.65", 2.0, 1, 1.0, 90.0, 150.0),
    Attack("extensions tried by REGISTER", "svwar.pcap", "203.0.113.66", 4.0, 6, 0.3, 40.0, 110.0),
    Attack("passwords tried by REGISTER", "svcrack.pcap", "203.0.113.67", 8.0, 4, 0.6, 50.0, 130.0),
    Attack("extensions tried by INVITE", "svwar_invite.pcap", "198.51.100.23", 12.0, 4, 1.0, 60.0, 120.0),
    Attack("flood of INVITEs", "sipp_invite_flood.pcap", "198.51.100.99", 16.0, 2, 2.0, 70.0, 140.0),
)
"""What the demo plays. The recordings are described in examples/captures."""


def recording(path: Path) -> list[CapturedPacket]:
    """Read a recorded attack whole. Its first packet is the attacker's. Raises `CaptureRefused`, also for an empty one."""
    packets = list(pcap_reader.read(path))
    if not packets:
        raise pcap_reader.CaptureRefused(path, "no UDP datagrams in it")
    return packets


def flows(packets: list[CapturedPacket], source: str, salt: str) -> list[Flow]:
    """Return the recording's flows, one a Call-ID, from `source` to the demo's edge.

    Addresses are replaced in the text too; `salt` makes Call-IDs and branches new, or a second round would be taken for a
    retransmission of the first.
    """
    first = packets[0]
    renamed = {first.source: source, first.destination: EDGE_ADDRESS}
    gathered: dict[str, list[CapturedPacket]] = {}
    for packet in packets:
        gathered.setdefault(sip_text.header(packet.payload, "Call-ID") or "", []).append(packet)
    return [_flow(members, first.time, renamed, salt) for members in gathered.values()]


def _flow(members: list[CapturedPacket], start: Micros, renamed: dict[str, str], salt: str) -> Flow:
    begin = members[0].time
    packets = tuple(
        Packet(
            Micros(member.time - begin),
            renamed.get(member.source, member.source),
            member.source_port,
            renamed.get(member.destination, member.destination),
            member.destination_port,
            _rewritten(member.payload, renamed, salt),
        )
        for member in members
    )
    return Flow(Micros(begin - start), sip_text.header(packets[0].payload, "Call-ID") or "", packets)


def _rewritten(payload: bytes, renamed: dict[str, str], salt: str) -> bytes:
    for old, new in renamed.items():
        payload = re.sub(rb"(?<![0-9.])" + re.escape(old.encode()) + rb"(?![0-9])", new.encode(), payload)
    head, end, body = payload.partition(sip_text.HEADER_END)
    head = _BRANCH.sub(rb"\g<1>-" + salt.encode(), head)
    head = _CALL_ID.sub(rb"\g<1>\g<2>-" + salt.encode(), head)
    head = _CONTENT_LENGTH.sub(f"Content-Length: {len(body)}".encode(), head)
    return head + end + body
