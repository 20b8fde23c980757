"""A call plan as the SIP messages that pass the edge on the caller's side (RFC 3261), each with its time."""

from hashlib import blake2b
from typing import Final

from ringfence.simulate import sip_text
from ringfence.simulate.carrier import CallPlan
from ringfence.simulate.flows import Flow, Packet
from ringfence.simulate.profiles import Outcome
from ringfence.simulate.provider import EDGE_ADDRESS
from ringfence.vocabulary.times import MILLISECOND, Micros

SDP_MARKER: Final = "ringfence-planted-session-name"
"""Stands in every session description played, so that a test can look for it wherever nothing of a body may be."""

DIGEST_MARKER: Final = "5eed5eed5eed5eed5eed5eed5eed5eed"
"""The digest response of every request with credentials, for the same purpose."""

SIP_PORT: Final = 5060
_EDGE_TURN: Final = Micros(2 * MILLISECOND)
_ROUND_TRIP: Final = Micros(24 * MILLISECOND)
_PHRASES: Final = {
    Outcome.BUSY: "486 Busy Here",
    Outcome.NO_ANSWER: "480 Temporarily Unavailable",
    Outcome.UNALLOCATED: "404 Not Found",
}
_REALM: Final = "harbour.example"
_ALLOW: Final = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS"


def flow(plan: CallPlan, salt: str) -> Flow:
    """Return the plan's flow. `salt` tells one playing of the same hour from another: it is in Call-ID, branches and tags."""
    leg = _Leg(plan, salt)
    invite = leg.invite()
    if plan.challenged:
        challenge = f'Proxy-Authenticate: Digest realm="{_REALM}", nonce="{leg.mark("nonce")}", stale=true, algorithm=MD5'
        leg.answer_finally(invite, "407 Proxy Authentication Required", [challenge])
        leg.wait(_ROUND_TRIP)
        invite = leg.invite()
    leg.answer(invite, "100 Trying")
    leg.wait(Micros(plan.setup_us))
    if plan.outcome in (Outcome.ANSWERED, Outcome.NO_ANSWER, Outcome.CANCELLED):
        leg.answer(invite, "180 Ringing", leg.callee_headers(), to_tag=leg.callee_tag)
        leg.wait(Micros(plan.ring_us))
    if plan.outcome is Outcome.ANSWERED:
        leg.connect(invite)
        leg.wait(Micros(plan.talk_us))
        leg.hang_up(by_caller=plan.released_by == "caller")
    elif plan.outcome is Outcome.CANCELLED:
        leg.cancel(invite)
    else:
        leg.answer_finally(invite, _PHRASES[plan.outcome])
    return Flow(plan.offset, leg.call_id, tuple(leg.packets))


