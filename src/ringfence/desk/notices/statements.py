"""What a notice says of a decision: the facts that fill its places."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings

from ringfence.desk.actor import ActorKind
from ringfence.desk.decisions.models import Decision, DecisionKind, action_of
from ringfence.desk.letters.wording import filled
from ringfence.desk.notices.wording import deed_in, texts
from ringfence.desk.policies import selectors as policies
from ringfence.policy import Bundle
from ringfence.vocabulary.contracts import Scope
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros, utc

_TOKEN_OCTETS: Final = 16


def token_of(notice: str) -> str:
    """Return the token by which a notice's page is read without signing in. The database does not hold it."""
    return blake2b(notice.encode(), key=settings.RINGFENCE_KEY, person=b"notice page", digest_size=_TOKEN_OCTETS).hexdigest()


def page_of(notice: str) -> str:
    """Return the address of a notice's page, as a mail names it."""
    return f"{settings.RINGFENCE_PUBLIC_URL}/notices/{notice}/{token_of(notice)}/"


def places(*, notice: str, decision: Decision, measure: Decision, party: str, language: str, decided: datetime) -> dict[str, str]:
    """Return what the texts of a notice may name. `measure` is the decision itself, or the one that it ends."""
    bundle = policies.bundle(hash=measure.policy.hash)
    zone = ZoneInfo(bundle.settings.time_zone)
    scope = Scope(kind=SubjectKind(measure.scope_kind), value=measure.scope_value)
    told = texts(language).phrases
    by_machine = decision.actor_kind == ActorKind.STANDING_ORDER
    return {
        "provider": bundle.settings.provider,
        "policy_page": bundle.settings.policy_page,
        "service_mailbox": bundle.settings.service_mailbox,
        "party": party,
        "case": str(decision.case_id),
        "decided": _moment(decided, zone),
        "deed": _deed(measure, scope, language),
        "length": _length(measure, told, zone),
        "reasons": decision.reasons,
        "clause_title": _title(bundle, measure.rule_clause or measure.clause),
        "version": str(measure.policy.number),
        "who_decided": told["by_standing_order" if by_machine else "by_person"],
        "appeal_days": str(bundle.settings.due_process.appeal_days),
        "page": page_of(notice),
        **_measured(measure, told, zone),
    }


def _deed(measure: Decision, scope: Scope, language: str) -> str:
    if measure.kind == DecisionKind.WARNING:
        return filled(texts(language).deeds["warn"], {"whom": scope.value})
    return deed_in(language, scope, action_of(measure))


def _measured(measure: Decision, told: Mapping[str, str], zone: ZoneInfo) -> dict[str, str]:
    """Return the numbers against their limits. Who was called, and who complained, is not told."""
    if measure.finding is None:
        moment = _moment(measure.decided, zone)
        return {"says": told["no_finding"], "numbers": told["nothing_measured"], "window_start": moment, "window_end": moment}
    finding = measure.finding.contract
    numbers = [
        filled(told["limit"], {"name": name, "value": f"{value:g}", "limit": f"{finding.thresholds[name]:g}"})
        if name in finding.thresholds
        else f"{name} {value:g}"
        for name, value in finding.measures.items()
    ]
    return {
        "says": finding.says,
        "numbers": "; ".join(numbers) or told["nothing_measured"],
        "window_start": _moment(utc(finding.window.start), zone),
        "window_end": _moment(utc(Micros(finding.window.end)), zone),
    }


def _length(measure: Decision, told: Mapping[str, str], zone: ZoneInfo) -> str:
    if measure.kind == DecisionKind.WARNING:
        return told["warned"]
    if measure.until is not None:
        return filled(told["until"], {"moment": _moment(measure.until, zone)})
    return filled(told["review"], {"moment": _moment(measure.review or measure.decided, zone)})


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")


def _title(bundle: Bundle, clause: str) -> str:
    found = bundle.clause(clause)
    return found.title if found is not None else clause
