"""Acts as the packets that a mirror at the provider's edge shows (RFC 3261), with copies, second legs and session descriptions.

What `events` gives of an act is what these packets make `watch` see: a test holds both side by side.
"""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import Final, NamedTuple

from ringfence.simulate import sip_text
from ringfence.simulate.labelled.acts import Act, Ask, Call, Complaint, Forgery, Noise, Registration, Text
from ringfence.simulate.labelled.parties import DOMAIN, EDGE
from ringfence.vocabulary.times import MILLISECOND, Micros

NEXT_HOP: Final = "192.0.2.20"
"""Where the edge sends calls on: every fourth call is mirrored on that leg too."""

_TURN: Final = 2 * MILLISECOND
_TRIP: Final = 28 * MILLISECOND
_RETRY: Final = 500 * MILLISECOND
_PHRASES: Final = {200: "OK", 202: "Accepted", 401: "Unauthorized", 404: "Not Found", 407: "Proxy Authentication Required"}
_SIP_PORT: Final = 5060


class Packet(NamedTuple):
    """One datagram. Addresses are canonical text."""

    time: Micros
    source: str
    source_port: int
    destination: str
    destination_port: int
    payload: bytes


def packets(acts: Iterable[Act]) -> Iterator[Packet]:
    """Yield the packets of all acts, which come in the order of their times, in the order of theirs."""
    waiting: list[tuple[int, int, Packet]] = []
    count = 0
    for act in acts:
        while waiting and waiting[0][0] < act.time:
            yield heappop(waiting)[2]
        for packet in of_act(act):
            heappush(waiting, (packet.time, count, packet))
            count += 1
    while waiting:
        yield heappop(waiting)[2]


def of_act(act: Act) -> list[Packet]:
    """Return the packets of one act, in the order of their times."""
    match act:
        case Call():
            return _Dialog(act).packets()
        case Registration():
            who = f"<sip:{act.user}@{DOMAIN}>"
            more = [f"Contact: <sip:{act.user}@{_host(act.source)}:{act.port}>", "Expires: 3600"]
            return _exchange(act, "REGISTER", f"sip:{DOMAIN}", (who, who), [*more, *_credentials(act.user, wanted=act.credentials)])
        case Text():
            parties = (f"<sip:{act.caller}@{EDGE}>", f"<sip:{act.callee}@{EDGE}>")
            return _exchange(act, "MESSAGE", f"sip:{act.callee}@{EDGE}", parties, [], body=f"text {act.content}")
        case Ask():
            target = f"sip:{act.user}@{act.domain or EDGE}" if act.user else f"sip:{act.domain or EDGE}"
            return _exchange(act, act.method, target, (f"<{target}>", f"<{target}>"), [])
        case Forgery():
            return _forged(act)
        case Complaint():
            return []
        case Noise():
            return [Packet(act.time, act.source, _SIP_PORT, EDGE, _SIP_PORT, act.payload)]


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _credentials(user: str, *, wanted: bool, header: str = "Authorization") -> list[str]:
    if not wanted:
        return []
    return [f'{header}: Digest username="{user}", realm="{DOMAIN}", nonce="n1", uri="sip:{DOMAIN}", response="{"5eed" * 8}"']


def _exchange(
    act: Registration | Text | Ask, method: str, target: str, who: tuple[str, str], more: list[str], *, body: str = ""
) -> list[Packet]:
    """Return a request and its answer, if it got one. One request in fifty is sent twice."""
    port = act.port if isinstance(act, Registration) else _SIP_PORT
    destination = (act.destination or EDGE) if isinstance(act, Ask) else EDGE
    headers = [
        f"Via: SIP/2.0/UDP {_host(act.source)}:{port};branch=z9hG4bK{act.id}",
        "Max-Forwards: 70",
        f"From: {who[0]};tag={act.id}f",
        f"To: {who[1]}",
        f"Call-ID: {act.id}@{act.source}",
        f"CSeq: 1 {method}",
        *more,
    ]
    if act.user_agent is not None:
        headers.append(f"User-Agent: {act.user_agent}")
    request = sip_text.compose(f"{method} {target} SIP/2.0", headers, body, "text/plain")
    sent = Packet(act.time, act.source, port, destination, _SIP_PORT, request)
    made = [sent]
    if act.status:
        line = f"{act.status} {_PHRASES.get(act.status, 'Answer')}"
        stale = ", stale=true" if isinstance(act, Registration) and act.stale else ""
        challenge = [f'WWW-Authenticate: Digest realm="{DOMAIN}", nonce="n1"{stale}'] if act.status == 401 else []
        answer = sip_text.answer(request, line, challenge, f"{act.id}t")
        made.append(Packet(Micros(act.time + _TURN), destination, _SIP_PORT, act.source, port, answer))
    if int(act.id, 16) % 50 == 1:
        made.append(sent._replace(time=Micros(act.time + _RETRY)))
    return made


