"""Has the passes of the policy in force compiled beside live watch: by a process of its own that gives way to all others."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from ringfence.vocabulary.times import MINUTE, Micros
from ringfence.watch.live import Log

_FIRST_US: Final = MINUTE
"""After the start, and after a posting: windows are filled first."""
_LONGEST_SECONDS: Final = 3_600
_PROGRAM: Final = "import os; os.nice(19); from ringfence.cli.__main__ import main; main()"
_WORDS: Final = 400


class PassKeeper:
    """Starts `ringfence policy compile` once for each version; `look` is to be called every few seconds, `stop` at the end.

    It may die without harm: the general passes go on.
    """

    def __init__(self, data: Path, log: Log, *, first_us: int = _FIRST_US) -> None:
        self._policies = data / "policies"
        self._log = log
        self._first_us = first_us
        self._policy: str | None = None
        self._due: Micros | None = None
        """When to begin; `None`: it was done."""
        self._running: asyncio.Task[bool] | None = None

    def look(self, now: Micros, policy: str | None) -> bool:
        """Begin to compile for the version in force if that was not done; tell once when it is: its passes can be taken up."""
        if policy != self._policy:
            self._policy, self._due = policy, Micros(now + self._first_us)
            self._cancel()
            return False
        if policy is None:
            return False
        if self._running is not None:
            if not self._running.done():
                return False
            compiled, self._running, self._due = self._running.result(), None, None
            return compiled
        if self._due is not None and not self._due - self._first_us <= now < self._due:  # also where the clock was put back
            self._running = asyncio.create_task(self._compile(policy))
        return False

    async def stop(self) -> None:
        """End the process that compiles: what it has compiled stays."""
        running = self._running
        self._cancel()
        if running is not None:
            with suppress(asyncio.CancelledError):
                await running

    def _cancel(self) -> None:
        if self._running is not None:
            self._running.cancel()
            self._running = None

    async def _compile(self, policy: str) -> bool:
        arguments = ("policy", "compile", str(self._policies / policy), "--posted")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _PROGRAM, *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, complaint = await asyncio.wait_for(process.communicate(), _LONGEST_SECONDS)
        except TimeoutError:
            self._log.error("passes.not-compiled", cause=f"not done after {_LONGEST_SECONDS} s", hint="the general passes go on")
            return False
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == 0:
            self._log.info("passes.compiled", policy=policy)
            return True
        cause = complaint.decode(errors="replace").strip()[-_WORDS:]
        self._log.error("passes.not-compiled", cause=cause, hint="the general passes go on; `ringfence policy compile` says more")
        return False
