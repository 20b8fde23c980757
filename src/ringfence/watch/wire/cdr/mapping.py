"""Mapping files: which of a file's columns is which of ours, and how its times, numbers and outcomes are written."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final
from zoneinfo import ZoneInfo

from ringfence.policy.problems import Problem
from ringfence.vocabulary.times import Micros, from_iso, micros
from ringfence.watch.wire.cdr.columns import KNOWN
from ringfence.watch.wire.cdr.values import BadValue

TIMES: Final = ("start", "answer", "end")
LENGTHS: Final = ("duration", "talk", "ring_ms")
NUMBERS: Final = ("caller", "callee")
TARGETS: Final = (*KNOWN, "duration", "talk")
"""Our columns; beside those of the generic layout `duration`, from start to end, and `talk`, from answer to end."""
UNITS: Final = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000}
EPOCHS: Final = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}
NUMBER_KINDS: Final = ("number", "user")
DELIMITERS: Final = (",", ";", "\t", "|")

_TOP: Final = ("columns", "delimiter", "header", "zone", "country")
_ALL: Final = ("column", "none")
_KEYS: Final = {
    **dict.fromkeys(TARGETS, (*_ALL, "prefix", "constant", "values", "otherwise")),
    **dict.fromkeys(TIMES, (*_ALL, "format", "since", "zone")),
    **dict.fromkeys(LENGTHS, (*_ALL, "unit")),
    **dict.fromkeys(NUMBERS, (*_ALL, "prefix", "kind", "country", "constant")),
    "call_id": (*_ALL, "prefix", "line"),
}
_TOML_PLACE: Final = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")
_COUNTRY: Final = re.compile(r"[A-Z]{2}\Z")


class MappingRefused(Exception):
    """The file can't be used: `problems` say where, why, and what to write instead."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Source:
    """Where one of our columns comes from. Exactly one of `column`, `constant` and `line` is set.

    Values in `none` count as empty. `scale` is how many microseconds a time or a length counts in; 0: clock text (`1:02:03`) or, of
    times, `pattern` as strptime reads it, and ISO 8601 without. `line` begins an id made of the row's number. `prefix` is put
    before whatever is not empty.
    """

    column: str | None = None
    constant: str | None = None
    line: str | None = None
    prefix: str = ""
    none: frozenset[str] = frozenset()
    values: Mapping[str, str] | None = None
    otherwise: str | None = None
    scale: int = 0
    pattern: str | None = None
    since: int = 0
    zone: ZoneInfo | None = None
    country: str | None = None
    is_user: bool = False


@dataclass(frozen=True, slots=True)
class FileMapping:
    """A mapping file, checked. `header` names the columns of files that don't; `zone` and `country` are for unmarked values."""

    name: str
    columns: Mapping[str, Source]
    delimiter: str | None = None
    header: tuple[str, ...] | None = None
    zone: ZoneInfo | None = None
    country: str | None = None

    @property
    def theirs(self) -> tuple[str, ...]:
        """Their columns that are read, each once."""
        return tuple(dict.fromkeys(source.column for source in self.columns.values() if source.column is not None))


def read_mapping(name: str, content: bytes) -> FileMapping:
    """Read and check a mapping file. Raises `MappingRefused` with all that is wrong; unknown keys are refused."""
    try:
        text = content.decode("utf-8-sig")
        document = tomllib.loads(text)
    except UnicodeDecodeError:
        raise MappingRefused((Problem(name, 1, 1, "it is no UTF-8 text", "save it as UTF-8"),)) from None
    except tomllib.TOMLDecodeError as broken:
        place = _TOML_PLACE.search(str(broken))
        line, column = (int(place[1]), int(place[2])) if place is not None and place[1] else (text.count("\n") + 1, 1)
        raise MappingRefused((Problem(name, line, column, _TOML_PLACE.sub("", str(broken)), "TOML: name = value"),)) from None
    checking = _Checking(name, text)
    mapping = checking.file(document)
    if checking.problems:
        raise MappingRefused(tuple(sorted(checking.problems)))
    return mapping


