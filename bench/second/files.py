"""The second network as files: call records of eleven columns and a diversion, a capture, and tables."""

import csv
import socket
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from bench.second.acts import EDGE, PEERS, Act, World

_COLUMNS: Final = "call_id,start,answer,end,account,caller,callee,source_ip,status,released_by,attestation,diversion"
_PHRASE: Final = {200: "OK", 401: "Unauthorized", 407: "Proxy Authentication Required", 486: "Busy Here", 404: "Not Found"}


def write(world: World, folder: Path) -> None:
    """Write calls, capture and tables into the folder. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    acts = sorted(world.acts, key=lambda act: act.time)
    _write_records(acts, folder / "toll-tickets.txt")
    _write_capture(acts, folder / "mirror.cap")
    _table(folder / "accounts.csv", "account,parent,kind,plan", ((c.name, "", "customer", c.plan) for c in world.customers))
    trunks = ((f"trunk {c.name}", c.name, "" if c.user else c.source, c.user or "", "", "") for c in world.customers)
    _table(folder / "trunks.csv", "trunk,account,address,user,valid_from,valid_to", trunks)
    numbers = ((number, c.name, "", "") for c in world.customers for number in c.numbers)
    _table(folder / "numbers.csv", "number,account,valid_from,valid_to", numbers)


def _table(path: Path, header: str, rows: Iterator[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        writer.writerows(rows)


def _write_records(acts: Sequence[Act], path: Path) -> None:
    calls = [act for act in acts if act.what == "call" and (act.account is not None or act.source in PEERS)]
    _table(path, _COLUMNS, (_row(nth, act) for nth, act in enumerate(calls)))


def _row(nth: int, act: Act) -> Sequence[str]:
    over = act.time + act.setup + act.ring
    answered = act.status == 200
    return (
        f"{nth:08d}",
        _iso(act.time),
        _iso(over) if answered else "",
        _iso(over + act.talk),
        act.account or "",
        act.caller,
        act.callee,
        act.source,
        str(act.status),
        act.released,
        "",
        act.diverted or "",
    )


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(round(seconds, 3), UTC).isoformat(timespec="milliseconds")


_Packet = tuple[float, str, int, str, str]
"""Time, source, its port, destination, text."""


def _write_capture(acts: Sequence[Act], path: Path) -> None:
    packets = [packet for nth, act in enumerate(acts) for packet in _packets(act, f"{nth:x}.{int(act.time * 1000) % 99991:x}")]
    packets.sort(key=lambda packet: packet[0])
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))  # raw IP packets
        for time, source, port, destination, text in packets:
            data = text.encode()
            udp = struct.pack("!HHHH", port, 5060, 8 + len(data), 0) + data
            ip = struct.pack(
                "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 60, socket.IPPROTO_UDP, 0, _octets(source), _octets(destination)
            )
            seconds, fraction = divmod(round(time * 1_000_000), 1_000_000)
            file.write(struct.pack("<IIII", seconds, fraction, 20 + len(udp), 20 + len(udp)) + ip + udp)


def _octets(address: str) -> bytes:
    return ip_address(address).packed


def _packets(act: Act, call_id: str) -> Iterator[_Packet]:
    if act.what == "raw":
        yield act.time, act.source, 5060, EDGE, act.body
    elif act.what == "request":
        yield from _request(act, call_id)
    else:
        yield from _call(act, call_id)


def _head(  # noqa: PLR0913 # what differs from request to request
    act: Act, method: str, call_id: str, sequence: int, source: str, to_tag: str = "", branch: str = ""
) -> list[str]:
    user = act.callee or act.user or "100"
    if method == "REGISTER":
        user = act.user or "100"
    sender = user if method == "REGISTER" else act.caller or "monitor"
    target = f"sip:{act.domain}" if method in ("REGISTER", "OPTIONS") and act.user is None else f"sip:{user}@{act.domain}"
    if method == "REGISTER":
        target = f"sip:{act.domain}"
    lines = [
        f"{method} {target} SIP/2.0",
        f"Call-ID: {call_id}",
        f"CSeq: {sequence} {method}",
        f"From: <sip:{sender}@{act.domain}>;tag=a{call_id}",
        f"To: <sip:{user}@{act.domain}>{to_tag}",
        f"Via: SIP/2.0/UDP {source}:{act.port};rport;branch=z9hG4bK.{branch or f'{call_id}{method}{sequence}'}",
        "Max-Forwards: 68",
        f"Contact: <sip:{sender}@{source}:{act.port}>",
    ]
    if act.agent is not None:
        lines.append(f"User-Agent: {act.agent}")
    return lines


def _authorized(act: Act, header: str, method: str) -> str:
    name = act.user or "x"
    return (
        f'{header}: Digest username="{name}", realm="second", nonce="7", uri="sip:{act.domain}", response="00", method="{method}"'
    )


def _text(lines: Sequence[str], body: str = "") -> str:
    return "\r\n".join((*lines, f"Content-Length: {len(body)}", "", body))


def _answer(request: Sequence[str], status: int, tag: str) -> str:
    kept = [line for line in request if line.split(":")[0] in ("Call-ID", "CSeq", "From", "Via")]
    to = next(line for line in request if line.startswith("To:"))
    lines = [f"SIP/2.0 {status} {_PHRASE.get(status, 'So')}", *kept, to if ";tag=" in to or status == 100 else f"{to};tag={tag}"]
    if status in (401, 407):
        lines.append(f'{"WWW" if status == 401 else "Proxy"}-Authenticate: Digest realm="second", nonce="7"')
    return _text(lines)


def _request(act: Act, call_id: str) -> Iterator[_Packet]:
    request = _head(act, act.method, call_id, 1, act.source)
    if act.credentials:
        request.append(_authorized(act, "Authorization", act.method))
    if act.method == "REGISTER":
        request.append("Expires: 7200")
    yield act.time, act.source, act.port, act.destination, _text(request, act.body)
    if act.status != 408:
        yield act.time + 0.01, act.destination, 5060, act.source, _answer(request, act.status, "z")


def _call(act: Act, call_id: str) -> Iterator[_Packet]:
    at, source, port = act.time, act.source, act.port
    invite = _head(act, "INVITE", call_id, 1, source)
    if act.asserted is not None:
        invite.append(f"P-Asserted-Identity: <sip:{act.asserted}@{act.domain}>")
    if act.diverted is not None:
        invite.append(f"Diversion: <sip:{act.diverted}@{act.domain}>;reason=unconditional")
    if act.credentials:
        invite.append(_authorized(act, "Proxy-Authorization", "INVITE"))
    yield at, source, port, EDGE, _text(invite)
    rang = at + act.setup
    over = rang + act.ring
    tag = f"b{call_id}"
    if act.status not in (401, 407):
        yield at + 0.02, EDGE, 5060, source, _answer(invite, 100, tag)
    if act.ring > 0:
        yield rang, EDGE, 5060, source, _answer(invite, 180, tag)
    if act.stranger is not None and act.stranger.startswith("CANCEL"):
        stranger = act.stranger.split()[1]
        yield rang + 0.5, stranger, 5060, EDGE, _text(_head(act, "CANCEL", call_id, 1, source, branch=f"{call_id}INVITE1"))
    if act.status == 487:
        cancel = _head(act, "CANCEL", call_id, 1, source, branch=f"{call_id}INVITE1")
        yield over, source, port, EDGE, _text(cancel)
        yield over + 0.01, EDGE, 5060, source, _answer(cancel, 200, tag)
        over += 0.02
    yield over, EDGE, 5060, source, _answer(invite, act.status, tag)
    yield over + 0.03, source, port, EDGE, _text(_head(act, "ACK", call_id, 1, source, f";tag={tag}"))
    if act.status != 200:
        return
    yield from _stranger(act, call_id, tag, over)
    ended = over + max(act.talk, 0.1)
    if act.released == "callee":
        bye = _head(act, "BYE", call_id, 1, EDGE)
        bye[3] = f"From: <sip:{act.callee}@{act.domain}>;tag={tag}"
        bye[4] = f"To: <sip:{act.caller}@{act.domain}>;tag=a{call_id}"
        yield ended, EDGE, 5060, source, _text(bye)
        yield ended + 0.02, source, port, EDGE, _answer(bye, 200, tag)
    else:
        bye = _head(act, "BYE", call_id, 2, source, f";tag={tag}")
        yield ended, source, port, EDGE, _text(bye)
        yield ended + 0.02, EDGE, 5060, source, _answer(bye, 200, tag)


def _stranger(act: Act, call_id: str, tag: str, answered: float) -> Iterator[_Packet]:
    if act.stranger is None or act.stranger.startswith("CANCEL"):
        return
    method, source = act.stranger.split()
    yield answered + 20, source, 5060, EDGE, _text(_head(act, method, call_id, 5, source, f";tag={tag}"))
