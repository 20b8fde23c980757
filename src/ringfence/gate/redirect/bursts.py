"""Datagrams that have come together, taken and answered with one call of the system each way, where it has such calls (Linux)."""

import ctypes
import errno
import socket
import sys
from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np

from ringfence.gate.redirect.plain import MOST, Batch

Answer = bytes | memoryview | None

LARGEST: Final = 65_535
_STRIDE: Final = LARGEST + 1 + 9 * 64
"""From one message's place to the next. Places a power of two apart would all lie in the same lines of the processor's cache."""
_NAME: Final = 32
"""Octets for a sender's address; the longest, of IPv6, takes 28."""
_HEADER: Final = np.dtype(
    [
        *(("name", np.uint64), ("name_octets", np.uint32), ("_1", np.uint32)),
        *(("pieces", np.uint64), ("how_many", np.uint64), ("control", np.uint64), ("control_octets", np.uint64)),
        *(("flags", np.int32), ("_2", np.uint32), ("octets", np.uint32), ("_3", np.uint32)),
    ]
)
"""`struct mmsghdr` of recvmmsg(2), where a pointer has 64 bits."""
_PIECE: Final = np.dtype([("at", np.uint64), ("octets", np.uint64)])
_FAMILY: Final = np.dtype(np.uint16).itemsize
_NOTHING_NOW: Final = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS)
_REMEMBERED: Final = 4_096


class Burst(Protocol):
    """Takes what has come to a socket, at most MOST datagrams at once, and answers it."""

    def take(self) -> Batch | None:
        """Return what has come, `None` for nothing."""
        ...

    def send(self, answers: Sequence[Answer]) -> int:
        """Send the answers to what `take` returned last; return for how many the system had no room."""
        ...


def burst_of(made: socket.socket) -> Burst:
    """Return what takes from this socket, which does not wait: with one call for many datagrams where that can be done."""
    library = ctypes.CDLL(None, use_errno=True)
    fits = sys.platform == "linux" and sys.maxsize > 1 << 32
    return Together(made, library) if fits and hasattr(library, "recvmmsg") else OneByOne(made)


class OneByOne:
    """A call of the system for each datagram, as every system has it."""

    def __init__(self, made: socket.socket) -> None:
        self._socket = made
        self._buffer = bytearray(4 * LARGEST)
        self._senders: list[tuple[str, int]] = []

    def take(self) -> Batch | None:
        """Return what has come, `None` for nothing."""
        receive, room, used = self._socket.recvfrom_into, memoryview(self._buffer), 0
        starts: list[int] = []
        ends: list[int] = []
        self._senders = []
        while len(starts) < MOST and used + LARGEST <= len(self._buffer):
            try:
                size, sender = receive(room[used : used + LARGEST])
            except OSError:  # nothing more; or an answer's receiver was not there: no reason to hold up the loop where it goes on
                break
            starts.append(used)
            used += size
            ends.append(used)
            self._senders.append(sender)
        return Batch(bytes(room[:used]), starts, ends, [sender[0] for sender in self._senders]) if starts else None

    def send(self, answers: Sequence[Answer]) -> int:
        """Send the answers to what `take` returned last; return for how many the system had no room."""
        shed = 0
        for answer, sender in zip(answers, self._senders, strict=True):
            if answer is None:
                continue
            try:
                self._socket.sendto(answer, sender)
            except BlockingIOError:
                shed += 1
            except OSError:
                pass  # a receiver that cannot be reached, such as port 0
        return shed


