"""A wall clock that a test moves for the processes it starts (see shifted_clock.c beside this file)."""

import mmap
import struct
import subprocess
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.conftest import ROOT


class ShiftedClock:
    """Give `environment` to a process, and it lives in the time that `travel` sets; what measures durations goes on as it is."""

    def __init__(self, folder: Path, stack: ExitStack, *, begins: datetime) -> None:
        library, file = folder / "shifted_clock.so", folder / "shift"
        source = ROOT / "tests" / "journeys" / "shifted_clock.c"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
        file.write_bytes(bytes(8))
        handle = stack.enter_context(file.open("r+b"))
        self._page = stack.enter_context(mmap.mmap(handle.fileno(), 8))
        self.environment = {"SHIFTED_CLOCK": str(file), "LD_PRELOAD": str(library)}
        self._shift = round((begins.timestamp() - time.time()) * 1_000_000)
        self.travel(timedelta())

    def travel(self, by: timedelta) -> None:
        """Move everybody's wall clock."""
        self._shift += round(by.total_seconds() * 1_000_000)
        self._page[:] = struct.pack("=q", self._shift)

    def now(self) -> datetime:
        """Return the time that the processes have."""
        return datetime.fromtimestamp(time.time() + self._shift / 1_000_000, UTC)
