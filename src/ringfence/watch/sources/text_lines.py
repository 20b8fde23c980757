"""Files of text as lines, in whatever encoding: UTF-8, UTF-16 with its mark, else Latin-1 line by line."""

import codecs
from collections.abc import Iterator
from typing import Final, Protocol

from ringfence.watch.sources.holes import skip_hole
from ringfence.watch.wire.cdr import LONGEST_LINE

_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_CHUNK: Final = 65_536


class Octets(Protocol):
    """What is read of a file."""

    def readline(self, size: int, /) -> bytes:
        """Return the next line, or its first `size` octets."""

    def read(self, size: int, /) -> bytes:
        """Return the next octets."""


def is_utf16(start: bytes) -> bool:
    """Tell whether a file that begins so is UTF-16."""
    return start[:2] in _UTF16


def text_lines(file: Octets, *, longest: int = LONGEST_LINE) -> Iterator[str]:
    """Yield the lines without a byte order mark, as they are read.

    Of a line longer than `longest` octets only one more is given: what is beyond is passed over, so that one line takes no memory.
    """
    first = file.readline(longest + 1)
    encoding = _UTF16.get(first[:2])
    if encoding is not None:
        yield from _utf16_lines(file, first[2:], encoding, longest)
        return
    line = first.removeprefix(codecs.BOM_UTF8)
    while line:
        rest = line
        while len(rest) > longest and not rest.endswith(b"\n"):
            rest = file.readline(longest + 1)
            if not rest.strip(b"\0"):
                skip_hole(file)
        yield _decoded(line)
        line = file.readline(longest + 1)


def start_lines(start: bytes) -> list[str]:
    """Return the whole lines in a file's first octets, or the one line there as far as it goes."""
    encoding = _UTF16.get(start[:2])
    text = start[2:].decode(encoding, "replace") if encoding is not None else _decoded(start.removeprefix(codecs.BOM_UTF8))
    lines = text.splitlines(keepends=True)
    whole = [line for line in lines if line.endswith(("\n", "\r"))]
    return [line for line in (whole or lines) if line.strip()]


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _utf16_lines(file: Octets, start: bytes, encoding: str, longest: int) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    held, chunk = "", start
    is_passing = False
    while chunk:
        *lines, held = (held + decoder.decode(chunk)).split("\n")
        for line in lines:
            if not is_passing:
                yield line + "\n"
            is_passing = False
        if len(held) > longest:
            if not is_passing:
                yield held[: longest + 1]
            held, is_passing = "", True
        chunk = file.read(_CHUNK)
    held += decoder.decode(b"", final=True)
    if held and not is_passing:
        yield held
