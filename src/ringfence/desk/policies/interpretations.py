"""The register of interpretations: how the provider reads a clause where its text leaves something open. Decisions cite them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.policies.models import Interpretation
from ringfence.desk.policies.rulings import clauses

_QUESTION: Final = 500
_ANSWER: Final = 20_000
_MOST_WORDS: Final = 10


class InterpretationRefused(DeskError):
    """What was said interprets nothing, or may not be cited; the text says why."""


@transaction.atomic
def interpret(
    *, clause: str, question: str, answer: str, actor: Actor, now: datetime, replaces: int | None = None
) -> Interpretation:
    """Say how a clause is read; with `replaces` in the place of an earlier interpretation of it.

    Raises `InterpretationRefused`, and `StaleState` where that one applies no more.
    """
    require(actor.leads, actor, "interpret the policy")
    if clause not in clauses():
        raise InterpretationRefused(f"no posted version has a clause {clause}")
    if not question.strip() or len(question) > _QUESTION or not answer.strip() or len(answer) > _ANSWER:
        raise InterpretationRefused(
            f"say what is open, in at most {_QUESTION} characters, and how it is read, in at most {_ANSWER}"
        )
    earlier = _standing(replaces) if replaces is not None else None
    if earlier is not None and earlier.clause != clause:
        raise InterpretationRefused(f"interpretation {earlier.pk} is of {earlier.clause}")
    made = Interpretation.objects.create(
        clause=clause, question=question.strip(), answer=answer.strip(), made=now, made_by=actor.id, replaces=earlier
    )
    details: dict[str, Detail] = {"clause": clause, "replaces": replaces}
    audit.record(acts=[Act(verb="interpreted", about=("interpretation", str(made.pk)), details=details)], actor=actor, now=now)
    return made


@transaction.atomic
def withdraw(*, number: int, actor: Actor, now: datetime) -> None:
    """Apply an interpretation no more. Decisions that cite it stay. Raises `NotThere`, `StaleState`."""
    require(actor.leads, actor, "interpret the policy")
    found = _standing(number)
    Interpretation.objects.filter(pk=found.pk).update(withdrawn=now, withdrawn_by=actor.id)
    act = Act(verb="interpretation-withdrawn", about=("interpretation", str(number)))
    audit.record(acts=[act], actor=actor, now=now)


def _standing(number: int) -> Interpretation:
    found = Interpretation.objects.select_for_update(of=("self",)).filter(pk=number).first()
    if found is None:
        raise NotThere(f"no interpretation {number}")
    if not found.applies:
        raise StaleState(f"interpretation {number} applies no more")
    return found


def citable(numbers: Sequence[int]) -> list[Interpretation]:
    """Return these interpretations, each once. Raises `InterpretationRefused` for one that is not there or applies no more."""
    found = {one.pk: one for one in Interpretation.objects.filter(pk__in=numbers).select_related("replaced_by")}
    for number in numbers:
        if number not in found or not found[number].applies:
            raise InterpretationRefused(f"there is no interpretation {number} that applies")
    return [found[number] for number in dict.fromkeys(numbers)]


def interpretations(*, actor: Actor, clause: str = "", search: str = "") -> QuerySet[Interpretation]:
    """Return interpretations, newest first: of a clause, or with every word of `search` in what they say."""
    found = Interpretation.objects.select_related("replaced_by", "replaces").order_by("-made", "-id")
    if not actor.sees_the_desk:
        return found.none()
    for word in search.replace("\0", " ").split()[:_MOST_WORDS]:
        found = found.filter(Q(question__icontains=word) | Q(answer__icontains=word) | Q(clause__icontains=word))
    return found.filter(clause=clause) if clause else found


def interpretation(*, number: int, actor: Actor) -> Interpretation | None:
    """Return one interpretation."""
    return interpretations(actor=actor).filter(pk=number).first()
