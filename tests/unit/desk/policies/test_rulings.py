"""A clause that a court strikes: who is told, which measures fall, which are looked at again, what stands; and back."""

from datetime import date, datetime, timedelta

import msgspec
import pytest
from tests.unit.desk.decisions.conftest import climbing
from tests.unit.desk.scene import ADMIN, ANALYST, LEAD, NOON, STRANGER, WORKER, Desk, finding

from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases.models import Case
from ringfence.desk.decisions import protecting, struck, wishes
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions.models import Alarm, Decision, Reconsideration
from ringfence.desk.decisions.services import NothingProposed, Why
from ringfence.desk.enforcement import struck as orders_struck
from ringfence.desk.enforcement.models import Order
from ringfence.desk.errors import NotPermitted, StaleState
from ringfence.desk.parties import services as importing
from ringfence.desk.policies import rulings
from ringfence.desk.policies.models import Ruling
from ringfence.desk.policies.rulings import About, Judgment, Reach, RulingRefused
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.contracts import CallClass, Reference, Scope, Subject
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import micros

__all__ = ["climbing"]
pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
SAID = Judgment("Commercial court, Brussels", "A/26/00117", date(2026, 2, 27), "The clause as a whole.")
BACK = Judgment("Court of appeal, Brussels", "2026/AR/9", date(2026, 3, 9))
CLAUSE = "unauthorised-access"
POWER = "technical-prevention"


def strike(clause: str = CLAUSE, reach: Reach | None = None, *, at: datetime = NOON) -> Ruling:
    return rulings.strike_clause(clause=clause, judgment=SAID, reach=reach or Reach(), actor=ADMIN, now=at)


def told(desk: Desk) -> Reference:
    payload = list(records_after(desk.folder / "feeds" / "reference"))[-1].payload
    return msgspec.json.decode(payload, type=Reference)


def of_shop(desk: Desk, **changes: object) -> str:
    """Write a finding about an account of the shop's, which opens the shop's case; return its id."""
    subject = Subject(kind=SubjectKind.ACCOUNT, id="shop-1")
    found = finding(desk.policy, subject=subject, party_path=("reseller", "shop"), **changes)
    desk.write("findings", found)
    desk.work()
    return found.id


def throttle(desk: Desk, found: str) -> str:
    case = Case.objects.get(subject_id="shop").pk
    desk.clock.now = NOON + timedelta(minutes=1)
    id = deciding.decide_by_person(
        case_id=case, finding_id=found, why=Why("It went on."), actor=ANALYST, now=NOON + timedelta(minutes=1)
    )
    desk.work()
    return id


def test_watch_is_told_of_a_strike_and_of_its_end(desk: Desk) -> None:
    ruling = strike(reach=Reach(jurisdictions=("BE",)))
    desk.work()
    (link,) = told(desk).rulings
    assert (link.ruling, link.clause, link.jurisdictions, link.valid_from, link.valid_to) == (
        ruling.pk,
        CLAUSE,
        ("BE",),
        micros(NOON),
        None,
    )
    assert told(desk).jurisdiction == "BE"
    rulings.reinstate_clause(ruling=ruling.pk, judgment=BACK, at=NOON + 9 * DAY, actor=ADMIN, now=NOON)
    desk.work()
    assert told(desk).rulings[0].valid_to == micros(NOON + 9 * DAY)
    verbs = [entry.verb for entry in audit.entries(actor=ADMIN, noun="ruling")]
    assert sorted(verbs) == ["clause-reinstated", "clause-struck", "ruling-carried-out"]


def test_a_standing_orders_measure_that_rests_on_the_clause_alone_is_gone_within_one_step_of_the_worker(desk: Desk) -> None:
    desk.find()
    (order,) = Order.objects.all()
    assert (order.state, order.clause) == ("wanted", POWER)
    strike(POWER)
    assert desk.worker.step()
    order.refresh_from_db()
    assert order.state == "removing"
    assert order.id in desk.changes()[-1].removals
    lift = Decision.objects.get(lifts_id=order.decision_id)
    assert "struck by Commercial court, Brussels, A/26/00117" in lift.reasons
    desk.work()
    assert Decision.objects.filter(kind="lift").count() == 1


def test_no_standing_order_decides_and_no_person_can_under_a_struck_clause(climbing: Desk) -> None:
    before = of_shop(climbing, time=micros(NOON))
    strike()
    climbing.work()
    found = climbing.find(time=micros(NOON) + 1)
    assert not Decision.objects.exists()
    assert [entry.verb for entry in audit.history(noun="finding", noun_id=found.id, actor=ADMIN)] == ["recorded", "left-aside"]
    with pytest.raises(NothingProposed, match="struck by Commercial court"):
        throttle(climbing, before)


