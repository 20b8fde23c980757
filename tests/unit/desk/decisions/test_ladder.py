"""An offender climbs by strikes, nobody else does; grave measures take two persons; the ladder may be left with a reason."""

from datetime import datetime, timedelta

import pytest
from tests.unit.desk.scene import ANALYST, AUDITOR, LEAD, NOON, STRANGER, WORKER, Desk

from ringfence.desk.actor import Actor
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases import services as casework
from ringfence.desk.decisions import confirming, selectors, services
from ringfence.desk.decisions.choosing import NoMeasure, chosen
from ringfence.desk.decisions.models import Decision, Strike
from ringfence.desk.decisions.proposals import Proposal
from ringfence.desk.decisions.services import CONFIRM_WITHIN, NoReason, NothingProposed, Why
from ringfence.desk.decisions.strikes import strikes
from ringfence.desk.enforcement import selectors as orders
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.desk.parties.touched import Touched, touched
from ringfence.vocabulary.contracts import Action, ActionKind, CallClass, Order, Scope, Subject
from ringfence.vocabulary.severity import Mode
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, Micros, micros

pytestmark = pytest.mark.django_db

SHOP = Subject(kind=SubjectKind.ACCOUNT, id="shop-1")
DAY = timedelta(days=1)


def found(desk: Desk, now: datetime = NOON, subject: Subject = SHOP, party: str = "shop") -> tuple[int, str]:
    """Return a case of the party, and a finding in it of this moment."""
    desk.clock.now = now
    time = Micros(micros(now) + (HOUR if party == "other" else 0))
    finding = desk.find(subject=subject, party_path=("reseller", party), mode=Mode.REPORT, time=time)
    case = cases.case_of_finding(finding_id=finding.id, actor=ANALYST)
    assert case is not None
    return case, finding.id


def proposed(case: int, finding: str, now: datetime = NOON) -> Proposal:
    proposal = selectors.proposal(case=case, finding_id=finding, actor=ANALYST, now=now)
    assert proposal is not None
    return proposal


def decide(case: int, finding: str, now: datetime = NOON, actor: Actor = ANALYST, **why: object) -> str:
    made = Why("You called too much.", **why)  # type: ignore[arg-type]  # as each test says
    return services.decide_by_person(case_id=case, finding_id=finding, why=made, actor=actor, now=now)


def violation(desk: Desk, now: datetime) -> str:
    """Have a matter of its own decided as the ladder says, and its case closed; return what was done."""
    case, finding = found(desk, now)
    deed = proposed(case, finding, now).deed
    decide(case, finding, now)
    casework.close_case(case_id=case, outcome="acted", actor=ANALYST, now=now)
    desk.work()
    return deed


def last_order(desk: Desk) -> Order:
    desk.work()
    return desk.changes()[-1].upserts[-1]


def test_each_matter_climbs_the_ladder_by_its_weight(climbing: Desk) -> None:
    deeds = [violation(climbing, NOON + number * DAY) for number in range(4)]
    assert deeds == [
        "throttle account shop-1 to 0.5 calls/s",
        "bar all outgoing calls of account shop-1",
        "suspend party shop",
        "end the contract of party shop",
    ]
    assert [strike.weight for strike in strikes(actor=ANALYST, party="shop")] == [2] * 4
    assert not strikes(actor=STRANGER)


def test_strikes_expire_and_other_parties_do_not_carry_them(climbing: Desk) -> None:
    violation(climbing, NOON)
    violation(climbing, NOON + DAY)
    assert proposed(*found(climbing, NOON, Subject(kind=SubjectKind.ACCOUNT, id="other-1"), "other")).strikes == 2
    later = NOON + 30 * DAY
    case, finding = found(climbing, later)
    assert proposed(case, finding, later).strikes == 4, "the first has expired"


def test_a_matter_counts_once_however_many_decisions_it_takes(climbing: Desk) -> None:
    case, first = found(climbing)
    decide(case, first)
    same, second = found(climbing, NOON + DAY)
    assert same == case
    again = proposed(case, second, NOON + 2 * DAY)
    assert (again.strikes, again.weighs, again.deed) == (2, 0, "throttle account shop-1 to 0.5 calls/s")
    decide(case, second, NOON + 2 * DAY)
    assert Strike.objects.count() == 1


def test_an_order_carries_what_the_measure_says(climbing: Desk) -> None:
    decide(*found(climbing))
    assert last_order(climbing).action == Action(kind=ActionKind.THROTTLE, rate=0.5)
    assert last_order(climbing).scope == Scope(kind=SubjectKind.ACCOUNT, value="shop-1")
    assert last_order(climbing).until == micros(NOON + DAY)


