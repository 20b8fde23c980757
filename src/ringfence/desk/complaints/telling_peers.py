"""Telling another network what was complained about: a report of XARF version 4, given here or sent to its abuse mailbox."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Subquery

from ringfence.desk.actor import Actor, require, system
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.complaints.answering import NoGround, history, statement_of_complaint
from ringfence.desk.complaints.kinds import BY_SLUG, HIDDEN_ALWAYS
from ringfence.desk.complaints.models import Answer, Candidate, Complaint, Nature, Peer, Verdict
from ringfence.desk.complaints.reports.outgoing import ReportUnfit, Sender, Told, xarf_of
from ringfence.desk.complaints.statements import NumberRole, Statement
from ringfence.desk.errors import DeskError, NotThere
from ringfence.desk.held import heed_complaint
from ringfence.desk.letters import services as letters
from ringfence.desk.letters.services import Attached, Draft
from ringfence.desk.policies import selectors as policies
from ringfence.desk.queues import hold_complaint
from ringfence.vocabulary.times import micros

_NO_REPORTS: Final = frozenset({Nature.ENQUIRY, Nature.AUTOMATIC, Nature.TEST})
_LISTED: Final = 1_000
_OURS: Final = system("telling")
_TEXT: Final = """To the abuse desk of {peer}

Attached is a report in XARF version 4 (category messaging, with the object voice) about calls that came to us from your network.

    {title}
    Our reference: {reference}

Please tell us at {mailbox} what came of it, and name our reference.

