"""One program run to its end: how long it took and how much memory it had at most.

`python -m bench.scan.runs OUTPUT PROGRAM…` does the measuring and prints the run as JSON: in a small process of its own, because
the peak that the system tells of a child includes what its parent held when it was forked.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
from msgspec import Struct


class Run(Struct, frozen=True):
    """`peak_mb` is the largest resident set in units of 1,000,000 bytes, `lines` how many it wrote to standard output.

    `busy_seconds` is the processor time it used: on a machine with other work, the steadier measure. `last_words` is the last line
    it wrote to standard error, empty where there is none.
    """

    seconds: float
    busy_seconds: float
    peak_mb: float
    exit_code: int
    lines: int
    last_words: str


def run(arguments: list[str], output: Path) -> Run:
    """Run the program to its end, its standard output in `output`. Raises `CalledProcessError` where it can't be started."""
    measured = subprocess.run(
        [sys.executable, "-m", "bench.scan.runs", str(output), *arguments], check=True, stdout=subprocess.PIPE
    )
    return msgspec.json.decode(measured.stdout, type=Run)


def _measured(arguments: list[str], output: Path) -> Run:
    said = output.with_suffix(".stderr")
    with output.open("wb") as out, said.open("wb") as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)  # the one call that tells this child's memory and no other's
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
    with output.open("rb") as file:
        lines = sum(1 for _ in file)
    words = said.read_text(encoding="utf-8", errors="replace").splitlines()
    return Run(
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss * 1024 / 1e6,
        process.returncode,
        lines,
        words[-1] if words else "",
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(_measured(sys.argv[2:], Path(sys.argv[1]))))
