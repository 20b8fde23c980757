"""What the asked are shown of a case: what helps them to answer, and nothing by which they find out who complained."""

from collections.abc import Iterator
from datetime import datetime

from ringfence.desk.actor import Actor
from ringfence.desk.cases.selectors import CaseFile
from ringfence.desk.complaints import selectors as complaints
from ringfence.desk.complaints import services as reading
from ringfence.desk.complaints.answering import statement_of_complaint
from ringfence.desk.complaints.kinds import BY_SLUG, HIDDEN_ALWAYS
from ringfence.desk.complaints.models import Answer, Complaint, Nature, Verdict
from ringfence.desk.complaints.statements import NumberRole
from ringfence.desk.complaints.telling_reporters import address_of
from ringfence.desk.detections import selectors as detections
from ringfence.desk.detections.models import Finding
from ringfence.desk.parties import selectors as parties

Line = tuple[str, str]

_FINDINGS = 10
_COMPLAINTS = 20
_PARTS = ((6, "by night"), (12, "in the morning"), (18, "in the afternoon"), (24, "in the evening"))


def evidence_for(*, file: CaseFile, path: tuple[str, ...], actor: Actor, now: datetime) -> list[Line]:
    """Return what is shown of a case to the parties of `path`, as pairs of what and its text. The reading is recorded.

    A called number, who complained, and the exact time stand in it only where the complainant agreed, and in threats and harassment
    never. A calling number stands in it where a party of `path` held it.
    """
    lines = [
        line for finding in detections.findings_by_id(ids=file.findings, actor=actor)[:_FINDINGS] for line in _of_finding(finding)
    ]
    rows = complaints.complaints(actor=actor).filter(id__in=file.complaints, nature__in=(Nature.COMPLAINT, Nature.TRACEBACK))
    for row in rows[:_COMPLAINTS]:
        reading.note_reading(number=row.id, actor=actor, now=now)
        lines += _of_complaint(row, path, actor)
    return lines


def _of_finding(finding: Finding) -> Iterator[Line]:
    told = finding.contract
    numbers = (
        f"{name} {value:g}" + (f" (limit {told.thresholds[name]:g})" if name in told.thresholds else "")
        for name, value in told.measures.items()
    )
    yield (
        "Found",
        f"{told.says} {'; '.join(numbers)}. {finding.subject_kind} {finding.subject_id}, at {finding.found:%Y-%m-%d %H:%M} UTC.",
    )


def _of_complaint(row: Complaint, path: tuple[str, ...], actor: Actor) -> Iterator[Line]:
    statement = statement_of_complaint(row, actor=actor)
    answer = Answer.objects.filter(complaint=row).order_by("-id").first()
    at = answer.conduct if answer is not None and answer.conduct is not None else row.received
    may_tell = row.may_tell and row.leaf not in HIDDEN_ALWAYS
    title = BY_SLUG[row.leaf].title if row.leaf in BY_SLUG else "Abuse"
    yield "Complained about", f"{title}, on {at:%Y-%m-%d} {f'at {at:%H:%M:%S} UTC' if may_tell else _part_of_day(at)}"
    for named in statement.of(NumberRole.CALLER, NumberRole.CALLBACK):
        number = named.readings[0] if named.readings else ""
        holder = parties.number_holder(number=number, moment=at, actor=actor) if number else None
        if holder is not None and holder.party in path:
            yield "Number of yours", number
    if answer is not None and answer.verdict == Verdict.OURS and answer.account:
        yield "Account", answer.account
    if may_tell:
        for named in statement.of(NumberRole.CALLEE)[:1]:
            yield "Called number, told with its holder's consent", named.readings[0] if named.readings else named.text
        if address := address_of(row):
            yield "Who complained, told with consent", address


def _part_of_day(at: datetime) -> str:
    return next(f"{part} (UTC)" for until, part in _PARTS if at.hour < until)
