"""Measures per key over event time, and where a rule's condition became true."""

from ringfence.watch.windows.errors import RuleUnmeasurable
from ringfence.watch.windows.fitting import as_window_rule
from ringfence.watch.windows.rule_window import Crossing, Limits, Losses, RuleWindow
from ringfence.watch.windows.state import Packed, sampled_events

__all__ = ["Crossing", "Limits", "Losses", "Packed", "RuleUnmeasurable", "RuleWindow", "as_window_rule", "sampled_events"]
