"""What a backtest keeps of itself on disk, so that it can go on where it was: what was asked, and how far each share came."""

import os
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from ringfence.vocabulary.contracts import Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.lake.commits import LakeFile

_DIGEST_BYTES: Final = 16
_HEAD: Final = b"ringfence backtest 1\n"
_RUN: Final = "run"


class RunDamaged(Exception):
    """What was kept can't be gone on from; begin anew."""


class Run(Struct, frozen=True, kw_only=True):
    """What was asked: bundles by hash, the span, the lake's files as they were then, and who holds what.

    `passed`: the lake has traffic beyond the span, so that all periods up to this moment are over; else `None`.
    """

    policies: tuple[str, ...]
    since: Micros | None
    until: Micros | None
    files: tuple[LakeFile, ...]
    reference: Reference
    passed: Micros | None = None
    shares: int
    """How many shares each bundle's rules were put in."""


class Progress(Struct, frozen=True, kw_only=True):
    """How far one share came: `stretches` of the lake done, `slices` of the next; its findings' file is good up to `octets`."""

    stretches: int = 0
    slices: int = 0
    events: int = 0
    now: Micros = Micros(0)
    octets: int = 0
    findings: int = 0
    engine: bytes | None = None
    done: bool = False


def write_run(folder: Path, run: Run) -> None:
    """Keep what was asked. Raises `OSError`."""
    _write(folder / _RUN, msgspec.msgpack.encode(run))


def read_run(folder: Path) -> Run | None:
    """Return what was asked, `None` where nothing is kept. Raises `RunDamaged`."""
    body = _read(folder / _RUN)
    return None if body is None else msgspec.msgpack.decode(body, type=Run)


def write_progress(folder: Path, share: str, progress: Progress) -> None:
    """Keep how far a share came; its findings up to there must be synced. Raises `OSError`, and then the one before holds."""
    _write(folder / f"{share}.progress", msgspec.msgpack.encode(progress))


def read_progress(folder: Path, share: str) -> Progress:
    """Return how far a share came. Raises `RunDamaged`."""
    body = _read(folder / f"{share}.progress")
    return Progress() if body is None else msgspec.msgpack.decode(body, type=Progress)


def findings_file(folder: Path, share: str) -> Path:
    """Return where a share's findings are kept, one a line."""
    return folder / f"{share}.findings"


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(path.name + ".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(_HEAD + _digest(body) + body)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _read(path: Path) -> bytes | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    digest, body = data[len(_HEAD) : len(_HEAD) + _DIGEST_BYTES], data[len(_HEAD) + _DIGEST_BYTES :]
    if not data.startswith(_HEAD) or _digest(body) != digest:
        raise RunDamaged(f"{path} is damaged or of another version. Hint: run it again without --resume")
    return body


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=_DIGEST_BYTES).digest()
