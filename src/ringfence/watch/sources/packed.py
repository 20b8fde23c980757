"""Packed files (gzip, bzip2, xz, zstd) unpacked while they are read, as far as they are whole."""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, Final

from ringfence.watch.sources.errors import UnreadableFile

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK: Final = 262_144
_MAGIC: Final = {b"\x1f\x8b\x08": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
SUFFIXES: Final = (".gz", ".bz2", ".xz", ".zst")
"""How the names of packed files end."""


def packing(start: bytes) -> str | None:
    """Return what a file that starts so is packed with, or `None`."""
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)


class Unpacked(io.RawIOBase):
    """What is packed in `file`, read forward once. Files put one after another are one.

    Where the packed file breaks off or is damaged, reading ends with what could be unpacked, and `damage` says why.
    No more is held than a chunk, however much a chunk unpacks to.
    """

    def __init__(self, file: BinaryIO, method: str) -> None:
        self.damage: str | None = None
        self._file = file
        self._method = method
        self._unpack = _unpacking(method, file)
        self._at_end = False

    def readable(self) -> bool:
        """Return `True`."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill `buffer` as far as the next piece goes; return how many octets, 0 at the end."""
        view = memoryview(buffer).cast("B")
        if self._at_end or not len(view):
            return 0
        try:
            piece = self._unpack(len(view))
        except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError) as damaged:
            self.damage = f"the {self._method} file is damaged or breaks off: {damaged}"
            piece = b""
        self._at_end = not piece
        view[: len(piece)] = piece
        return len(piece)


def unpacked(file: BinaryIO, method: str) -> tuple[BinaryIO, Unpacked]:
    """Return what is packed in `file` as a file to read, and what tells its damage."""
    raw = Unpacked(file, method)
    return io.BufferedReader(raw, _CHUNK), raw


def _unpacking(method: str, file: BinaryIO) -> Callable[[int], bytes]:
    """Return what gives the next unpacked octets, at most as many as asked for; none at the end. It raises at damage."""
    if method == "zstd":
        return _Zstandard(file).read
    return _Members(file, method).read


class _Members:
    """gzip, bzip2 or xz: one or more packed members one after another."""

    def __init__(self, file: BinaryIO, method: str) -> None:
        self._file = file
        self._method = method
        self._member = self._new()
        self._packed = b""
        self._began = False

    def read(self, most: int) -> bytes:
        while True:
            if self._member.eof:
                self._packed = self._member.unused_data.lstrip(b"\0") or self._file.read(_CHUNK).lstrip(b"\0")
                if not self._packed:
                    return b""
                self._member, self._began = self._new(), False
            elif not self._packed and self._wants_more():
                self._packed = self._file.read(_CHUNK)
                if not self._packed:
                    raise EOFError("its end is missing")
            piece = self._member.decompress(self._packed, most)
            self._packed = self._member.unconsumed_tail if hasattr(self._member, "unconsumed_tail") else b""
            self._began = True
            if piece:
                return piece

    def _new(self) -> "zlib._Decompress | bz2.BZ2Decompressor | lzma.LZMADecompressor":
        if self._method == "gzip":
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        return bz2.BZ2Decompressor() if self._method == "bzip2" else lzma.LZMADecompressor()

    def _wants_more(self) -> bool:
        return not self._began or getattr(self._member, "needs_input", True)


class _Zstandard:
    """zstd, which the standard library cannot unpack yet."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            import pyarrow  # noqa: PLC0415 - half a second that other files need not wait for
        except ImportError as absent:
            raise UnreadableFile("it is packed with zstd: unpack it first", permanent=True) from absent
        self._stream = pyarrow.CompressedInputStream(pyarrow.PythonFile(file, mode="r"), "zstd")

    def read(self, most: int) -> bytes:
        piece: bytes = self._stream.read(most)
        return piece
