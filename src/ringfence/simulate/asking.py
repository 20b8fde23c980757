"""The demo edge's question to the redirect server: may this request pass? SIP over UDP; whoever can't answer in time has no say."""

import asyncio
from dataclasses import dataclass
from typing import Final, cast

from ringfence.simulate import sip_text
from ringfence.simulate.addresses import LoopbackAddress
from ringfence.simulate.flows import Packet

DEADLINE_S: Final = 0.150
_PASS: Final = frozenset({404, 503})
"""Answers by which a redirect server says that it has no objection."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0: none came in time. `payload` is the answer as received."""

    status: int = 0
    payload: bytes = b""

    @property
    def allows(self) -> bool:
        """Tell whether the request may pass; silence lets it through."""
        return self.status == 0 or self.status in _PASS


class Question(asyncio.DatagramProtocol):
    """Asks one redirect server, any number of requests at once; answers are matched by the branch (RFC 3261 section 17.1.3)."""

    def __init__(self, salt: str) -> None:
        self.asked = 0
        self.unanswered = 0
        self._salt = salt
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._sent_by = ""

    @classmethod
    async def open(cls, address: LoopbackAddress, salt: str) -> "Question":
        """Return a question put to `address`. `salt` keeps the branches apart from those of an earlier run."""
        loop = asyncio.get_running_loop()
        _, question = await loop.create_datagram_endpoint(lambda: cls(salt), remote_addr=(address.host, address.port))
        return question

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket; its own address goes into the Via."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        host, port = transport.get_extra_info("sockname")[:2]
        self._sent_by = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def error_received(self, exc: Exception) -> None:
        """Go on: an absent server is a silent one."""

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:  # noqa: ARG002 # asyncio's signature
        """Hand a final answer to whoever waits for it."""
        status = sip_text.status(data)
        waiting = self._waiting.get(_branch(data))
        if status >= 200 and waiting is not None and not waiting.done():
            waiting.set_result(Answer(status, data))

    async def ask(self, packet: Packet) -> Answer:
        """Ask about the request in `packet`; return within `DEADLINE_S`. An INVITE's answer is acknowledged."""
        self.asked += 1
        branch = f"z9hG4bKedge-{self._salt}-{self.asked}"
        via = f"Via: SIP/2.0/UDP {self._sent_by};branch={branch}"
        request = sip_text.without_body(packet.payload, [via], received=packet.source, port=packet.source_port)
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[branch] = waiting
        self._send(request)
        try:
            answer = await asyncio.wait_for(waiting, DEADLINE_S)
        except TimeoutError:
            self.unanswered += 1
            return Answer()
        finally:
            del self._waiting[branch]
        if sip_text.method(request) == "INVITE":
            self._send(sip_text.acknowledgement(request, answer.payload))
        return answer

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()

    def _send(self, payload: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(payload)


def _branch(message: bytes) -> str:
    _, _, rest = (sip_text.header(message, "Via") or "").partition(";branch=")
    return rest.split(";")[0].split(",")[0].strip()
