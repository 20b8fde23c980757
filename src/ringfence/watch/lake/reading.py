"""The lake read back: events in the order of their times, files merged by hours, in slices of bounded size.

Of one time events stand in the order in which they came. A slice reads a column when somebody asks for it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import Micros
from ringfence.watch.lake.commits import LakeFile, hour_of, total
from ringfence.watch.lake.rows import events_of, sealed_as_tokens
from ringfence.watch.lake.schema import BY_NAME, COLUMNS
from ringfence.watch.lake.store import Lake

SLICE: Final = 131_072
"""Events that a slice is made of, about. More where files overlap in many of one time."""


_SMALL: Final = 2_048
"""Events in a file that is read as a whole."""
_MOST_OPEN: Final = 200
"""Files open at once, unless one hour has more."""


class LakeUnreadable(Exception):
    """A file of the lake is missing, or is not what was written."""


class _Opened:
    """One file of the lake, open. `sealed`: whether its key is there."""

    def __init__(self, lake: Lake, file: LakeFile) -> None:
        self.path = lake.folder / file.path
        self.is_open = lake.keys.has(file.key)
        try:
            self.parquet = pq.ParquetFile(self.path, decryption_properties=lake.keys.opening() if self.is_open else None)
        except (OSError, pa.ArrowException) as error:
            raise LakeUnreadable(f"{self.path}: {error}") from error
        self.names = frozenset(self.parquet.schema_arrow.names)
        self._whole: Any = None
        self._time = self.parquet.schema_arrow.names.index("time")
        self.groups: tuple[int, ...] = tuple(
            self.parquet.metadata.row_group(number).num_rows for number in range(self.parquet.num_row_groups)
        )

    def span(self, group: int) -> tuple[int, int]:
        """Return the first and the last time in a row group."""
        statistics = self.parquet.metadata.row_group(group).column(self._time).statistics
        return int(statistics.min_raw), int(statistics.max_raw)

    def read(self, name: str, group: int) -> Any:  # noqa: ANN401 - pyarrow has no types
        """Return a field's values in a row group, those of a sealed one as tokens' text where the key is gone."""
        column = BY_NAME[name]
        if name not in self.names:
            return pa.array([column.default] * self.groups[group], column.type)
        try:
            if column.sealed and not self.is_open:
                return pa.array(sealed_as_tokens(self._column(column.token, group).to_pylist()), pa.string())
            return self._column(name, group).combine_chunks()
        except (OSError, pa.ArrowException) as error:
            raise LakeUnreadable(f"{self.path}: {error}") from error

    def _column(self, name: str, group: int) -> Any:  # noqa: ANN401 - pyarrow has no types
        if sum(self.groups) > _SMALL:
            return self.parquet.read_row_group(group, columns=[name]).column(0)
        if self._whole is None:  # to read one column costs as much as to read them all
            present = [column.name if self.is_open or not column.sealed else column.token for column in COLUMNS]
            names = [each for each in present if each in self.names]
            self._whole = [
                self.parquet.read_row_group(number, columns=names, use_threads=False) for number in range(len(self.groups))
            ]
        return self._whole[group].column(name)


class _Part(NamedTuple):
    """Rows [`begin`, `end`) of a row group of a file, and their first and last time.

    `order`: the file's place in its stretch, and the group's in the file.
    """

    file: _Opened
    group: int
    begin: int
    end: int
    order: tuple[int, int]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Rows:
    """A slice: rows of some files, in order. It is light: nothing is read until `column` is called."""

    parts: tuple[_Part, ...]
    order: NDArray[np.intp] | None
    """Where each row stands in the parts one after the other; `None`: they are in order as they stand."""
    times: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.times)

    def column(self, name: str) -> Any:  # noqa: ANN401 - pyarrow has no types
        """Return the field `name` of every row, as an Arrow array. Raises `LakeUnreadable`."""
        pieces = [part.file.read(name, part.group).slice(part.begin, part.end - part.begin) for part in self.parts]
        whole = pieces[0] if len(pieces) == 1 else pa.concat_arrays(pieces)
        return whole if self.order is None else whole.take(pa.array(self.order))

    def events(self) -> list[Event]:
        """Return the events of all rows. Raises `LakeUnreadable`."""
        return events_at({column.name: self.column(column.name) for column in COLUMNS}, range(len(self)))


def events_at(columns: Mapping[str, Any], places: Sequence[int]) -> list[Event]:
    """Return the events at `places` of Arrow columns by their fields' names, all of them."""
    values: dict[str, list[Any]] = {}
    taking = pa.array(places, pa.int64())
    for name, column in columns.items():
        taken = column if len(places) == len(column) else column.take(taking)
        values[name] = (pc.cast(taken, pa.int64()) if name == "time" else taken).to_pylist()
    return events_of(values, len(places))


