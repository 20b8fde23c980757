"""The carrier's acts as files: events, call records, a capture, and the tables of accounts, trunks and numbers."""

import csv
import socket
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import dpkt
import msgspec

from ringfence.simulate.labelled.acts import Act, Call
from ringfence.simulate.labelled.packets import Packet
from ringfence.simulate.labelled.parties import Party
from ringfence.simulate.records import COLUMNS
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros, iso

FURTHER_COLUMNS: Final = ("pai", "diversion", "user_agent")


def write_records(acts: Iterable[Act], path: Path) -> int:
    """Write the calls among `acts` in the generic layout; return how many. Raises `OSError`.

    A stranger's attempt that never got past a challenge is no call that an exchange records, nor is one that nobody answered for.
    """
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*COLUMNS, *FURTHER_COLUMNS))
        for act in acts:
            if isinstance(act, Call) and act.status not in (0, 401, 407):
                writer.writerow(_row(act))
                written += 1
    return written


def _row(call: Call) -> Sequence[object]:
    begun = Micros(call.time + (30 * MILLISECOND if call.challenged else 0))
    over = Micros(begun + call.setup_us + call.ring_us)
    answered = call.status == 200
    party = call.party
    return (
        f"{call.id}@{call.source}",
        iso(call.time),
        iso(over) if answered else "",
        iso(Micros(over + call.talk_us) if answered else over),
        party.account if party is not None else "",
        call.caller,
        call.callee,
        call.source,
        call.status,
        call.released_by,
        call.attestation or "",
        party.trunk if party is not None else "",
        "outbound" if party is not None else "",
        call.ring_us // MILLISECOND,
        call.asserted or "",
        call.diverted or "",
        call.user_agent or "",
    )


def write_events(events: Iterable[Event], path: Path) -> int:
    """Write one event a line, as JSON; return how many. Raises `OSError`."""
    written = 0
    encoder = msgspec.json.Encoder()
    with path.open("wb") as file:
        for event in events:
            file.write(encoder.encode(event) + b"\n")
            written += 1
    return written


def write_capture(packets: Iterable[Packet], path: Path) -> int:
    """Write a capture of Ethernet frames; return how many. Raises `OSError`."""
    written = 0
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file, nano=False)
        for packet in packets:
            writer.writepkt(_frame(packet), packet.time / SECOND)
            written += 1
    return written


def _frame(packet: Packet) -> bytes:
    udp = dpkt.udp.UDP(sport=packet.source_port, dport=packet.destination_port, data=packet.payload)
    udp.ulen = len(udp)
    source, destination = ip_address(packet.source), ip_address(packet.destination)
    if source.version != destination.version:  # an edge has both; which one it wrote tells nothing
        destination = ip_address("2001:db8::10") if source.version == 6 else destination
        source = ip_address("2001:db8::10") if destination.version == 6 and source.version == 4 else source
    if source.version == 6:
        six = dpkt.ip6.IP6(src=source.packed, dst=destination.packed, nxt=socket.IPPROTO_UDP, hlim=60, data=udp)
        six.plen = len(udp)
        return bytes(dpkt.ethernet.Ethernet(type=dpkt.ethernet.ETH_TYPE_IP6, data=six))
    four = dpkt.ip.IP(src=source.packed, dst=destination.packed, p=socket.IPPROTO_UDP, data=udp)
    four.len = len(four)
    return bytes(dpkt.ethernet.Ethernet(data=four))


def write_tables(parties: Iterable[Party], folder: Path) -> None:
    """Write accounts.csv, trunks.csv and numbers.csv. Raises `OSError`."""
    known = list(parties)
    _table(folder / "accounts.csv", ("account", "parent", "kind", "plan"), (_account(party) for party in known))
    trunks = ((party.trunk, party.account, party.address or "", party.user or "", "", "") for party in known)
    _table(folder / "trunks.csv", ("trunk", "account", "address", "user", "valid_from", "valid_to"), trunks)
    numbers = ((number, party.account, "", "") for party in known for number in party.numbers)
    _table(folder / "numbers.csv", ("number", "account", "valid_from", "valid_to"), numbers)


def _account(party: Party) -> Sequence[str]:
    return party.account, party.parent.account if party.parent is not None else "", party.kind, party.plan


def _table(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
