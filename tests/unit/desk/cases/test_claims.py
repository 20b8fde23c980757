"""What a claim holds: others than its holder decide nothing in the case; automation, second persons and appeals go on."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings
from tests.unit.desk.decisions.test_ladder import found
from tests.unit.desk.scene import ANALYST, AUDITOR, LEAD, NOON, WORKER, Desk
from tests.unit.desk.site.test_pages import client_of

from ringfence.desk.actor import Actor, ActorKind, StaffRole
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import attention, claims, compromised, matters, selectors, services
from ringfence.desk.cases.claims import ClaimedByAnother
from ringfence.desk.cases.models import Case, JoinedFinding
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.services import Owed
from ringfence.desk.complaints import services as complaining
from ringfence.desk.complaints.telling_peers import Telling, tell_peer
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions.models import Decision
from ringfence.desk.decisions.services import Why
from ringfence.desk.enforcement import selectors as orders
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.errors import NotThere, StaleState
from ringfence.desk.inquiries import services as inquiries
from ringfence.desk.inquiries.services import Question
from ringfence.vocabulary.severity import Mode

pytestmark = pytest.mark.django_db

OTTO = Actor(ActorKind.PERSON, "otto", frozenset({StaffRole.ANALYST}))
HOUR = timedelta(hours=1)


@pytest.fixture
def case(desk: Desk) -> int:
    """A case that ana has claimed at noon."""
    desk.find(mode=Mode.REPORT)
    number = selectors.cases(actor=ANALYST).get().id
    services.claim_case(case_id=number, actor=ANALYST, now=NOON)
    return number


def decide_on(case: int, actor: Actor) -> str:
    (finding,) = JoinedFinding.objects.values_list("finding_id", flat=True)
    return deciding.decide_by_person(case_id=case, finding_id=finding, why=Why("They scan."), actor=actor, now=NOON)


DEEDS: dict[str, Callable[[int, Actor], object]] = {
    "ask": lambda case, actor: inquiries.ask(
        question=Question(case=case, kind="question", party="shop", text="Why?"), actor=actor, now=NOON
    ),
    "clock": lambda case, actor: clocks.owe_by_hand(case=case, clock="x", what="answer", actor=actor, now=NOON),
    "close": lambda case, actor: services.close_case(case_id=case, outcome="acted", actor=actor, now=NOON),
    "decide": decide_on,
    "grade": lambda case, actor: services.grade_case(case_id=case, severity="act", reason="x", actor=actor, now=NOON),
    "link": lambda case, actor: matters.link_cases(case_id=case, other=case, kind="related", reason="x", actor=actor, now=NOON),
    "merge": lambda case, actor: matters.merge_case(case_id=case, into=case, reason="one", actor=actor, now=NOON),
    "role": lambda case, actor: services.change_role(case_id=case, role="victim", reason="x", actor=actor, now=NOON),
    "snooze": lambda case, actor: attention.snooze_case(case_id=case, until=NOON + HOUR, reason="later", actor=actor, now=NOON),
    "wake": lambda case, actor: attention.wake_case(case_id=case, actor=actor, now=NOON),
    "split": lambda case, actor: matters.split_case(case_id=case, matter="x", findings=["f"], complaints=(), actor=actor, now=NOON),
}


@pytest.mark.parametrize("deed", sorted(DEEDS))
@pytest.mark.parametrize("actor", [OTTO, LEAD], ids=["analyst", "lead"])
def test_nobody_else_acts_in_a_claimed_case_and_is_told_who_holds_it(case: int, deed: str, actor: Actor) -> None:
    said = r"claimed by ana since 2026-03-01 12:00 UTC\. Ask ana, or a lead to take it over; .* lapses at 2026-03-01 20:00 UTC"
    with pytest.raises(ClaimedByAnother, match=said):
        DEEDS[deed](case, actor)
    assert (Case.objects.get().state, Decision.objects.count()) == ("claimed", 0)


def test_its_holder_acts_and_so_does_a_lead_who_took_it_over(case: int) -> None:
    services.take_over(case_id=case, holder="ana", actor=LEAD, now=NOON)
    with pytest.raises(ClaimedByAnother, match="claimed by leo"):
        decide_on(case, ANALYST)
    assert decide_on(case, LEAD)


def test_others_act_after_a_release(case: int) -> None:
    services.release_case(case_id=case, actor=ANALYST, now=NOON)
    assert decide_on(case, OTTO)


def test_an_order_of_a_claimed_case_is_lifted_by_its_holder_alone_unless_an_appeal_is_won(desk: Desk) -> None:
    desk.find()
    order = orders.orders(actor=ANALYST).get()
    services.claim_case(case_id=order.case_id, actor=ANALYST, now=NOON)
    with pytest.raises(ClaimedByAnother):
        enforcement.lift_order(order_id=order.id, why=Why("x"), actor=OTTO, now=NOON)
    assert orders.orders(actor=ANALYST).get().in_force
    assert enforcement.lift_if_in_force(order_id=order.id, why=Why("appeal won", wrong=True), actor=OTTO, now=NOON)


def test_an_order_of_a_claimed_case_is_lifted_by_its_holder(desk: Desk) -> None:
    desk.find()
    order = orders.orders(actor=ANALYST).get()
    services.claim_case(case_id=order.case_id, actor=ANALYST, now=NOON)
    enforcement.lift_order(order_id=order.id, why=Why("x"), actor=ANALYST, now=NOON)
    assert orders.orders(actor=ANALYST, state="all").get().state == "removing"


def test_standing_orders_and_the_worker_go_on_in_a_claimed_case(case: int, desk: Desk) -> None:
    desk.find(id="a" * 32)
    assert orders.orders(actor=ANALYST).get().case_id == case
    services.close_case(case_id=case, outcome="acted", actor=WORKER, now=NOON)


def test_an_account_in_the_wrong_hands_is_locked_whoever_works_on_its_case(climbing: Desk) -> None:
    number = compromised.open_compromised(party="shop", reason="lost", actor=WORKER, now=NOON)
    Case.objects.filter(pk=number).update(role="offender")
    services.claim_case(case_id=number, actor=ANALYST, now=NOON)
    compromised.open_compromised(party="shop", reason="they rang", actor=OTTO, now=NOON)
    assert Case.objects.get(pk=number).role == "compromised"


def test_both_cases_of_a_merge_must_be_free(climbing: Desk) -> None:
    found(climbing)
    found(climbing, NOON + HOUR)
    decide_first = Case.objects.get()
    one, two = JoinedFinding.objects.order_by("id")
    other = matters.split_case(
        case_id=decide_first.pk, matter="other", findings=[two.finding_id], complaints=(), actor=ANALYST, now=NOON
    )
    services.claim_case(case_id=other, actor=ANALYST, now=NOON)
    for case_id, into in ((decide_first.pk, other), (other, decide_first.pk)):
        with pytest.raises(ClaimedByAnother):
            matters.merge_case(case_id=case_id, into=into, reason="one", actor=OTTO, now=NOON)
    matters.merge_case(case_id=other, into=decide_first.pk, reason="one", actor=ANALYST, now=NOON)
    assert one.case_id == decide_first.pk


def test_an_idle_claim_lapses_and_what_its_holder_does_prolongs_it(case: int) -> None:
    services.note_case(case_id=case, text="rang them", actor=ANALYST, now=NOON + 7 * HOUR)
    services.note_case(case_id=case, text="me too", actor=OTTO, now=NOON + 14 * HOUR)
    claim = claims.held(case=case, actor=AUDITOR, now=NOON + 14 * HOUR)
    assert claim is not None
    assert (claim.by, claim.since, claim.lapses) == ("ana", NOON, NOON + 15 * HOUR)
    assert claims.let_lapse(actor=WORKER, now=NOON + 15 * HOUR - timedelta(seconds=1)) == 0
    assert claims.held(case=case, actor=AUDITOR, now=NOON + 15 * HOUR) is None
    assert [claims.let_lapse(actor=WORKER, now=NOON + 15 * HOUR) for _ in range(2)] == [1, 0]
    row = Case.objects.get()
    assert (row.state, row.assignee) == ("open", "")
    last = audit.timeline(case=case, actor=AUDITOR)[-1]
    assert (last.verb, last.details) == ("claim-lapsed", {"by": "ana"})


def test_a_lapsed_claim_stops_nobody_before_the_worker_came_by(case: int, settings: Settings) -> None:
    settings.RINGFENCE_CLAIM_HOURS = 0.5
    with pytest.raises(StaleState):
        services.claim_case(case_id=case, actor=OTTO, now=NOON + timedelta(minutes=29))
    services.claim_case(case_id=case, actor=OTTO, now=NOON + timedelta(minutes=30))
    assert Case.objects.get().assignee == "otto"
    with pytest.raises(ClaimedByAnother, match="claimed by otto"):
        services.close_case(case_id=case, outcome="acted", actor=ANALYST, now=NOON + timedelta(minutes=31))


def test_the_worker_lets_claims_lapse(case: int, desk: Desk) -> None:
    desk.clock.now = NOON + 9 * HOUR
    desk.work()
    assert Case.objects.get().state == "open"


def test_the_pages_of_another_say_who_holds_the_case_and_its_forms_do_nothing(desk: Desk) -> None:
    desk.find()
    order = orders.orders(actor=ANALYST).get()
    ana, leo = client_of(StaffRole.ANALYST), client_of(StaffRole.LEAD)
    ana.post(f"/cases/{order.case_id}/claim/")
    page = leo.get(f"/cases/{order.case_id}/").content.decode()
    assert "analyst works on this case" in page
    assert "the claim lapses at" in page
    assert "works on this case:" not in ana.get(f"/cases/{order.case_id}/").content.decode()
    finding = JoinedFinding.objects.get().finding_id
    posts = {
        f"/orders/{order.id}/lift/": {"reasons": "x", "case": str(order.case_id)},
        f"/cases/{order.case_id}/close/": {"outcome": "acted"},
        f"/cases/{order.case_id}/role/": {"role": "victim", "reason": "x"},
        f"/cases/{order.case_id}/decide/": {"finding": finding, "reasons": "x"},
        f"/cases/{order.case_id}/ask/": {"kind": "question", "party": "shop", "text": "Why?"},
    }
    for address, typed in posts.items():
        said = leo.post(address, typed, follow=True).content.decode()
        assert "is claimed by analyst since" in said, address
    assert orders.orders(actor=ANALYST).get().in_force
    assert Case.objects.get().state == "claimed"


def test_a_clock_of_a_claimed_case_is_its_holders_to_meet_pause_and_let_run_on(case: int) -> None:
    owed = Owed(clock="x", about=("case", str(case)), what="answer", case=case, otherwise=HOUR)
    row = clocks.start(owed=owed, actor=WORKER, now=NOON)
    assert row is not None
    with pytest.raises(ClaimedByAnother):
        clocks.pause(obligation=row.pk, ground="x", note="x", actor=OTTO, now=NOON)
    with pytest.raises(ClaimedByAnother):
        clocks.resume(obligation=row.pk, actor=OTTO, now=NOON)
    with pytest.raises(ClaimedByAnother):
        clocks.meet_by_hand(obligation=row.pk, actor=OTTO, now=NOON)
    with pytest.raises(NotThere):
        clocks.meet_by_hand(obligation=row.pk, actor=ANALYST, now=NOON)  # it ends by what is done about the case


def test_a_complaint_of_a_claimed_case_is_its_holders_to_sort_close_and_tell_a_peer_of(case: int) -> None:
    raw = b"Subject: calls\r\n\r\nThey rang.\r\n"
    number = complaining.take_in(raw=raw, sender="joe@example.be", actor=WORKER, now=NOON)
    services.join_complaint(case_id=case, complaint=number, actor=OTTO, now=NOON)  # what comes in is taken in by anybody
    with pytest.raises(ClaimedByAnother):
        complaining.sort_complaint(number=number, leaf="scam", actor=OTTO, now=NOON)
    with pytest.raises(ClaimedByAnother):
        complaining.close_complaint(number=number, outcome="reviewed", actor=OTTO, now=NOON)
    with pytest.raises(ClaimedByAnother):
        tell_peer(telling=Telling(complaint=number, peer="North", reason="r"), actor=OTTO, now=NOON)
    complaining.sort_complaint(number=number, leaf="scam", actor=ANALYST, now=NOON)