class _Dialog:
    """A call's packets, while they are written down."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._made: list[Packet] = []
        self._now = int(call.time)
        self._sequence = 0
        self._has_second_leg = int(call.id, 16) % 4 == 0

    def packets(self) -> list[Packet]:
        """Return them in the order of their times."""
        call = self._call
        invite = self.invite()
        if int(call.id, 16) % 50 == 1:
            self._put(self._now + 1, invite)  # the first copy seemed lost
        if call.challenged:
            self.refuse(invite, 407)
            self._now += _TRIP
            invite = self.invite()
        if call.status == 0:
            return self._made
        if call.status in (401, 407):
            self.refuse(invite, call.status)
            return self._made
        ringing = self._now + call.setup_us
        final = ringing + call.ring_us
        if call.ring_us:
            self._answer(ringing, invite, "180 Ringing")
        if call.status == 487:
            self._cancel(final, invite)
        elif call.status == 200:
            self._answer(final, invite, "200 OK", _session(EDGE))
            self._put(final + _TRIP, self._request("ACK", branch=f"{call.id}k"))
            self._hang_up(final + call.talk_us)
        else:
            self._answer(final, invite, f"{call.status} {_PHRASES.get(call.status, 'Answer')}")
            self._put(final + _TRIP, self._request("ACK", branch=f"{call.id}b{self._sequence}"))
        return sorted(self._made, key=lambda packet: packet.time)

    def invite(self) -> bytes:
        """The caller calls."""
        self._sequence += 1
        request = invite(
            self._call,
            self._sequence,
            with_credentials=self._call.credentials and (self._sequence > 1 or not self._call.challenged),
        )
        self._put(self._now, request)
        return request

    def refuse(self, request: bytes, status: int) -> None:
        """The edge asks for credentials."""
        self._now += _TURN
        name = "Proxy-Authenticate" if status == 407 else "WWW-Authenticate"
        challenge = f'{name}: Digest realm="{DOMAIN}", nonce="n1", stale=true'
        self._reply(self._now, sip_text.answer(request, f"{status} {_PHRASES[status]}", [challenge], f"{self._call.id}e"))
        self._put(self._now + 1, self._request("ACK", branch=f"{self._call.id}b{self._sequence}"))

    def _cancel(self, final: int, invite: bytes) -> None:
        cancel = self._request("CANCEL", branch=f"{self._call.id}b{self._sequence}", to_tag=False)
        self._put(final - _TURN, cancel)
        self._reply(final - _TURN + 1, sip_text.answer(cancel, "200 OK", (), f"{self._call.id}t"))
        self._answer(final, invite, "487 Request Terminated")
        self._put(final + _TRIP, self._request("ACK", branch=f"{self._call.id}b{self._sequence}"))

    def _hang_up(self, at: int) -> None:
        call = self._call
        if call.released_by == "caller":
            self._sequence += 1
            bye = self._request("BYE", branch=f"{call.id}y")
            self._put(at, bye)
            self._reply(at + _TURN, sip_text.answer(bye, "200 OK"))
            return
        headers = [
            f"Via: SIP/2.0/UDP {EDGE}:{_SIP_PORT};branch=z9hG4bK{call.id}y",
            "Max-Forwards: 69",
            f"From: <sip:{call.callee}@{EDGE}>;tag={call.id}t",
            f"To: <sip:{call.caller}@{EDGE}>;tag={call.id}f",
            f"Call-ID: {call.id}@{call.source}",
            "CSeq: 1 BYE",
        ]
        bye = sip_text.compose(f"BYE sip:{call.caller}@{_host(call.source)} SIP/2.0", headers)
        self._reply(at, bye)
        self._put(at + _TURN, sip_text.answer(bye, "200 OK"))

    def _answer(self, at: int, request: bytes, line: str, body: str = "") -> None:
        """The callee's side answers, over the edge; the second leg shows it too, a moment before."""
        call = self._call
        answer = sip_text.answer(request, line, [f"Contact: <sip:{call.callee}@{EDGE}>"], f"{call.id}t")
        if body:
            head = answer.partition(sip_text.HEADER_END)[0].decode().split("\r\n")
            answer = sip_text.compose(head[0], [line for line in head[1:] if not line.startswith("Content-Length")], body)
        if self._has_second_leg:
            inner = answer.replace(b"\r\n", b"\r\n" + self._edge_via(request), 1)
            self._made.append(Packet(Micros(at), NEXT_HOP, _SIP_PORT, EDGE, _SIP_PORT, inner))
        self._reply(at, answer)

    def _edge_via(self, request: bytes) -> bytes:
        sequence = (sip_text.header(request, "CSeq") or "1").split()[0]
        return f"Via: SIP/2.0/UDP {EDGE}:{_SIP_PORT};branch=z9hG4bKe{self._call.id}b{sequence}\r\n".encode()

    def _request(self, method: str, *, branch: str, to_tag: bool = True) -> bytes:
        call = self._call
        headers = _head(call, method, self._sequence, branch, to_tag=to_tag)
        return sip_text.compose(f"{method} sip:{call.callee}@{call.domain or EDGE} SIP/2.0", headers)

    def _put(self, at: int, payload: bytes) -> None:
        """The caller sends; an initial INVITE that is not refused goes on over the second leg."""
        self._made.append(Packet(Micros(at), self._call.source, _SIP_PORT, EDGE, _SIP_PORT, payload))
        if self._has_second_leg and payload.startswith(b"INVITE ") and at == self._now and self._call.status not in (0, 401, 407):
            inner = payload.replace(b"\r\n", b"\r\n" + self._edge_via(payload), 1)
            self._made.append(Packet(Micros(at + 1), EDGE, _SIP_PORT, NEXT_HOP, _SIP_PORT, inner))

    def _reply(self, at: int, payload: bytes) -> None:
        self._made.append(Packet(Micros(at), EDGE, _SIP_PORT, self._call.source, _SIP_PORT, payload))


