"""The reports API: a complaint in JSON, known again by its token; a status, and an outcome from a closed list."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from django.http import HttpRequest
from ninja import Field, NinjaAPI, Schema, Status
from ninja.errors import HttpError
from ninja.security import HttpBearer

from ringfence.desk.access import keys
from ringfence.desk.access import services as access
from ringfence.desk.actor import Actor, KeyScope
from ringfence.desk.actor import system as process
from ringfence.desk.audit import services as audit
from ringfence.desk.complaints import services
from ringfence.desk.complaints.answering import home
from ringfence.desk.complaints.kinds import BY_SLUG, leaf_of_report
from ringfence.desk.complaints.models import Complaint, Door, Nature
from ringfence.desk.complaints.outgoing_api import router as outgoing
from ringfence.desk.complaints.reports import report_of
from ringfence.desk.complaints.submissions import Submission, SubmissionRefused, checked, encoded
from ringfence.vocabulary.times import iso, micros

_LISTED: Final = 200
_OURS: Final = process("api")


class _Key(HttpBearer):
    """A key with a scope, made by an admin."""

    def __init__(self, scope: KeyScope) -> None:
        super().__init__()
        self._scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """Return whom the key makes its bearer. A key that opens nothing is told to watch."""
        actor, now = keys.actor_of(key=token, now=datetime.now(UTC)), datetime.now(UTC)
        if actor is None:
            access.note_key_refused(address=request.META.get("REMOTE_ADDR", ""), now=now)
        return actor if actor is not None and self._scope in actor.scopes else None


class ReportIn(Schema):
    """A complaint. Either `xarf`, a report of XARF version 4, or the fields. `token` makes sending twice harmless."""

    token: str = Field(min_length=8, max_length=128)
    kind: str = ""
    caller: str = Field("", max_length=40)
    callee: str = Field("", max_length=40)
    callback: str = Field("", max_length=40)
    when: str = Field("", max_length=64)
    skew_minutes: int = Field(5, ge=0, le=1440)
    what: str = Field("", max_length=20_000)
    contact: str = Field("", max_length=256)
    correlation_id: str = Field("", max_length=128)
    tags: list[str] = Field(default_factory=list, max_length=20)
    may_tell: bool = False
    xarf: dict[str, Any] | None = None


class StatusOut(Schema):
    """How a report stands. `outcome` and `finding` are empty until `state` is `completed`.

    `finding`: ours, spoofed-elsewhere, carried-for-peer, not-ours, undecidable; empty where nothing was to be looked for.
    """

    id: int
    state: str
    outcome: str
    finding: str
    correlation_id: str
    test: bool
    received: str
    closed: str | None
    status_page: str


api = NinjaAPI(title="Reports", version="1", urls_namespace="reports-api", auth=_Key(KeyScope.REPORT), docs_url=None)
api.add_router("/outgoing", outgoing, auth=_Key(KeyScope.TELL), tags=["out"])


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]  # the library puts there what `authenticate` returned
    return actor


@api.post("/reports", response={202: StatusOut}, summary="Report an abuse")
def create(request: HttpRequest, report: ReportIn) -> Status[StatusOut]:
    """Take a report. The same token with the same report is the same report; with another it is refused with 409."""
    now = datetime.now(UTC)
    reporter = _reporter(_actor(request))
    try:
        submission = checked(_submission(report), now=micros(now), country=home(actor=_OURS)[0])
    except SubmissionRefused as refused:
        raise HttpError(422, f"{refused.field}: {refused.cause}") from None
    kept = services.submit(
        submission=submission, door=Door.API, reporter=reporter, sender=reporter, token=report.token, actor=_OURS, now=now
    )
    if kept.size != len(encoded(submission)) or kept.sha256 != services.digest_of(encoded(submission)):
        raise HttpError(409, "token: another report was sent with it")
    return Status(202, _status(kept))


@api.get("/reports/{number}", response=StatusOut, summary="How a report stands")
def status(request: HttpRequest, number: int) -> StatusOut:
    """Answer for reports of the same key alone."""
    found = Complaint.objects.filter(id=number, door=Door.API, reporter=_reporter(_actor(request))).first()
    if found is None:
        raise HttpError(404, "no report of yours has this number")
    return _status(found)


@api.get("/reports", response=list[StatusOut], summary="Reports by correlation id, the newest first")
def listed(request: HttpRequest, correlation_id: str = "") -> list[StatusOut]:
    """Answer for reports of the same key alone, at most 200."""
    found = Complaint.objects.filter(door=Door.API, reporter=_reporter(_actor(request))).order_by("-id")
    return [_status(one) for one in (found.filter(said=correlation_id) if correlation_id else found)[:_LISTED]]


def _reporter(actor: Actor) -> str:
    return audit.token_of("reporter", f"key {actor.id}")


def _submission(report: ReportIn) -> Submission:
    told = Submission(
        leaf=report.kind,
        caller=report.caller,
        callee=report.callee,
        callback=report.callback,
        when=report.when,
        skew_minutes=report.skew_minutes,
        what=report.what,
        contact=report.contact,
        reference=report.correlation_id,
        tags=tuple(report.tags),
        may_tell=report.may_tell,
    )
    return told if report.xarf is None else _of_xarf(report.xarf, told)


def _of_xarf(data: dict[str, Any], told: Submission) -> Submission:
    """Return what a report of XARF says in our fields. Raises `SubmissionRefused` for what is none, or is not as its form says."""
    read = report_of(msgspec.json.encode(data))
    if read is None:
        raise SubmissionRefused("xarf", "is no report of a known form")
    if read.problems:
        raise SubmissionRefused(f"xarf.{read.problems[0].field}", read.problems[0].cause)
    leaf = leaf_of_report(read.about, read.tags)
    return msgspec.structs.replace(
        told,
        leaf=leaf if leaf in BY_SLUG else "other",
        caller=next(iter(read.numbers), ""),
        callee=next(iter(read.callees), ""),
        callback=next(iter(read.callbacks), ""),
        when="" if read.happened is None else iso(read.happened),
        what=read.notes or read.about,
        contact=read.reporter_mail or told.contact,
        reference=told.reference or read.reference or "",
        tags=(*told.tags, *read.tags)[:20],
    )


def _status(row: Complaint) -> StatusOut:
    is_test = row.nature == Nature.TEST
    looked = is_test or bool(row.outcome)
    state = "completed" if looked else "processing" if row.answers.exists() else "queued"
    return StatusOut(
        id=row.id,
        state=state,
        outcome=row.outcome or ("reviewed-without-action" if is_test else ""),
        finding=row.found,
        correlation_id=row.said,
        test=is_test,
        received=row.received.isoformat(),
        closed=None if row.closed is None else row.closed.isoformat(),
        status_page=f"/report/{services.ticket_of(row.id)}/",
    )
