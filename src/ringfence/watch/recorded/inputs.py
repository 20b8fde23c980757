"""Files to scan: opened, recognised by their content, and refused with what they look like."""

import errno
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ringfence.watch.recorded.formats import START, Confidence, Format
from ringfence.watch.recorded.table import FORMATS
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.wire.cdr import HEADER

_SHOWN: Final = 80
_PACKED: Final = {b"\x1f\x8b": "gzip", b"BZ": "bzip2", b"\xfd7": "xz", b"\x28\xb5": "zstd", b"PK": "zip"}
_HINT: Final = f"give a capture (pcap, pcapng) or call records whose first line is {HEADER}"


@dataclass(frozen=True, slots=True)
class Input:
    """An open file, at its start. `octets` is its size, 0 where it has none (a pipe)."""

    name: str
    format: Format
    file: BinaryIO
    octets: int


def open_input(path: Path, format_: Format | None, stack: ExitStack) -> Input:
    """Open a file and recognise it, unless `format_` says what it is; `stack` closes it.

    Raises `UnreadableFile` with its name, what it looks like, and what to do.
    """
    try:
        file = stack.enter_context(path.open("rb"))
        start = file.peek(START)[:START]
        octets = path.stat().st_size
    except OSError as cause:
        raise UnreadableFile(f"{path}: {_reason(cause)}", permanent=True) from cause
    return Input(str(path), format_ or _recognised(path, start), file, octets)


def format_named(name: str) -> Format | None:
    """Return the format that is called so, or `None`."""
    return next((each for each in FORMATS if each.name == name), None)


def _recognised(path: Path, start: bytes) -> Format:
    best, sure = max(((each, each.recognise(start, path.name)) for each in FORMATS), key=lambda pair: pair[1])
    if sure is not Confidence.NO:
        return best
    raise UnreadableFile(f"{path}: {_looks_like(start)}; {_HINT}", permanent=True)


def _looks_like(start: bytes) -> str:
    if not start.strip():
        return "it is empty"
    for magic, name in _PACKED.items():
        if start.startswith(magic):
            return f"it is packed with {name}: unpack it first"
    line = start.decode("utf-8-sig", "replace").lstrip().partition("\n")[0].strip()
    if b"\0" in start or "\ufffd" in line:
        return f"it starts with the octets {start[:8].hex(' ')}, as no known format does"
    shown = line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
    return f"its first line is {shown!r}, as in no known format"


def _reason(cause: OSError) -> str:
    match cause.errno:
        case errno.ENOENT:
            return "no such file"
        case errno.EISDIR:
            return "it is a folder; name the files in it"
        case errno.EACCES:
            return "no permission to read it"
    return cause.strerror or "it can't be read"