def invite(call: Call, sequence: int, *, with_credentials: bool) -> bytes:
    """Return the call's initial INVITE."""
    headers = _head(call, "INVITE", sequence, f"{call.id}b{sequence}", to_tag=False)
    headers.append(f"Contact: <sip:{call.caller}@{_host(call.source)}:{_SIP_PORT}>")
    if call.party is not None and call.party.user is not None and with_credentials:
        headers += _credentials(call.party.user, wanted=True, header="Proxy-Authorization")
    if call.asserted is not None:
        headers.append(f"P-Asserted-Identity: <sip:{call.asserted}@{EDGE}>")
    if call.diverted is not None:
        headers.append(f"Diversion: <sip:{call.diverted}@{EDGE}>;reason=unconditional")
    return sip_text.compose(f"INVITE sip:{call.callee}@{call.domain or EDGE} SIP/2.0", headers, _session(call.source))


def _head(call: Call, method: str, sequence: int, branch: str, *, to_tag: bool) -> list[str]:
    headers = [
        f"Via: SIP/2.0/UDP {_host(call.source)}:{_SIP_PORT};branch=z9hG4bK{branch}",
        f"Max-Forwards: {71 - call.hops}",
        f"From: <sip:{call.caller}@{EDGE}>;tag={call.id}f",
        f"To: <sip:{call.callee}@{EDGE}>{f';tag={call.id}t' if to_tag else ''}",
        f"Call-ID: {call.id}@{call.source}",
        f"CSeq: {sequence} {method}",
    ]
    return [*headers, f"User-Agent: {call.user_agent}"] if call.user_agent is not None else headers


def _session(address: str) -> str:
    family = "IP6" if ":" in address else "IP4"
    return (
        f"v=0\r\no=- 1 1 IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n"
        "m=audio 40000 RTP/AVP 8 0\r\na=rtpmap:8 PCMA/8000\r\n"
    )


def _forged(act: Forgery) -> list[Packet]:
    """Return the stranger's request. It knows the call's tags, or guesses; nobody who is in the call has sent it."""
    call = act.call
    tags = (f"{call.id}f", f"{call.id}t") if act.tags_known else ("guess1", "guess2")
    branch = f"{call.id}b1" if act.method == "CANCEL" else f"x{call.id}"
    headers = [
        f"Via: SIP/2.0/UDP {_host(act.source)}:{_SIP_PORT};branch=z9hG4bK{branch}",
        "Max-Forwards: 70",
        f"From: <sip:{call.caller}@{EDGE}>;tag={tags[0]}",
        f"To: <sip:{call.callee}@{EDGE}>{'' if act.method == 'CANCEL' else f';tag={tags[1]}'}",
        f"Call-ID: {call.id}@{call.source}",
        f"CSeq: {1 if act.method == 'CANCEL' else 77} {act.method}",
    ]
    if act.method == "REFER":
        headers.append("Refer-To: <sip:900@198.51.100.9>")
    body = _session(act.source) if act.method == "INVITE" else ""
    request = sip_text.compose(f"{act.method} sip:{call.callee}@{EDGE} SIP/2.0", headers, body)
    refused = sip_text.answer(request, "481 Call/Transaction Does Not Exist")
    return [
        Packet(act.time, act.source, _SIP_PORT, EDGE, _SIP_PORT, request),
        Packet(Micros(act.time + _TURN), EDGE, _SIP_PORT, act.source, _SIP_PORT, refused),
    ]
