"""Pictures: what their tables say, where their marks stand, and that foreign text stays text."""

import re

import msgspec
import pytest
from markupsafe import Markup
from tests.unit.report.scene import NINE, attempt, judged, outcome, registration, walk

from ringfence.report.charts.bars import Share, bars
from ringfence.report.charts.ladder import ladder, steps_of
from ringfence.report.charts.pace import pace
from ringfence.report.charts.raster import in_order, raster
from ringfence.report.charts.scales import bin_name, round_top, time_ticks
from ringfence.report.collector import Collector, Group
from ringfence.report.profiles import Point, Raster
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import HOUR, MINUTE, SECOND, Micros
from ringfence.words.writing import Writer

PLAIN = Writer(masked=False)


def only_group(collector: Collector) -> Group:
    (group,) = collector.groups.values()
    return group


@pytest.mark.parametrize("quiet_seconds", [0, 90, 3_600, 86_400])
def test_the_crossing_stands_in_the_bin_of_the_finding_s_time(quiet_seconds: int) -> None:
    before = [attempt(7_000, "+441632000000", at=0)]
    collector = judged([*before, *(msgspec.structs.replace(e, time=Micros(e.time + quiet_seconds * SECOND)) for e in walk(100))])
    group = only_group(collector)
    track = collector.track(group)
    assert track is not None
    shown = pace(track, "attempt", group.findings, group.rule.window_us)
    crossed = [row for row in shown.rows if row.crossed]
    assert len(crossed) == 1
    assert crossed[0].start <= group.findings[0].time < crossed[0].start + shown.width
    assert sum(row.events for row in shown.rows) == 101


def put(points: Raster, time: Micros, number: str) -> None:
    points.points.append(Point(time, number))
    points.seen += 1


def test_the_crossing_line_is_drawn_at_the_finding_s_time() -> None:
    collector = judged(walk(100))
    group = only_group(collector)
    track = collector.track(group)
    assert track is not None
    shown = pace(track, "attempt", group.findings, group.rule.window_us)
    mark = re.search(r'class="crossing" x1="([0-9.]+)"', shown.drawing)
    bar = re.search(r'class="bar hit" x="([0-9.]+)" y="[0-9.]+" width="([0-9.]+)"', shown.drawing)
    assert mark is not None
    assert bar is not None
    assert float(bar[1]) - 2 <= float(mark[1]) <= float(bar[1]) + float(bar[2]) + 2


def test_the_measure_s_line_never_lies_above_the_truth_and_reaches_the_limit_where_it_was_crossed() -> None:
    collector = judged(walk(200))
    group = only_group(collector)
    track = collector.track(group)
    assert track is not None
    (line,) = track.lines
    assert line.measured.limit == 60
    shown = pace(track, "attempt", group.findings, group.rule.window_us)
    assert shown.lines == ("callees within 5 min",)
    assert max(row.peaks[0] for row in shown.rows) == 200
    assert next(row.peaks[0] for row in shown.rows if row.crossed) >= 60


def test_a_walk_is_a_rising_line_and_a_fan_a_cloud() -> None:
    walking, fanning = Raster(), Raster()
    for n in range(200):
        put(walking, Micros(NINE + n), f"+44163296{n:04}")
        put(fanning, Micros(NINE + n), f"+44163296{n * 7_919 % 10_000:04}")
    assert raster(walking, "number dialled", (), PLAIN).ascending == 1.0
    share = raster(fanning, "number dialled", (), PLAIN).ascending
    assert share is not None
    assert 0.1 < share < 0.9


def test_insistence_on_one_number_is_a_row() -> None:
    points = Raster()
    for n in range(50):
        put(points, Micros(NINE + n), "+441632960000")
    shown = raster(points, "number dialled", (), PLAIN)
    assert (shown.numbers, shown.ascending) == (1, None)
    assert [(row.number, row.attempts) for row in shown.rows] == [("+441632960000", 50)]


def test_digits_stand_in_the_order_of_their_value_and_international_numbers_in_blocks() -> None:
    assert in_order({"1000", "99", "100"}) == ["99", "100", "1000"]
    assert in_order({"+4319", "+431", "+432"}) == ["+431", "+4319", "+432"]


def test_foreign_text_in_a_picture_stays_text() -> None:
    hostile = "</text><script>\u202e"
    call = attempt(1, hostile, at=0, caller=hostile)
    points = Raster()
    put(points, call.time, hostile)
    pictures = [
        ladder([call], PLAIN).drawing,
        raster(points, "number", (), PLAIN).drawing,
        bars([Share(PLAIN.text(hostile), 1)], title=hostile, description=hostile),
    ]
    for drawing in pictures:
        assert isinstance(drawing, Markup)
        assert "<script" not in drawing
        assert "&lt;script&gt;" in drawing


def test_a_call_s_ladder_goes_from_invite_to_bye() -> None:
    call = attempt(1, "+441632111111", at=0)
    answered = outcome(EventKind.ANSWER, call, after=4 * SECOND, duration_ms=1)
    ended = outcome(EventKind.END, call, after=10 * SECOND, duration_ms=6_000, released_by="callee")
    steps = [(step.after, step.forward, step.says) for step in steps_of([call, answered, ended])]
    assert steps == [
        ("+0 s", True, "INVITE"),
        ("+4 s", False, "200 answered"),
        ("+10 s", False, "BYE, ended by the called side after 6 s"),
    ]


def test_a_registration_s_ladder_shows_request_and_answer_once() -> None:
    event = msgspec.structs.replace(registration(1, "alice", at=0, status=403), kind=EventKind.REQUEST)
    assert [step.says for step in steps_of([event])] == ["REGISTER with credentials", "403 refused"]


def test_axes_have_round_tops_and_round_times() -> None:
    assert [round_top(value) for value in (0, 1, 7, 61, 1_001)] == [1, 1, 8, 80, 2_000]
    ticks, step = time_ticks(NINE, Micros(NINE + HOUR))
    assert step == 10 * MINUTE
    assert ticks[0] == NINE
    assert len(ticks) == 7
    assert [bin_name(Micros(width)) for width in (10_000, SECOND, 10 * SECOND, MINUTE, 5 * MINUTE, HOUR)] == [
        "per 0.01 s",
        "per second",
        "per 10 s",
        "per minute",
        "per 5 min",
        "per hour",
    ]
