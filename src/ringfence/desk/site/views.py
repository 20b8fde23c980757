"""Pages that are made of several nouns."""

from datetime import UTC, datetime, timedelta
from typing import cast

from django.http import HttpRequest, HttpResponse

from ringfence.desk.actor import Actor, DeskRequest
from ringfence.desk.appeals import selectors as appeals
from ringfence.desk.audit import selectors as audit
from ringfence.desk.bulk import selectors as bulk
from ringfence.desk.cases import claims
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases.attention import note_looked
from ringfence.desk.cases.models import Case, CaseOutcome, CaseState
from ringfence.desk.cases.sightings import seen_elsewhere
from ringfence.desk.cases.summaries import severity_of, with_findings
from ringfence.desk.charges import selectors as charges
from ringfence.desk.clocks import selectors as clocks
from ringfence.desk.clocks.selectors import Wanted
from ringfence.desk.complaints import selectors as complaints
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions.choosing import SCOPES
from ringfence.desk.decisions.proposals import Proposal
from ringfence.desk.decisions.reaching import Reaching, reaching
from ringfence.desk.decisions.strikes import strikes
from ringfence.desk.detections import selectors as detections
from ringfence.desk.detections.health import health_of
from ringfence.desk.detections.models import Finding
from ringfence.desk.disclosures import selectors as disclosures
from ringfence.desk.endings import selectors as endings
from ringfence.desk.enforcement import selectors as orders
from ringfence.desk.enforcement.models import Order
from ringfence.desk.errors import NotThere
from ringfence.desk.inquiries import selectors as inquiries
from ringfence.desk.inquiries.models import InquiryKind
from ringfence.desk.letters import selectors as letters
from ringfence.desk.notices import selectors as notices
from ringfence.desk.outbox import selectors as outbox
from ringfence.desk.pages import answer_live, for_staff, live, render_live
from ringfence.desk.parties import selectors as parties
from ringfence.desk.policies import selectors as policies
from ringfence.desk.returns import selectors as returns
from ringfence.desk.site.next_step import Matter, explain
from ringfence.policy.clauses import ClauseText
from ringfence.vocabulary.contracts import ActionKind, CallClass
from ringfence.vocabulary.subjects import Role


@for_staff
def dashboard(request: DeskRequest) -> HttpResponse:
    """Show how things stand: counts, the latest findings, open cases, orders in force, agents."""
    actor, now = request.actor, datetime.now(UTC)
    open_cases, in_force = cases.cases(actor=actor, now=now), orders.orders(actor=actor)
    watches = health_of(detections.agents(actor=actor), now=now)
    context = {
        "findings_today": detections.findings(actor=actor).filter(found__gte=now - timedelta(days=1)).count(),
        "open_cases": open_cases.count(),
        "orders_in_force": in_force.count(),
        "complaints_today": complaints.counted(actor=actor).filter(received__gte=now - timedelta(days=1)).count(),
        "latest_findings": list(detections.findings(actor=actor)[:8]),
        "latest_cases": with_findings(open_cases)[:8],
        "latest_orders": in_force[:8],
        "watches": watches,
        "messages_seen": sum(watch.counts.messages for watch in watches),
        "capture_agents": sum(watch.counts.agents for watch in watches),
        "stuck": outbox.stuck(actor=actor),
        "version": policies.current(actor=actor),
        "has_parties": parties.parties(actor=actor, now=now).exists(),
    }
    return render_live(request, "site/dashboard.html", "site/_dashboard.html", context)


@for_staff
def case_page(request: DeskRequest, number: int) -> HttpResponse:
    """Show one case: what belongs to it, what was decided and ordered, what happened, and what can be done."""
    actor, now = request.actor, datetime.now(UTC)
    file = cases.case_file(number=number, actor=actor)
    if file is None:
        raise NotThere(f"no case {number}")
    found = detections.findings_by_id(ids=file.findings, actor=actor)
    ordered = orders.orders_of_case(case=number, actor=actor)
    at_source = parties.trunks_at(address=file.case.subject_id, now=now, actor=actor) if file.case.subject_kind == "source" else []
    refused = {(order.scope_kind, order.scope_value) for order in ordered if order.in_force}
    latest = next((one for one in reversed(found) if (one.subject_kind, one.subject_id) not in refused), None)
    picked = _picked(request, file.case)
    proposal = _proposal(number, latest, picked, actor, now)
    entries = audit.timeline(case=number, actor=actor)
    ladders = proposal if proposal is not None and proposal.step and not picked else None
    matter = Matter(case=file.case, finding=latest, proposal=ladders, entries=entries, lifted_or_over=_was_ordered(latest, ordered))
    note_looked(case_id=number, actor=actor, now=now)
    context = {
        "case": file.case,
        "claim": claims.held(case=number, actor=actor, now=now) if file.case.state == CaseState.CLAIMED else None,
        "notes": file.notes,
        "findings": found,
        "worst": severity_of(file.case),
        "complaints": file.complaints,
        "orders": ordered,
        "entries": entries,
        "explanation": explain(matter, actor=actor),
        "trunks": at_source,
        "strikes": list(strikes(actor=actor, party=file.case.subject_id)[:50]) if file.case.subject_kind == "party" else [],
        "clauses": _clauses(latest, actor) if file.case.state != "closed" else [],
        "picked": picked,
        **_deciding(number, proposal, actor, now),
        **_work(number, actor, now),
        "now": now,
        "outcomes": CaseOutcome.choices,
        "roles": [role.value for role in Role if role.value != file.case.role],
    }
    return render_live(request, "site/case.html", "site/_case.html", context)