class _Leg:
    """The dialog between caller and edge while it is written down: what has been sent, the time, the sequence numbers."""

    def __init__(self, plan: CallPlan, salt: str) -> None:
        self._plan, self._salt = plan, salt
        self._now = Micros(0)
        self._sequence = 0
        self._transactions = 0
        self.call_id = f"{plan.call_id}-{salt}@{plan.source}"
        self.caller_tag, self.callee_tag = self.mark("caller"), self.mark("callee")
        self.packets: list[Packet] = []

    def mark(self, what: str) -> str:
        """Return a tag or the like that no other call has, and this one always."""
        return blake2b(f"{self.call_id}:{what}".encode(), digest_size=8).hexdigest()

    def wait(self, span: Micros) -> None:
        """Let time go by."""
        self._now = Micros(self._now + span)

    def invite(self) -> bytes:
        """The caller sends the INVITE, with the next sequence number and its credentials where the trunk has a user."""
        self._sequence += 1
        headers = [*self._request_headers("INVITE"), self._caller_contact(), _ALLOW, "Supported: replaces, timer"]
        headers.append(f"P-Asserted-Identity: <sip:{self._plan.caller}@{self._plan.source}>")
        user = self._plan.account.trunk.user
        if user is not None:
            headers.append(
                f'Proxy-Authorization: Digest username="{user}", realm="{_REALM}", nonce="{self.mark(f"nonce{self._sequence}")}", '
                f'uri="{self._target()}", algorithm=MD5, response="{DIGEST_MARKER}"'
            )
        request = sip_text.compose(f"INVITE {self._target()} SIP/2.0", headers, self._session(self._plan.source))
        self._send(request)
        self.wait(_EDGE_TURN)
        return request

    def answer(self, request: bytes, status_line: str, more: list[str] | None = None, to_tag: str | None = None) -> None:
        """The edge answers the caller."""
        self._reply(sip_text.answer(request, status_line, more or [], to_tag))

    def answer_finally(self, request: bytes, status_line: str, more: list[str] | None = None) -> None:
        """The edge ends the INVITE's transaction, and the caller acknowledges with the same branch (RFC 3261 section 17.1.1.3)."""
        self.answer(request, status_line, more, to_tag=self.callee_tag)
        self.wait(_ROUND_TRIP)
        via = f"Via: {sip_text.header(request, 'Via')}"
        self._send(sip_text.compose(f"ACK {self._target()} SIP/2.0", self._request_headers("ACK", via=via, in_dialog=True)))

    def connect(self, invite: bytes) -> None:
        """The callee answers, the caller acknowledges in a transaction of its own."""
        response = sip_text.answer(invite, "200 OK", self.callee_headers(), self.callee_tag)
        head = response.partition(sip_text.HEADER_END)[0].decode().split("\r\n")
        self._reply(
            sip_text.compose(
                head[0], [line for line in head[1:] if not line.startswith("Content-Length")], self._session(EDGE_ADDRESS)
            )
        )
        self.wait(_ROUND_TRIP)
        self._send(
            sip_text.compose(f"ACK {self._remote_target()} SIP/2.0", [*self._request_headers("ACK", in_dialog=True), self._route()])
        )

    def hang_up(self, *, by_caller: bool) -> None:
        """One side sends BYE, the other answers 200."""
        if by_caller:
            self._sequence += 1
            request = sip_text.compose(
                f"BYE {self._remote_target()} SIP/2.0", [*self._request_headers("BYE", in_dialog=True), self._route()]
            )
            self._send(request)
            self.wait(_EDGE_TURN)
            self.answer(request, "200 OK")
            return
        headers = [
            f"Via: SIP/2.0/UDP {EDGE_ADDRESS}:{SIP_PORT};branch={self._branch()}",
            "Max-Forwards: 69",
            f"From: {self._callee_party()};tag={self.callee_tag}",
            f"To: {self._caller_party()};tag={self.caller_tag}",
            f"Call-ID: {self.call_id}",
            "CSeq: 1 BYE",
        ]
        request = sip_text.compose(f"BYE sip:{self._plan.caller}@{self._plan.source}:{SIP_PORT} SIP/2.0", headers)
        self._reply(request)
        self.wait(_ROUND_TRIP)
        self._send(sip_text.answer(request, "200 OK"))

    def cancel(self, invite: bytes) -> None:
        """The caller gives up while it rings: CANCEL with the INVITE's branch, then 487 and ACK (RFC 3261 section 9)."""
        via = f"Via: {sip_text.header(invite, 'Via')}"
        request = sip_text.compose(f"CANCEL {self._target()} SIP/2.0", self._request_headers("CANCEL", via=via))
        self._send(request)
        self.wait(_EDGE_TURN)
        self.answer(request, "200 OK", to_tag=self.callee_tag)
        self.wait(_EDGE_TURN)
        self.answer_finally(invite, "487 Request Terminated")

    def callee_headers(self) -> list[str]:
        """Where the callee's side is reached, and the edge's wish to stay in the path."""
        return [f"Record-Route: <sip:{EDGE_ADDRESS};lr>", f"Contact: <{self._remote_target()}>"]

    def _request_headers(self, method: str, *, via: str | None = None, in_dialog: bool = False) -> list[str]:
        fresh = f"Via: SIP/2.0/UDP {self._plan.source}:{SIP_PORT};branch={self._branch()};rport" if via is None else via
        to_tag = f";tag={self.callee_tag}" if in_dialog else ""
        return [
            fresh,
            "Max-Forwards: 70",
            f"From: {self._caller_party()};tag={self.caller_tag}",
            f"To: {self._callee_party()}{to_tag}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self._sequence} {method}",
            f"User-Agent: {self._plan.account.user_agent}",
        ]

    def _branch(self) -> str:
        self._transactions += 1
        return f"z9hG4bK{self.mark(f'branch{self._transactions}')}"

    def _target(self) -> str:
        return f"sip:{self._plan.callee}@{EDGE_ADDRESS}"

    def _remote_target(self) -> str:
        return f"sip:{self._plan.callee}@{EDGE_ADDRESS}:{SIP_PORT}"

    def _caller_party(self) -> str:
        return f"<sip:{self._plan.caller}@{EDGE_ADDRESS}>"

    def _callee_party(self) -> str:
        return f"<sip:{self._plan.callee}@{EDGE_ADDRESS}>"

    def _caller_contact(self) -> str:
        return f"Contact: <sip:{self._plan.caller}@{self._plan.source}:{SIP_PORT}>"

    @staticmethod
    def _route() -> str:
        return f"Route: <sip:{EDGE_ADDRESS};lr>"

    @staticmethod
    def _session(address: str) -> str:
        return (
            f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns={SDP_MARKER}\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
            "m=audio 40000 RTP/AVP 8 0\r\na=rtpmap:8 PCMA/8000\r\n"
        )

    def _send(self, payload: bytes) -> None:
        self.packets.append(Packet(self._now, self._plan.source, SIP_PORT, EDGE_ADDRESS, SIP_PORT, payload))

    def _reply(self, payload: bytes) -> None:
        self.packets.append(Packet(self._now, EDGE_ADDRESS, SIP_PORT, self._plan.source, SIP_PORT, payload))
