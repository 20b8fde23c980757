"""One program run to its end: how long it took and how much memory it had at most."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """`peak_mb` is the largest resident set in units of 1,000,000 bytes, `lines` how many it wrote to standard output."""

    seconds: float
    peak_mb: float
    exit_code: int
    lines: int


def run(arguments: list[str], output: Path) -> Run:
    """Run the program with its standard output in `output`, and wait for it. Raises `OSError` where it can't be started."""
    with output.open("wb") as file:
        begin = time.perf_counter()
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)  # the one call that tells this child's memory and no other's
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
    with output.open("rb") as file:
        lines = sum(1 for _ in file)
    return Run(seconds, usage.ru_maxrss * 1024 / 1e6, process.returncode, lines)
