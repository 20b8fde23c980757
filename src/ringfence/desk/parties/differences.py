"""What an import makes of things, each before and after: on the disk where it is much, so that memory does not grow with it."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from operator import itemgetter
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

import msgspec

from ringfence.desk.parties import exporting
from ringfence.desk.parties.exporting import WRITTEN, Row
from ringfence.desk.parties.files import COLUMNS
from ringfence.vocabulary.number_blocks import Block
from ringfence.watch.attribution.files import harmless

Things = Mapping[str, Sequence[str | Block]]
"""File to the names of things in it, of numbers.csv to blocks."""

_AT_ONCE: Final = 500
_MANY: Final = 50_000
_TIMES: Final = 10
"""A table that is at most so many times as long as what is asked for is read as a whole: a row costs a tenth of asking for it."""
_IN_MEMORY: Final = 1 << 20
_LINES: Final = 10_000
_COLUMNS: Final = tuple(dict.fromkeys(chain.from_iterable(WRITTEN.values())))


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that becomes another: its rows in `file` before and after, each column to value."""

    file: str
    name: str
    before: Sequence[Row]
    after: Sequence[Row]


@dataclass(frozen=True, slots=True)
class _Stood:
    """Some things of one file, by name, with the rows that they had at some moment."""

    file: str
    rows: Mapping[str, Sequence[Row]]


class Differences:
    """Differences in the order in which they were added, things that become another before those that are new.

    Iterate one at a time; `len` is how many they are. Beyond a megabyte they lie in a file that is deleted with this object.
    """

    def __init__(self) -> None:
        self._changed, self._fresh = _Lines(Difference), _Lines(Difference)
        self.counts: Counter[str] = Counter()
        """How many of each file."""

    def add(self, difference: Difference) -> None:
        """Add one, whose thing is new where it has no row before."""
        (self._changed if difference.before else self._fresh).add(difference)
        self.counts[difference.file] += 1

    def __len__(self) -> int:
        return self.counts.total()

    def __iter__(self) -> Iterator[Difference]:
        return chain(self._changed, self._fresh)

    def first(self, most: int) -> list[Difference]:
        """Return the first of them."""
        return list(islice(self, most))


class _Lines:
    """Things of one type, a line of JSON each."""

    def __init__(self, kind: type) -> None:
        self._file: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - it lives as long as this object
        self._encoder = msgspec.json.Encoder()
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)

    def add(self, thing: object) -> None:
        self._file.write(self._encoder.encode(thing) + b"\n")

    def __iter__(self) -> Iterator[Any]:
        self._file.seek(0)
        while line := self._file.readline():
            yield self._decoder.decode(line)

    def __del__(self) -> None:
        self._file.close()


def rows_of(things: Things) -> dict[str, dict[str, list[Row]]]:
    """Return the rows that few things have now, by file and name."""
    found: dict[str, dict[str, list[Row]]] = {}
    for file, names in things.items():
        for some in _chunks(names):
            for name, rows in _rows_of(file, some).items():
                found.setdefault(file, {})[name] = rows
    return found


def between(before: Mapping[str, Mapping[str, list[Row]]], after: Mapping[str, Mapping[str, list[Row]]]) -> Differences:
    """Return what differs between two answers of `rows_of`. What is there no more is left out: an import deletes nothing."""
    found = Differences()
    for file in COLUMNS:
        for name, rows in after.get(file, {}).items():
            earlier = before.get(file, {}).get(name, [])
            if earlier != rows:
                found.add(Difference(file, name, earlier, rows))
    return found


def after_and_before(changed: Things, fresh: Things, take_back: Callable[[], None]) -> Differences:
    """Return what differs, however much it is: called when it is written, it takes it back to see what was before."""
    found, stood = Differences(), _Lines(_Stood)
    for file in COLUMNS:
        for name, rows in _rows_of_many(file, fresh.get(file, ())):
            found.add(Difference(file, name, (), rows))
        for some in _chunks(changed.get(file, ())):
            stood.add(_Stood(file, _rows_of(file, some)))
    take_back()
    for one in stood:
        before = _rows_of(one.file, [exporting.thing_of(one.file, name) for name in one.rows])
        for name, rows in one.rows.items():
            if before.get(name, []) != rows:
                found.add(Difference(one.file, name, before.get(name, []), rows))
    return found


def csv_pieces(differences: Iterable[Difference]) -> Iterator[str]:
    """Yield all differences as one CSV file, in pieces: a line for each row that is `gone` or `new`, under all columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("change", "file", "thing", *_COLUMNS))
    lines = 0
    for one in differences:
        for mark, rows, others in (("gone", one.before, one.after), ("new", one.after, one.before)):
            for row in rows:
                if row not in others:
                    writer.writerow((mark, one.file, harmless(one.name), *(harmless(row.get(column, "")) for column in _COLUMNS)))
                    lines += 1
        if lines >= _LINES:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
            lines = 0
    yield text.getvalue()


def _rows_of_many(file: str, things: Sequence[str | Block]) -> Iterator[tuple[str, list[Row]]]:
    """Yield things by name with their rows. Where most of a large table is asked for, it is read as a whole."""
    if file == "numbers.csv" and len(things) > _MANY and exporting.held_numbers() <= _TIMES * len(things):
        wanted = set(things)
        for block, rows in groupby(exporting.all_numbers(), key=itemgetter(0)):
            if block in wanted:
                yield block.written, [row for _, row in rows]
        return
    for some in _chunks(things):
        yield from _rows_of(file, some).items()


def _rows_of(file: str, things: Sequence[str | Block]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in exporting.of_things(file, things):
        found.setdefault(row[COLUMNS[file][0]], []).append(row)
    return found


def _chunks(names: Sequence[str | Block]) -> Iterator[Sequence[str | Block]]:
    return (names[at : at + _AT_ONCE] for at in range(0, len(names), _AT_ONCE))
