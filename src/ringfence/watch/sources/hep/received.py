"""Datagrams taken off a socket many at a time, without the interpreter's lock: recvmmsg(2)."""

import ctypes
import os
import socket
from collections.abc import Iterator
from errno import EAGAIN, EINTR, EWOULDBLOCK
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.sources.hep.intake import Packets

MOST_AT_ONCE: Final = 256
LARGEST: Final = 65_536
"""No datagram is longer. Of the room for so many of them the system gives only the pages that are written to."""
_NAME: Final = 28
_IPV4_AT, _IPV6_AT = slice(4, 8), slice(8, 24)
"""Where addresses stand in what the system says of a sender (struct sockaddr_in and sockaddr_in6)."""
_NOTHING: Final = (EAGAIN, EWOULDBLOCK, EINTR)


class _Part(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("parts", ctypes.POINTER(_Part)),
        ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    _fields_ = (("header", _Header), ("length", ctypes.c_uint))


class Receiver:
    """Reads a UDP socket that does not block, with room for `MOST_AT_ONCE` datagrams."""

    def __init__(self, bound: socket.socket) -> None:
        self._socket = bound
        self._family = bound.family
        self._octets = np.empty(MOST_AT_ONCE * LARGEST, np.uint8)
        self._names = np.zeros((MOST_AT_ONCE, _NAME), np.uint8)
        self._parts = (_Part * MOST_AT_ONCE)()
        self._messages = (_Message * MOST_AT_ONCE)()
        octets, names = self._octets.ctypes.data, self._names.ctypes.data
        for nth in range(MOST_AT_ONCE):
            self._parts[nth].base, self._parts[nth].length = octets + nth * LARGEST, LARGEST
            header = self._messages[nth].header
            header.name, header.name_length = names + nth * _NAME, _NAME
            header.parts, header.part_count = ctypes.pointer(self._parts[nth]), 1
        self._lengths: NDArray[np.uint32] = np.ndarray(
            MOST_AT_ONCE, np.uint32, memoryview(self._messages).cast("B"), _Message.length.offset, (ctypes.sizeof(_Message),)
        )
        self._begins = np.arange(MOST_AT_ONCE, dtype=np.int64) * LARGEST
        self._receive: Any = ctypes.CDLL(None, use_errno=True).recvmmsg

    def read(self) -> tuple[int, list[tuple[str, Packets]]]:
        """Return how many datagrams came, and those of each sender by his address; good until the next call. Raises `OSError`."""
        count = self._receive(self._socket.fileno(), self._messages, MOST_AT_ONCE, socket.MSG_DONTWAIT, None)
        if count < 0:
            error = ctypes.get_errno()
            if error in _NOTHING:
                return 0, []
            raise OSError(error, os.strerror(error))
        return count, list(self._by_sender(count)) if count else []

    @property
    def nothing(self) -> Packets:
        """No packets."""
        return Packets(self._octets, self._begins[:0], self._begins[:0])

    def _by_sender(self, count: int) -> Iterator[tuple[str, Packets]]:
        begins = self._begins[:count]
        ends = begins + self._lengths[:count]
        names = self._names[:count, _IPV4_AT if self._family == socket.AF_INET else _IPV6_AT]
        if (names == names[0]).all():
            yield self._text(names[0]), Packets(self._octets, begins, ends)
            return
        for sender in np.unique(names, axis=0):
            own = np.flatnonzero((names == sender).all(axis=1))
            yield self._text(sender), Packets(self._octets, begins[own], ends[own])

    def _text(self, address: NDArray[np.uint8]) -> str:
        return socket.inet_ntop(self._family, address.tobytes())
