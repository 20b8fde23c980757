"""Columns say of numbers what the packs of a bundle say, also where numbering plans alone could not tell two apart."""

import random

import pytest
from tests.conftest import ROOT
from tests.unit.vocabulary.test_numbering_plans import SEED, examples, mutated

from ringfence.policy import load, read_folder
from ringfence.policy.evaluation import Context, reading
from ringfence.policy.grammar import parse_expression
from ringfence.policy.terms import FieldScope
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import Derivations, TextHashes, columns_of
from ringfence.watch.columns.conditions import evaluate
from ringfence.watch.columns.derived import column_names

HASHES = TextHashes(b"k")
LISTS = load(read_folder(ROOT / "bundles" / "default")).plan.lists
CONDITIONS = [
    "valid(callee)",
    'number_type(callee) == "shared_cost"',
    'number_type(callee) in ("premium_rate", "company")',
    'callee in prefixes("do-not-originate")',
    'local_time(callee, "12:00", "18:00")',
    "public_holiday(callee)",
    'calling_hours("marketing-hours", callee)',
]
NAMED = [
    "+3278151515",
    "+3278791234",
    "+3270245245",
    "+3217123456",
    "+448431234567",
    "+443301234567",
    "+13705551212",
    "+12125551212",
]


@pytest.mark.parametrize("text", CONDITIONS)
def test_columns_equal_the_reading_of_one_event(text: str) -> None:
    chance = random.Random(SEED)
    numbers = [*NAMED, *examples(), *(next(mutated(chance)) for _ in range(500))]
    moments = [Micros(1_780_000_000_000_000 + 7_000_000_000 * nth) for nth in range(len(numbers))]
    events = [Event(kind=EventKind.ATTEMPT, time=at, call_id="c", callee=each) for at, each in zip(moments, numbers, strict=True)]
    expression, context = parse_expression(text, FieldScope(LISTS)).expression, Context(LISTS)
    derivations = Derivations([expression], context, HASHES)
    columns = columns_of(events, sorted(derivations.fields), HASHES, clock=Micros(0), now=Micros(1 << 60))
    columns = derivations.extended(columns, events)
    values = {name: columns.fields[name] for name in column_names(expression)}
    read = reading(expression, Context(LISTS))
    assert evaluate(expression, values, len(events), HASHES).tolist() == [read(event) for event in events]