class Together:
    """One call of the system for many datagrams: each by itself costs half of what a plain answer takes."""

    def __init__(self, made: socket.socket, library: ctypes.CDLL) -> None:
        self._fd = made.fileno()
        self._receive, self._transmit = library.recvmmsg, library.sendmmsg
        self._room = memoryview(bytearray(MOST * _STRIDE))
        self._names = np.zeros((MOST, _NAME), np.uint8)
        self._to_come, self._to_send = _headers(), _headers()
        self._came, self._sent = (np.zeros(MOST, _PIECE) for _ in range(2))
        places = np.arange(MOST, dtype=np.uint64)
        for headers, pieces in ((self._to_come, self._came), (self._to_send, self._sent)):
            headers["pieces"] = pieces.ctypes.data + places * np.uint64(_PIECE.itemsize)
        self._to_come["name"] = self._names.ctypes.data + places * np.uint64(_NAME)
        self._came["at"] = np.frombuffer(self._room, np.uint8).ctypes.data + places * np.uint64(_STRIDE)
        self._came["octets"] = LARGEST
        self._hosts: dict[bytes, str] = {}

    def take(self) -> Batch | None:
        """Return what has come, `None` for nothing."""
        headers = self._to_come
        headers["name_octets"] = _NAME
        count = self._receive(self._fd, ctypes.c_void_p(headers.ctypes.data), MOST, socket.MSG_DONTWAIT, None)
        if count <= 0:
            return None
        lengths = headers["octets"][:count].tolist()
        room = self._room
        octets = b"".join([room[at : at + length] for at, length in zip(range(0, MOST * _STRIDE, _STRIDE), lengths, strict=False)])
        ends = np.cumsum(lengths).tolist()
        return Batch(octets, [0, *ends[:-1]], ends, self._hosts_of(count))

    def _hosts_of(self, count: int) -> list[str]:
        """Return the addresses of who sent, in text."""
        names, known = self._names[:count].tobytes(), self._hosts
        hosts = []
        for at in range(0, count * _NAME, _NAME):
            name = names[at : at + _FAMILY] + names[at + 4 : at + 28]  # without the port
            host = known.get(name)
            if host is None:
                if len(known) >= _REMEMBERED:
                    known.clear()
                host = known[name] = _host(names[at : at + _NAME])
            hosts.append(host)
        return hosts

    def send(self, answers: Sequence[Answer]) -> int:
        """Send the answers to what `take` returned last; return for how many the system had no room."""
        rows = [row for row, answer in enumerate(answers) if answer is not None]
        if not rows:
            return 0
        told = [answer for answer in answers if answer is not None]
        octets = b"".join(told)
        lengths = np.array([len(answer) for answer in told], np.uint64)
        count = len(rows)
        pieces, headers = self._sent[:count], self._to_send[:count]
        pieces["octets"] = lengths
        pieces["at"] = np.frombuffer(octets, np.uint8).ctypes.data + (np.cumsum(lengths) - lengths)
        came = self._to_come[: len(answers)] if count == len(answers) else self._to_come[rows]
        headers["name"], headers["name_octets"] = came["name"], came["name_octets"]
        return self._transmitted(headers.ctypes.data, count)

    def _transmitted(self, at: int, left: int) -> int:
        shed = 0
        while left > 0:
            sent = self._transmit(self._fd, ctypes.c_void_p(at), left, socket.MSG_DONTWAIT)
            if sent <= 0:  # the first of them could not be sent: its receiver can't be reached, or there is no room
                shed += ctypes.get_errno() in _NOTHING_NOW
                sent = 1
            at, left = at + sent * _HEADER.itemsize, left - sent
        return shed


def _headers() -> np.ndarray[tuple[int], np.dtype[np.void]]:
    headers = np.zeros(MOST, _HEADER)
    headers["how_many"] = 1
    return headers


def _host(name: bytes) -> str:
    """Return the address in a `sockaddr_in` or `sockaddr_in6`, as Python's own sockets write it."""
    family = int.from_bytes(name[:_FAMILY], sys.byteorder)
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, name[4:8])
    scope = int.from_bytes(name[24:28], sys.byteorder)
    host = socket.inet_ntop(socket.AF_INET6, name[8:24])
    if not scope:
        return host
    try:
        return f"{host}%{socket.if_indextoname(scope)}"
    except OSError:
        return f"{host}%{scope}"
