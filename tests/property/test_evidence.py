"""Evidence in arrays is what plain Python counts, however the rows are cut into batches, and whoever gives way."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.report.following import Bounds, Following
from ringfence.report.looking import Added, Looking, Measured
from ringfence.report.profiles import ITEM_LIMITS
from ringfence.report.series import WIDTHS, Bins
from ringfence.vocabulary.times import Micros
from ringfence.watch.kernels import evidence_layout as layout
from tests.property.oracles import evidence as oracle
from tests.property.oracles.evidence import Row

_BITS = {
    "attempt": layout.ATTEMPT,
    "answer": layout.ANSWER,
    "end": layout.END,
    "request": layout.REQUEST,
    "registration": layout.REGISTRATION,
}
_LINES = [(0, 1_000_000, True), (1, 20_000, False)]  # rule, a fiftieth of the window, distinct


class _Rule:
    """As much of a rule's looking as following one needs."""

    def __init__(self, name: str, measured: tuple[Measured, ...]) -> None:
        self.rule = type("Named", (), {"name": name})()
        self.measured = measured


def _rules() -> list[Looking]:
    lines = [Measured(f"m{nth}", 1.0, Micros(slot * 50), distinct, None, None) for nth, (_, slot, distinct) in enumerate(_LINES)]
    return [_Rule("one", (lines[0],)), _Rule("two", (lines[1],)), _Rule("three", ())]  # type: ignore[list-item]  # they stand in


_CODE = st.sampled_from([0, 0x1662420000000001 << 2, 0x1662430000000000, 0xF000000100000000, 0x1555555555555555])
_ROWS = st.lists(
    st.builds(
        lambda wait, **fields: (wait, Row(time=0, **fields)),
        wait=st.sampled_from([0, 0, 1, 5_000, 20_000, 1_000_000, 60_000_000, 86_400_000_000]),
        subject=st.integers(0, 9),
        parts=st.sampled_from(
            [
                frozenset({"attempt"}),
                frozenset({"attempt", "answer", "end"}),
                frozenset({"end"}),
                frozenset({"request"}),
                frozenset({"registration"}),
                frozenset[str](),
            ]
        ),
        status=st.sampled_from([0, 200, 486]),
        answered=st.booleans(),
        duration_ms=st.sampled_from([0, 5_999, 6_000, 179_999, 1_800_000, 10**9]),
        plan=st.integers(0, 2),
        agent=st.integers(0, 2),
        other=_CODE,
        target=_CODE,
        rate=st.integers(-1, 2),
        pair=st.integers(1, 3),
        outcome=st.integers(0, 3),
        caller=st.integers(0, 3),
        looked=st.tuples(st.booleans(), st.booleans(), st.booleans()),
        added=st.tuples(st.one_of(st.none(), st.integers(1, 6)), st.one_of(st.none(), st.integers(0, 9))),
    ),
    min_size=1,
    max_size=120,
)


def timed(rows: list[tuple[int, Row]]) -> list[Row]:
    time = 1_772_442_000_000_000
    for wait, row in rows:
        time += wait
        row.time = time
    return [row for _, row in rows]


def arrays(rows: list[Row]) -> tuple[layout.Rows, np.ndarray[tuple[int], np.dtype[np.bool_]], list[tuple[object, list[Added]]]]:
    def column(name: str, kind: type) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
        return np.array([getattr(row, name) for row in rows], kind)

    nothing = np.zeros((0, len(rows)), np.bool_)
    made = layout.Rows._make(
        (
            column("subject", np.uint64),
            column("time", np.int64),
            np.array([sum(_BITS[part] for part in row.parts) for row in rows], np.uint8),
            column("status", np.int16),
            column("duration_ms", np.int64),
            column("plan", np.uint64),
            column("agent", np.uint64),
            column("other", np.uint64),
            column("target", np.uint64),
            column("rate", np.int64),
            column("pair", np.uint64),
            column("outcome", np.int64),
            column("caller", np.uint64),
            nothing,
            nothing,
            nothing,
        )
    )
    looked: list[tuple[object, list[Added]]] = [(np.array([row.looked[rule] for row in rows]), []) for rule in range(3)]
    for nth, (rule, _, _) in enumerate(_LINES):
        values = np.array([row.added[nth] or 0 for row in rows], np.int64)
        looked[rule][1].append(Added(values, np.array([row.added[nth] is not None for row in rows])))
    return made, np.array([row.answered for row in rows]), looked


def taken(rows: list[Row], bounds: Bounds, cut: int) -> Following:
    following = Following(_rules(), bounds)
    for begin in range(0, len(rows), cut):
        columns, answered, looked = arrays(rows[begin : begin + cut])
        following.take(columns, answered, looked)  # type: ignore[arg-type]  # as `Looking.at` gives it
    return following


def _read(bins: Bins) -> tuple[int, dict[int, int]]:
    return bins.width, dict(bins.values)


