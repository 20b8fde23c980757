"""Pages that anybody may use: complaining, and seeing how a complaint stands. They say nothing of any customer."""

from datetime import UTC, datetime
from typing import Final

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ringfence.desk.actor import system
from ringfence.desk.complaints import control, floods, services
from ringfence.desk.complaints.answering import home
from ringfence.desk.complaints.kinds import LEAVES
from ringfence.desk.complaints.models import FOUND, Complaint, ControlProof, Door, Outcome
from ringfence.desk.complaints.quarantine import Held, looked_at
from ringfence.desk.complaints.statements.zones import zone
from ringfence.desk.complaints.submissions import Submission, SubmissionRefused, checked
from ringfence.desk.errors import DeskError, NotThere
from ringfence.vocabulary.times import micros

LARGEST_FILE: Final = 10_000_000
_FILES: Final = 3
_OURS: Final = system("form")
_TRAP: Final = "website"
"""A field that people do not see: what fills it is a machine."""
_ZONES: Final = (
    *(f"Europe/{city}" for city in ("Brussels", "London", "Lisbon", "Paris", "Berlin", "Athens", "Istanbul")),
    *(f"America/{city}" for city in ("New_York", "Chicago", "Denver", "Los_Angeles", "Sao_Paulo")),
    *(f"Asia/{city}" for city in ("Dubai", "Kolkata", "Singapore", "Tokyo")),
    "Australia/Sydney",
    "Africa/Johannesburg",
    "UTC",
)


def report(request: HttpRequest) -> HttpResponse:
    """Take a complaint from anybody."""
    if request.method != "POST":
        return _form(request, {}, "")
    typed = {name: value[: 2 * 20_000] if isinstance(value, str) else "" for name, value in request.POST.items()}
    now = datetime.now(UTC)
    token = typed.get("challenge", "")
    if not floods.is_challenge(token):
        return _form(request, typed, "The page was open for too long. Look it over and send it again.")
    network = floods.network_of(request.META.get("REMOTE_ADDR", ""))
    worked = floods.is_worked(token, typed.get("solution", ""))
    if typed.get(_TRAP):  # told as if it were kept: a machine learns nothing
        return redirect("complaints:status", ticket=services.ticket_of(0))
    if floods.is_flooding(network, worked=worked, now=now):
        return _form(
            request, typed, "So much has come from your network that no more is taken now. Try again in an hour.", status=429
        )
    try:
        submission = _submission(typed, now)
        files = _files(request)
        reporter = services.reporter_token(submission.contact or f"network {network}")
        kept = services.submit(
            submission=submission, door=Door.FORM, reporter=reporter, sender=network, token=token, files=files, actor=_OURS, now=now
        )
    except SubmissionRefused as refused:
        return _form(request, typed, f"{refused.field}: {refused.cause}.")
    return redirect("complaints:status", ticket=services.ticket_of(kept.id))


def _form(request: HttpRequest, typed: dict[str, str], problem: str, *, status: int = 200) -> HttpResponse:
    branches: dict[str, list[object]] = {}
    for leaf in LEAVES:
        branches.setdefault(leaf.branch, []).append(leaf)
    own = home(actor=_OURS)[1]
    zones = tuple(dict.fromkeys((typed.get("zone") or own, *_ZONES)))
    context = {
        "branches": list(branches.items()),
        "typed": typed,
        "problem": problem,
        "challenge": floods.challenge(),
        "bits": floods.BITS,
        "zones": zones,
        "largest": LARGEST_FILE // 1_000_000,
    }
    return render(request, "complaints/report.html", context, status=400 if problem and status == 200 else status)


def _submission(typed: dict[str, str], now: datetime) -> Submission:
    when = _when(typed.get("day", "").strip(), typed.get("hour", "").strip(), typed.get("zone", "UTC"))
    skew = typed.get("skew", "5")
    filled = Submission(
        leaf=typed.get("leaf", ""),
        caller=typed.get("caller", ""),
        callee=typed.get("callee", ""),
        callback=typed.get("callback", ""),
        when=when,
        skew_minutes=int(skew) if skew.isdecimal() and len(skew) < 5 else 5,
        what=typed.get("what", ""),
        contact=typed.get("contact", "").strip(),
        wish_bar=typed.get("wish") == "yes",
        may_tell=typed.get("tell") == "yes",
    )
    return checked(filled, now=micros(now), country=home(actor=_OURS)[0])


def _when(day: str, hour: str, zone_name: str) -> str:
    """Return day and hour of the form as RFC 3339; empty where no day was given. Raises `SubmissionRefused`."""
    if not day:
        return ""
    held = zone(zone_name) if len(zone_name) < 64 else None
    if held is None:
        raise SubmissionRefused("zone", "is no time zone")
    try:
        return datetime.fromisoformat(f"{day}T{hour or '12:00'}").replace(tzinfo=held).isoformat()
    except (ValueError, OverflowError):
        raise SubmissionRefused("day", "is no day and hour, such as 2026-03-10 and 14:05") from None


def _files(request: HttpRequest) -> list[Held]:
    held = []
    for upload in request.FILES.getlist("files")[:_FILES]:
        assert isinstance(upload, UploadedFile)
        if (upload.size or 0) > LARGEST_FILE:
            raise SubmissionRefused("files", f"one is larger than {LARGEST_FILE // 1_000_000} MB")
        held.append(looked_at(upload.name or "", upload.content_type or "", upload.read(LARGEST_FILE + 1)))
    return held


def complaint_with(ticket: str) -> Complaint:
    """Return the complaint of a ticket. Raises `NotThere`."""
    complaint = services.complaint_of_ticket(ticket)
    if complaint is None:
        raise NotThere("no complaint has this ticket")
    return complaint


def standing(complaint: Complaint) -> dict[str, object]:
    """Return what a complaint's page says to who has its ticket. The page is `appeals.complainant_views.status`."""
    proof = ControlProof.objects.filter(complaint=complaint).first()
    return {
        "complaint": complaint,
        "outcome": Outcome(complaint.outcome).label if complaint.outcome else "",
        "found": FOUND.get(complaint.found, ""),
        "proof": proof,
        "can_prove": complaint.door == Door.FORM and proof is None and _has_callee(complaint),
        "waits": proof is not None and proof.proven is None and proof.until > datetime.now(UTC),
    }


def _has_callee(complaint: Complaint) -> bool:
    try:
        return bool(control.filled_in(complaint).callee)
    except DeskError:
        return False


def prove(request: HttpRequest, complaint: Complaint) -> None:
    """Send a code, or take one. Raises `DeskError`."""
    now = datetime.now(UTC)
    if request.POST.get("do") == "send":
        control.send_code(complaint=complaint, wish=control.filled_in(complaint).wish_bar, actor=_OURS, now=now)
    else:
        control.prove(complaint=complaint, code=request.POST.get("code", "")[:12], actor=_OURS, now=now)
