"""What a file looks like that no format takes, and what would help."""

from typing import Final

from ringfence.watch.wire.cdr import HEADER

_SHOWN: Final = 80
_HINT: Final = (
    "give a capture (pcap, pcapng), HEP3 packets, records or logs of Asterisk, FreeSWITCH or Kamailio, "
    f"or call records whose first line is {HEADER}"
)
_MAGIC: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"\x89PNG", "it is a picture (PNG)", ""),
    (b"\xff\xd8\xff", "it is a picture (JPEG)", ""),
    (b"GIF8", "it is a picture (GIF)", ""),
    (b"RIFF", "it is sound or video (RIFF): what calls say is never read", ""),
    (b"ID3", "it is sound (MP3): what calls say is never read", ""),
    (b"%PDF", "it is a PDF", "export the table in it as CSV"),
    (b"PK\3\4", "it is packed with zip, as spreadsheets are too", "unpack it first, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "it is a document or spreadsheet of an old office program", "save the sheet as CSV"),
    (b"7z\xbc\xaf\x27\x1c", "it is packed with 7-Zip", "unpack it first"),
    (b"Rar!", "it is packed with RAR", "unpack it first"),
    (b"SQLite format 3", "it is an SQLite database", "export its table of call records as CSV"),
    (b"PAR1", "it is a Parquet file", ""),
    (b"snoop\0", "it is a capture in snoop format", "turn it into a pcap: editcap -F pcap FILE FILE.pcap"),
    (b"\x7fELF", "it is a program", ""),
    (b"<!DOCTYPE", "it is a web page", "save the table in it as CSV"),
    (b"<html", "it is a web page", "save the table in it as CSV"),
    (b"<?xml", "it is XML", "turn it into call records as CSV"),
)
_DELIMITERS: Final = (",", ";", "\t", "|")
_TABLE: Final = 4
"""Columns from which on a line is no sentence with commas: fewer can't be call records."""
_TAR: Final = (257, b"ustar")


def refusal(start: bytes) -> str:
    """Return what a file that starts with `start` looks like, and what would help."""
    looks, help_ = _looks_like(start)
    return f"{looks}; {help_}, or {_HINT}" if help_ else f"{looks}; {_HINT}"


def looks_like(start: bytes) -> str:
    """Return what a file that starts with `start` looks like."""
    return _looks_like(start)[0]


def _looks_like(start: bytes) -> tuple[str, str]:
    if not start:
        return "it is empty", ""
    for magic, looks, help_ in _MAGIC:
        if start.startswith(magic):
            return f"{looks} (it starts with the octets {start[:8].hex(' ')})" if not help_ else looks, help_
    if start.startswith(_TAR[1], _TAR[0]):
        return "it is a tar archive", "unpack it first"
    if not start.strip(b"\0"):
        return "it holds nothing but zeros", ""
    if not start.strip():
        return "it is empty but for white space", ""
    line = start.decode("utf-8-sig", "replace").lstrip().partition("\n")[0].strip()
    if b"\0" in start or "\ufffd" in line:
        return f"it starts with the octets {start[:8].hex(' ')}, as no known format does", ""
    shown = line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
    looks = f"its first line is {shown!r}, as in no known format"
    if (columns := max(map(line.count, _DELIMITERS)) + 1) >= _TABLE:
        return (
            f"{looks}, but it looks like a table of {columns} columns",
            "say with --mapping which of them are which (docs/records.md)",
        )
    return looks, ""
