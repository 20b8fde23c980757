"""What strangers attach: kept byte for byte under its hash, looked at from outside, never unpacked, never shown, never run."""

import os
import re
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Final

from msgspec import Struct

from ringfence.desk.complaints import mails

MOST: Final = 50
"""Attachments of one complaint that are listed. The raw mail has all."""
_NAME_LENGTH: Final = 120
_ODD: Final = re.compile(r"[^\w.,()+ -]")
_LARGEST_INDEX: Final = 64 << 20
_MEMBERS: Final = 10_000
_BOMB_RATIO: Final = 100
_BOMB_BYTES: Final = 1 << 30
_SMALLEST_GZIP: Final = 18
_PACKED: Final = (".zip", ".gz", ".tgz", ".7z", ".rar", ".bz2", ".xz", ".jar")
_STARTS: Final = (
    (b"MZ", "a program for Windows"),
    (b"\x7fELF", "a program for Linux"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"ID3", "MP3 audio"),
    (b"RIFF", "WAV audio"),
    (b"OggS", "Ogg audio"),
    (b"#!", "a script"),
    (b"<html", "HTML"),
    (b"<!doctype html", "HTML"),
    (b"<svg", "an SVG drawing"),
)


class Held(Struct, frozen=True, kw_only=True):
    """One thing that was handed in. `kind` is what its sender calls it, `looks` what its first bytes are, `remarks` what is odd."""

    name: str
    kind: str
    looks: str
    data: bytes
    remarks: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal: also its name on the disk."""
        return sha256(self.data).hexdigest()


def attachments(raw: bytes) -> Iterator[Held]:
    """Yield what a mail carries beside its words, at most `MOST`. No bytes make it raise."""
    given = 0
    for part in mails.parts(mails.letter(raw)):
        if (
            part.get_content_maintype() == "multipart"
            or part.is_multipart()
            or (part.get_content_maintype() == "text" and part.get_filename() is None)
        ):
            continue
        if given == MOST:
            return
        content = part.get_payload(decode=True)
        given += 1
        yield looked_at(part.get_filename() or "", part.get_content_type(), content if isinstance(content, bytes) else b"")


def looked_at(name: str, kind: str, data: bytes) -> Held:
    """Return what can be said of it from outside."""
    cleaned = clean_name(name)
    looks = next(
        (what for start, what in _STARTS if data[: len(start)].lower() == start.lower()), "text" if _is_text(data) else "unknown"
    )
    remarks = []
    if cleaned != name:
        remarks.append("its name was cleaned")
    if looks in ("a program for Windows", "a program for Linux", "a script"):
        remarks.append("can be run")
    if looks in ("HTML", "an SVG drawing"):
        remarks.append("can hold scripts")
    if data.startswith(b"PK\x03\x04"):
        remarks += _archive(data)
    if data.startswith(b"\x1f\x8b"):
        remarks += _gzip(data)
    return Held(name=cleaned, kind=mails.shown(kind)[:80], looks=looks, data=data, remarks=tuple(remarks))


def clean_name(name: str) -> str:
    """Return a file's name as text that can be shown: no paths, no controls, no marks that reorder, at most 120 characters."""
    last = re.split(r"[/\\]", mails.shown(str(name)))[-1]
    return _ODD.sub("_", " ".join(last.split())).strip(". ")[:_NAME_LENGTH]


def _archive(data: bytes) -> list[str]:
    """Read the archive's index alone: what it says of itself is enough to know a bomb by."""
    if len(data) > _LARGEST_INDEX:
        return ["too large an archive to look at"]
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()[:_MEMBERS]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError, OverflowError):
        return ["a broken archive"]
    unpacked = sum(member.file_size for member in members)
    remarks = [f"{len(members)} files within, {unpacked} bytes as it says"]
    if unpacked > _BOMB_BYTES or unpacked > _BOMB_RATIO * max(len(data), 1):
        remarks.append("an archive made to overflow whoever unpacks it")
    if any(member.filename.lower().endswith(_PACKED) for member in members):
        remarks.append("archives within the archive")
    if any(member.flag_bits & 1 for member in members):
        remarks.append("locked with a password")
    return remarks


def _gzip(data: bytes) -> list[str]:
    """Read the length that it ends with (RFC 1952 section 2.3.1, modulo 4 GiB)."""
    unpacked = int.from_bytes(data[-4:], "little") if len(data) >= _SMALLEST_GZIP else 0
    remarks = [f"{unpacked} bytes unpacked, as it says"] if unpacked else ["a broken archive"]
    if unpacked > _BOMB_BYTES or unpacked > _BOMB_RATIO * len(data):
        remarks.append("an archive made to overflow whoever unpacks it")
    return remarks


def _is_text(data: bytes) -> bool:
    head = data[:512]
    return bool(head) and all(byte >= 32 or byte in (9, 10, 13) for byte in head)


def keep(folder: Path, held: Held) -> Path:
    """Write it under its hash where nobody but the service reads it, synced; the same bytes once. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / held.digest
    if path.exists():
        return path
    draft = folder / f".{held.digest}.{os.getpid()}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o400), "wb") as file:
        file.write(held.data)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    return path
