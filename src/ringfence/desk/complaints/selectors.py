"""Questions about complaints."""

from dataclasses import dataclass

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.complaints import mails
from ringfence.desk.complaints.models import Complaint
from ringfence.desk.data_folder import data_folder


@dataclass(frozen=True, slots=True)
class ComplaintPage:
    """One complaint with the text of it. `missing`: the raw mail is no longer where it was put."""

    complaint: Complaint
    text: str
    missing: bool


def complaints(*, actor: Actor) -> QuerySet[Complaint]:
    """Return complaints, newest first."""
    return Complaint.objects.order_by("-received", "-id") if actor.sees_the_desk else Complaint.objects.none()


def complaint_page(*, number: int, actor: Actor) -> ComplaintPage | None:
    """Return one complaint; `None` where there is none, or none for this actor. The caller records the reading."""
    complaint = complaints(actor=actor).filter(id=number).first()
    if complaint is None:
        return None
    try:
        raw = (data_folder() / "mail" / f"{complaint.sha256}.eml").read_bytes()
    except FileNotFoundError:
        return ComplaintPage(complaint, "", True)
    return ComplaintPage(complaint, mails.text(raw), False)
