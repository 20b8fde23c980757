"""`ringfence doctor`: what this machine and this data folder lack, each with what to do about it."""

import shutil
import sys
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from ringfence.cli.configuration import ConfigurationRefused, load
from ringfence.cli.doctor_identity import Check, identity_checks
from ringfence.cli.shipped import DEFAULT_BUNDLE

_STALE_SECONDS = 30.0
_LEAST_FREE_BYTES = 1_000_000_000


def command(
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at the machine and the data folder; exit 1 when something is missing."""
    checks = [_python(), _bundle(), *_folder(data), *_processes(data)]
    if as_json:
        print(msgspec.json.encode(checks).decode())
    else:
        table = Table("", "what", "found", "what would help")
        for check in checks:
            table.add_row("ok" if check.well else "MISSING", check.name, check.found, "" if check.well else check.hint)
        Console().print(table)
    raise typer.Exit(0 if all(check.well for check in checks) else 1)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", sys.version_info >= (3, 11), version, "install Python 3.11 or later")


def _bundle() -> Check:
    return Check(
        "default policy bundle", DEFAULT_BUNDLE.is_dir(), str(DEFAULT_BUNDLE), "run from a checkout, or post a bundle of your own"
    )


def _folder(data: Path) -> list[Check]:
    if not data.is_dir():
        return [Check("data folder", False, f"{data} is not there", f"ringfence up --data {data} makes it")]
    private = data.stat().st_mode & 0o077 == 0
    free = shutil.disk_usage(data).free
    try:
        load(data)
        configuration = Check("configuration", True, "readable")
    except ConfigurationRefused as error:
        configuration = Check("configuration", False, "refused", str(error))
    return [
        Check("data folder", private, "private" if private else "others may read it", f"chmod 700 {data}"),
        Check("disk", free > _LEAST_FREE_BYTES, f"{free / 1e9:.1f} GB free", "free some, or move the data folder"),
        configuration,
    ]


def _processes(data: Path) -> list[Check]:
    """Say which processes wrote their health lately."""
    checks = []
    for name in ("watch", "gate"):
        path = data / f"{name}-health.json"
        age = time.time() - path.stat().st_mtime if path.exists() else None
        if age is None or age > _STALE_SECONDS:
            checks.append(Check(name, False, "silent" if age is None else f"silent for {age:.0f} s", f"ringfence up --data {data}"))
            continue
        checks.append(Check(name, True, f"heard {age:.0f} s ago"))
    return [
        *checks,
        *_tails(data / "watch-health.json"),
        *_lists(data / "watch-health.json"),
        *identity_checks(data / "gate-health.json"),
    ]


class _Tail(Struct):
    """What watch says of a tail: octets `behind` were not read yet."""

    path: str
    state: str
    records: int
    unusable: int
    behind: int
    left_out: dict[str, str]


class _WatchHealth(Struct):
    tails: tuple[_Tail, ...] = ()
    lacks: dict[str, str] = {}  # msgspec copies an empty dict


def _lists(health: Path) -> list[Check]:
    """Say which rules lack what of the lists that they read."""
    try:
        lacks = msgspec.json.decode(health.read_bytes(), type=_WatchHealth).lacks
    except (OSError, msgspec.DecodeError):
        return []
    found = (
        f"{len(lacks)} rules lack something of lists that they read; `ringfence lists` says what" if lacks else "all hold something"
    )
    return [Check("lists", True, found)]


def _tails(health: Path) -> list[Check]:
    """Say how the files that watch follows stand."""
    try:
        tails = msgspec.json.decode(health.read_bytes(), type=_WatchHealth).tails
    except (OSError, msgspec.DecodeError):
        return []
    return [
        Check(
            f"tail {tail.path}",
            tail.state == "follows" and not tail.left_out,
            f"{tail.state}; {tail.records} records, {tail.unusable} unusable, {tail.behind} octets behind",
            "; ".join(f"{path}: {cause}" for path, cause in tail.left_out.items()) or "see whether it is written, and may be read",
        )
        for tail in tails
    ]
