"""A list as it was sent: CSV with a header, a JSON array, or one entry a line. Pure; bytes in, rows and problems out."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Final

from ringfence.desk.complaints.mails import shown
from ringfence.desk.complaints.models import ListKind

LARGEST: Final = 8 << 20
MOST: Final = 100_000
_SHOWN: Final = 50
_PREFIX: Final = re.compile(r"\+[1-9][0-9]{2,14}\Z", re.ASCII)
_NAMES: Final = ("entry", "number", "address", "prefix", "network")
_SHORT: Final = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One entry. `until` is its own end, `None` where the list names none."""

    entry: str
    note: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What can't be taken: the line (of JSON: the place in the array, from 1), and why."""

    line: int
    cause: str


@dataclass(slots=True)
class Read:
    """What a list holds, each entry once, and what in it can't be taken, at most the first fifty."""

    rows: dict[str, Row] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_list(data: bytes, kind: str) -> Read:
    """Return what a list says; its form is known by how it begins."""
    found = Read()
    if len(data) > LARGEST:
        found.problems.append(Problem(0, f"the list is larger than {LARGEST >> 20} MiB"))
        return found
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found.problems.append(Problem(0, f"it is no UTF-8 at byte {error.start}"))
        return found
    try:
        for line, entry, note, until in _told(text):
            _take(found, kind, line, (entry, note, until))
            if len(found.problems) >= _SHOWN or len(found.rows) > MOST:
                break
    except (ValueError, RecursionError, csv.Error) as error:
        found.problems.append(Problem(0, shown(str(error))[:_SHORT]))
    if len(found.rows) > MOST:
        found.problems.append(Problem(0, f"more than {MOST:,} entries"))
    if not found.rows and not found.problems:
        found.problems.append(Problem(0, "it holds no entry"))
    return found


def _told(text: str) -> Iterator[tuple[int, str, str, str]]:
    begin = text.lstrip()[:1]
    if begin in ("[", "{"):
        return _of_json(text)
    head = next((line for line in text.splitlines() if line.strip()), "")
    names = [name.strip().lower() for name in head.split(",")]
    return _of_csv(text, names) if any(name in _NAMES for name in names) else _of_lines(text)


def _of_json(text: str) -> Iterator[tuple[int, str, str, str]]:
    data = json.loads(text)
    listed = data.get("entries") if isinstance(data, dict) else data
    if not isinstance(listed, list):
        raise ValueError("write a JSON array of entries, or an object with entries: […]")
    for place, one in enumerate(listed, 1):
        if isinstance(one, dict):
            named = next((str(one[name]) for name in _NAMES if name in one), "")
            yield place, named, str(one.get("note", "")), str(one.get("expiry") or "")
        else:
            yield place, str(one), "", ""


def _of_csv(text: str, names: list[str]) -> Iterator[tuple[int, str, str, str]]:
    reader = csv.DictReader(io.StringIO(text), fieldnames=None)
    column = next(name for name in names if name in _NAMES)
    for row in reader:
        told = {str(name).strip().lower(): str(value or "") for name, value in row.items() if name is not None}
        yield reader.line_num, told.get(column, ""), told.get("note", ""), told.get("expiry", "")


def _of_lines(text: str) -> Iterator[tuple[int, str, str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        entry, _, note = line.partition("#")
        if entry.strip():
            yield number, entry, note, ""


def _take(found: Read, kind: str, line: int, told: tuple[str, str, str]) -> None:
    entry = _entry(told[0].strip(), kind)
    if entry is None:
        what = "address or network" if kind == ListKind.SOURCES else "number in E.164 with its +"
        found.problems.append(Problem(line, f"{shown(told[0].strip())[:40] or '(nothing)'} is no {what}"))
        return
    until = None
    if told[2].strip():
        try:
            until = datetime.fromisoformat(told[2].strip())
        except ValueError:
            found.problems.append(Problem(line, f"expiry {shown(told[2])[:40]} is no day such as 2026-12-31"))
            return
        until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    found.rows[entry] = Row(entry, shown(told[1]).strip()[:_SHORT], until)


def _entry(written: str, kind: str) -> str | None:
    if kind == ListKind.SOURCES:
        try:
            return str(ip_network(written, strict=False)).removesuffix("/32").removesuffix("/128")
        except ValueError:
            return None
    digits = re.sub(r"[ ().-]", "", written)
    return digits if _PREFIX.match(digits) else None
