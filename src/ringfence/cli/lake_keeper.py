"""Keeps the lake filled beside live watch: a process of its own now and then, which may die without harm."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from ringfence.vocabulary.times import MINUTE, Micros
from ringfence.watch.live import Log

EVERY_US: Final = 5 * MINUTE
_FIRST_US: Final = MINUTE
"""After the start: where watch ends again at once, nothing is begun."""
_LONGEST_SECONDS: Final = 3_600
_PROGRAM: Final = "import os; os.nice(10); from ringfence.cli.__main__ import main; main()"
_WORDS: Final = 400


class LakeKeeper:
    """Starts `ringfence lake export` every few minutes; `look` is to be called more often, `stop` at the end."""

    def __init__(self, data: Path, log: Log, *, keep_days: int, every_us: int = EVERY_US, first_us: int = _FIRST_US) -> None:
        self._arguments = ("lake", "export", "--data", str(data))
        self._log = log
        self._every_us = every_us
        self._first_us = first_us
        self._keeps = keep_days > 0
        self._due: Micros | None = None
        self._running: asyncio.Task[None] | None = None

    def look(self, now: Micros) -> None:
        """Begin an export if one is due and none runs."""
        if not self._keeps:
            return
        if self._due is None or self._due > now + self._every_us:  # the first look, or the clock was put back
            self._due = Micros(now + self._first_us)
        if now >= self._due and (self._running is None or self._running.done()):
            self._due = Micros(now + self._every_us)
            self._running = asyncio.create_task(self._export())

    async def stop(self) -> None:
        """End the export that runs: the next one goes on where it was."""
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running

    async def _export(self) -> None:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _PROGRAM, *self._arguments, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )
        try:
            told, complaint = await asyncio.wait_for(process.communicate(), _LONGEST_SECONDS)
        except TimeoutError:
            self._log.error("lake.export-hangs", after_seconds=_LONGEST_SECONDS, hint="is the disk slow? It is tried again")
            return
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == 0:
            self._log.info("lake.exported", result=told.decode(errors="replace").strip())
        else:
            cause = complaint.decode(errors="replace").strip()[-_WORDS:]
            self._log.error("lake.not-exported", cause=cause, hint="what waits stays in the journal; it is tried again")
