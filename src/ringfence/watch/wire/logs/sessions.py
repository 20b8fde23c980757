"""What is said on the connections by which switches tell events: Asterisk's AMI and FreeSWITCH's ESL. No I/O.

Of what comes only events and values that readers of events use are given on: challenges, responses and texts never leave.
"""

import json
from typing import Final, Protocol

from ringfence.watch.wire.logs import manager, switch_events

MOST_WAITING: Final = 1 << 21
"""Octets that may come before an event is whole. Whoever sends more is no switch."""
_MOST_HEADERS: Final = 65_536


class SessionEnded(Exception):
    """The switch wants no session, or what it says is no such protocol. `permanent`: trying again cannot help."""

    def __init__(self, cause: str, *, permanent: bool) -> None:
        super().__init__(cause)
        self.permanent = permanent


class Session(Protocol):
    """One connection. `is_in`: the switch let us in."""

    is_in: bool

    def take(self, octets: bytes) -> tuple[bytes, bytes]:
        """Take in what came; return what is to be sent, and events as lines for a file. Raises `SessionEnded`."""


class ManagerSession:
    """A connection to Asterisk's manager interface: logs in, and asks for security events and call records."""

    def __init__(self, user: str, secret: str) -> None:
        self._login = _action(Action="Login", Username=user, Secret=secret, Events="security,cdr,call")
        self._waiting = b""
        self.is_in = False
        self._is_greeted = False

    def take(self, octets: bytes) -> tuple[bytes, bytes]:
        """Take in what came; return what is to be sent, and events as lines for a file. Raises `SessionEnded`."""
        self._waiting += octets
        sent = b""
        if not self._is_greeted and b"\n" in self._waiting:
            greeting, _, self._waiting = self._waiting.partition(b"\n")
            if not greeting.startswith(manager.GREETING.encode()):
                raise SessionEnded("it does not greet as Asterisk's manager interface does", permanent=True)
            self._is_greeted, sent = True, self._login
        *blocks, self._waiting = self._waiting.split(b"\r\n\r\n")
        if len(self._waiting) > MOST_WAITING:
            raise SessionEnded("an event does not end", permanent=False)
        return sent, b"".join(self._kept(block.decode("utf-8", "replace")) for block in blocks)

    def _kept(self, block: str) -> bytes:
        lines = [line.partition(": ") for line in block.split("\r\n")]
        name, _, value = lines[0]
        if not self.is_in and name == "Response":
            if value != "Success":
                why = next((text for key, _, text in lines if key == "Message"), value)
                raise SessionEnded(f"it refuses the login: {why}", permanent=True)
            self.is_in = True
        if name != "Event" or value not in manager.READ:
            return b""
        kept = [f"{key}: {text}" for key, _, text in lines if key in manager.KEPT or key in ("Event", "Privilege")]
        return ("\r\n".join(kept) + "\r\n\r\n").encode()


class SocketSession:
    """A connection to FreeSWITCH's event socket: logs in, and asks for hangups and registrations as JSON."""

    def __init__(self, secret: str) -> None:
        if "\n" in secret or "\r" in secret:
            raise SessionEnded("the secret has more than one line", permanent=True)
        self._secret = secret
        self._waiting = b""
        self.is_in = False

    def take(self, octets: bytes) -> tuple[bytes, bytes]:
        """Take in what came; return what is to be sent, and events as lines for a file. Raises `SessionEnded`."""
        self._waiting += octets
        sent, kept = b"", b""
        while (part := self._part()) is not None:
            headers, body = part
            match headers.get("Content-Type", ""):
                case "auth/request":
                    sent += f"auth {self._secret}\n\n".encode()
                case "command/reply":
                    sent += self._replied(headers.get("Reply-Text", ""))
                case "text/rude-rejection":
                    raise SessionEnded("its access list refuses this address", permanent=True)
                case "text/disconnect-notice":
                    raise SessionEnded("it ended the session", permanent=False)
                case "text/event-json":
                    kept += _known(body)
        return sent, kept

    def _part(self) -> tuple[dict[str, str], bytes] | None:
        """Return the next headers and what belongs to them, once all is there."""
        head, end, rest = self._waiting.partition(b"\n\n")
        if not end:
            if len(self._waiting) > _MOST_HEADERS:
                raise SessionEnded("it does not speak as FreeSWITCH's event socket does", permanent=True)
            return None
        lines = (line.partition(": ") for line in head.decode("utf-8", "replace").splitlines())
        headers = {name: value for name, colon, value in lines if colon}
        length = headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MOST_WAITING:
            raise SessionEnded(f"an event of {length[:20]} octets", permanent=False)
        if len(rest) < int(length):
            return None
        self._waiting = rest[int(length) :]
        return headers, rest[: int(length)]

    def _replied(self, reply: str) -> bytes:
        if not reply.startswith("+OK"):
            raise SessionEnded(f"it refuses: {reply}", permanent=not self.is_in)
        if self.is_in:
            return b""
        self.is_in = True
        wanted = f"{switch_events.HANGUP} CUSTOM {switch_events.REGISTERED} {switch_events.REFUSED}"
        return f"event json {wanted}\n\n".encode()


def _known(body: bytes) -> bytes:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return b""
    if not isinstance(event, dict):
        return b""
    kept = {name: value for name, value in event.items() if name in switch_events.KEPT}
    return json.dumps(kept).encode() + b"\n"


def _action(**values: str) -> bytes:
    if any("\n" in value or "\r" in value for value in values.values()):
        raise SessionEnded("user and secret are one line each", permanent=True)
    return "".join(f"{name}: {value}\r\n" for name, value in values.items()).encode() + b"\r\n"
