"""`python -m bench.parties [NUMBERS]`: how long a million single numbers take to be imported, on SQLite and on PostgreSQL.

Each database by `ringfence parties import` in a process of its own, on an empty data folder: a dry run with all its differences
written to a file, the import, and the same file again. PostgreSQL is a server of this run alone, where
the machine has its programs.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

ACCOUNTS: Final = 1_000
_PROGRAMS: Final = Path("/usr/lib/postgresql")


def write_files(folder: Path, numbers: int) -> None:
    """Write accounts.csv and numbers.csv: numbers one by one, each account's scattered."""
    folder.mkdir()
    (folder / "accounts.csv").write_text("account,kind\n" + "".join(f"a{n},customer\n" for n in range(ACCOUNTS)))
    rows = (f"+3245{n:07d},a{n % ACCOUNTS}\n" for n in range(numbers))
    (folder / "numbers.csv").write_text("number,account\n" + "".join(rows))


class Taken(NamedTuple):
    """What a command took: by the clock, of a processor, of memory at its peak; and what it said of the numbers."""

    elapsed_s: float
    processor_s: float
    peak_mb: int
    said: str


def measured(arguments: list[str], database: str) -> Taken:
    """Run `ringfence` and return what it took."""
    env, begin = {**os.environ, "RINGFENCE_DATABASE": database}, time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("ringfence")), *arguments], env=env, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode, elapsed = os.waitstatus_to_exitcode(status), time.perf_counter() - begin
        said.seek(0)
        lines = said.read().splitlines()
    assert process.returncode == 0, "\n".join(lines)
    told = next((line for line in lines if line.startswith("numbers.csv")), "")
    return Taken(elapsed, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024, told)


def server_seconds(folder: Path) -> float:
    """Return the processor seconds that the server and its processes took so far, those that have ended with them."""
    try:
        main = int((folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    except FileNotFoundError:
        return 0.0
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            process, fields = int(stat.parent.name), stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        except FileNotFoundError:
            continue
        if main in (process, int(fields[1])):
            ticks += sum(map(int, fields[11 : 15 if process == main else 13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def prepared(data: Path, database: str) -> None:
    """Make an empty data folder with its database, without a policy: parties need none."""
    data.mkdir(mode=0o700)
    (data / "installation.key").write_bytes(b"p" * 32)
    code = (
        "import sys; from pathlib import Path; from ringfence.desk.site.process import configure; configure(Path(sys.argv[1]));"
        "from django.core.management import call_command; call_command('migrate', verbosity=0)"
    )
    env = {**os.environ, "RINGFENCE_DATABASE": database}
    subprocess.run([sys.executable, "-c", code, str(data)], env=env, check=True)


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Run a server of this run's own and give its address; empty text where the machine has none."""
    programs = max(_PROGRAMS.glob("*/bin"), default=None)
    if programs is None:
        yield ""
        return
    user: list[str] = []
    if os.getuid() == 0:  # it refuses to run as root
        user = ["runuser", "-u", "postgres", "--"]
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    server = [*user, str(programs / "pg_ctl"), "-D", str(folder / "data"), "-s"]
    subprocess.run(
        [*user, str(programs / "initdb"), "-D", str(folder / "data"), "-U", "ringfence", "-A", "trust", "-E", "UTF8"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    subprocess.run(
        [*server, "-l", str(folder / "log"), "-w", "-o", f"-k {folder} -c listen_addresses=''", "start"], check=True, cwd="/"
    )
    try:
        yield f"postgresql://ringfence@/postgres?host={folder}"
    finally:
        subprocess.run([*server, "-m", "immediate", "stop"], check=False, cwd="/")


def main(numbers: int = 1_000_000) -> int:
    """Print each step's times."""
    root = Path(tempfile.mkdtemp(prefix="bench-parties-"))
    root.chmod(0o755)
    try:
        write_files(root / "files", numbers)
        (root / "server").mkdir()
        with postgresql(root / "server") as server:
            for name, database in (("SQLite", ""), ("PostgreSQL", server)):
                if name == "PostgreSQL" and not server:
                    print("PostgreSQL is not on this machine")
                    continue
                prepared(root / name, database)
                importing = ["parties", "import", str(root / "files"), "--data", str(root / name)]
                for step, more in (
                    ("dry run", ["--dry-run", "--differences", str(root / "differences.csv")]),
                    ("import", []),
                    ("the same again", []),
                ):
                    before = server_seconds(root / "server")
                    taken = measured([*importing, *more], database)
                    served = server_seconds(root / "server") - before
                    print(
                        f"{name:10} {step:14} {taken.elapsed_s:6.1f} s, {taken.processor_s:5.1f} s of processor time"
                        f" and {served:5.1f} s of the server's, {taken.peak_mb} MB: {taken.said}",
                        flush=True,
                    )
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
