"""What people at the desk made of cases, for comparing bundles. Reads the desk through its selectors."""

import os
from pathlib import Path
from typing import Final

from ringfence.cli.deskwork import at_desk
from ringfence.vocabulary.times import micros
from ringfence.watch.history.comparison import Judgement

DATABASE: Final = "desk.sqlite3"
DATABASE_VARIABLE: Final = "RINGFENCE_DATABASE"


def has_desk(data: Path) -> bool:
    """Tell whether the data folder has a desk that may have decided something."""
    return (data / DATABASE).exists() or bool(os.environ.get(DATABASE_VARIABLE))


def judgements(data: Path) -> list[Judgement]:
    """Return what people made of each case that they judged. What is open without a measure is not judged yet."""
    with at_desk(data) as actor:
        from ringfence.desk.cases.models import CaseOutcome
        from ringfence.desk.cases.selectors import cases
        from ringfence.desk.decisions.models import DecisionKind
        from ringfence.desk.decisions.selectors import decisions

        measured = set(decisions(actor=actor).filter(kind=DecisionKind.MEASURE).values_list("case_id", flat=True))
        found = []
        for case in cases(actor=actor):
            cleared = case.outcome in (CaseOutcome.NO_VIOLATION, CaseOutcome.HARMLESS)
            acted = case.outcome == CaseOutcome.ACTED or (not case.outcome and case.pk in measured)
            if cleared or acted:
                found.append(Judgement(case.subject_kind, case.subject_id, micros(case.opened), micros(case.latest), upheld=acted))
        return found