class _Checking:
    """Turns a document into a mapping, and gathers what is wrong with it."""

    def __init__(self, name: str, text: str) -> None:
        self.problems: list[Problem] = []
        self._name = name
        self._lines = text.splitlines()

    def file(self, document: dict[str, Any]) -> FileMapping:
        self._unknown(document, _TOP, ())
        columns = document.get("columns")
        if not isinstance(columns, dict) or not columns:
            self._refuse((), "no [columns]: nothing is mapped", 'write [columns] and then start = "their column"')
            columns = {}
        self._unknown(columns, TARGETS, ("columns",))
        sources = {target: self._source(target, columns[target]) for target in columns if target in TARGETS}
        self._complete(sources)
        header = document.get("header")
        if header is not None and not (isinstance(header, list) and header and all(isinstance(each, str) for each in header)):
            self._refuse(("header",), "header is no list of column names", 'write header = ["first", "second"]')
            header = None
        delimiter = document.get("delimiter")
        if delimiter is not None and delimiter not in DELIMITERS:
            self._refuse(("delimiter",), f"{delimiter!r} separates no columns", r'write one of "," ";" "\t" "|"')
        return FileMapping(
            self._name, sources, delimiter, tuple(header) if header else None, self._zone((), document), self._country((), document)
        )

    def _source(self, target: str, written: object) -> Source:
        path = ("columns", target)
        if isinstance(written, str):
            written = {"column": written}
        if not isinstance(written, dict):
            self._refuse(path, f"{target} is neither a column's name nor a table", f'write {target} = "their column"')
            return Source()
        self._unknown(written, _KEYS[target], path)
        given = [key for key in ("column", "constant", "line") if key in written]
        if len(given) != 1:
            self._refuse(
                path, f"{target} comes from {' and '.join(given) or 'nowhere'}", "give exactly one of column, constant, line"
            )
        for key in (*given, "otherwise", "prefix"):
            if not isinstance(written.get(key, ""), str):
                self._refuse((*path, key), f"{key} of {target} is no text", f'write {key} = "{written[key]}"')
        since = self._since(path, written)
        scale, pattern = self._scale(target, written)
        if written.get("kind", "number") not in NUMBER_KINDS:
            self._refuse((*path, "kind"), f"{written['kind']!r} is no kind of number", f"write one of {', '.join(NUMBER_KINDS)}")
        return Source(
            column=written.get("column"),
            constant=written.get("constant"),
            line=written.get("line"),
            prefix=written.get("prefix", ""),
            none=frozenset(self._texts((*path, "none"), written.get("none", []))),
            values=self._table((*path, "values"), written.get("values")),
            otherwise=written.get("otherwise"),
            scale=scale,
            pattern=pattern,
            since=since,
            zone=self._zone(path, written),
            country=self._country(path, written),
            is_user=written.get("kind") == "user",
        )

    def _complete(self, sources: Mapping[str, Source]) -> None:
        """Refuse a mapping that leaves out what every record needs."""
        for target in ("call_id", "start", "callee"):
            if target not in sources:
                hint = 'write call_id = { line = "row" } where they have none' if target == "call_id" else ""
                self._refuse(("columns",), f"{target} is not mapped", hint)
        if "end" not in sources and "duration" not in sources and "talk" not in sources:
            self._refuse(("columns",), "neither end nor duration nor talk is mapped", "one of them tells when a call ended")

    def _scale(self, target: str, written: dict[str, Any]) -> tuple[int, str | None]:
        path = ("columns", target)
        if target in LENGTHS:
            unit = written.get("unit", "ms" if target == "ring_ms" else "s")
            if unit == "clock":
                return 0, None
            if unit not in UNITS:
                self._refuse((*path, "unit"), f"{unit!r} is no unit", f"write one of {', '.join((*UNITS, 'clock'))}")
            return UNITS.get(unit, 1), None
        form = written.get("format", "iso")
        if target not in TIMES or form == "iso":
            return 0, None
        if form in EPOCHS:
            return EPOCHS[form], None
        if not isinstance(form, str) or "%" not in form:
            hint = f'write iso, {", ".join(EPOCHS)}, or a pattern as "%d.%m.%Y %H:%M:%S"'
            self._refuse((*path, "format"), f"{form!r} is no format of times", hint)
            return 0, None
        return 0, form

    def _since(self, path: tuple[str, ...], written: dict[str, Any]) -> Micros:
        since = written.get("since", "1970-01-01T00:00:00Z")
        try:
            return micros(since) if isinstance(since, datetime) else from_iso(since)
        except (ValueError, TypeError):
            self._refuse((*path, "since"), f"{since!r} is no time with a zone", "write 2026-01-31T10:00:00Z")
            return Micros(0)

    def _zone(self, path: tuple[str, ...], written: dict[str, Any]) -> ZoneInfo | None:
        name = written.get("zone")
        if name is None:
            return None
        try:
            return ZoneInfo(name)
        except (LookupError, ValueError, TypeError, OSError):
            self._refuse((*path, "zone"), f"{name!r} is no zone", "write UTC, or one such as Europe/Vienna")
            return None

    def _country(self, path: tuple[str, ...], written: dict[str, Any]) -> str | None:
        country = written.get("country")
        if country is None or (isinstance(country, str) and _COUNTRY.match(country)):
            return country
        self._refuse((*path, "country"), f"{country!r} is no country", "write its two letters, as AT")
        return None

    def _texts(self, path: tuple[str, ...], written: object) -> Iterator[str]:
        if isinstance(written, list) and all(isinstance(each, str) for each in written):
            yield from written
        else:
            self._refuse(path, f"{path[-1]} is no list of texts", f'write {path[-1]} = ["-1", ""]')

    def _table(self, path: tuple[str, ...], written: object) -> Mapping[str, str] | None:
        if written is None:
            return None
        if not isinstance(written, dict) or not all(isinstance(each, str | int) for each in written.values()):
            self._refuse(path, "values is no table of theirs = ours", 'write values = { "NO ANSWER" = "480" }')
            return None
        return {theirs: str(ours) for theirs, ours in written.items()}

    def _unknown(self, written: dict[str, Any], known: tuple[str, ...], path: tuple[str, ...]) -> None:
        for key in written:
            if key not in known:
                near = get_close_matches(key, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
                self._refuse((*path, key), f"{'.'.join((*path, key))} is unknown", hint)

    def _refuse(self, path: tuple[str, ...], cause: str, hint: str) -> None:
        line, column = self._place(path)
        self.problems.append(Problem(self._name, line, column, cause, hint))

    def _place(self, path: tuple[str, ...]) -> tuple[int, int]:
        """Return line and column of the last part of `path` that can be found, searching for each after the one before."""
        line, column = 0, 0
        for part in path:
            pattern = re.compile(rf"(?<![\w.-])[\"']?{re.escape(part)}[\"']?\s*(?=[\].=])")
            start = column
            for number in range(line, len(self._lines)):
                match = pattern.search(self._lines[number], start)
                start = 0
                if match is not None:
                    line, column = number, match.start()
                    break
        return line + 1, column + 1


def refuse_row(target: str, source: Source, cause: str) -> BadValue:
    """Return the error of a row's value, named by their column and ours."""
    theirs = source.column if source.column is not None else target
    return BadValue(theirs if theirs == target else f"{theirs} (our {target})", cause)
