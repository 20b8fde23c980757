"""What sides of conditions come to, from measures alone."""

import numpy as np

from ringfence.policy.expressions import Arithmetic, Call, Field, Literal, Lookup, MeasureValue, Type
from ringfence.words.conditions import value_of


def test_a_side_over_measures_comes_to_a_number_or_to_none() -> None:
    ratio = Arithmetic("/", MeasureValue("short"), MeasureValue("calls"))
    assert value_of(ratio, {"short": 3, "calls": 12}) == 0.25
    assert np.isnan(value_of(ratio, {"short": 3, "calls": 0}))
    assert np.isnan(value_of(ratio, {"calls": 12}))


def test_a_side_that_needs_the_event_comes_to_nothing() -> None:
    allowed = Lookup("limits", "calls", (Field("plan", Type.TEXT),), False, Type.NUMBER)
    for expression in (allowed, Field("duration", Type.NUMBER), Call("hour", (Literal("UTC", Type.TEXT),), Type.NUMBER)):
        assert np.isnan(value_of(Arithmetic("-", MeasureValue("calls"), expression), {"calls": 3}))
