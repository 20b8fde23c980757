"""Measures per key over event time, and where a rule's condition became true."""

from ringfence.watch.windows.crossings import Crossing, Limits, Losses
from ringfence.watch.windows.errors import RuleUnmeasurable
from ringfence.watch.windows.fitting import as_window_rule, expressions_of, grouped, why_tallied
from ringfence.watch.windows.footprint import Footprint, footprint
from ringfence.watch.windows.rule_group import RuleGroup, Told
from ringfence.watch.windows.shapes import Shape
from ringfence.watch.windows.state import Packed, Room

__all__ = [
    "Crossing",
    "Footprint",
    "Limits",
    "Losses",
    "Packed",
    "Room",
    "RuleGroup",
    "RuleUnmeasurable",
    "Shape",
    "Told",
    "as_window_rule",
    "expressions_of",
    "footprint",
    "grouped",
    "why_tallied",
]