{provider}
"""


class NoMailbox(DeskError):
    """The peer has no abuse mailbox: its report can only be taken by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Which complaint is told to whom, and why. `with_callee`: name the called number, which its holder must have agreed to."""

    complaint: int
    peer: str
    reason: str
    case: int | None = None
    with_callee: bool = False
    send: bool = False


@dataclass(frozen=True, slots=True)
class Carried:
    """A complaint whose call came from a peer, and whether a report of it was made."""

    complaint: int
    peer: str
    received: datetime
    leaf: str
    told: bool


@transaction.atomic
def tell_peer(*, telling: Telling, actor: Actor, now: datetime) -> bytes:
    """Return the report for a peer as JSON, and send it where the telling says so; the same complaint goes to a peer once.

    Raises `NoGround` without a reason or without the called person's consent, `NotThere`, `ReportUnfit`, `NoMailbox`.
    """
    require(actor.tells_peers, actor, "tell peers of complaints")
    hold_complaint(telling.complaint, actor)
    heed_complaint(complaint=telling.complaint, actor=actor, now=now)
    if not telling.reason.strip():
        raise NoGround("say why the peer is told: the audit keeps it")
    row = Complaint.objects.filter(id=telling.complaint).exclude(nature__in=_NO_REPORTS).first()
    peer = Peer.objects.filter(name=telling.peer).first()
    if row is None or peer is None:
        raise NotThere(f"no complaint {telling.complaint}, or no peer {telling.peer or '(none chosen)'}")
    if telling.with_callee and (not row.may_tell or row.leaf in HIDDEN_ALWAYS):
        raise NoGround("the called person has not agreed to be named, or must not be named in such a matter")
    version = policies.current(actor=actor)
    if version is None:
        raise ReportUnfit("no policy is posted that says who we are")
    bundle = policies.bundle(hash=version.hash).settings
    report = xarf_of(_told(row, telling, actor), Sender(org=bundle.provider, contact=bundle.abuse_mailbox))
    details: dict[str, Detail] = {"peer": peer.name, "reason": telling.reason.strip()[:500], "sent": telling.send}
    about = ("complaint", str(row.id))
    Complaint.objects.filter(id=row.id).update(told=True)
    audit.record(acts=[Act(verb="told-peer", about=about, case=telling.case, details=details)], actor=actor, now=now)
    if telling.send:
        if not peer.mail:
            raise NoMailbox(f"no abuse mailbox of {peer.name} is known: take the report by hand, or add it on the page of peers")
        title = BY_SLUG[row.leaf].title if row.leaf in BY_SLUG else "Abuse"
        said = {"peer": peer.name, "title": title, "reference": f"C-{row.id}"}
        draft = Draft(
            key=f"xarf {row.id} {peer.id}",
            about=about,
            case=telling.case,
            mail=peer.mail,
            subject=f"Abuse report C-{row.id}: {title}",
            text=_TEXT.format(mailbox=bundle.abuse_mailbox, provider=bundle.provider, **said),
            provider=bundle.provider,
            attached=Attached("xarf.json", "application/json", report),
        )
        letters.write(draft=draft, actor=_OURS, now=now)
    return report


def tell_carried(*, telling: Telling, actor: Actor, now: datetime) -> bytes:
    """Return the report as `tell_peer` does, for a program: only of a complaint whose newest answer says that the peer's it was.

    Raises `NotThere` for any other.
    """
    require(actor.tells_peers, actor, "tell peers of complaints")
    if not any(one.complaint == telling.complaint for one in carried(actor=actor, peer=telling.peer)):
        raise NotThere(f"complaint {telling.complaint} was not found to come from {telling.peer or '(no peer named)'}")
    return tell_peer(telling=telling, actor=actor, now=now)


def carried(*, actor: Actor, peer: str = "", untold: bool = False) -> list[Carried]:
    """Return the complaints that were carried for a peer by their newest answer, the newest first; of one peer or all."""
    if not actor.tells_peers:
        return []
    newest = Answer.objects.filter(complaint=OuterRef("pk")).order_by("-id")
    rows = Complaint.objects.exclude(nature__in=_NO_REPORTS).annotate(
        verdict=Subquery(newest.values("verdict")[:1]), peer=Subquery(newest.values("upstream")[:1])
    )
    found = rows.filter(verdict=Verdict.CARRIED, told=False) if untold else rows.filter(verdict=Verdict.CARRIED)
    named = found.filter(peer=peer) if peer else found.exclude(peer="")
    columns = named.order_by("-received", "-id").values_list("id", "peer", "received", "leaf", "told")
    return [Carried(*row) for row in columns[:_LISTED]]


def _told(row: Complaint, telling: Telling, actor: Actor) -> Told:
    """Return what is told: caller and number to call back as the complaint has them, and the call if it was found."""
    statement = statement_of_complaint(row, actor=actor)
    best = Candidate.objects.filter(answer__complaint=row).order_by("-answer_id", "-likeness", "id").first()
    call = history().opened(best.call, micros(best.start)) if best is not None else None
    caller = _named(statement, NumberRole.CALLER) or (call.caller or "" if call is not None else "")
    story = getattr(row, "story", None)
    calls = story.campaign.stories.count() if story is not None and story.campaign is not None else 1
    newest = Answer.objects.filter(complaint=row).order_by("-id").first()
    key = f"{row.id}\0{telling.peer}".encode()
    return Told(
        id=UUID(bytes=blake2b(key, key=settings.RINGFENCE_KEY, person=b"xarf out", digest_size=16).digest(), version=4),
        leaf=row.leaf,
        caller=caller,
        time=micros(row.received),
        callee=_named(statement, NumberRole.CALLEE) if telling.with_callee else "",
        callback=_named(statement, NumberRole.CALLBACK),
        call_time=micros(best.start) if best is not None else None,
        call_id=call.call_id if call is not None else "",
        calls=calls,
        text=BY_SLUG[row.leaf].title if row.leaf in BY_SLUG else "",
        reference=f"C-{row.id}",
        finding=newest.verdict if newest is not None else "",
        outcome=row.outcome,
    )


def _named(statement: Statement, role: NumberRole) -> str:
    for one in statement.numbers:
        if one.role is role and one.readings:
            return one.readings[0]
    return ""
