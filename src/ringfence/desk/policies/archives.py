"""A bundle as people hand it in: a zip or tar archive, read within bounds and never unpacked onto a disk. Pure."""

import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from ringfence.desk.errors import DeskError

MOST_FILES: Final = 2_000
LARGEST_FILE: Final = 16 * 1024 * 1024 + 1
LARGEST_WHOLE: Final = 64 * 1024 * 1024
"""Bytes of all files together, unpacked."""

_DAMAGED: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class ArchiveRefused(DeskError):
    """It is no archive that a bundle could be read from; the text says why."""


def read_archive(octets: bytes) -> dict[str, bytes]:
    """Return the content of every plain file by its path in the bundle.

    Where all lie in one folder, as archives often have it, paths are taken from there. Raises `ArchiveRefused`.
    """
    try:
        members = list(_zipped(octets)) if zipfile.is_zipfile(io.BytesIO(octets)) else list(_tarred(octets))
    except _DAMAGED as error:
        raise ArchiveRefused(f"it is no zip or tar archive, or it is damaged: {error}") from error
    files: dict[str, bytes] = {}
    for name, content in members:
        path = _path(name)
        if path in files:
            raise ArchiveRefused(f"{path} stands twice in it")
        files[path] = content
    if not files:
        raise ArchiveRefused("there is no file in it")
    return _from_its_folder(files)


def _zipped(octets: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        left = LARGEST_WHOLE
        for number, member in enumerate(archive.infolist()):
            _count(number)
            if member.is_dir():
                continue
            if member.flag_bits & 1:
                raise ArchiveRefused(f"{member.filename} is encrypted")
            with archive.open(member) as file:
                content = file.read(min(LARGEST_FILE, left + 1))
            left = _left(left, content, member.filename)
            yield member.filename, content


def _tarred(octets: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(octets), mode="r:*") as archive:
        left = LARGEST_WHOLE
        for number, member in enumerate(archive):
            _count(number)
            if member.isdir():
                continue
            file = archive.extractfile(member) if member.isfile() else None
            if file is None:
                raise ArchiveRefused(f"{member.name} is a link or a device, and no file")
            content = file.read(min(LARGEST_FILE, left + 1))
            left = _left(left, content, member.name)
            yield member.name, content


def _count(number: int) -> None:
    if number >= MOST_FILES:
        raise ArchiveRefused(f"it holds more than {MOST_FILES} files")


def _left(left: int, content: bytes, name: str) -> int:
    if len(content) > left or len(content) >= LARGEST_FILE:
        raise ArchiveRefused(f"{name} makes it larger than a bundle may be")
    return left - len(content)


def _path(name: str) -> str:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or name.startswith("/") or ".." in parts or not name.isprintable() or len(name) > 300:
        raise ArchiveRefused(f"{name!r:.80} is no path of a bundle")
    return "/".join(parts)


def _from_its_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    folders = {path.partition("/")[0] if "/" in path else "" for path in _told(files)}
    if len(folders) != 1 or folders == {""} or "bundle.toml" in files:
        return files
    prefix = f"{folders.pop()}/"
    return {path.removeprefix(prefix): content for path, content in files.items() if path.startswith(prefix)}


def _told(paths: Iterable[str]) -> list[str]:
    """Leave aside what some systems add to archives of their own."""
    return [path for path in paths if not path.startswith("__MACOSX/")]
