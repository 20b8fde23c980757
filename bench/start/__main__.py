"""`python -m bench.start [TURNS]`: `ringfence scan examples/records.csv` without any compiled code, and then with it.

Each turn has an empty folder for compiled code; modules are compiled to bytecode, as those of an installation are. Elapsed time is
what somebody waits for: on two processors a cold start compiles on both. Processor time is that of the scan, and of the process
that compiles beside it where that ended first. What the cold start takes beyond the warm one is compiling, one automaton of
numbering plans, and reading the bundle.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

from bench.scan.runs import Run, run

TURNS: Final = 3
_SCAN: Final = [sys.executable, "-m", "ringfence.cli", "scan", "examples/records.csv"]


def main(arguments: list[str]) -> int:
    """Measure; return 1 where a scan failed."""
    turns = int(arguments[0]) if arguments else TURNS
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    folder = Path(tempfile.mkdtemp(prefix="ringfence-bench-"))
    cold, warm = list[Run](), list[Run]()
    try:
        for turn in range(turns):
            os.environ["NUMBA_CACHE_DIR"] = str(folder / str(turn))
            cold.append(run(_SCAN, folder / "findings"))
            warm.append(run(_SCAN, folder / "findings"))
    finally:
        shutil.rmtree(folder)
    for name, runs in (("without compiled code", cold), ("with it", warm)):
        elapsed, busy = median(one.seconds for one in runs), median(one.busy_seconds for one in runs)
        print(f"{name:22} {elapsed:6.2f} s, of a processor {busy:6.2f} s (least {min(one.busy_seconds for one in runs):.2f} s)")
    return int(any(one.exit_code for one in (*cold, *warm)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
