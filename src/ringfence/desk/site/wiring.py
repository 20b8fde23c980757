"""What one noun's event makes another noun do. Reactions run in the worker, each once: with the taking out of its message."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from ringfence.desk.access import services as access
from ringfence.desk.actor import Actor
from ringfence.desk.cases import services as cases
from ringfence.desk.clocks import sweeping
from ringfence.desk.complaints import control
from ringfence.desk.complaints.answering import ANSWERED
from ringfence.desk.complaints.services import BOUNCED, CLOSED
from ringfence.desk.decisions import selectors as decided
from ringfence.desk.decisions import services as decisions
from ringfence.desk.enforcement import carried, receipts, struck
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.inquiries.services import UNANSWERED
from ringfence.desk.notices import services as notices
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties import selectors as parties
from ringfence.desk.policies import acceptance, rulings, telling
from ringfence.desk.recovery import compromise
from ringfence.desk.site import clocked, complained
from ringfence.desk.site.consequences import CONSEQUENCES
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros, micros, utc

Reaction = Callable[[Mapping[str, Any], Actor, datetime], None]


def _on_finding(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    cases.join_finding(finding_id=payload["finding"], actor=actor, now=now)


def _on_joined_finding(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    decisions.decide_by_standing_order(case_id=payload["case"], finding_id=payload["finding"], actor=actor, now=now)


def _on_decision(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    enforcement.order_decision(decision_id=payload["decision"], actor=actor, now=now)
    notices.announce(decision_id=payload["decision"], actor=actor, now=now)
    decision = decided.decision(id=payload["decision"], actor=actor)
    if decision is not None and decision.finding is not None:
        finding = decision.finding.contract
        event = {
            "kind": "decision",
            "id": decision.id,
            "time": micros(decision.decided),
            "conduct_time": finding.time,
            "party_path": finding.party_path,
            "clause": decision.clause,
            "rule": finding.rule,
            "account": finding.subject.id if finding.subject.kind is SubjectKind.ACCOUNT else None,
            "caller": finding.subject.id if finding.subject.kind is SubjectKind.NUMBER else None,
        }
        outbox.enqueue(topic=DESK_EVENT, payloads=[event], now=now)


def _on_refusals(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    seen = receipts.Refusals(payload["order"], payload["edge"], payload["count"], Micros(payload["first"]))
    receipts.note_refusals(seen=seen, actor=actor, now=now)


def _on_carried(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    seen = carried.Carried(payload["order"], payload["edge"], payload["count"], Micros(payload["first"]))
    carried.note_carried(seen=seen, actor=actor, now=now)


def _on_use(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    acceptance.record_use(
        account=payload["account"],
        policy=payload["policy"],
        at=utc(Micros(payload["time"])),
        proof=f"{payload.get('use', '')} {payload['call_id']}".strip(),
        actor=actor,
        now=now,
    )


def _on_struck(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    struck.carry_out(ruling_id=payload["ruling"], actor=actor, now=now)


def _on_compromise(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    compromise.protect(request=payload["request"], actor=actor, now=now)


def _on_failed_sign_in(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Tell watch that somebody tried to sign in in vain: from where, and of a party's login which, as an account of the party's."""
    party = parties.parties(actor=actor, now=now).filter(pk=payload.get("party") or 0).first()
    page = parties.party_page(name=party.name, actor=actor, now=now) if party is not None else None
    event = {
        "kind": "fact",
        "id": f"sign-in-{payload['id']}",
        "time": micros(now),
        "name": "sign-in-failed",
        "account": f"login/{payload['login']}" if "login" in payload else None,
        "party_path": () if page is None else page.path,
        "source": payload.get("address") or None,
    }
    outbox.enqueue(topic=DESK_EVENT, payloads=[event], now=now)


def _on_refused_key(payload: Mapping[str, Any], _actor: Actor, now: datetime) -> None:
    """Tell watch that a program came with a key that opens nothing, and from where. Whose it is nobody knows."""
    event = {
        "kind": "fact",
        "id": f"key-{payload['id']}",
        "time": micros(now),
        "name": "key-refused",
        "source": payload["address"],
    }
    outbox.enqueue(topic=DESK_EVENT, payloads=[event], now=now)


def _on_refused_page(payload: Mapping[str, Any], _actor: Actor, now: datetime) -> None:
    """Tell watch that a public page refused somebody, and whom by address."""
    event = {
        "kind": "fact",
        "id": f"page-{payload['id']}",
        "time": micros(now),
        "name": payload["what"],
        "source": payload["address"],
    }
    outbox.enqueue(topic=DESK_EVENT, payloads=[event], now=now)


def _on_posting(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    telling.tell(number=payload["version"], after=payload["after"], actor=actor, now=now)


def _on_reminding(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    telling.remind(number=payload["version"], after=payload["after"], actor=actor, now=now)


REACTIONS: Final[dict[str, Reaction]] = {
    **CONSEQUENCES,
    compromise.CLAIMED: _on_compromise,
    access.SIGN_IN_FAILED: _on_failed_sign_in,
    access.KEY_REFUSED: _on_refused_key,
    access.PAGE_REFUSED: _on_refused_page,
    "finding.recorded": _on_finding,
    "case.finding-joined": _on_joined_finding,
    "decision.made": _on_decision,
    "refusals.seen": _on_refusals,
    "carried.seen": _on_carried,
    "use.seen": _on_use,
    ANSWERED: complained.on_answer,
    rulings.STRUCK: _on_struck,
    telling.POSTED: _on_posting,
    telling.REMIND: _on_reminding,
    control.WISH: complained.on_wish,
    CLOSED: complained.on_closed,
    BOUNCED: complained.on_bounced,
    UNANSWERED: clocked.on_unanswered,
    sweeping.MISSED: clocked.on_missed,
    sweeping.WARNED: clocked.on_warned,
}
"""Topic to what follows inside the desk."""

ORDER_CHANGED: Final = "order.changed"
REFERENCE_CHANGED: Final = "reference.changed"
DESK_EVENT: Final = "desk-event"
"""Topics that the worker answers with a record on a feed."""
