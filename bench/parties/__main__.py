"""`python -m bench.parties [NUMBERS]`: how long a million single numbers take to be imported, on SQLite and on PostgreSQL.

Each database by `ringfence parties import` in a process of its own, on an empty data folder: a dry run with its difference, the
import, and the same file again. PostgreSQL is a server of this run alone, where the machine has its programs.
"""

import os
import pwd
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ACCOUNTS: Final = 1_000
_PROGRAMS: Final = Path("/usr/lib/postgresql")


def write_files(folder: Path, numbers: int) -> None:
    """Write accounts.csv and numbers.csv: numbers one by one, each account's scattered."""
    folder.mkdir()
    (folder / "accounts.csv").write_text("account,kind\n" + "".join(f"a{n},customer\n" for n in range(ACCOUNTS)))
    rows = (f"+3245{n:07d},a{n % ACCOUNTS}\n" for n in range(numbers))
    (folder / "numbers.csv").write_text("number,account\n" + "".join(rows))


def measured(arguments: list[str], database: str) -> tuple[float, float, str]:
    """Run `ringfence` and return its elapsed and processor seconds and the last line that it printed."""
    env = {**os.environ, "RINGFENCE_DATABASE": database}
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ringfence")), *arguments], env=env, capture_output=True, text=True, check=False
    )
    elapsed, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout + done.stderr
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return elapsed, spent, next((line for line in done.stdout.splitlines() if line.startswith("numbers.csv")), "")


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
                for step, more in (("dry run", ["--dry-run"]), ("import", []), ("the same again", [])):
                    elapsed, spent, said = measured([*importing, *more], database)
                    print(f"{name:10} {step:14} {elapsed:6.1f} s, {spent:6.1f} s of processor time: {said}", flush=True)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
