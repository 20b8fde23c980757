"""Numbers over time: a dot for each attempt, so that walking through a block is a line, fan-out a cloud, and insistence a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from ringfence.report.charts.drawing import WIDTH, Drawing
from ringfence.report.charts.scales import Scale, time_ticks
from ringfence.report.profiles import Raster
from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.times import Micros
from ringfence.words.writing import Writer, clock, counted

_LEFT: Final = 132
_RIGHT: Final = WIDTH - 12
_TOP: Final = 18
_HEIGHT: Final = 240
_MOST_ROWS: Final = 40
_MOST_NAMED: Final = 16
_MOST_MARKS: Final = 12


@dataclass(frozen=True, slots=True)
class RasterRow:
    """A number, how many dots it has, and when the first and last came."""

    number: str
    attempts: int
    first: Micros
    last: Micros


@dataclass(frozen=True, slots=True)
class RasterPicture:
    """The picture and its table: the numbers with the most dots first.

    `numbers` counts the different ones among those drawn, `ascending` is the share of steps that go to a higher number,
    `None` where there are no steps between different ones.
    """

    drawing: Markup
    shown: int
    seen: int
    numbers: int
    ascending: float | None
    rows: tuple[RasterRow, ...]


def raster(points: Raster, noun: str, findings: Sequence[Finding], writer: Writer) -> RasterPicture:
    """Return the picture of `points`, whose numbers are `noun`s."""
    ordered = in_order({point.number for point in points.points})
    places = {text: place for place, text in enumerate(ordered)}
    start, end = min(point.time for point in points.points), max(point.time for point in points.points)
    title = f"{noun.capitalize()} over time"
    drawing = Drawing(
        _TOP + _HEIGHT + 30, title=title, description=f"{counted(len(ordered), 'different ' + noun)} in their order, lowest below."
    )
    margin = max(1, (end - start) // 50)
    start, end = Micros(start - margin), Micros(end + margin)
    x, y = Scale(start, end, _LEFT, _RIGHT), Scale(-1, len(ordered), _TOP + _HEIGHT, _TOP)
    drawing.rect(_LEFT, _TOP, _RIGHT - _LEFT, _HEIGHT, "ground")
    _label(drawing, ordered, y, writer)
    ticks, step = time_ticks(start, end)
    for tick in ticks:
        drawing.line((x(tick), _TOP), (x(tick), _TOP + _HEIGHT + 4), "grid")
        drawing.text(x(tick), _TOP + _HEIGHT + 17, clock(tick, width=step), anchor="middle")
    drawing.dots([(x(point.time), y(places[point.number])) for point in points.points], _size(len(points.points)), "point")
    for finding in findings[:_MOST_MARKS]:
        if start <= finding.time <= end:
            drawing.line((x(finding.time), _TOP - 6), (x(finding.time), _TOP + _HEIGHT), "crossing")
    steps = [
        places[later.number] - places[earlier.number] for earlier, later in zip(points.points, points.points[1:], strict=False)
    ]
    ascending = sum(step > 0 for step in steps) / len(steps) if any(steps) else None
    return RasterPicture(drawing.markup(), len(points.points), points.seen, len(ordered), ascending, _rows(points, writer))


def in_order(numbers: set[str]) -> list[str]:
    """Return numbers in their order: by value where all are plain digits, else by text, which keeps blocks together."""
    if all(text.isascii() and text.isdigit() for text in numbers):
        return sorted(numbers, key=lambda text: (len(text.lstrip("0")), text.lstrip("0"), text))
    return sorted(numbers)


def _label(drawing: Drawing, ordered: Sequence[str], y: Scale, writer: Writer) -> None:
    named = range(len(ordered)) if len(ordered) <= _MOST_NAMED else (0, len(ordered) // 2, len(ordered) - 1)
    for place in named:
        drawing.text(_LEFT - 8, y(place) + 4, writer.text(ordered[place], 20) or "(none)", "label foreign", anchor="end")


def _size(points: int) -> float:
    return 4.0 if points <= 150 else 3.0 if points <= 500 else 2.4


def _rows(points: Raster, writer: Writer) -> tuple[RasterRow, ...]:
    spans: dict[str, list[int]] = {}
    for point in points.points:
        span = spans.setdefault(point.number, [0, point.time, point.time])
        span[0] += 1
        span[2] = point.time
    busiest = sorted(spans.items(), key=lambda item: (-item[1][0], item[1][1], item[0]))[:_MOST_ROWS]
    return tuple(
        RasterRow(writer.text(text) or "(none)", count, Micros(first), Micros(last)) for text, (count, first, last) in busiest
    )
