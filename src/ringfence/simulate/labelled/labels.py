"""Labels: what is true of whom. They never reach what detectors see."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros, iso

COLUMNS: Final = ("actor", "kind", "clause", "also", "held_out", "from", "to", "subject_kind", "subject")

Who = tuple[SubjectKind, str]
_NEVER: Final = Micros(0)


@dataclass(slots=True)
class Label:
    """One abuser: what it does (`kind`), against which clause, from when until when.

    `also` are further clauses that its conduct is against, or comes so near that naming them wrongs nobody. A finding about any of
    `subjects` is about it: its accounts, addresses and numbers, and whom it harms (an account taken over, a number flooded).
    """

    actor: int
    kind: str
    clause: str
    also: tuple[str, ...] = ()
    held_out: bool = False
    wire: bool = False
    """Only packets show it."""
    begin: Micros = _NEVER
    end: Micros = _NEVER
    subjects: set[Who] = field(default_factory=set)
    times: list[int] = field(default_factory=list)
    """When each of its acts was, in order."""
    talk_us: list[int] = field(default_factory=list)
    """How long each was connected."""

    @property
    def clauses(self) -> tuple[str, ...]:
        """All that a finding about it may cite."""
        return (self.clause, *self.also)


def write_labels(labels: Iterable[Label], path: Path) -> None:
    """Write one line for each subject of each label. Raises `OSError`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for label in labels:
            span = (iso(label.begin), iso(label.end))
            for kind, name in sorted(label.subjects):
                held_out = "yes" if label.held_out else "no"
                writer.writerow((label.actor, label.kind, label.clause, " ".join(label.also), held_out, *span, kind.value, name))