def test_what_was_found_under_the_clause_before_it_was_struck_still_opens_a_case_but_is_not_acted_on(desk: Desk) -> None:
    strike(at=NOON + DAY)
    desk.clock.now = NOON + DAY
    desk.find(time=micros(NOON))
    assert Case.objects.count() == 1
    assert not Order.objects.exists()
    left = audit.entries(actor=ADMIN, verb="left-to-a-person").get()
    assert "struck" in left.details["because"]


def test_an_outsiders_measure_never_rested_on_what_he_broke_and_stands(desk: Desk) -> None:
    desk.find()
    strike()
    desk.work()
    assert Order.objects.get().in_force
    assert "protects the network" in audit.entries(actor=ADMIN, verb="stands").get().details["because"]


def test_what_a_person_decided_is_looked_at_again_and_kept_under_another_clause_or_lifted(climbing: Desk) -> None:
    id = throttle(climbing, of_shop(climbing))
    ruling = strike()
    climbing.work()
    (again,) = struck.reconsiderations(actor=ANALYST, ruling=ruling.pk)
    assert (again.decision_id, again.state, Order.objects.get(pk=id).in_force) == (id, "open", True)
    assert "rest on it alone: 1" in Alarm.objects.get(kind="ruling").text
    with pytest.raises(deciding.NoReason, match="struck as well"):
        struck.keep(number=again.pk, clause=CLAUSE, reasons="x", actor=ANALYST, now=NOON)
    with pytest.raises(deciding.NoReason, match="no clause nowhere"):
        struck.keep(number=again.pk, clause="nowhere", reasons="x", actor=ANALYST, now=NOON)
    struck.keep(number=again.pk, clause=POWER, reasons="It floods the network.", actor=ANALYST, now=NOON)
    assert Order.objects.get(pk=id).in_force
    with pytest.raises(StaleState):
        orders_struck.lift(number=again.pk, reasons="x", actor=LEAD, now=NOON)
    again.refresh_from_db()
    assert (again.state, again.clause, again.by) == ("kept", POWER, "ana")
    verbs = [entry.verb for entry in audit.history(noun="decision", noun_id=id, actor=ADMIN)]
    assert verbs[-2:] == ["to-reconsider", "reconsidered-kept"]


def test_what_is_looked_at_again_is_lifted_with_its_order(climbing: Desk) -> None:
    id = throttle(climbing, of_shop(climbing))
    ruling = strike()
    climbing.work()
    again = Reconsideration.objects.get(ruling=ruling)
    orders_struck.lift(number=again.pk, reasons="Nothing else carries it.", actor=ANALYST, now=NOON)
    again.refresh_from_db()
    assert (again.state, Order.objects.get(pk=id).state) == ("lifted", "removing")


def test_a_measure_whose_case_has_another_finding_under_a_clause_that_stands_is_left_alone(climbing: Desk) -> None:
    of_shop(climbing, rule="flood", clause=POWER, time=micros(NOON) - 5, id="f" * 32)
    id = throttle(climbing, of_shop(climbing))
    strike()
    climbing.work()
    assert not Reconsideration.objects.exists()
    assert Order.objects.get(pk=id).in_force
    assert (
        audit.entries(actor=ADMIN, verb="stands").get().details["because"]
        == "its case has a finding of flood, under technical-prevention"
    )


def test_it_stops_what_is_in_the_ruled_jurisdictions_and_nothing_else(climbing: Desk) -> None:
    files = {"accounts.csv": b"account,party,country\nshop-1,shop,DE\n"}
    assert importing.import_parties(files=files, actor=ADMIN, now=NOON).written
    id = throttle(climbing, of_shop(climbing))
    strike(reach=Reach(jurisdictions=("BE", "FR")))
    climbing.work()
    assert not Reconsideration.objects.exists()
    rulings.strike_clause(
        clause=CLAUSE, judgment=Judgment("LG", "1 O 1", date(2026, 3, 1)), reach=Reach(jurisdictions=("DE",)), actor=ADMIN, now=NOON
    )
    climbing.work()
    assert Reconsideration.objects.get().decision_id == id


def test_it_may_be_for_one_party_and_those_below_it(climbing: Desk) -> None:
    strike(reach=Reach(parties=("reseller",)))
    asked = {
        "shop": About(Subject(kind=SubjectKind.ACCOUNT, id="shop-1"), ("reseller", "shop")),
        "other": About(Subject(kind=SubjectKind.ACCOUNT, id="other-1"), ("other",)),
    }
    answers = {
        name: rulings.striking(clause=CLAUSE, about=about, moments=[NOON], actor=WORKER) is not None
        for name, about in asked.items()
    }
    assert answers == {"shop": True, "other": False}


def test_a_ruling_that_begins_later_takes_effect_then_and_one_that_is_over_does_nothing(desk: Desk) -> None:
    desk.find()
    strike(POWER, Reach(valid_from=NOON + timedelta(minutes=10)))
    desk.work()
    assert Order.objects.get().in_force
    desk.clock.now = NOON + timedelta(minutes=10)
    desk.work()
    assert Order.objects.get().state == "removing"


