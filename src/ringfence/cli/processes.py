"""The product's processes on one machine: started, watched, started again when they die, ended together."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

FATAL_EXIT: Final = 2
"""A process ends with it when trying again cannot help: wrong configuration, a busy port."""

_GRACE_SECONDS: Final = 10.0
_STEADY_SECONDS: Final = 30.0
_LONGEST_PAUSE_SECONDS: Final = 10.0
_LOG_BYTES: Final = 10_000_000
_PR_SET_PDEATHSIG: Final = 1


class ProcessRefused(Exception):
    """A process ended with `FATAL_EXIT`; the text holds its last words."""


@dataclass(slots=True)
class Process:
    """One supervised process: its name, its arguments after `ringfence`, and how it stands."""

    name: str
    arguments: Sequence[str]
    running: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.5
    resume: float = 0.0
    deaths: int = 0


@dataclass(slots=True)
class Supervisor:
    """Keeps `processes` running. `environment` is handed to all.

    `logs` gets one file for each; from `log_bytes` on it is set aside, in place of the one set aside before.
    """

    processes: list[Process]
    logs: Path
    environment: dict[str, str]
    log_bytes: int = _LOG_BYTES
    _files: dict[str, IO[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        """Start every process that isn't running."""
        self.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        for process in self.processes:
            self._start(process)

    def add(self, process: Process) -> None:
        """Supervise one more, from now on."""
        self.processes.append(process)
        self._start(process)

    def check(self) -> list[str]:
        """Start again what died; return a line on each death. Raises `ProcessRefused` where that cannot help."""
        lines = []
        now = time.monotonic()
        self._bound_logs()
        for process in self.processes:
            if process.running is None:
                if now >= process.resume:
                    self._start(process)
                continue
            code = process.running.poll()
            if code is None:
                continue
            if code == FATAL_EXIT:
                raise ProcessRefused(f"{process.name} cannot start:\n{self.last_words(process.name)}")
            process.deaths += 1
            process.pause = 0.5 if now - process.started > _STEADY_SECONDS else min(process.pause * 2, _LONGEST_PAUSE_SECONDS)
            process.resume, process.running = now + process.pause, None
            lines.append(f"{process.name} ended ({_how(code)}); starting it again, its log is {self.logs / process.name}.log")
        return lines

    def stop(self) -> None:
        """End all of them: asked first, in the reverse order of their start, then forced after ten seconds."""
        alive = [process.running for process in reversed(self.processes) if process.running is not None]
        for running in alive:
            running.terminate()
        deadline = time.monotonic() + _GRACE_SECONDS
        for running in alive:
            try:
                running.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
        for file in self._files.values():
            file.close()

    def last_words(self, name: str, lines: int = 8) -> str:
        """Return the last lines of a process's log."""
        path = self.logs / f"{name}.log"
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _start(self, process: Process) -> None:
        process.started = time.monotonic()
        process.running = subprocess.Popen(
            [sys.executable, "-m", "ringfence.cli", *process.arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._log(process.name),
            stderr=subprocess.STDOUT,
            env=self.environment,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends the others in order
            preexec_fn=_end_with_parent,  # this process has no threads
        )

    def _log(self, name: str) -> IO[bytes]:
        if name not in self._files:
            self._files[name] = (self.logs / f"{name}.log").open("ab")
        return self._files[name]

    def _bound_logs(self) -> None:
        """Set aside a log that has grown large. The process goes on writing to its open file, at the end, wherever that is."""
        for name, file in self._files.items():
            if os.fstat(file.fileno()).st_size > self.log_bytes:
                path = self.logs / f"{name}.log"
                with suppress(OSError):  # a full disk: then its content is given up
                    shutil.copyfile(path, path.with_suffix(".log.1"))
                os.truncate(path, 0)


def _end_with_parent() -> None:
    """Have the kernel end this process when the supervisor dies, however it dies (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def inherited_environment(**more: str) -> dict[str, str]:
    """Return this process's environment with `more` in it."""
    return {**os.environ, **more}
