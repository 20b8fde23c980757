"""Files to scan: found, unpacked, recognised by their content, and refused or skipped with what they look like."""

import errno
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

from ringfence.watch.recorded.formats import START, Confidence, Format
from ringfence.watch.recorded.looks import looks_like, refusal
from ringfence.watch.recorded.table import FORMATS
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.sources.packed import SUFFIXES, Unpacked, packing, unpacked

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

STANDARD_INPUT: Final = Path("-")
_LEAST: Final = 4_096
"""Octets of standard input that are waited for, unless fewer tell what it is."""


class Skipped(NamedTuple):
    """A file that was passed over, and what it looks like."""

    name: str
    cause: str


@dataclass(slots=True)
class Input:
    """A file of a known format. It is opened when its turn comes: there may be more files than a process may hold open.

    `octets` is its size as it lies there, 0 where it has none (a pipe).
    """

    name: str
    format: Format
    path: Path | None
    octets: int
    stream: BinaryIO | None = None
    """Standard input, which is open already and can be read once."""
    is_read: bool = False
    _raw: BinaryIO | None = field(default=None, repr=False)
    _packed: Unpacked | None = field(default=None, repr=False)

    def open(self) -> BinaryIO:
        """Return the unpacked file at its start. Raises `UnreadableFile` where it can't be opened."""
        if self.path is None:
            if self.stream is None:
                raise UnreadableFile(f"{self.name}: it can be read once only", permanent=True)
            return self.stream
        self.close()
        self._raw, file, self._packed = _opened(self.path)
        return file

    def close(self) -> None:
        """Close it, if it is open."""
        if self._raw is not None:
            self._raw.close()
            self._raw = None

    def descriptor(self) -> int | None:
        """Return a descriptor of its own for the open file, to be closed by whoever asked; `None` where it can be read once only.

        What is read by it are the octets that `open` gives, at the same places: a packed file has none.
        """
        if self._raw is None or self._packed is not None or not self._raw.seekable():
            return None
        return os.dup(self._raw.fileno())

    @property
    def position(self) -> int:
        """How many of `octets` have been read."""
        if self.is_read or self._raw is None:
            return self.octets if self.is_read else 0
        return self._raw.tell()

    @property
    def damage(self) -> str | None:
        """Why a packed file could not be unpacked to its end, `None` where nothing is wrong."""
        return None if self._packed is None else self._packed.damage


class Inputs(NamedTuple):
    """What was found: files to read in the order in which they were named, and those passed over."""

    files: list[Input]
    skipped: list[Skipped]


class Choice(NamedTuple):
    """What somebody said of his files: what they are, and what they are where no format takes them."""

    format: Format | None = None
    otherwise: Format | None = None

    def of(self, start: bytes, name: str) -> Format | None:
        """Return the format of a file that starts with `start`, or `None`. What `format` says is for the caller to ask first."""
        known = recognised(start, name)
        return self.otherwise if known is None and self.otherwise is not None and _is_table(start) else known


def find_inputs(
    paths: Sequence[Path],
    format_: Format | None,
    standard_input: BinaryIO | None = None,
    *,
    otherwise: Format | None = None,
) -> Inputs:
    """Return the files that `paths` name: files, folders with all that is in them, or `-` for standard input.

    Each is recognised by its content, unless `format_` says what it is; `otherwise` is what tables are that no format takes.
    In folders, what no format takes is skipped; so are empty files wherever something else is left.
    Raises `UnreadableFile` with name, what it looks like, and what would help.
    """
    found, choice = Inputs([], []), Choice(format_, otherwise)
    for path in paths:
        if path == STANDARD_INPUT and standard_input is not None:
            found.files.append(_piped(standard_input, choice))
        elif path.is_dir():
            _add_folder(path, choice, found)
        else:
            _add_file(path, choice, found)
    if not found.files:
        first = found.skipped[0] if found.skipped else Skipped(str(paths[0]) if paths else "", "the folder is empty")
        more = f" (and {len(found.skipped) - 1} more)" if len(found.skipped) > 1 else ""
        raise UnreadableFile(f"nothing to read: {first.name}: {first.cause}{more}", permanent=True)
    return found


def format_named(name: str) -> Format | None:
    """Return the format that is called so, or `None`."""
    return next((each for each in FORMATS if each.name == name), None)


