"""What rigs of real servers share: one process, or a group of them, that is started, stopped, held still and started again."""

import asyncio
import os
import signal
from typing import Protocol, Self


class Server(Protocol):
    """A real server in a folder of its own."""

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""

    def start(self) -> None:
        """Start it and wait until it answers."""

    def stop(self) -> None:
        """End it at once."""


class ProcessRig:
    """A server that can be silent, away, or made to answer with errors by `misled`."""

    def __init__(self, server: Server, *, group: bool = False) -> None:
        """`group`: the server is a group of processes, all of which stop and go on together."""
        self.process = server
        self.misled = False
        """Whether a new connection is made in a way that the server answers with errors."""
        self._group = group
        self._away = False

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.process.start)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._signal(signal.SIGCONT)
        self.process.stop()

    async def break_down(self, how: str) -> None:
        if how == "errors":
            self.misled = True
        elif how == "silent":
            self._signal(signal.SIGSTOP)
        else:
            self._away = True
            self.process.stop()

    async def mend(self) -> None:
        self.misled = False
        self._signal(signal.SIGCONT)
        if self._away:
            await asyncio.to_thread(self.process.start)
            self._away = False

    async def restart(self) -> None:
        """Start it again; what it keeps in memory is lost."""
        self.process.stop()
        await asyncio.to_thread(self.process.start)

    def _signal(self, number: int) -> None:
        if self.process.pid is not None:
            (os.killpg if self._group else os.kill)(self.process.pid, number)
