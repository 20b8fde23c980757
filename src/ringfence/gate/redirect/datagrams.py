"""The redirect server's UDP socket: takes what has come together, answers, and counts what the system had to drop."""

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ringfence.gate.redirect.bursts import Answer, Burst, burst_of
from ringfence.gate.redirect.plain import Batch

Answering = Callable[[Batch], list[Answer]]

_RECEIVING: Final = 4 * 1024 * 1024
_TABLES: Final = (Path("/proc/net/udp"), Path("/proc/net/udp6"))
_DROPS_COLUMN, _INODE_COLUMN = 12, 9


class Datagrams:
    """One socket in an event loop. `shed` counts answers for which the system had no room."""

    def __init__(self, answering: Answering) -> None:
        self.shed = 0
        self._answering = answering
        self._socket: socket.socket | None = None
        self._burst: Burst | None = None

    def open(self, host: str, port: int) -> None:
        """Bind the socket and have the running loop read it. Raises `OSError`."""
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE)[0]
        made = socket.socket(family, kind, protocol)
        try:
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVING)
            made.bind(address)
            self._burst = burst_of(made)
            asyncio.get_running_loop().add_reader(made.fileno(), self._receive)
        except BaseException:
            made.close()
            raise
        self._socket = made

    @property
    def port(self) -> int:
        """The port that the open socket is bound to."""
        assert self._socket is not None
        port: int = self._socket.getsockname()[1]
        return port

    def close(self) -> None:
        """Close the socket, if it is open."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def dropped(self) -> int:
        """Return how many datagrams the system dropped because nobody read them in time, as far as it says."""
        if self._socket is None:
            return 0
        inode = str(os.fstat(self._socket.fileno()).st_ino)
        for table in _TABLES:
            try:
                lines = table.read_text(encoding="ascii").splitlines()[1:]
            except OSError:
                continue
            for line in lines:
                columns = line.split()
                if columns[_INODE_COLUMN] == inode:
                    return int(columns[_DROPS_COLUMN])
        return 0

    def _receive(self) -> None:
        """Take what has come, and send the answers."""
        assert self._burst is not None
        batch = self._burst.take()
        if batch is not None:
            self.shed += self._burst.send(self._answering(batch))
