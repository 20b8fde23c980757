"""How much came when: bars of events, and below them each measure within the rule's window against its limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from ringfence.report.charts.drawing import WIDTH, Drawing
from ringfence.report.charts.scales import Scale, bin_name, round_top, time_ticks
from ringfence.report.series import Line, Track
from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.times import Micros
from ringfence.words.writing import clock, length, moment, number

_LEFT: Final = 52
_RIGHT: Final = WIDTH - 12
_TOP: Final = 48
_HEADING: Final = 14
_BARS: Final = 120
_LINE: Final = 110
_GAP: Final = 44
_TAG_ROOM: Final = 150
_MOST_MARKS: Final = 12


@dataclass(frozen=True, slots=True)
class PaceRow:
    """One bin: when, how many events, and the most of each measure within the window. `crossed` says that a finding came here."""

    start: Micros
    time: str
    events: int
    peaks: tuple[int, ...]
    crossed: bool


@dataclass(frozen=True, slots=True)
class Pace:
    """The picture and its table. `unit` says what a bin is."""

    drawing: Markup
    unit: str
    width: Micros
    lines: tuple[str, ...]
    rows: tuple[PaceRow, ...]


def pace(track: Track, noun: str, findings: Sequence[Finding], window_us: Micros) -> Pace:
    """Return the picture of `track`, whose events are `noun`s, with a mark at each finding's bin."""
    lines = [line for line in track.lines if line.peaks.values]
    width = max([track.events.width, *(line.peaks.width for line in lines)])
    events = track.events.at_width(width)
    peaks = [line.peaks.at_width(width) for line in lines]
    crossings = sorted({finding.time // width for finding in findings})
    first, last = min([*events, *crossings]), max([*events, *crossings])
    rows = tuple(
        PaceRow(
            Micros(place * width),
            moment(Micros(place * width)) if width >= 1_000_000 else clock(Micros(place * width), width=width),
            events.get(place, 0),
            tuple(peak.get(place, 0) for peak in peaks),
            place in crossings,
        )
        for place in range(first, last + 1)
    )
    names = tuple(f"{line.measured.name} within {length(window_us)}{' (at least)' if line.is_cut else ''}" for line in lines)
    unit = bin_name(width)
    drawing = _Picture(first, last, width, len(lines)).drawn(f"{noun.capitalize()}s {unit}", rows, lines, names, findings)
    return Pace(drawing, unit, width, names, rows)


class _Picture:
    """Where things stand: one time axis, a panel of bars, and a panel for each line."""

    def __init__(self, first: int, last: int, width: Micros, lines: int) -> None:
        self._width = width
        self._start, self._end = Micros(first * width), Micros((last + 1) * width)
        self._x = Scale(self._start, self._end, _LEFT, _RIGHT)
        self._tops = [_TOP] + [_TOP + _BARS + _GAP + n * (_LINE + _GAP) for n in range(lines)]
        self._bottom = self._tops[-1] + (_LINE if lines else _BARS)

    def drawn(
        self, title: str, rows: Sequence[PaceRow], lines: Sequence[Line], names: Sequence[str], findings: Sequence[Finding]
    ) -> Markup:
        crossed = ", ".join(moment(finding.time) for finding in findings[:_MOST_MARKS])
        drawing = Drawing(self._bottom + 30, title=title, description=f"The rule's condition became true at {crossed} UTC.")
        self._bars(drawing, title, rows)
        for place, (line, name) in enumerate(zip(lines, names, strict=True)):
            self._line(drawing, place, (line, name), rows, findings)
        self._times(drawing)
        self._crossings(drawing, findings)
        return drawing.markup()

    def _panel(self, drawing: Drawing, top: float, height: float, most: float, title: str) -> Scale:
        y = Scale(0, most, top + height, top)
        drawing.text(_LEFT, _HEADING if top == _TOP else top - 9, title, "heading")
        for value in (0.0, most / 2, most):
            drawing.line((_LEFT, y(value)), (_RIGHT, y(value)), "grid")
            drawing.text(_LEFT - 6, y(value) + 4, number(value), anchor="end")
        return y

    def _bars(self, drawing: Drawing, title: str, rows: Sequence[PaceRow]) -> None:
        y = self._panel(drawing, _TOP, _BARS, round_top(max(row.events for row in rows)), title)
        room = self._x(self._start + self._width) - self._x(self._start)
        for row in rows:
            if row.events:
                height = y(0) - y(row.events)
                gap = min(1.5, room / 5)
                drawing.rect(self._x(row.start) + gap / 2, y(row.events), room - gap, height, "bar hit" if row.crossed else "bar")

    def _line(
        self, drawing: Drawing, place: int, named: tuple[Line, str], rows: Sequence[PaceRow], findings: Sequence[Finding]
    ) -> None:
        line, name = named
        top = self._tops[place + 1]
        measured = [finding.measures.get(line.measured.name, 0.0) for finding in findings]
        y = self._panel(
            drawing, top, _LINE, round_top(max(line.measured.limit, *measured, *(row.peaks[place] for row in rows))), name
        )
        outline: list[tuple[float, float]] = [(_LEFT, y(0))]
        for row in rows:
            outline += [(self._x(row.start), y(row.peaks[place])), (self._x(row.start + self._width), y(row.peaks[place]))]
        drawing.path([*outline, (_RIGHT, y(0))], "area", closed=True)
        drawing.path(outline[1:], "outline")
        drawing.line((_LEFT, y(line.measured.limit)), (_RIGHT, y(line.measured.limit)), "limit")
        drawing.text(_RIGHT, y(line.measured.limit) - 5, f"limit {number(line.measured.limit)}", "limit-label", anchor="end")
        for finding, value in zip(findings[:_MOST_MARKS], measured, strict=False):
            drawing.dot(self._x(finding.time), y(value), 4, "found")

    def _times(self, drawing: Drawing) -> None:
        ticks, step = time_ticks(self._start, self._end)
        for tick in ticks:
            drawing.line((self._x(tick), self._bottom), (self._x(tick), self._bottom + 4), "axis")
            drawing.text(min(max(self._x(tick), _LEFT), _RIGHT - 24), self._bottom + 17, clock(tick, width=step), anchor="middle")

    def _crossings(self, drawing: Drawing, findings: Sequence[Finding]) -> None:
        for nth, finding in enumerate(findings[:_MOST_MARKS]):
            x = self._x(finding.time)
            drawing.line((x, _TOP - 8), (x, self._bottom), "crossing")
            drawing.path([(x - 5, _TOP - 14), (x + 5, _TOP - 14), (x, _TOP - 6)], "crossing-mark", closed=True)
            if nth == 0:
                side = "end" if x > WIDTH - _TAG_ROOM else "start"
                label = f"crossed {clock(finding.time, width=Micros(1_000_000))}"
                drawing.text(x + (-8 if side == "end" else 8), _TOP - 9, label, "crossing-label", anchor=side)
