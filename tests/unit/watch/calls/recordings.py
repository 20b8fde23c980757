"""Signalling for the tracker's tests: recordings, the flows of RFC 3665 on a made-up network, and written-out messages."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import dpkt
from msgspec.structs import replace
from ruamel.yaml import YAML

from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros
from ringfence.watch.calls import Tracker
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.wire.sip import parse

ALICE, SS1, SS2, BOB = "192.0.2.101", "192.0.2.111", "192.0.2.222", "192.0.2.201"
START = Micros(1_700_000_000 * SECOND)
_HOSTS = {
    "client.atlanta.example.com": ALICE,
    "ss1.atlanta.example.com": SS1,
    "ss2.biloxi.example.com": SS2,
    "client.biloxi.example.com": BOB,
    "client.chicago.example.com": BOB,
}


def recorded(path: Path) -> Iterator[Datagram]:
    """Yield the UDP payloads of a capture of Ethernet frames."""
    with path.open("rb") as file:
        for seconds, frame in dpkt.pcap.Reader(file):
            packet = dpkt.ethernet.Ethernet(frame).data
            yield datagram(
                bytes(packet.data.data),
                str(ip_address(packet.src)),
                str(ip_address(packet.dst)),
                Micros(round(seconds * 1e6)),
                ports=(packet.data.sport, packet.data.dport),
            )


def flow(path: Path, *hops: str) -> list[Datagram]:
    """Return a flow of RFC 3665, 10 ms between messages, as it would be seen on the path `hops` from caller to callee."""
    datagrams = []
    for index, text in enumerate(YAML(typ="safe").load(path.read_text())):
        payload = text.replace("\n", "\r\n").encode()
        message = parse(payload)
        order = list(hops)
        if _HOSTS[message.vias[-1].host or ""] != order[0]:
            order.reverse()
        here = _HOSTS[message.vias[0].host or ""]
        after = order[order.index(here) + 1]
        source, destination = (here, after) if message.is_request else (after, here)
        datagrams.append(datagram(payload, source, destination, Micros(START + index * 10 * MILLISECOND)))
    return datagrams


def datagram(payload: bytes, source: str, destination: str, time: Micros, *, ports: tuple[int, int] = (5060, 5060)) -> Datagram:
    return Datagram(time, time, PayloadKind.SIP, "udp", source, ports[0], destination, ports[1], payload, agent=7)


def request(
    method: str = "INVITE",
    *,
    to: str = "+3225551212",
    user: str = "trunk7",
    call_id: str = "c1",
    cseq: int = 1,
    branch: str = "b1",
    via: str = ALICE,
    tags: tuple[str, str | None] = ("a", None),
    extra: Sequence[str] = (),
) -> bytes:
    """Return a request's text. `tags` are those of From and To; `extra` further header lines."""
    to_tag = f";tag={tags[1]}" if tags[1] else ""
    lines = [
        f"{method} sip:{to}@provider.example SIP/2.0",
        f"Via: SIP/2.0/UDP {via}:5060;branch=z9hG4bK{branch}",
        *extra,
        "Max-Forwards: 70",
        f"From: <sip:{user}@provider.example>;tag={tags[0]}",
        f"To: <sip:{to}@provider.example>{to_tag}",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def response(to_request: bytes, status: int, *, to_tag: str = "b", extra: Sequence[str] = ()) -> bytes:
    """Return the text of a response with the request's Via, From, To, Call-ID and CSeq."""
    lines = to_request.decode().split("\r\n")
    kept = [line for line in lines if line.partition(":")[0] in ("Via", "From", "Call-ID", "CSeq")]
    to = next(line for line in lines if line.startswith("To:"))
    return "\r\n".join([f"SIP/2.0 {status} X", *kept, to if "tag=" in to else f"{to};tag={to_tag}", *extra, "", ""]).encode()


def authorization(user: str) -> str:
    return f'Authorization: Digest username="{user}", realm="r", nonce="n", uri="sip:r", response="00"'


def events_of(tracker: Tracker, datagrams: Sequence[Datagram]) -> list[Event]:
    """Return what the tracker makes of `datagrams` and of 33 s of silence after them."""
    events = [event for each in datagrams for event in tracker.feed(each, parse(each.payload))]
    return events + tracker.advance(Micros(tracker.clock + 33 * SECOND))


def copied(original: Datagram, time: Micros) -> Datagram:
    return replace(original, time=time, arrival=time)
