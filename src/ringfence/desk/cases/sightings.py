"""Where identifiers were seen: subjects of findings, and the numbers, senders and accounts that complaints name, as tokens."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.cases.models import Sighting
from ringfence.desk.complaints.models import Answer, Complaint
from ringfence.desk.detections.models import Finding
from ringfence.desk.queues import of_cases

_SHOWN: Final = 20
_CASES: Final = 8
_LOOKED_AT: Final = 5_000

Identifier = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """One identifier of a case, and where else it was seen: other cases (at most eight), findings and complaints outside of it."""

    kind: str
    value: str
    cases: Sequence[int]
    findings: int
    complaints: int


def of_finding(*, finding: Finding, case: int | None, now: datetime) -> None:
    """Note the identifiers of a finding. Call it in the transaction that joins it."""
    named = [(finding.subject_kind, finding.subject_id)]
    if finding.party:
        named.append(("party", finding.party))
    _note(named, ("finding", finding.id), case, now)


def of_complaint(*, complaint: int, case: int | None, now: datetime) -> None:
    """Note the identifiers of a complaint: tokens of numbers and of who complains, and who answers for the call."""
    row = Complaint.objects.select_related("story").filter(id=complaint).first()
    if row is None:
        return
    story, answer = getattr(row, "story", None), Answer.objects.filter(complaint=row).order_by("-id").first()
    named: list[Identifier] = [("reporter", row.reporter)]
    if story is not None:
        named += [("number", token) for token in (*story.callers, *story.callbacks)]
    if answer is not None:
        named += [("account", answer.account), ("party", answer.party), ("upstream", answer.upstream)]
    _note((one for one in named if one[1]), ("complaint", str(complaint)), case, now)


def _note(named: Iterable[Identifier], about: tuple[str, str], case: int | None, now: datetime) -> None:
    rows = [
        Sighting(kind=kind[:16], value=value[:256], noun=about[0], noun_id=about[1], case_id=case, seen=now)
        for kind, value in dict.fromkeys(named)
    ]
    Sighting.objects.bulk_create(rows, ignore_conflicts=True)
    if case is not None:
        Sighting.objects.filter(noun=about[0], noun_id=about[1]).exclude(case_id=case).update(case_id=case)


def seen_elsewhere(*, case: int, actor: Actor) -> list[Seen]:
    """Return the identifiers of a case that were seen outside of it too, at most twenty."""
    if not actor.sees_the_desk:
        return []
    own = of_cases(Sighting.objects.all(), actor).filter(case_id=case, kind=OuterRef("kind"), value=OuterRef("value"))
    return _listed(of_cases(Sighting.objects.filter(Exists(own)), actor).exclude(case_id=case))


def seen_besides(*, noun: str, noun_id: str, actor: Actor) -> list[Seen]:
    """Return the identifiers of a finding or a complaint that were seen in other things too, at most twenty."""
    if not actor.sees_the_desk:
        return []
    own = of_cases(Sighting.objects.all(), actor).filter(noun=noun, noun_id=noun_id, kind=OuterRef("kind"), value=OuterRef("value"))
    return _listed(of_cases(Sighting.objects.filter(Exists(own)), actor).exclude(noun=noun, noun_id=noun_id))


def seen_as(*, kind: str, value: str, actor: Actor) -> list[Seen]:
    """Return where one identifier was seen; empty where nowhere."""
    return _listed(of_cases(Sighting.objects.filter(kind=kind, value=value), actor)) if actor.sees_the_desk else []


def _listed(rows: QuerySet[Sighting]) -> list[Seen]:
    rows = rows.order_by("kind", "value", "-id")
    found: dict[Identifier, list[tuple[str, int | None]]] = {}
    for kind, value, noun, number in rows.values_list("kind", "value", "noun", "case_id")[:_LOOKED_AT]:
        found.setdefault((kind, value), []).append((noun, number))
    return [_seen(identifier, others) for identifier, others in list(found.items())[:_SHOWN]]


def _seen(identifier: Identifier, others: Sequence[tuple[str, int | None]]) -> Seen:
    numbers = dict.fromkeys(number for _, number in others if number)
    nouns = [noun for noun, _ in others]
    return Seen(*identifier, list(numbers)[:_CASES], nouns.count("finding"), nouns.count("complaint"))