def told(following: Following, key: int) -> dict[str, object] | None:
    known = following.known(key)
    if known is None:
        return None
    figures = known.figures.tolist()
    tracks = [following.track(key, name) for name in ("one", "two", "three")]

    def dots(which: int) -> tuple[list[tuple[int, int]], int]:
        return list(zip(*known.dots(which), strict=True)), figures[layout.DOTS_EVERY + which] + 1

    def counts(kind: int) -> dict[int, int]:
        return {what: several[0] for what, several in known.items(kind)}

    return {
        "attempts": figures[layout.ATTEMPTS],
        "answered": figures[layout.ANSWERED],
        "asked": figures[layout.ASKED],
        "plan": known.plan,
        "durations": figures[layout.DURATIONS : layout.DURATIONS + 9],
        "dialled": dots(0),
        "users": dots(1),
        "prefixes": counts(layout.PREFIX),
        "statuses": counts(layout.STATUS),
        "agents": counts(layout.AGENT),
        "callers": set(counts(layout.CALLER)),
        "rates": dict(known.items(layout.RATE)),
        "pairs": dict(known.items(layout.PAIR)),
        "events": [(WIDTHS[0], {}) if track is None else _read(track.events) for track in tracks],
        "peaks": [(WIDTHS[0], {}) if track is None else _read(track.lines[0].peaks) for track in tracks[:2]],
    }


@settings(deadline=None, max_examples=150)
@given(_ROWS, st.integers(1, 130), st.sampled_from([3, 6, 20]))
def test_evidence_is_what_plain_python_counts(rows: list[tuple[int, Row]], cut: int, most: int) -> None:
    events = timed(rows)
    expected, given_up = oracle.followed(events, most)
    following = taken(events, Bounds(subjects=most, few=4, items=1 << 9, values=1 << 9, step=7, item_limits=ITEM_LIMITS), cut)
    assert following.given_up == given_up
    for key in range(1, 10):
        if key in expected:
            assert told(following, key) == oracle.told(expected[key], WIDTHS, _LINES, 4), key
        else:
            assert following.known(key) is None


def _strangers(count: int, first: int = 1_000) -> list[Row]:
    return [
        Row(first + nth, 10**15 + nth, frozenset({"attempt"}), other=nth << 32, looked=(True, False, False), added=(nth + 1, None))
        for nth in range(count)
    ]


def test_whoever_does_more_than_a_share_stays_among_strangers() -> None:
    busy = Row(7, 10**15, frozenset({"attempt"}), looked=(True, False, False), added=(1, None))
    rows = [row for nth, stranger in enumerate(_strangers(3_000)) for row in ((busy, stranger) if nth % 10 == 0 else (stranger,))]
    known = taken(rows, Bounds(subjects=32, items=1 << 10, values=1 << 10), 500).known(7)
    assert known is not None
    assert known.figures[layout.ATTEMPTS] == 300
    assert not known.may_lack


def test_a_subject_with_a_finding_stays_and_holds_more_dots() -> None:
    bounds = Bounds(subjects=32, few=8, many=64, items=1 << 10, values=1 << 10)
    busy = [Row(7, 10**15 + nth, frozenset({"attempt"}), other=nth, looked=(True,) * 3, added=(1, 1)) for nth in range(6)]
    following = taken(busy, bounds, 100)
    following.keep(7)
    following.keep(8)  # nobody
    columns, answered, looked = arrays([*_strangers(2_000), *busy * 5])
    following.take(columns, answered, looked)  # type: ignore[arg-type]
    known = following.known(7)
    assert known is not None
    assert len(known.dots(0)[0]) == 36
    assert following.given_up > 1_900


def test_tables_that_fill_up_give_up_who_counts_least_and_say_so() -> None:
    bounds = Bounds(subjects=64, few=8, items=1 << 8, values=1 << 8, step=16)
    rows = [
        Row(1 + nth % 40, 10**15 + nth, frozenset({"attempt"}), other=nth << 32, looked=(True,) * 3, added=(nth + 1, 1))
        for nth in range(2_000)
    ]
    following = taken(rows, bounds, 100)
    following.keep(3)
    columns, answered, looked = arrays(rows)
    following.take(columns, answered, looked)  # type: ignore[arg-type]
    assert following.given_up > 0
    known = following.known(3)
    assert known is not None
    assert known.figures[layout.ATTEMPTS] >= 50
    held = sum(len(each.items(layout.PREFIX)) for key in range(1, 41) if (each := following.known(key)) is not None)
    assert 0 < held <= 192
    known_again = [each for key in range(1, 41) if (each := following.known(key)) is not None]
    assert any(each.may_lack for each in known_again)


def test_a_line_that_can_remember_no_more_says_so() -> None:
    rows = [Row(1, 10**15, looked=(True, False, False), added=(nth + 1, None)) for nth in range(100)]
    track = taken(rows, Bounds(subjects=4, distinct=20, values=1 << 9), 30).track(1, "one")
    assert track is not None
    assert track.lines[0].is_cut
    assert max(track.lines[0].peaks.values.values()) == 20
