"""`python -m bench`: run every measurement, one after the other, each in a process of its own."""

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Return how many measurements failed."""
    names = sorted(path.parent.name for path in Path(__file__).resolve().parent.glob("*/__main__.py"))
    failed = 0
    for name in names:
        print(f"== bench.{name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
