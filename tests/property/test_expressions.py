"""An expression means the same event by event and column by column, and is read again as it is written."""

from math import isnan

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.policy.evaluation import Context, Occasion, judging, reading
from ringfence.policy.expressions import Expression, Type
from ringfence.policy.grammar import parse_expression
from ringfence.policy.terms import FieldScope, MeasureScope, Term
from ringfence.policy.tokens import ExpressionRefused
from ringfence.policy.written import written
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import Derivations, TextHashes, column_names, columns_of, evaluate, field_names
from tests.property.expressions import EVENTS, LISTS, MEASURES, Holders, expressions, judgements

_EVER = Micros(1 << 60)
_PIECES = [*" (),<>=+-*/", " if ", " else ", " not ", " in ", " is None", "duration", "time", "6s", '"x"', "max(", "date("]


@settings(deadline=None, max_examples=300)
@given(expressions())
def test_what_is_written_is_read_again_as_the_same_tree(expression: Expression) -> None:
    assert parse_expression(written(expression), FieldScope(LISTS)).expression == expression


@settings(deadline=None, max_examples=150)
@given(judgements())
def test_a_condition_over_measures_is_read_again_as_the_same_tree(expression: Expression) -> None:
    assert parse_expression(written(expression), MeasureScope(MEASURES, LISTS)).expression == expression


@settings(deadline=None, max_examples=400)
@given(st.lists(expressions(), min_size=1, max_size=3), st.lists(st.lists(EVENTS, max_size=6), min_size=1, max_size=3))
def test_columns_hold_what_each_event_comes_to(several: list[Expression], batches: list[list[Event]]) -> None:
    hashes = TextHashes(b"k")
    context = Context(LISTS, Holders(), hashes.__getitem__)
    derivations = Derivations(several, context, hashes)
    names = sorted(derivations.fields.union(*map(field_names, several)))
    for events in batches:
        columns = columns_of(events, names, hashes, clock=Micros(-1), now=_EVER)
        columns = derivations.extended(columns, events)
        for expression in several:
            values = {name: columns.fields[name] for name in column_names(expression)}
            with np.errstate(all="ignore"):
                found = evaluate(expression, values, len(events), hashes).tolist()
            expected = list(map(reading(expression, context), events))
            assert _comparable(found) == _comparable([_in_columns(expression, value, hashes) for value in expected])


def _in_columns(expression: Expression, value: object, hashes: TextHashes) -> object:
    return hashes[value] if expression.type is Type.TEXT else value  # type: ignore[index]  # a text, or None


def _comparable(values: list[object]) -> list[object]:
    return ["nan" if isinstance(value, float) and isnan(value) else value for value in values]


@settings(deadline=None, max_examples=150)
@given(judgements(), EVENTS, st.sampled_from([0.0, 3.0, float("nan")]))
def test_a_condition_is_judged_as_its_parts_are(expression: Expression, event: Event, calls: float) -> None:
    context = Context(LISTS, Holders())
    occasion = Occasion(event, {"calls": calls, "minutes": 6e9}, lambda past: float(past.periods))
    assert judging(expression, context)(occasion) in (True, False)
    if not {"calls", "minutes"} & set(written(expression).replace("(", " ").replace(")", " ").replace(",", " ").split()):
        assert judging(expression, context)(occasion) == reading(expression, context)(event)


@settings(deadline=None, max_examples=300)
@given(expressions(), st.integers(0, 10_000), st.integers(0, 5), st.text(max_size=3) | st.sampled_from(_PIECES), EVENTS)
def test_whatever_is_accepted_has_a_value(expression: Expression, place: int, old: int, new: str, event: Event) -> None:
    text = written(expression)
    place %= len(text)
    term = _accepted(text[:place] + new + text[place + old :])
    if term is None:
        return
    value = reading(term.expression, Context(LISTS, Holders()))(event)
    assert isinstance(value, {Type.TEXT: str | None, Type.NUMBER: float, Type.BOOL: bool}[term.type])
    assert parse_expression(written(term.expression), FieldScope(LISTS)).expression == term.expression


def _accepted(text: str) -> Term | None:
    try:
        return parse_expression(text, FieldScope(LISTS))
    except ExpressionRefused:
        return None
