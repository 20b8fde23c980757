"""Checkpoints: all that live watch remembers, with the number of the last batch that is in it. Two are kept."""

import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, structs

from ringfence.watch.lake.places import Place

VERSION: Final = 1
_NAME: Final = "checkpoint"
_PREVIOUS: Final = "checkpoint.previous"
_DRAFT: Final = "checkpoint.draft"
"""Each writer has its own: a copy of a watch that was killed may go on for a moment beside the next watch."""
_DIGEST_BYTES: Final = 16
_HEAD: Final = b"ringfence watch checkpoint %d\n" % VERSION


class CheckpointDamaged(Exception):
    """The file is not what was written, or another version wrote it."""


class Checkpoint(Struct, frozen=True, kw_only=True):
    """`journal`: the number of the last batch that is in it. `engine` is `None` where no policy was posted yet.

    `places`: how far each followed file was consumed by then, `desk` the number of the last of the desk's events.
    """

    journal: int
    policy: str | None
    tracker: bytes
    engine: bytes | memoryview | None
    places: tuple[Place, ...] = ()
    desk: int = 0


class _Read(Struct, frozen=True, kw_only=True):
    """A checkpoint as it stands in a file: hundreds of megabytes are not copied."""

    journal: int
    policy: str | None
    tracker: bytes
    engine: memoryview | None
    places: tuple[Place, ...] = ()
    desk: int = 0


_DECODER: Final = msgspec.msgpack.Decoder(_Read)


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write it so that a crash leaves this one or the one before whole. Raises `OSError`, and then nothing changed."""
    draft_checkpoint(folder, checkpoint)
    put_checkpoint(folder, os.getpid())


def draft_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write this process's draft beside those that count, for `put_checkpoint`. Raises `OSError`, and then there is none."""
    body = msgspec.msgpack.encode(checkpoint)
    draft = _draft(folder, os.getpid())
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(_HEAD)
            file.write(_digest(body))
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def put_checkpoint(folder: Path, writer: int) -> None:
    """Let the draft of the process with that id be the newest, and the newest the one before it. Raises `OSError`."""
    if (folder / _NAME).exists():
        (folder / _NAME).replace(folder / _PREVIOUS)
    _draft(folder, writer).replace(folder / _NAME)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def drop_drafts(folder: Path) -> None:
    """Delete what processes that are no more had begun to write."""
    for draft in folder.glob(f"{_DRAFT}*"):
        draft.unlink(missing_ok=True)


def read_checkpoints(folder: Path) -> Iterator[Checkpoint | CheckpointDamaged]:
    """Yield the checkpoints that are there, the newest first; in place of an unusable one, what is wrong with it."""
    for name in (_NAME, _PREVIOUS):
        path = folder / name
        if path.exists():
            try:
                yield _read(path)
            except CheckpointDamaged as damage:
                yield damage


def _read(path: Path) -> Checkpoint:
    data = memoryview(path.read_bytes())
    if data[: len(_HEAD)] != _HEAD:
        raise CheckpointDamaged(f"{path}: not a checkpoint of this version")
    digest, body = data[len(_HEAD) : len(_HEAD) + _DIGEST_BYTES], data[len(_HEAD) + _DIGEST_BYTES :]
    if _digest(body) != digest:
        raise CheckpointDamaged(f"{path}: fails its checksum")
    try:
        return Checkpoint(**structs.asdict(_DECODER.decode(body)))
    except msgspec.DecodeError as error:
        raise CheckpointDamaged(f"{path}: {error}") from None


def _draft(folder: Path, writer: int) -> Path:
    return folder / f"{_DRAFT}{writer}"


def _digest(body: bytes | memoryview) -> bytes:
    return blake2b(body, digest_size=_DIGEST_BYTES).digest()
