"""step(events, now) → findings: live, replay, backtest and cluster call the same function."""

from ringfence.watch.engine.errors import SnapshotDamaged, SnapshotOfAnotherInstallation, SnapshotOfAnotherVersion, SnapshotRefused
from ringfence.watch.engine.joining import to_be_filled, with_what_they_read
from ringfence.watch.engine.reads import Reads
from ringfence.watch.engine.stepping import Engine, limits_of
from ringfence.watch.windows import Limits, Losses, RuleUnmeasurable

__all__ = [
    "Engine",
    "Limits",
    "Losses",
    "Reads",
    "RuleUnmeasurable",
    "SnapshotDamaged",
    "SnapshotOfAnotherInstallation",
    "SnapshotOfAnotherVersion",
    "SnapshotRefused",
    "limits_of",
    "to_be_filled",
    "with_what_they_read",
]
