"""`python -m bench.audit [ENTRIES]`: `ringfence audit verify EXPORT` on a million entries, beside hashing the same octets.

The entries are recorded by the desk's own service, sealed as the worker seals them, and exported by `ringfence audit export`.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from statistics import median
from typing import Final

ENTRIES: Final = 1_000_000
TURNS: Final = 3
_TOGETHER: Final = 1000

FILL: Final = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ringfence.cli.configuration import installation_key
from ringfence.desk.site.process import configure
data, count, together = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
installation_key(data)
configure(data)
from django.core.management import call_command
from django.db import transaction
from ringfence.desk.actor import system
from ringfence.desk.audit import services
from ringfence.desk.audit.services import Act
call_command("migrate", interactive=False, verbosity=0)
worker, begun = system("worker"), datetime(2026, 3, 1, tzinfo=UTC)
for first in range(0, count, together):
    acts = [
        Act(verb="joined-finding", about=("case", str(number // 7)), case=number // 7,
            details={"finding": f"{number:032x}", "rule": "fan-out-dialler", "clause": "auto-dialing"})
        for number in range(first, min(count, first + together))
    ]
    with transaction.atomic():
        services.record(acts=acts, actor=worker, now=begun + timedelta(milliseconds=first))
    services.seal(actor=worker, limit=together)
"""


def main(arguments: list[str]) -> int:
    """Measure; return 1 where the export is not proven."""
    count = int(arguments[0]) if arguments else ENTRIES
    data = Path(tempfile.mkdtemp(prefix="ringfence-bench-"))
    export = data / "audit.txt"
    try:
        made = _run(sys.executable, "-c", FILL, str(data), str(count), str(_TOGETHER))
        print(f"{count} entries recorded and sealed in {made:.1f} s of processor time", flush=True)
        took = _ringfence("export", str(export), "--data", str(data))
        size = export.stat().st_size
        print(f"exported in {took:.1f} s: {size / 1e6:.0f} MB", flush=True)
        turns = [(_ringfence("verify", str(export)), _floor(_whole, export), _floor(_linked, export)) for _ in range(TURNS)]
        start = _run(sys.executable, "-m", "ringfence.cli", "audit", "verify", "--help")
        verified, whole, linked = (median(column) for column in zip(*turns, strict=True))
        print(f"audit verify EXPORT: {verified:.2f} s, {start:.2f} s of them the start; {count / verified:,.0f} entries a second")
        print(f"  hashing the same octets in one go: {whole:.2f} s; each entry by itself and nothing else: {linked:.2f} s")
        if count <= ENTRIES:
            print(f"the data folder's own: {_ringfence('verify', '--data', str(data)):.2f} s")
        _change(export, size // 2)
        print(_ringfence_says("verify", str(export)).strip())
    except subprocess.CalledProcessError as error:
        print(f"failed: {error}\n{error.output or ''}")
        return 1
    finally:
        shutil.rmtree(data, ignore_errors=True)
    return 0


def _run(*command: str) -> float:
    """Run a process; return the seconds that a processor worked for it. Raises `CalledProcessError`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _ringfence(*arguments: str) -> float:
    return _run(sys.executable, "-m", "ringfence.cli", "audit", *arguments)


def _ringfence_says(*arguments: str) -> str:
    command = [sys.executable, "-m", "ringfence.cli", "audit", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def _floor(hashing: Callable[[Path], object], export: Path) -> float:
    begun = time.process_time()
    hashing(export)
    return time.process_time() - begun


def _whole(export: Path) -> bytes:
    digest = blake2b(digest_size=32)
    with export.open("rb") as file:
        while octets := file.read(1 << 20):
            digest.update(octets)
    return digest.digest()


def _linked(export: Path) -> bytes:
    previous = bytes(32)
    with export.open("rb", buffering=1 << 20) as file:
        for line in file:
            previous = blake2b(previous + line, digest_size=32).digest()
    return previous


def _change(export: Path, at: int) -> None:
    with export.open("r+b") as file:
        file.seek(at)
        octet = file.read(1)
        file.seek(at)
        file.write(bytes([octet[0] ^ 1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
