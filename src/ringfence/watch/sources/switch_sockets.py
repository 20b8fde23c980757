"""Connections to switches that tell events, and the file into which these go, for a tail to follow."""

import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from ringfence.watch.wire.logs.sessions import Session, SessionEnded

CONNECT_S: Final = 10.0
_LOOK_S: Final = 0.5
"""How long is waited for octets before it is asked whether to go on."""
_RECEIVED: Final = 65_536
_KEEPALIVE_S: Final = 30


class EventFile:
    """A file to which events are appended. Beyond `most` octets it is renamed to `NAME.1`, that to `NAME.2`, and begun anew."""

    def __init__(self, path: Path, most: int) -> None:
        self._path = path
        self._most = most
        self._file: BinaryIO = self._opened()

    def append(self, events: bytes) -> None:
        """Write whole events, so that they can be read at once. Raises `OSError`."""
        if self._file.tell() and self._file.tell() + len(events) > self._most:
            self._file.close()
            with suppress(FileNotFoundError):
                self._numbered(1).replace(self._numbered(2))
            self._path.replace(self._numbered(1))
            self._file = self._opened()
        self._file.write(events)
        self._file.flush()

    def close(self) -> None:
        """Close it."""
        self._file.close()

    def _opened(self) -> BinaryIO:
        file = self._path.open("ab")
        file.seek(0, 2)
        return file

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")


def collect(address: tuple[str, int], session: Session, write: Callable[[bytes], None], *, is_wanted: Callable[[], bool]) -> None:
    """Connect and give events to `write`, until they are not wanted any more or the connection ends.

    Raises `SessionEnded`, and `OSError` where there is no connection.
    """
    with socket.create_connection(address, timeout=CONNECT_S) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_S)
        connection.settimeout(_LOOK_S)
        while is_wanted():
            try:
                octets = connection.recv(_RECEIVED)
            except TimeoutError:
                continue
            if not octets:
                raise SessionEnded("it closed the connection", permanent=False)
            answer, events = session.take(octets)
            if answer:
                connection.sendall(answer)
            if events:
                write(events)