@pytest.mark.parametrize("role", ["compromised", "victim"])
def test_who_is_compromised_or_a_victim_gets_no_strike(climbing: Desk, role: str) -> None:
    case, finding = found(climbing)
    casework.change_role(case_id=case, role=role, reason="password stolen", actor=ANALYST, now=NOON)
    if role == "victim":
        assert selectors.proposal(case=case, finding_id=finding, actor=ANALYST, now=NOON) is None
        return
    proposal = proposed(case, finding)
    assert (proposal.strikes, proposal.weighs, proposal.deed) == (0, 0, "bar international calls of account shop-1")
    decide(case, finding)
    assert last_order(climbing).action == Action(kind=ActionKind.BAR, bars=CallClass.INTERNATIONAL, home=("+32",))
    assert not Strike.objects.exists()


def test_an_outsider_gets_no_strike(climbing: Desk) -> None:
    climbing.find()
    assert Decision.objects.get().actor_kind == "standing-order"
    assert not Strike.objects.exists()


def test_a_violation_that_may_come_gives_no_strike(climbing: Desk) -> None:
    decide(*found(climbing), potential=True)
    assert not Strike.objects.exists()


def test_a_lift_takes_the_strike_back_where_the_measure_was_wrong_and_only_there(climbing: Desk) -> None:
    for wrong in (False, True):
        now = NOON + (DAY if wrong else timedelta())
        case, finding = found(climbing, now)
        id = decide(case, finding, now)
        climbing.work()
        enforcement.lift_order(order_id=id, why=Why("resolved", wrong=wrong), actor=ANALYST, now=now)
        casework.close_case(case_id=case, outcome="acted", actor=ANALYST, now=now)
        withdrawn = Strike.objects.get(decision=id).withdrawn
        assert withdrawn == (now if wrong else None)
    assert [entry.verb for entry in audit.entries(actor=ANALYST, verb="unstruck")] == ["unstruck"]


def suspended(desk: Desk) -> tuple[int, str]:
    """Return a case and the grave decision in it to suspend its party."""
    for number in range(2):
        violation(desk, NOON + number * DAY)
    now = NOON + 2 * DAY
    case, finding = found(desk, now)
    return case, decide(case, finding, now)


def test_a_grave_measure_stands_at_once_and_a_second_person_confirms_it(climbing: Desk) -> None:
    _, id = suspended(climbing)
    now = NOON + 2 * DAY
    made = selectors.decision(id=id, actor=ANALYST)
    assert made is not None
    assert (made.grave, made.waits, made.is_interim, made.confirm_by) == (True, False, True, now + CONFIRM_WITHIN)
    assert last_order(climbing).action.kind is ActionKind.SUSPEND
    for who in (ANALYST, AUDITOR, STRANGER):
        with pytest.raises(NotPermitted):
            confirming.confirm(decision_id=id, notes="", actor=who, now=now)
    confirming.confirm(decision_id=id, notes="I read the calls.", actor=LEAD, now=now)
    with pytest.raises(StaleState):
        confirming.confirm(decision_id=id, notes="", actor=LEAD, now=now)
    assert not Decision.objects.get(id=id).is_interim


def test_a_second_person_who_does_not_come_raises_one_alarm_and_the_measure_stays(climbing: Desk) -> None:
    _, id = suspended(climbing)
    now = NOON + 2 * DAY
    assert confirming.call_second_persons(actor=WORKER, now=now + CONFIRM_WITHIN - timedelta(seconds=1)) == 0
    for _ in range(3):
        assert confirming.call_second_persons(actor=WORKER, now=now + CONFIRM_WITHIN) == 1
    (alarm,) = selectors.alarms(actor=ANALYST)
    assert alarm.text.startswith("For lead: ")
    assert (alarm.kind, id[:8] in alarm.text, "suspend party shop" in alarm.text) == ("confirm", True, True)
    climbing.work()
    assert orders.orders(actor=ANALYST).filter(id=id).exists()
    confirming.confirm(decision_id=id, notes="", actor=LEAD, now=now + CONFIRM_WITHIN)
    assert confirming.call_second_persons(actor=WORKER, now=now + CONFIRM_WITHIN) == 0


def test_the_end_of_a_contract_waits_for_the_second_person(climbing: Desk) -> None:
    for number in range(3):
        violation(climbing, NOON + number * DAY)
    now = NOON + 3 * DAY
    case, finding = found(climbing, now)
    assert proposed(case, finding, now).waits
    id = decide(case, finding, now)
    climbing.work()
    assert not orders.orders(actor=ANALYST, state="all").filter(id=id).exists()
    assert enforcement.order_decision(decision_id=id, actor=WORKER, now=now) is None
    confirming.confirm(decision_id=id, notes="", actor=LEAD, now=now)
    order = last_order(climbing)
    assert (order.id, order.action.kind, order.scope.value) == (id, ActionKind.TERMINATE, "shop")


