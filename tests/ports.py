"""Ports for servers that tests start."""

import os
import socket
from collections.abc import Iterator
from itertools import count
from typing import Final

_FIRST, _MANY = 18_000, 14_000
"""Below those from which systems take ports for outgoing connections: one could else take a server's while it restarts."""
_EACH: Final = 97


def _candidates() -> Iterator[int]:
    """Yield ports, other ones first in each process."""
    return (_FIRST + (os.getpid() * _EACH + number) % _MANY for number in count())


_untried: Final = _candidates()


def free_port(address: str = "127.0.0.1") -> int:
    """Return a port of `address` that nobody has now, for TCP or UDP, and that this process did not return before."""
    for port in _untried:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind((address, port))
                udp.bind((address, port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
