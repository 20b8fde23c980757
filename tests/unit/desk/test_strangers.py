"""Every selector gives a stranger nothing: neither who has no role nor who has not signed in."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.unit.desk.scene import ADMIN, AUDITOR, NOON, STRANGER, WORKER, Desk

from ringfence.desk.access import selectors as access
from ringfence.desk.access import services as entering
from ringfence.desk.actor import ANONYMOUS, Actor, StaffRole
from ringfence.desk.appeals import selectors as appeals
from ringfence.desk.appeals.models import Appeal
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases import services as working
from ringfence.desk.cases.models import Case, CaseLink, Watcher
from ringfence.desk.clocks import selectors as clocks
from ringfence.desk.clocks import services as starting
from ringfence.desk.clocks.services import Owed
from ringfence.desk.complaints import answering
from ringfence.desk.complaints import selectors as complaints
from ringfence.desk.complaints import services as receiving
from ringfence.desk.complaints.models import Campaign, Story
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions import strikes
from ringfence.desk.decisions.models import Alarm, Strike
from ringfence.desk.detections import selectors as detections
from ringfence.desk.enforcement import selectors as orders
from ringfence.desk.inquiries import selectors as inquiries
from ringfence.desk.inquiries.models import Inquiry, Tier
from ringfence.desk.letters import selectors as letters
from ringfence.desk.letters import services as sending
from ringfence.desk.letters.services import Draft
from ringfence.desk.notices import selectors as notices
from ringfence.desk.notices.models import Notice
from ringfence.desk.outbox import selectors as outbox
from ringfence.desk.outbox import services as queueing
from ringfence.desk.parties import records as keeping
from ringfence.desk.parties import selectors as parties
from ringfence.desk.parties import services as importing
from ringfence.desk.parties import told
from ringfence.desk.parties.records import ALWAYS, Terms
from ringfence.desk.site.reference import reference
from ringfence.vocabulary.contracts import Observation, ObservationKind, ReceiptState
from ringfence.vocabulary.times import micros

pytestmark = pytest.mark.django_db

ACCOUNTS = "account,parent,kind,plan\nshop,,customer,gold\n"
TRUNKS = "trunk,account,address,user,valid_from,valid_to\nt1,shop,203.0.113.9,,,\n"
NUMBERS = "number,account,valid_from,valid_to\n+3225551212,shop,,\n"


@pytest.fixture
def full(desk: Desk) -> Desk:
    """A desk with one of everything."""
    found = desk.find()
    order = orders.orders(actor=AUDITOR).get()
    desk.receive(order.id, ReceiptState.PLACED)
    desk.write("observations", Observation(kind=ObservationKind.AGENT, time=micros(NOON), subject="2001", text="well"))
    desk.work()
    entering.create_login(username="ana", password="x" * 12, roles=(StaffRole.ANALYST,), actor=ADMIN, now=NOON)
    files = {"accounts.csv": ACCOUNTS.encode(), "trunks.csv": TRUNKS.encode(), "numbers.csv": NUMBERS.encode()}
    assert importing.import_parties(files=files, actor=ADMIN, now=NOON).written
    keeping.agree_contract(party="shop", terms=Terms("C", "terms", "law"), span=ALWAYS, actor=ADMIN, now=NOON)
    mail = receiving.take_in(raw=b"Subject: calls\r\n\r\nat night\r\n", sender="joe@example.org", actor=WORKER, now=NOON)
    campaign = Campaign.objects.create(opened=NOON, latest=NOON)
    Story.objects.create(complaint_id=mail, received=NOON, words=b"", names=b"", campaign=campaign)
    answering.know_peer(name="North", addresses=["198.51.100.7"], mail="", actor=ADMIN, now=NOON)
    working.join_complaint(case_id=cases.cases(actor=AUDITOR).get().id, complaint=mail, actor=WORKER, now=NOON)
    deciding.hold_automation(reason="a test", actor=WORKER, now=NOON)
    Alarm.objects.create(kind="budget", text="stopped", raised=NOON)
    queueing.enqueue(topic="order.changed", payloads=[{"order": order.id}], now=NOON)
    for message in queueing.due(topics=("order.changed",), now=NOON):
        queueing.failed(message=message.id, error="disk full", now=NOON)
    assert detections.finding(id=found.id, actor=AUDITOR)
    owing()
    answered(order.id)
    return desk


def answered(decision: str) -> None:
    """Have a notice, an appeal and a strike, which nothing that happens to an outsider makes."""
    case = the_case()
    told = {"party": "shop", "contact": "c1", "mail": "a@shop.example", "language": "en", "subject": "s", "text": "t"}
    notice = Notice.objects.create(id="0" * 32, kind="measure", decision_id=decision, case_id=case, created=NOON, due=NOON, **told)
    Appeal.objects.create(decision_id=decision, case_id=case, notice=notice, text="no", filed=NOON)
    Strike.objects.create(decision_id=decision, party="shop", clause="spam", weight=1, given=NOON, expires=NOON)


def owing() -> None:
    """Have a clock, an inquiry, a letter, and a case that is linked and watched."""
    case = Case.objects.get()
    owed = Owed(clock="thing", about=("case", str(case.id)), what="x", case=case.id, otherwise=timedelta(hours=1))
    assert starting.start(owed=owed, actor=WORKER, now=NOON)
    about = {"kind": "question", "party": "shop", "path": ["shop"], "question": "?", "asked": NOON, "asked_by": "ana"}
    inquiry = Inquiry.objects.create(case=case, **about)
    Tier.objects.create(inquiry=inquiry, party="shop", why="first", language="en", asked=NOON, due=NOON)
    sending.write(
        draft=Draft(key="k", about=("case", "1"), case=case.id, mail="a@b.example", subject="s", text="t"), actor=WORKER, now=NOON
    )
    other = Case.objects.create(
        subject_kind="source", subject_id="203.0.113.99", role="outsider", state="closed", opened=NOON, latest=NOON
    )
    CaseLink.objects.create(case=case, other=other, kind="related", reason="r", by="ana", made=NOON)
    Watcher.objects.create(case=case, person="aud", since=NOON, looked=NOON - timedelta(days=1))


def the_case() -> int:
    return cases.cases(actor=AUDITOR).get().id


def the_finding() -> str:
    return detections.findings(actor=AUDITOR).get().id


def the_order() -> str:
    return orders.orders(actor=AUDITOR).get().id


ASKED: dict[str, Callable[[Actor], object]] = {
    "audit.entries": lambda actor: list(audit.entries(actor=actor)),
    "audit.timeline": lambda actor: audit.timeline(case=the_case(), actor=actor),
    "audit.history": lambda actor: audit.history(noun="order", noun_id=the_order(), actor=actor),
    "audit.times_done": lambda actor: audit.times_done(verb="ordered", about=("order", the_order()), since=NOON, actor=actor),
    "outbox.stuck": lambda actor: outbox.stuck(actor=actor),
    "outbox.waiting": lambda actor: outbox.waiting(actor=actor),
    "parties.parties": lambda actor: list(parties.parties(actor=actor, now=NOON)),
    "parties.party_page": lambda actor: parties.party_page(name="shop", actor=actor, now=NOON),
    "parties.contract_of": lambda actor: parties.contract_of(party="shop", moment=NOON, actor=actor),
    "parties.records": lambda actor: parties.records(name="shop", actor=actor, now=NOON),
    "parties.trunks_at": lambda actor: parties.trunks_at(address="203.0.113.9", now=NOON, actor=actor),
    "parties.number_holder": lambda actor: parties.number_holder(number="+3225551212", moment=NOON, actor=actor),
    "parties.trunk_user": lambda actor: parties.trunk_user(trunk="t1", moment=NOON, actor=actor),
    "told.links": lambda actor: told.links(actor=actor).numbers,
    "site.reference": lambda actor: reference(actor=actor, now=NOON).trunks,
    "detections.findings": lambda actor: list(detections.findings(actor=actor)),
    "detections.finding": lambda actor: detections.finding(id=the_finding(), actor=actor),
    "detections.findings_by_id": lambda actor: detections.findings_by_id(ids=[the_finding()], actor=actor),
    "detections.agents": lambda actor: detections.agents(actor=actor),
    "complaints.complaints": lambda actor: list(complaints.complaints(actor=actor)),
    "complaints.complaint_page": lambda actor: complaints.complaint_page(
        number=complaints.complaints(actor=AUDITOR).get().id, actor=actor
    ),
    "complaints.counted": lambda actor: list(complaints.counted(actor=actor)),
    "complaints.campaigns": lambda actor: list(complaints.campaigns(actor=actor)),
    "complaints.members": lambda actor: list(complaints.members(campaign=complaints.campaigns(actor=AUDITOR)[0].id, actor=actor)),
    "complaints.peers": lambda actor: list(complaints.peers(actor=actor)),
    "cases.cases": lambda actor: list(cases.cases(actor=actor)),
    "cases.case": lambda actor: cases.case(number=the_case(), actor=actor),
    "cases.case_file": lambda actor: cases.case_file(number=the_case(), actor=actor),
    "cases.case_of_finding": lambda actor: cases.case_of_finding(finding_id=the_finding(), actor=actor),
    "cases.case_of_complaint": lambda actor: cases.case_of_complaint(
        complaint=complaints.complaints(actor=AUDITOR).get().id, actor=actor
    ),
    "cases.links": lambda actor: cases.links(case=the_case(), actor=actor),
    "cases.watchers": lambda actor: cases.watchers(case=the_case(), actor=actor),
    "cases.unread": lambda actor: cases.unread(actor=actor),
    "clocks.obligations": lambda actor: list(clocks.obligations(actor=actor, now=NOON)),
    "clocks.obligation": lambda actor: clocks.obligation(id=clocks.obligations(actor=AUDITOR, now=NOON)[0].id, actor=actor),
    "clocks.overdue": lambda actor: clocks.overdue(actor=actor, now=NOON + timedelta(days=1)),
    "clocks.regimes": lambda actor: clocks.regimes(actor=actor),
    "inquiries.inquiries": lambda actor: list(inquiries.inquiries(actor=actor)),
    "inquiries.inquiry": lambda actor: inquiries.inquiry(number=Inquiry.objects.get().id, actor=actor),
    "inquiries.tiers": lambda actor: inquiries.tiers(inquiry=Inquiry.objects.get().id, actor=actor),
    "letters.letters": lambda actor: list(letters.letters(actor=actor)),
    "letters.letters_about": lambda actor: letters.letters_about(about=("case", "1"), actor=actor),
    "cases.cases_of": lambda actor: cases.cases_of(subject_kind="source", subject_id="203.0.113.9", actor=actor),
    "decisions.decisions": lambda actor: list(decisions.decisions(actor=actor)),
    "decisions.decision": lambda actor: decisions.decision(id=the_order(), actor=actor),
    "decisions.decisions_of_case": lambda actor: decisions.decisions_of_case(case=the_case(), actor=actor),
    "decisions.proposal": lambda actor: decisions.proposal(case=the_case(), finding_id=the_finding(), actor=actor, now=NOON),
    "decisions.automation": lambda actor: decisions.automation(actor=actor).held,
    "decisions.alarms": lambda actor: decisions.alarms(actor=actor),
    "enforcement.orders": lambda actor: list(orders.orders(actor=actor)),
    "enforcement.orders_of_case": lambda actor: orders.orders_of_case(case=the_case(), actor=actor),
    "enforcement.order_of_decision": lambda actor: orders.order_of_decision(decision=the_order(), actor=actor),
    "enforcement.order_page": lambda actor: orders.order_page(id=the_order(), actor=actor),
    "enforcement.orders_now": lambda actor: orders.orders_now(actor=actor),
    "notices.notices": lambda actor: list(notices.notices(actor=actor)),
    "notices.notice": lambda actor: notices.notice(id="0" * 32, actor=actor),
    "appeals.appeals": lambda actor: list(appeals.appeals(actor=actor)),
    "appeals.appeal": lambda actor: appeals.appeal(number=Appeal.objects.get().pk, actor=actor),
    "appeals.by_rule": lambda actor: appeals.by_rule(actor=actor),
    "strikes.strikes": lambda actor: list(strikes.strikes(actor=actor)),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_selector_answers_an_auditor_and_gives_strangers_nothing(full: Desk, name: str) -> None:
    assert ASKED[name](AUDITOR)
    assert not ASKED[name](STRANGER)
    assert not ASKED[name](ANONYMOUS)


def test_only_an_admin_sees_who_may_sign_in(full: Desk) -> None:
    assert [person.username for person in access.people(actor=ADMIN)] == ["ana"]
    assert not access.people(actor=AUDITOR)
    assert not access.people(actor=STRANGER)


def test_every_selector_is_asked_above() -> None:
    public = {
        "detections.explanation",  # of a finding that whoever asks has already
        "policies.versions",
        "policies.current",
        "policies.version",
        "policies.version_id",
        "policies.bundle",
        "policies.lists",
        "notices.notice_by_token",  # the token is the right
        "appeals.appeal_about",
        "appeals.appeal_of",
        "clocks.clock_names",  # of a policy that has some: tests/unit/desk/clocks
    }
    modules = {
        "audit": audit,
        "outbox": outbox,
        "parties": parties,
        "detections": detections,
        "complaints": complaints,
        "cases": cases,
        "clocks": clocks,
        "inquiries": inquiries,
        "letters": letters,
        "decisions": decisions,
        "enforcement": orders,
        "notices": notices,
        "appeals": appeals,
    }
    defined = {
        f"{app}.{name}"
        for app, module in modules.items()
        for name, one in vars(module).items()
        if callable(one)
        and not name.startswith("_")
        and getattr(one, "__module__", "") == module.__name__
        and one.__class__ is not type
    }
    assert defined - public == set(ASKED) - {"site.reference", "told.links", "strikes.strikes"}
