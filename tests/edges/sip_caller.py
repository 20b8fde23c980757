"""A SIP user agent over UDP for one call or registration at a time: it calls, acknowledges, listens, and knows digest with qop."""

import hashlib
import re
import secrets
import socket
import threading
import time
from contextlib import suppress
from typing import Final, Self

_PATIENCE_S: Final = 20.0
_SDP: Final = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


class SipCaller:
    """Sends from one address to one server."""

    def __init__(self, address: str, server: tuple[str, int], *, user: str, password: str = "") -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._socket.settimeout(_PATIENCE_S)
        self._server = server
        self._user, self._password = user, password
        self.call_id = ""

    @property
    def port(self) -> int:
        """The port that it sends from."""
        port: int = self._socket.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def call(self, callee: str) -> int:
        """Call; return the final answer's status. A call that is answered goes on until somebody ends it."""
        return self._request("INVITE", f"sip:{callee}@{self._server[0]}:{self._server[1]}", callee, _SDP)

    def register(self) -> int:
        """Register this address."""
        return self._request("REGISTER", f"sip:{self._server[0]}:{self._server[1]}", self._user, "")

    def answer_invites_with(self, status: int) -> None:
        """Answer what calls this address so, from now on, while the test goes on."""
        threading.Thread(target=self._answer_invites, args=(status,), daemon=True).start()

    def _answer_invites(self, status: int) -> None:
        with suppress(OSError):  # the socket is closed at the end
            while True:
                text, sender = self._socket.recvfrom(65_535)
                if text.startswith(b"INVITE "):
                    lines = text.decode().split("\r\n")
                    kept = [line for line in lines if line.split(":")[0] in ("Via", "From", "Call-ID", "CSeq", "Record-Route")]
                    to = next(line for line in lines if line.startswith("To:"))
                    answer = [f"SIP/2.0 {status} Answered", *kept, f"{to};tag={secrets.token_hex(4)}", "Content-Length: 0"]
                    self._socket.sendto(("\r\n".join(answer) + "\r\n\r\n").encode(), sender)

    def ended(self) -> str:
        """Wait until the other side ends the call; return the BYE's Reason header, or nothing where it has none."""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            text = self._socket.recv(65_535).decode()
            if not text.startswith("BYE "):
                continue
            kept = [line for line in text.split("\r\n") if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
            self._send("\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0"]) + "\r\n\r\n")
            found = re.search(r"^Reason: *(.*?)\r$", text, re.MULTILINE)
            return found[1] if found else ""
        raise TimeoutError("nobody ended the call")

    def _request(self, method: str, uri: str, to: str, body: str) -> int:
        self.call_id, tag = secrets.token_hex(8), secrets.token_hex(4)
        answer, credentials = "", ""
        for number in (1, 2):
            head = self._head(method, uri, to, (tag, number))
            self._send(self._written([f"{method} {uri} SIP/2.0", *head, *([credentials] if credentials else [])], body))
            answer = self._final(number)
            if method == "INVITE":
                target = re.search(r"^To: *(.*?)\r$", answer, re.MULTILINE)
                assert target is not None
                acknowledged = [line for line in head if not line.startswith(("To:", "CSeq:"))]
                self._send(self._written([f"ACK {uri} SIP/2.0", *acknowledged, f"To: {target[1]}", f"CSeq: {number} ACK"], ""))
            if _status(answer) not in (401, 407) or not self._password:
                break
            credentials = _credentials(answer, self._user, self._password, method, uri)
        return _status(answer)

    def _head(self, method: str, uri: str, to: str, dialog: tuple[str, int]) -> list[str]:
        address, port = self._socket.getsockname()
        tag, number = dialog
        host = f"{self._server[0]}:{self._server[1]}"
        return [
            f"Via: SIP/2.0/UDP {address}:{port};branch=z9hG4bK{secrets.token_hex(6)};rport",
            "Max-Forwards: 70",
            f"From: <sip:{self._user}@{host}>;tag={tag}",
            f"To: <sip:{to}@{host}>",
            f"Call-ID: {self.call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:{self._user}@{address}:{port}>",
        ]

    def _written(self, lines: list[str], body: str) -> str:
        kind = ["Content-Type: application/sdp"] if body else []
        return "\r\n".join([*lines, *kind, f"Content-Length: {len(body)}"]) + "\r\n\r\n" + body

    def _send(self, text: str) -> None:
        self._socket.sendto(text.encode(), self._server)

    def _final(self, number: int) -> str:
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            text = self._socket.recv(65_535).decode()
            if text.startswith("SIP/2.0 ") and self.call_id in text and f"CSeq: {number} " in text and _status(text) >= 200:
                return text
        raise TimeoutError("no final answer")


def _status(answer: str) -> int:
    return int(answer.split()[1])


def _credentials(challenge: str, user: str, password: str, method: str, uri: str) -> str:
    """Return the header that answers a challenge, with quality of protection where it is asked for (RFC 2617 section 3.2.2)."""
    line = next(
        line for line in challenge.split("\r\n") if line.lower().startswith(("www-auth", "proxy-auth")) and "SHA" not in line
    )
    realm, nonce = (re.search(rf'{name}="([^"]*)"', line) for name in ("realm", "nonce"))
    opaque, qop = re.search(r'opaque="([^"]*)"', line), "qop=" in line
    assert realm is not None
    assert nonce is not None
    secret, about = _md5(f"{user}:{realm[1]}:{password}"), _md5(f"{method}:{uri}")
    middle = f"{nonce[1]}:00000001:abcdef:auth" if qop else nonce[1]
    parts = {"username": user, "realm": realm[1], "nonce": nonce[1], "uri": uri, "response": _md5(f"{secret}:{middle}:{about}")}
    if opaque is not None:
        parts["opaque"] = opaque[1]
    text = ", ".join(f'{name}="{value}"' for name, value in parts.items())
    more = ', qop=auth, nc=00000001, cnonce="abcdef"' if qop else ""
    name = "Authorization" if _status(challenge) == 401 else "Proxy-Authorization"
    return f"{name}: Digest {text}, algorithm=MD5{more}"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
