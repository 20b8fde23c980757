"""The program nft: one batch is one transaction of the kernel, so it happens whole or not at all."""

import asyncio
import os
from collections.abc import Sequence
from typing import Final

from ringfence.gate.errors import EdgeRefused

_SHOWN: Final = 300


class Complaint(Exception):
    """Nft answered, and would not: the first words of what it said."""

    @property
    def is_absent(self) -> bool:
        """Tell whether what was named is not there."""
        return "No such file or directory" in str(self)


class Nft:
    """Runs the program, one batch at a time. `where` is the edge's name."""

    def __init__(self, command: Sequence[str], *, where: str, deadline_s: float) -> None:
        self._command = tuple(command)
        self._where = where
        self._deadline_s = deadline_s
        self._turn = asyncio.Lock()

    async def run(self, batch: str) -> None:
        """Carry out a batch. Raises `Complaint`, and `EdgeRefused` where the program doesn't answer."""
        async with self._turn:
            await self._run(("-f", "-"), batch.encode("ascii"))

    async def ask(self, *words: str) -> bytes:
        """Return what nft prints to a command, in JSON. Raises as `run` does."""
        async with self._turn:
            return await self._run(("-j", *words), b"")

    async def _run(self, words: tuple[str, ...], batch: bytes) -> bytes:
        pipe = asyncio.subprocess.PIPE
        environment = {**os.environ, "LC_ALL": "C"}
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, *words, stdin=pipe, stdout=pipe, stderr=pipe, env=environment
            )
        except OSError as error:
            cause = (
                f"{self._where}: {self._command[0]}: {error.strerror}. Hint: install nftables, or say in `command` how to run it"
            )
            raise EdgeRefused(cause, permanent=True, reached=False) from error
        try:
            printed, complaint = await asyncio.wait_for(process.communicate(batch), self._deadline_s)
        except TimeoutError as error:
            raise EdgeRefused(f"{self._where}: nft: no answer in time", permanent=False, reached=False) from error
        except OSError as error:
            raise EdgeRefused(f"{self._where}: nft: {error.strerror}", permanent=False, reached=False) from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise Complaint(" ".join(complaint.decode(errors="replace").split())[:_SHOWN])
        return printed
