"""The redirect server's contract over UDP: who is answered, and with what (docs/edges/redirect.md)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from ringfence.gate.configuration import RedirectConfiguration
from ringfence.gate.edges.in_path import NAME
from ringfence.gate.errors import AddressBusy
from ringfence.gate.orders import OrdersTail
from ringfence.gate.reasons import network_blocked
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect.answers import Question, question
from ringfence.gate.redirect.asks import Peers, ask_of
from ringfence.gate.redirect.transactions import CANCELLED, Transactions
from ringfence.vocabulary.contracts import Verdict, VerdictAction
from ringfence.vocabulary.times import Micros
from ringfence.watch.wire.sip import parse

_ALLOWED: Final = {404: "Not Found", 503: "Service Unavailable"}


@dataclass(slots=True)
class Tally:
    """What the server did since it started."""

    asks: int = 0
    refused: int = 0
    strangers: int = 0
    ignored: int = 0
    retransmissions: int = 0


class RedirectServer(asyncio.DatagramProtocol):
    """Answers each request at once from the table: 404 (or 503) for "no objection", else the order's code with a Reason.

    Strangers get 403. What is no answerable request gets nothing. Answers go back to where the request came from (RFC 3581).
    """

    def __init__(
        self, configuration: RedirectConfiguration, orders: OrdersTail, receipts: ReceiptBook, *, clock: Callable[[], Micros]
    ) -> None:
        self.tally = Tally()
        self.asked = asyncio.Event()
        """Set once a peer has asked: from then on orders work here."""
        self._configuration = configuration
        self._peers = Peers(configuration.peers, configuration.trusted)
        self._orders = orders
        self._receipts = receipts
        self._clock = clock
        self._transactions = Transactions()
        self._transport: asyncio.DatagramTransport | None = None

    async def listen(self, host: str, port: int) -> None:
        """Open the socket. Raises `AddressBusy`."""
        loop = asyncio.get_running_loop()
        try:
            await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))
        except OSError as error:
            raise AddressBusy(f"{host}:{port} (UDP): {error.strerror or error}", permanent=True) from error

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def error_received(self, exc: Exception) -> None:
        """Go on: a peer that went away is no reason to stop."""

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """Answer one datagram, or not."""
        host = str(addr[0])
        asked = question(data, parse(data))
        if asked is None:
            self.tally.ignored += 1
            return
        if asked.method == "ACK":
            return
        if not self._peers.may_ask(host):
            self.tally.strangers += 1
            self._send(asked.answer(403, "Forbidden"), addr)
            return
        self._send(self._answer(asked, host), addr)

    def _answer(self, asked: Question, peer: str) -> bytes:
        """Return the answer to a peer: the same as before for the same transaction."""
        now = self._clock()
        key = (peer, asked.branch, asked.method)
        before = self._transactions.answered(key)
        if before:
            self.tally.retransmissions += 1
            return before
        if asked.method == "CANCEL":
            answer = self._cancelled(asked, peer, now)
        elif before == CANCELLED:
            answer = asked.answer(487, "Request Terminated")
        elif asked.message.to_tag is not None:
            answer = asked.answer(481, "Call/Transaction Does Not Exist")
        elif asked.method == "OPTIONS" and len(asked.message.vias) == 1:
            answer = asked.answer(200, "OK")  # the proxy's own question whether we live, not a request that it forwards
            self.asked.set()
        else:
            answer = self._decided(asked, peer, now)
        self._transactions.keep(key, answer, now)
        return answer

    def _cancelled(self, asked: Question, peer: str, now: Micros) -> bytes:
        """Confirm a CANCEL. Its INVITE was answered at once, if it came; if the CANCEL overtook it, it will get 487."""
        invite = (peer, asked.branch, "INVITE")
        if self._transactions.answered(invite) is None:
            self._transactions.keep(invite, CANCELLED, now)
        return asked.answer(200, "OK")

    def _decided(self, asked: Question, peer: str, now: Micros) -> bytes:
        """Return what the table says about the request."""
        self.tally.asks += 1
        self.asked.set()
        ask, parties = ask_of(asked, trusted=self._peers.is_trusted(peer), directory=self._orders.directory, now=now)
        verdict = self._orders.table.decide(ask, now, parties)
        if verdict.action is VerdictAction.ALLOW or verdict.order is None:
            code = self._configuration.allow_code
            return asked.answer(code, _ALLOWED[code])
        self.tally.refused += 1
        self._receipts.refused(verdict.order, NAME, call_id=ask.call_id, now=now)
        return self._refusal(asked, verdict)

    def _refusal(self, asked: Question, verdict: Verdict) -> bytes:
        blocked = network_blocked(verdict) if self._configuration.network_blocked else None
        code, phrase, reason = blocked or (verdict.code or 403, verdict.phrase or "Forbidden", verdict.reason or "")
        return asked.answer(code, phrase, (("Reason", reason), *verdict.headers.items()))

    def _send(self, answer: bytes, addr: tuple[str | int, ...]) -> None:
        if self._transport is not None:
            self._transport.sendto(answer, addr)
