"""Rules that decide before: judged for each question by the engine that watch finds with (docs/edges/rules.md)."""

from ringfence.gate.inline.judge import Judged, Prepared, RulesBefore
from ringfence.gate.inline.selected import Selected, selected

__all__ = ["Judged", "Prepared", "RulesBefore", "Selected", "selected"]