def slices(
    lake: Lake, files: Iterable[LakeFile], *, since: Micros | None = None, until: Micros | None = None, size: int = SLICE
) -> Iterator[Rows]:
    """Yield the events of `files`, which stand by hour (`Contents.within`), that lie in [`since`, `until`), in slices.

    Memory does not grow with the files. Raises `LakeUnreadable`.
    """
    for stretch in stretches(files, size=size):
        yield from slices_of(lake, stretch, since=since, until=until, size=size)


def stretches(files: Iterable[LakeFile], *, size: int = SLICE) -> Iterator[list[LakeFile]]:
    """Yield the files of one hour, or of several that follow each other and together have no more events than a slice."""
    held: list[LakeFile] = []
    for _, several in groupby(files, key=hour_of):
        hour = list(several)
        if held and (total(held) + total(hour) > size or len(held) + len(hour) > _MOST_OPEN):
            yield held
            held = []
        held += hour
    if held:
        yield held


def slices_of(
    lake: Lake, stretch: Iterable[LakeFile], *, since: Micros | None = None, until: Micros | None = None, size: int = SLICE
) -> Iterator[Rows]:
    """Yield the events of one of the `stretches` as `slices` does."""
    yield from _merged([_Opened(lake, file) for file in stretch], (since, until), size)


def read_events(lake: Lake, *, since: Micros | None = None, until: Micros | None = None, size: int = SLICE) -> Iterator[Event]:
    """Yield the lake's events in [`since`, `until`) in order. Raises `LakeUnreadable`, `FeedError`."""
    for rows in slices(lake, lake.contents().within(since, until), since=since, until=until, size=size):
        yield from rows.events()


def _merged(files: list[_Opened], span: tuple[Micros | None, Micros | None], size: int) -> Iterator[Rows]:
    waiting = sorted(_parts_of(files), key=lambda part: part.first, reverse=True)
    taken: list[_Part] = []
    rows = 0
    while waiting or taken:
        while waiting and rows < size:
            taken.append(waiting.pop())
            rows += taken[-1].end - taken[-1].begin
        cut = waiting[-1].first if waiting else None
        given, taken = _cut(taken, cut)
        rows = sum(part.end - part.begin for part in taken)
        if given:
            made = _sliced(given, span)
            if made is not None:
                yield made
        elif waiting:  # all that was taken is of the very time at which the next begins: it takes that one too
            size = rows + 1


def _parts_of(files: list[_Opened]) -> Iterator[_Part]:
    for place, file in enumerate(files):
        for group, size in enumerate(file.groups):
            if size:
                yield _Part(file, group, 0, size, (place, group), *file.span(group))


def _cut(parts: list[_Part], cut: int | None) -> tuple[list[_Part], list[_Part]]:
    """Divide the parts into what lies before `cut` and the rest; all of it is before `None`."""
    if cut is None:
        return parts, []
    before, rest = [], []
    for part in parts:
        if part.last < cut:
            before.append(part)
            continue
        times = _times(part.file, part.group)
        place = min(max(int(np.searchsorted(times, cut, "left")), part.begin), part.end)
        if place > part.begin:
            before.append(part._replace(end=place, last=int(times[place - 1])))
        if place < part.end:
            rest.append(part._replace(begin=place, first=int(times[place])))
    return before, rest


def _sliced(parts: list[_Part], span: tuple[Micros | None, Micros | None]) -> Rows | None:
    """Return the rows of the parts that lie in the span, in order; `None` where none do."""
    since, until = span
    fitting, several = [], []
    for part in sorted(parts, key=lambda part: part.order):
        times = _times(part.file, part.group)[part.begin : part.end]
        begin = 0 if since is None else int(np.searchsorted(times, since, "left"))
        end = len(times) if until is None else int(np.searchsorted(times, until, "left"))
        if begin < end:
            fitting.append(part._replace(begin=part.begin + begin, end=part.begin + end))
            several.append(times[begin:end])
    if not fitting:
        return None
    times = np.concatenate(several)
    if bool(np.all(times[1:] >= times[:-1])):
        return Rows(tuple(fitting), None, times)
    order = np.argsort(times, kind="stable")
    return Rows(tuple(fitting), order, times[order])


def _times(file: _Opened, group: int) -> NDArray[np.int64]:
    times: NDArray[np.int64] = pc.cast(file.read("time", group), pa.int64()).to_numpy(zero_copy_only=False)
    return times
