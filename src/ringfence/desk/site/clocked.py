"""What follows when a clock warns or is missed: as the policy's version says, once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ringfence.desk.actor import Actor
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.clocks import selectors as clocks
from ringfence.desk.clocks.models import Obligation
from ringfence.desk.complaints.rights import services as rights
from ringfence.desk.decisions import owed
from ringfence.desk.decisions import services as deciding
from ringfence.desk.inquiries import selectors as inquiries
from ringfence.desk.inquiries import services as inquiring
from ringfence.policy.clocks import OnMiss


def on_missed(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Page somebody, escalate the matter, or take the consequence that was told beforehand."""
    row = clocks.obligation(id=payload["obligation"], actor=actor)
    if row is None or row.clock == owed.CONFIRMATION:  # decisions call the next person themselves
        return
    if row.noun == inquiring.TIER:
        tier, _, turn = row.noun_id.partition("-")
        inquiring.fall_silent(tier=int(tier), round=int(turn), actor=actor, now=now)
        if row.on_miss == OnMiss.DEFAULT:
            return
    if (row.noun, row.clock) == (rights.NOUN, rights.ANSWER):
        rights.take_silence(notice=int(row.noun_id), actor=actor, now=now)
        if row.on_miss == OnMiss.DEFAULT:
            return
    if row.on_miss == OnMiss.ESCALATE and row.case is not None:
        details = {"clock": row.clock, "to": row.role}
        audit.record(
            acts=[Act(verb="escalated", about=("case", str(row.case)), case=row.case, details=details)], actor=actor, now=now
        )
    _page(row, "missed", row.role, actor, now)


def on_warned(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Tell a role that a clock's end is near, where it is still open."""
    row = clocks.obligation(id=payload["obligation"], actor=actor)
    if row is not None and row.settled is None and row.missed is None:
        _page(row, "runs out", payload["role"], actor, now)


def on_unanswered(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Nobody along the chain answered: a lead must see it, and the case says so."""
    row = inquiries.inquiry(number=payload["inquiry"], actor=actor)
    if row is not None:
        chain = " > ".join(row.path)
        text = f"For lead: nobody of {chain} answered inquiry {row.id}, case {row.case_id}. What follows is yours to decide."
        deciding.raise_alarm(kind="inquiry", text=text, case=row.case_id, actor=actor, now=now)


def _page(row: Obligation, what: str, role: str, actor: Actor, now: datetime) -> None:
    due = f"{row.due:%Y-%m-%d %H:%M} UTC" if row.due is not None else "now"
    case = f", case {row.case}" if row.case is not None else ""
    text = f"For {role}: {row.what} {what}: due {due}, by {row.clock} ({row.rule}). Clock {row.id}{case}."
    deciding.raise_alarm(kind="clock", text=text, case=row.case, actor=actor, now=now)
