"""The watch process under measurement, seen from outside: its memory, and what the system dropped before it was read."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

_READY_S: Final = 120.0  # kernels may have to be compiled


class NeverReady(Exception):
    """The watch process ended, or did not listen in time. The text holds its last words."""


class Watch:
    """`ringfence watch` on a data folder. Use as a context manager: it is ended on the way out."""

    def __init__(self, data: Path, port: int) -> None:
        self._data, self._port = data, port
        self._log = data / "watch.log"

    def __enter__(self) -> "Watch":
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ringfence.cli", "watch", "--data", str(self._data)], stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + _READY_S
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise NeverReady(self._log.read_text(encoding="utf-8", errors="replace")[-2000:])
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def kill(self) -> None:
        """End it as kill -9 does."""
        self._process.kill()
        self._process.wait()

    def memory_mb(self, what: str = "VmRSS") -> float:
        """Return its resident memory in units of 1,000,000 bytes; `VmHWM` for the peak."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{what}:"):
                return int(line.split()[1]) * 1024 / 1e6
        raise ValueError(what)

    def busy_s(self) -> float:
        """Return the processor seconds it has used so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def dropped(self) -> int:
        """Return how many datagrams the system dropped because the socket's buffer was full (proc(5), /proc/net/udp)."""
        for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[1].endswith(f":{self._port:04X}"):
                return int(fields[-1])
        raise ValueError(f"nobody listens at port {self._port}")

    def _listens(self) -> bool:
        return b"watch.listening" in self._log.read_bytes()