def test_what_is_not_grave_or_over_cannot_be_confirmed(climbing: Desk) -> None:
    case, finding = found(climbing)
    plain = decide(case, finding)
    with pytest.raises(NotThere):
        confirming.confirm(decision_id=plain, notes="", actor=LEAD, now=NOON)
    casework.close_case(case_id=case, outcome="acted", actor=ANALYST, now=NOON)
    violation(climbing, NOON + DAY)
    case, finding = found(climbing, NOON + 2 * DAY)
    id = decide(case, finding, NOON + 2 * DAY)
    climbing.work()
    enforcement.lift_order(order_id=id, why=Why("resolved"), actor=ANALYST, now=NOON + 2 * DAY)
    with pytest.raises(StaleState):
        confirming.confirm(decision_id=id, notes="", actor=LEAD, now=NOON + 2 * DAY)


FIXED = {
    "do": "fix-caller",
    "scope": "trunk",
    "value": "t1",
    "callers": "+3225550001, +3225550002",
    "length": "7d",
    "ends": "review",
}


def test_the_ladder_may_be_left_with_a_reason(climbing: Desk) -> None:
    case, finding = found(climbing)
    with pytest.raises(NoReason, match="why the ladder is left"):
        decide(case, finding, measure=chosen(FIXED))
    id = decide(case, finding, measure=chosen(FIXED), off_ladder="The numbers are the trouble.")
    order = last_order(climbing)
    assert order.scope == Scope(kind=SubjectKind.TRUNK, value="t1")
    assert order.action == Action(kind=ActionKind.FIX_CALLER, callers=("+3225550001", "+3225550002"))
    assert (order.until, order.review) == (None, micros(NOON + 7 * DAY))
    made = selectors.decision(id=id, actor=ANALYST)
    assert made is not None
    assert (made.off_ladder, made.strike.weight) == ("The numbers are the trouble.", 2)


def test_a_grave_measure_off_the_ladder_takes_a_second_person_too(climbing: Desk) -> None:
    told = {"do": "suspend", "scope": "account", "value": "shop-2", "length": "2d"}
    id = decide(*found(climbing), measure=chosen(told), off_ladder="It goes on.")
    assert Decision.objects.get(id=id).is_interim


def test_no_measure_off_the_ladder_touches_who_is_protected(climbing: Desk) -> None:
    told = {"do": "refuse", "scope": "source", "value": "198.51.100.9", "length": "1h"}
    with pytest.raises(NothingProposed, match="protected"):
        decide(*found(climbing), measure=chosen(told), off_ladder="It floods.")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"do": "burn"}, "what to do"),
        ({"scope": "campaign"}, "against whom"),
        ({"scope": "planet"}, "against what"),
        ({"value": " "}, "against whom"),
        ({"length": ""}, "how long"),
        ({"length": "400d"}, "at most 366 days"),
        ({"callers": ""}, "international form"),
        ({"callers": "0470"}, "international form"),
        ({"do": "throttle", "rate": "0"}, "calls a second"),
        ({"do": "throttle", "rate": "nan"}, "calls a second"),
        ({"do": "bar"}, "which calls"),
        ({"do": "bar", "bars": "international"}, r"\+32"),
        ({"do": "divert", "target": "sip:a@b>\r\nX: y"}, "sip:announcement"),
    ],
)
def test_what_is_no_measure_is_refused_with_what_to_write(changes: dict[str, str], says: str) -> None:
    with pytest.raises(NoMeasure, match=says):
        chosen(FIXED | changes)


def test_a_preview_counts_whom_a_measure_would_touch(climbing: Desk) -> None:
    def counted(kind: str, value: str) -> Touched:
        return touched(kind=kind, value=value, now=NOON, actor=ANALYST)

    assert counted("party", "reseller") == Touched(2, 2, 1, 101, ("reseller", "shop"))
    assert counted("account", "shop-1") == Touched(1, 1, 1, 100, ("shop",))
    assert counted("trunk", "t1") == Touched(1, 1, 1, 100, ("shop",))
    assert counted("number", "+3225550042") == Touched(1, 1, 1, 1, ("shop",))
    assert counted("source", "203.0.113.9") == counted("party", "nobody") == Touched()
    assert touched(kind="party", value="reseller", now=NOON, actor=STRANGER) == Touched()


def test_a_role_is_changed_with_a_reason_once_and_only_in_an_open_case(climbing: Desk) -> None:
    case, _ = found(climbing)
    for role, reason in (("victim", " "), ("king", "because")):
        with pytest.raises(casework.NothingSaid):
            casework.change_role(case_id=case, role=role, reason=reason, actor=ANALYST, now=NOON)
    casework.change_role(case_id=case, role="victim", reason="its password was stolen", actor=ANALYST, now=NOON)
    with pytest.raises(StaleState):
        casework.change_role(case_id=case, role="victim", reason="again", actor=ANALYST, now=NOON)
    with pytest.raises(NotPermitted):
        casework.change_role(case_id=case, role="offender", reason="x", actor=AUDITOR, now=NOON)
    file = cases.case_file(number=case, actor=ANALYST)
    assert file is not None
    assert [note.text for note in file.notes] == ["Role victim: its password was stolen"]