def _proposal(number: int, latest: Finding | None, picked: str, actor: Actor, now: datetime) -> Proposal | None:
    """Return what the ladder proposes, or a proposal without a step: a person then chooses. `None` where the clause is unknown."""
    about = latest.id if latest is not None else ""
    try:
        return decisions.proposal(case=number, finding_id=about, actor=actor, now=now, clause=picked, freely=True)
    except NotThere:
        return None


def _deciding(number: int, proposal: Proposal | None, actor: Actor, now: datetime) -> dict[str, object]:
    """Return what was decided, and what the form that decides needs."""
    decided = decisions.decisions_of_case(case=number, actor=actor)
    return {
        "decisions": decided,
        "overridable": [one for one in decided if one.kind != "lift" and not hasattr(one, "lifted_by") and one.is_standing(now)],
        "proposal": proposal,
        "reaching": _reaching(proposal, actor, now),
        "scopes": SCOPES,
        "actions": list(ActionKind),
        "classes": list(CallClass),
    }


def _picked(request: DeskRequest, case: Case) -> str:
    """Return the clause that the reader picked in place of the rule's; empty for none."""
    clause = request.GET.get("clause", "")
    return clause if case.state != "closed" else ""


def _clauses(latest: Finding | None, actor: Actor) -> list[ClauseText]:
    """Return the clauses that a decision can rest on: those of the version that the finding cites, else of the one in force."""
    version = policies.current(actor=actor)
    hash = latest.policy if latest is not None else version.hash if version is not None else ""
    posted = policies.versions(actor=actor).filter(hash=hash).exists()
    return list(policies.bundle(hash=hash).clauses) if posted else []


def _reaching(proposal: Proposal | None, actor: Actor, now: datetime) -> Reaching | None:
    if proposal is None:
        return None
    action = proposal.measure.action
    return reaching(scope=proposal.measure.scope, action=action.kind if action is not None else None, now=now, actor=actor)


def _work(number: int, actor: Actor, now: datetime) -> dict[str, object]:
    """Return what people do about a case, and what it has to do with others."""
    return {
        "seen": seen_elsewhere(case=number, actor=actor),
        "links": cases.links(case=number, actor=actor),
        "watchers": cases.watchers(case=number, actor=actor),
        "clocks": list(clocks.obligations(actor=actor, now=now, wanted=Wanted(state="all", case=number))[:50]),
        "clock_names": clocks.clock_names(actor=actor),
        "inquiries": list(inquiries.inquiries(actor=actor, case=number)[:50]),
        "inquiry_kinds": InquiryKind.choices,
        "peers": complaints.peers(actor=actor),
        "letters": list(letters.letters(actor=actor, case=number)[:50]),
        "notices": list(notices.notices(actor=actor, case=number)[:50]),
        "appeals": list(appeals.appeals(actor=actor, case=number)),
        **_hanging(number, actor),
    }


def _hanging(number: int, actor: Actor) -> dict[str, object]:
    """Return what else hangs on a case: charges, disclosures, bulk decisions, ends of contracts, numbers in quarantine, returns."""
    return {
        "charges": list(charges.charges(actor=actor, case=number)[:50]),
        "disclosures": list(disclosures.requests(actor=actor, case=number)[:50]),
        "bulk_items": list(bulk.of_case(case=number, actor=actor)[:50]),
        "endings": list(endings.endings(actor=actor, case=number)),
        "quarantines": list(endings.quarantines_of_case(case=number, actor=actor)[:50]),
        "returns": list(returns.returns_of_case(case=number, actor=actor)),
    }


def _was_ordered(finding: Finding | None, ordered: list[Order]) -> bool:
    return finding is not None and any(
        (one.scope_kind, one.scope_value) == (finding.subject_kind, finding.subject_id) for one in ordered
    )


@for_staff
def banners(request: DeskRequest) -> HttpResponse:
    """Give the banners that stand on every page, for pages that are open already."""
    return answer_live(request, live(request, "_banners.html", {}, address=request.path))


def health(request: HttpRequest) -> HttpResponse:
    """Say that the process answers and reaches its database."""
    policies.current(actor=cast(DeskRequest, request).actor)
    return HttpResponse("ok\n", content_type="text/plain")
