"""A SIP client over UDP that sends one request at a time and knows digest authentication."""

import hashlib
import re
import secrets
import socket
from types import TracebackType
from typing import Final

SILENCE_S: Final = 0.4
"""How long nothing must come to count as silence. Loopback answers in under 5 ms."""


class SipClient:
    """Sends from one address and port to one proxy."""

    def __init__(self, address: str, proxy: tuple[str, int], *, port: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self._socket.settimeout(SILENCE_S)
        self._proxy = proxy
        self._uri = f"sip:{proxy[0]}:{proxy[1]}"

    def __enter__(self) -> "SipClient":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()

    def send(self, method: str, user: str, *, callee: str | None = None, password: str | None = None) -> int | None:
        """Return the first answer's status, the final one to credentials where `password` is given; `None` for silence.

        `callee` is a number, or a whole URI.
        """
        call_id = secrets.token_hex(8)
        uri = self._uri
        if callee is not None:
            uri = callee if ":" in callee else self._uri.replace("sip:", f"sip:{callee}@")
        answer = self._exchange(method, uri, user, call_id, 1, ())
        if password is not None and answer is not None and _status(answer) in (401, 407):
            answer = self._exchange(method, uri, user, call_id, 2, (_credentials(answer, user, password, method, uri),))
        return _status(answer) if answer is not None else None

    def nonce(self, user: str) -> str | None:
        """Return what a REGISTER is challenged with, to use later."""
        return self._exchange("REGISTER", self._uri, user, secrets.token_hex(8), 1, ())

    def register_with(self, challenge: str, user: str, password: str) -> int | None:
        """Answer a challenge that was given earlier."""
        line = _credentials(challenge, user, password, "REGISTER", self._uri)
        answer = self._exchange("REGISTER", self._uri, user, secrets.token_hex(8), 2, (line,))
        return _status(answer) if answer is not None else None

    def _exchange(self, method: str, uri: str, user: str, call_id: str, number: int, lines: tuple[str, ...]) -> str | None:
        address, port = self._socket.getsockname()
        head = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {address}:{port};branch=z9hG4bK{secrets.token_hex(6)};rport",
            "Max-Forwards: 70",
            f"From: <sip:{user}@voice.example>;tag={call_id}",
            f"To: <sip:{user}@voice.example>",
            f"Call-ID: {call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:{user}@{address}:{port}>",
            *lines,
            "Content-Length: 0",
        ]
        self._socket.sendto(("\r\n".join(head) + "\r\n\r\n").encode(), self._proxy)
        try:
            while True:
                answer = self._socket.recv(65_535).decode()
                if f"Call-ID: {call_id}" in answer:
                    return answer
        except TimeoutError:
            return None


def _status(answer: str) -> int:
    return int(answer.split()[1])


def _credentials(challenge: str, user: str, password: str, method: str, uri: str) -> str:
    """Return the header that answers a challenge without quality of protection (RFC 2617 section 3.2.2.1)."""
    realm, nonce = (re.search(f'{name}="([^"]*)"', challenge) for name in ("realm", "nonce"))
    assert realm is not None
    assert nonce is not None
    response = _md5(f"{_md5(f'{user}:{realm[1]}:{password}')}:{nonce[1]}:{_md5(f'{method}:{uri}')}")
    name = "Authorization" if _status(challenge) == 401 else "Proxy-Authorization"
    return f'{name}: Digest username="{user}",realm="{realm[1]}",nonce="{nonce[1]}",uri="{uri}",response="{response}",algorithm=MD5'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
