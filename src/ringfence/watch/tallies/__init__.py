"""Measures per key over event time, in plain Python: every function, window and schedule that a plan can state."""

from ringfence.watch.tallies.bounds import Bounds
from ringfence.watch.tallies.completeness import complete_from, reach_us
from ringfence.watch.tallies.found import Found
from ringfence.watch.tallies.judging import Judge, conditions_of, fields_of
from ringfence.watch.tallies.keys import ENTRY_OCTETS, key_octets
from ringfence.watch.tallies.refusals import refusals
from ringfence.watch.tallies.remembered import Remembered, layout, read
from ringfence.watch.tallies.rounds import Known
from ringfence.watch.tallies.rule_tally import RuleTally

__all__ = [
    "ENTRY_OCTETS",
    "Bounds",
    "Found",
    "Judge",
    "Known",
    "Remembered",
    "RuleTally",
    "complete_from",
    "conditions_of",
    "fields_of",
    "key_octets",
    "layout",
    "reach_us",
    "read",
    "refusals",
]