def test_an_order_stays_where_the_ruling_was_over_before_anybody_looked(desk: Desk) -> None:
    desk.find()
    strike(POWER, Reach(valid_from=NOON, valid_to=NOON + timedelta(minutes=1)))
    desk.clock.now = NOON + timedelta(minutes=2)
    desk.work()
    assert Order.objects.get().in_force


def test_after_the_reinstatement_rules_act_again_and_what_ended_stays_ended(desk: Desk) -> None:
    ruling = strike()
    desk.work()
    rulings.reinstate_clause(ruling=ruling.pk, judgment=BACK, at=None, actor=ADMIN, now=NOON + DAY)
    desk.clock.now = NOON + DAY
    desk.find(time=micros(NOON + DAY))
    assert Order.objects.get().in_force
    assert [one.kind for one in rulings.rulings(actor=STRANGER)] == ["reinstate", "strike"]
    assert rulings.struck_at(moment=NOON, actor=STRANGER) == [ruling]
    assert rulings.struck_at(moment=NOON + DAY, actor=STRANGER) == []
    with pytest.raises(StaleState, match="already"):
        rulings.reinstate_clause(ruling=ruling.pk, judgment=BACK, at=None, actor=ADMIN, now=NOON + DAY)


@pytest.mark.parametrize(
    ("clause", "judgment", "reach", "cause"),
    [
        ("nothing", SAID, Reach(), "no posted version has a clause nothing"),
        (CLAUSE, Judgment(" ", "x", date(2026, 3, 1)), Reach(), "say the court"),
        (CLAUSE, Judgment("c", "", date(2026, 3, 1)), Reach(), "say the reference"),
        (CLAUSE, SAID, Reach(jurisdictions=("Belgium",)), "two capital letters"),
        (CLAUSE, SAID, Reach(parties=("nobody",)), "no party nobody"),
        (CLAUSE, SAID, Reach(valid_from=NOON, valid_to=NOON), "end before it begins"),
    ],
)
def test_what_is_no_ruling_is_refused(desk: Desk, clause: str, judgment: Judgment, reach: Reach, cause: str) -> None:
    with pytest.raises(RulingRefused, match=cause):
        rulings.strike_clause(clause=clause, judgment=judgment, reach=reach, actor=ADMIN, now=NOON)
    assert not Ruling.objects.exists()


def test_only_who_administers_records_rulings_and_each_once(desk: Desk) -> None:
    for actor in (ANALYST, LEAD, STRANGER):
        with pytest.raises(NotPermitted):
            rulings.strike_clause(clause=CLAUSE, judgment=SAID, reach=Reach(), actor=actor, now=NOON)
    first = strike()
    with pytest.raises(StaleState, match="recorded already"):
        strike()
    with pytest.raises(NotPermitted):
        rulings.reinstate_clause(ruling=first.pk, judgment=BACK, at=None, actor=LEAD, now=NOON)
    with pytest.raises(RulingRefused, match="was not struck at that moment"):
        rulings.reinstate_clause(ruling=first.pk, judgment=BACK, at=NOON - DAY, actor=ADMIN, now=NOON)
    assert not struck.reconsiderations(actor=STRANGER).exists()
    assert decisions.alarms(actor=LEAD) == []


def test_a_called_persons_wish_rests_on_no_finding_of_the_case_it_came_to(climbing: Desk) -> None:
    of_shop(climbing, rule="flood", clause=CLAUSE, time=micros(NOON) - 5, id="f" * 32)
    case, pair = Case.objects.get(subject_id="shop").pk, ("+3225550101", "+3225550102")
    wish = wishes.decide_wish(case_id=case, pair=pair, complaint=1, actor=WORKER, now=NOON)
    climbing.work()
    strike(POWER)
    climbing.work()
    assert Reconsideration.objects.get().decision_id == wish


def test_protection_rests_on_a_clause_that_stands_and_a_called_persons_wish_on_none_that_is_struck(desk: Desk) -> None:
    desk.find()
    case = Case.objects.get().pk

    def wish(complaint: int) -> str | None:
        pair = ("+3225550101", "+3225550102")
        return wishes.decide_wish(case_id=case, pair=pair, complaint=complaint, actor=WORKER, now=NOON)

    first = wish(1)
    strike(POWER)
    assert first is not None
    assert wish(2) is None
    scope = Scope(kind=SubjectKind.ACCOUNT, value="shop-1")
    said = "Its login is somebody else's."
    premium = CallClass.PREMIUM
    assert protecting.decide_protection(case_id=case, scope=scope, calls=premium, says=said, actor=WORKER, now=NOON) is None
    desk.work()
    assert Reconsideration.objects.get().decision_id == first
