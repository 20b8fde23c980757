"""What was read for a report, and what the person gave beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ringfence.report.rates import RateDeck
from ringfence.watch.attribution import RowProblem
from ringfence.watch.engine import Engine
from ringfence.watch.recorded import FileCounts, Followed, Recording, Skipped


@dataclass(frozen=True, slots=True)
class Given:
    """Which inputs came beside the files: each changes what can be judged."""

    accounts: bool = False
    trunks: bool = False
    numbers: bool = False
    timezone: str = ""
    country: str = ""
    rates: RateDeck | None = None
    countries: bool = False
    certificates: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """The files that were read and passed over, and what was unusable. `forgotten` are a rule's events let go early, by rule."""

    files: Sequence[FileCounts] = ()
    skipped: Sequence[Skipped] = ()
    defects: Mapping[str, int] = field(default_factory=dict)
    left_out: Sequence[RowProblem] = ()
    forgotten: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, recording: Recording | Followed, engine: Engine, left_out: Sequence[RowProblem] = ()) -> "Read":
        """Return what a finished scan read. `left_out` are rows of accounts, numbers, trunks and rates."""
        defects = {defect.value: count for defect, count in recording.defects.most_common()}
        forgotten = {rule: lost.events for rule, lost in engine.losses.items() if lost.events}
        return cls(recording.files, recording.skipped, defects, left_out, forgotten)
