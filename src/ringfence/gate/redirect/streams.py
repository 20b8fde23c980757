"""SIP over a stream (RFC 3261 section 18.3): messages cut out by Content-Length, keep-alives answered, everything bounded."""

import asyncio
import re
from collections import Counter
from typing import Final, Protocol, cast

from ringfence.gate.configuration import TlsConfiguration
from ringfence.gate.redirect.responder import Responder

MOST_OCTETS: Final = 65_536
"""Of one message, head and body each."""
MOST_STREAMS: Final = 1_024
MOST_FROM_ONE: Final = 128
MOST_OF_STRANGERS: Final = 128
"""Of whom may not ask: so many that each is told so, and so few that they take nobody's place."""
IDLE_S: Final = 300.0
"""A stream on which nothing was asked for so long is closed; proxies that keep it ping (RFC 5626 section 3.5.1)."""
UNFINISHED_S: Final = 10.0
"""A message that began must be whole after so long."""

_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"^(?:content-length|l)[ \t]*:[ \t]*([0-9]{1,9})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


class Sheds(Protocol):
    """What counts the connections that were not taken, or ended."""

    shed: int


class Connections:
    """The streams that are open: at most `MOST_STREAMS`, `MOST_FROM_ONE` from one address, `MOST_OF_STRANGERS` of strangers."""

    def __init__(self, tally: Sheds) -> None:
        self.tally = tally
        self._open: set[asyncio.Transport] = set()
        self._from: Counter[str] = Counter()
        self._strangers: set[asyncio.Transport] = set()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, transport: asyncio.Transport, host: str, *, known: bool) -> bool:
        """Count a stream in, of somebody `known` to be allowed to ask or of a stranger; tell whether there is room for it."""
        if len(self._open) >= MOST_STREAMS or self._from[host] >= MOST_FROM_ONE:
            return False
        if not known:
            if len(self._strangers) >= MOST_OF_STRANGERS:
                return False
            self._strangers.add(transport)
        self._open.add(transport)
        self._from[host] += 1
        return True

    def drop(self, transport: asyncio.Transport, host: str) -> None:
        """Count a stream out."""
        if transport in self._open:
            self._open.remove(transport)
            self._strangers.discard(transport)
            self._from[host] -= 1
            if not self._from[host]:
                del self._from[host]

    def close(self) -> None:
        """End every stream."""
        for transport in tuple(self._open):
            transport.abort()


class Stream(asyncio.Protocol):
    """One connection. What is no SIP, too large, too slow or a stranger's ends it."""

    def __init__(self, responder: Responder, connections: Connections, tls: TlsConfiguration | None) -> None:
        self._responder = responder
        self._connections = connections
        self._tls = tls
        self._host = ""
        self._verified = False
        self._buffer = bytearray()
        self._skip = 0
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._unfinished = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take it where there is room."""
        self._transport = cast("asyncio.Transport", transport)
        self._host = str((transport.get_extra_info("peername") or ("",))[0])
        self._verified = self._tls is not None and self._tls.clients is not None and self._is_named()
        known = self._responder.peers.of(self._host, verified=self._verified) is not None
        if not self._connections.add(self._transport, self._host, known=known):
            self._connections.tally.shed += 1
            self._transport.abort()
            return
        self._wait(IDLE_S if known else UNFINISHED_S)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 – asyncio calls it so
        """Forget it."""
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._connections.drop(self._transport, self._host)

    def pause_writing(self) -> None:
        """Read no more from a peer that doesn't read."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Read again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Answer each message that is whole now."""
        self._buffer += data
        while self._transport is not None and not self._transport.is_closing() and self._next():
            pass
        if self._buffer or self._skip:
            if not self._unfinished:  # however slowly more of it comes
                self._unfinished = True
                self._wait(UNFINISHED_S)
        else:
            self._unfinished = False
            self._wait(IDLE_S)

    def _next(self) -> bool:
        """Take what is whole from the front of the buffer; tell whether there may be more."""
        if self._skip:
            cut = min(self._skip, len(self._buffer))
            del self._buffer[:cut]
            self._skip -= cut
            self._unfinished = self._unfinished and self._skip > 0
            return self._skip == 0 and bool(self._buffer)
        if self._buffer.startswith(b"\r\n"):
            return self._keep_alive()
        end = self._buffer.find(_END)
        if end < 0:
            if len(self._buffer) > MOST_OCTETS:
                self._end()
            return False
        head = bytes(self._buffer[: end + len(_END)])
        del self._buffer[: len(head)]
        self._unfinished = False
        lengths = _LENGTH.findall(head)
        if len(head) > MOST_OCTETS or len(lengths) != 1 or int(lengths[0]) > MOST_OCTETS:
            self._end()  # where the next message begins, nobody can tell
            return False
        self._skip = int(lengths[0])
        self._answer(head)
        return True

    def _keep_alive(self) -> bool:
        """Answer a ping with a pong; a single line end before a message means nothing (RFC 3261 section 7.5)."""
        if self._buffer.startswith(_END):
            del self._buffer[: len(_END)]
            self._write(b"\r\n")
        elif len(self._buffer) > 2 and not _END.startswith(bytes(self._buffer[: len(_END)])):
            del self._buffer[:2]
        else:
            return False
        return True

    def _answer(self, head: bytes) -> None:
        answer = self._responder.respond(head, self._host, verified=self._verified)
        if answer is not None:
            self._write(answer)
        if self._responder.peers.of(self._host, verified=self._verified) is None and self._transport is not None:
            self._transport.close()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _end(self) -> None:
        self._connections.tally.shed += 1
        if self._transport is not None:
            self._transport.abort()

    def _wait(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._late)

    def _late(self) -> None:
        if self._unfinished:
            self._end()
        elif self._transport is not None:
            self._transport.close()

    def _is_named(self) -> bool:
        """Tell whether the client's certificate is for one of the names that may ask (RFC 5922 section 7.1)."""
        names = self._tls.client_names if self._tls is not None else ()
        certificate = self._transport.get_extra_info("peercert") if self._transport is not None else None
        if not names:
            return bool(certificate)
        stated = (certificate or {}).get("subjectAltName", ())
        hosts = {str(value).removeprefix("sip:").lower() for kind, value in stated if kind in ("DNS", "URI")}
        return not hosts.isdisjoint(name.lower() for name in names)
