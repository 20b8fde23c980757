import numpy as np
import pytest
from tests.property.paired_rules import compare, field, number, text

from ringfence.policy.expressions import Expression, Membership, Negation, Unset
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import KIND_CODES, UNSET, TextHashes, columns_of, evaluate, field_names, fold


def events() -> list[Event]:
    return [
        Event(kind=EventKind.ATTEMPT, time=Micros(5), call_id="1", account="acme", plan="office"),
        Event(kind=EventKind.END, time=Micros(3), call_id="2", account=None, duration_ms=1500, status=200, answered=True),
        Event(kind=EventKind.ATTEMPT, time=Micros(99), call_id="3", account="acme", plan="notification"),
    ]


def test_times_never_fall_nor_pass_now_nor_go_back_behind_the_clock() -> None:
    taken = columns_of(events(), (), TextHashes(b""), clock=Micros(4), now=Micros(50))
    assert taken.time.tolist() == [5, 5, 50]
    assert columns_of(events(), (), TextHashes(b""), clock=Micros(60), now=Micros(50)).time.tolist() == [60, 60, 60]


def test_columns_hold_what_was_asked_for_in_the_language_s_units() -> None:
    hashes = TextHashes(b"")
    taken = columns_of(events(), ("account", "answered", "duration", "status"), hashes, clock=Micros(0), now=Micros(99))
    assert taken.kind.tolist() == [KIND_CODES[EventKind.ATTEMPT], KIND_CODES[EventKind.END], KIND_CODES[EventKind.ATTEMPT]]
    assert taken.fields["account"].tolist() == [hashes["acme"], UNSET, hashes["acme"]]
    assert taken.fields["answered"].tolist() == [False, True, False]
    assert taken.fields["duration"].tolist() == [0.0, 1_500_000.0, 0.0]
    assert taken.fields["status"].tolist() == [0.0, 200.0, 0.0]
    assert sorted(taken.fields) == ["account", "answered", "duration", "status"]


def test_hashes_depend_on_the_installation() -> None:
    assert TextHashes(b"a")["acme"] != TextHashes(b"b")["acme"]
    assert TextHashes(b"a")["acme"] == TextHashes(b"a")["acme"] != UNSET


def test_hashes_forget_texts_but_never_change() -> None:
    hashes = TextHashes(b"a", remembered=10)
    before = [hashes[str(place)] for place in range(100)]
    hashes.bound()
    assert len(hashes) <= 10
    assert [hashes[str(place)] for place in range(100)] == before
    assert hashes[None] == UNSET


def test_no_text_makes_the_hashes_raise() -> None:
    assert len({TextHashes(b"a")[odd] for odd in ("", "\ud800", "\x00", "\U0001f600")}) == 4


def test_folding_tells_orders_apart_and_keeps_what_is_unset() -> None:
    left = np.array([1, 2, 0, 1, 7], np.uint64)
    right = np.array([2, 1, 1, 0, 7], np.uint64)
    folded = fold(left, right).tolist()
    assert len(set(folded[:2] + folded[4:])) == 3
    assert folded[2:4] == [UNSET, UNSET]
    assert fold(left, right).tolist() == folded


@pytest.mark.parametrize(
    ("expression", "truth"),
    [
        (compare(field("plan"), "==", text("office")), [True, False, False]),
        (compare(field("plan"), "!=", text("office")), [False, False, True]),
        (Membership(field("plan"), (text("office"), text("home")), negated=False), [True, False, False]),
        (Membership(field("plan"), (text("office"), text("home")), negated=True), [False, False, True]),
        (Unset(field("plan"), negated=False), [False, True, False]),
        (Unset(field("plan"), negated=True), [True, False, True]),
        (Negation(compare(field("plan"), "!=", text("office"))), [True, True, False]),
        (compare(field("plan"), "==", field("plan")), [True, False, True]),
        (compare(field("duration"), ">=", number(1_500_000)), [False, True, False]),
        (Unset(field("status"), negated=False), [False, False, False]),
        (field("answered"), [False, True, False]),
    ],
)
def test_filters_read_unset_as_the_language_says(expression: Expression, truth: list[bool]) -> None:
    hashes = TextHashes(b"")
    taken = columns_of(events(), tuple(set(field_names(expression))), hashes, clock=Micros(0), now=Micros(99))
    assert evaluate(expression, taken.fields, 3, hashes).tolist() == truth