def plain_name(path: Path) -> str:
    """Return a file's name without its folder and without what says that it is packed."""
    name = path.name
    return next((name[: -len(suffix)] for suffix in SUFFIXES if name.endswith(suffix)), name)


def recognised(start: bytes, name: str) -> Format | None:
    """Return the format of a file that starts with `start`, or `None` where no format takes it."""
    best, sure = max(((each, each.recognise(start, name)) for each in FORMATS), key=lambda pair: pair[1])
    return best if sure is not Confidence.NO else None


def _add_file(path: Path, choice: Choice, found: Inputs) -> None:
    try:
        start, octets = _start(path)
    except OSError as cause:
        raise UnreadableFile(f"{path}: {_reason(cause)}", permanent=True) from cause
    if not start:
        found.skipped.append(Skipped(str(path), refusal(start)))
        return
    known = choice.format or choice.of(start, plain_name(path))
    if known is None:
        raise UnreadableFile(f"{path}: {refusal(start)}", permanent=True)
    found.files.append(Input(str(path), known, path, octets))


def _add_folder(folder: Path, choice: Choice, found: Inputs) -> None:
    for path in files_in(folder):
        try:
            start, octets = _start(path)
        except OSError as cause:
            found.skipped.append(Skipped(str(path), _reason(cause)))
            continue
        except UnreadableFile as refused:
            found.skipped.append(Skipped(str(path), str(refused)))
            continue
        known = choice.of(start, plain_name(path))
        if known is None or (choice.format is not None and known is not choice.format):
            looks = looks_like(start) if known is None else f"it is {known.looks_like}"
            found.skipped.append(Skipped(str(path), looks))
        else:
            found.files.append(Input(str(path), known, path, octets))


def files_in(folder: Path) -> list[Path]:
    """Return what is in a folder and the folders in it, sorted by path, but no folders. Links to folders are not followed."""
    return sorted(Path(here, name) for here, _, names in os.walk(folder) for name in names)


def _start(path: Path) -> tuple[bytes, int]:
    """Return the first octets of a file, unpacked, and its size as it lies there. A pipe is never opened twice."""
    if not path.is_file() and path.exists():
        raise UnreadableFile(f"{path}: it is no regular file; give a pipe as standard input, with - for its name", permanent=True)
    raw, file, packed = _opened(path)
    with raw:
        start = file.read(START)
        if not start and packed is not None and packed.damage:
            raise UnreadableFile(f"{path}: {packed.damage}", permanent=True)
    return start, path.stat().st_size


def _opened(path: Path) -> tuple[BinaryIO, BinaryIO, Unpacked | None]:
    """Return the file as it lies there, the same unpacked, and what tells the damage of the packing."""
    raw = path.open("rb")
    method = packing(raw.peek(8)[:8])
    if method is None:
        return raw, raw, None
    file, packed = unpacked(raw, method)
    return raw, file, packed


def _piped(stream: BinaryIO, choice: Choice) -> Input:
    start = b""
    known: Format | None = choice.format
    read = getattr(stream, "read1", stream.read)
    while len(start) < _LEAST and (piece := read(START)):
        start += piece
        if packing(start) or (known := choice.format or recognised(start, "")) is not None:
            break
    file: BinaryIO = io.BufferedReader(_Chained(start, stream), START)
    method = packing(start)
    if method is not None:
        file, _ = unpacked(file, method)
        start = file.peek(START)[:START]  # type: ignore[attr-defined] # it is a BufferedReader
    known = known or choice.of(start, "")
    if known is None:
        raise UnreadableFile(f"standard input: {refusal(start)}", permanent=True)
    return Input("standard input", known, None, 0, file)


def _is_table(start: bytes) -> bool:
    """Tell whether a file that starts so is text with several columns."""
    return b"\0" not in start and any(mark in start.partition(b"\n")[0] for mark in (b",", b";", b"\t", b"|"))


class _Chained(io.RawIOBase):
    """Octets that were read already, and then the rest of the stream they came from."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start = start
        self._read = getattr(rest, "read1", rest.read)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        piece = self._start[: len(view)] if self._start else self._read(len(view))
        self._start = self._start[len(view) :]
        view[: len(piece)] = piece
        return len(piece)


def _reason(cause: OSError) -> str:
    match cause.errno:
        case errno.ENOENT:
            return "no such file"
        case errno.EACCES:
            return "no permission to read it"
    return cause.strerror or "it can't be read"
