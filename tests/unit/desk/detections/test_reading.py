"""A finding's numbers as a page tells them."""

import pytest
from tests.unit.desk.scene import finding

from ringfence.desk.detections.reading import compared, value_of


def test_a_ratio_is_computed_from_its_measures_and_held_against_its_threshold() -> None:
    found = finding("p", measures={"refusals": 9.0, "served": 1.0}, thresholds={"refusals / (refusals + served)": 0.8})
    ratio, *rest = compared(found)
    assert (ratio.measured, ratio.threshold, ratio.words) == ("0.9", "0.8", "0.1 above the threshold (1.1 times it)")
    assert [line.what for line in rest] == ["refusals", "served"]


def test_what_stays_below_its_threshold_is_not_told_in_times() -> None:
    [line] = compared(finding("p", measures={"refused": 1.0}, thresholds={"refused": 20.0}))
    assert line.words == "19 below the threshold"


@pytest.mark.parametrize(
    "text", ["absent", "a / b", "a >=", "a if a else b", "a ** 99999999", "__import__('os')", "'a'", "(" * 500, "a\0"]
)
def test_what_is_no_arithmetic_of_the_measures_is_told_as_unknown(text: str) -> None:
    assert value_of(text, {"a": 1.0, "b": 0.0}) is None
