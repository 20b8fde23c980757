"""Decisions, orders, notices and appeals, each by several at once."""

from datetime import timedelta

from tests.unit.desk.crowds.crowd import Crowd, at_once, person, verbs
from tests.unit.desk.scene import NOON, WORKER

from ringfence.desk.appeals import services as appeals
from ringfence.desk.appeals.models import Appeal
from ringfence.desk.audit.models import Entry
from ringfence.desk.decisions import confirming as second
from ringfence.desk.decisions import services
from ringfence.desk.decisions.models import Confirmation, Decision
from ringfence.desk.decisions.services import Why
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.enforcement.models import Order
from ringfence.desk.notices import services as notices
from ringfence.desk.notices.models import Notice
from ringfence.desk.outbox.models import Message


def deciding(crowd: Crowd) -> dict[str, object]:
    """Two analysts, a standing order by two workers: one measure, one order however many carry it out."""
    case, finding = crowd.source()

    def by_hand(one: int) -> object:
        return (
            services.decide_by_person(case_id=case, finding_id=finding, why=Why("Scans."), actor=person(one), now=NOON) and "made"
        )

    def standing() -> object:
        return services.decide_by_standing_order(case_id=case, finding_id=finding, actor=WORKER, now=NOON) and "made"

    at_once(lambda: by_hand(1), standing, lambda: by_hand(2), standing)
    made = list(Decision.objects.filter(case_id=case).values_list("id", flat=True))
    asked = Message.objects.filter(topic="decision.made").count()
    ordered = at_once(*[lambda: enforcement.order_decision(decision_id=made[0], actor=WORKER, now=NOON)] * 4)
    changed = Message.objects.filter(topic="order.changed").count()
    return {
        "decisions": len(made),
        "orders": Order.objects.filter(case_id=case).count(),
        "ordered": sorted(one == made[0] for one in ordered),
        "messages": [asked, changed],
        "audit": [verbs(case)["decided"], verbs(case)["ordered"]],
    }


def telling(crowd: Crowd) -> dict[str, object]:
    """Four workers announce one decision: one notice to the party."""
    decision = crowd.decided()
    gave = at_once(*[lambda: notices.announce(decision_id=decision, actor=WORKER, now=NOON)] * 4)
    return {"notices": Notice.objects.filter(decision_id=decision).count(), "failed": [one for one in gave if isinstance(one, str)]}


def lifting(crowd: Crowd) -> dict[str, object]:
    """Four people lift an order while its time runs out: it ends once."""
    decision = crowd.decided()
    row = Decision.objects.get(id=decision)
    enforcement.order_decision(decision_id=decision, actor=WORKER, now=row.decided)
    over = row.decided + timedelta(days=30)
    lifts = [
        lambda one=one: enforcement.lift_order(order_id=decision, why=Why("By mistake."), actor=person(one), now=over)
        for one in range(4)
    ]
    at_once(*lifts, lambda: enforcement.end_orders(actor=WORKER, now=over), lambda: enforcement.end_orders(actor=WORKER, now=over))

    ended = Entry.objects.filter(noun="order", noun_id=decision, verb__in=("ended", "lifted")).values_list("verb", flat=True)
    lifted = Decision.objects.filter(lifts_id=decision).count()
    return {
        "ended": len(ended),
        "agree": list(ended) == (["lifted"] if lifted else ["ended"]),
        "state": Order.objects.get(id=decision).state in ("removing", "removed"),
    }


def confirming(crowd: Crowd) -> dict[str, object]:
    """Four second persons confirm one grave decision: one does, and it is ordered once."""
    decision = crowd.decided()
    Decision.objects.filter(id=decision).update(grave=True, waits=True)
    now = Decision.objects.get(id=decision).decided
    gave = at_once(
        *(lambda one=one: second.confirm(decision_id=decision, notes="", actor=person(one), now=now) for one in range(4))
    )

    return {
        "gave": sorted(map(str, gave)),
        "confirmed": Confirmation.objects.filter(decision_id=decision).count(),
        "messages": Message.objects.filter(topic="decision.made").count(),
    }


def appealing(crowd: Crowd) -> dict[str, object]:
    """The party files its appeal in four windows, four reviewers decide it: one appeal, one outcome, one notice of it."""
    decision = crowd.decided()
    now = Decision.objects.get(id=decision).decided
    enforcement.order_decision(decision_id=decision, actor=WORKER, now=now)
    notices.announce(decision_id=decision, actor=WORKER, now=now)
    notice = Notice.objects.filter(decision_id=decision).order_by("id")[0]
    filed = at_once(*[lambda: appeals.file(notice=notice, text="Those were our shops.", now=now).state and "filed"] * 4)
    appeal = Appeal.objects.get(decision_id=decision).pk
    outcomes = ("upheld", "overturned", "upheld", "overturned")
    reviewed = at_once(
        *(
            lambda one=one, outcome=outcome: appeals.review(
                appeal_id=appeal, outcome=outcome, why=Why("We looked."), actor=person(one), now=now
            )
            for one, outcome in enumerate(outcomes)
        )
    )
    outcome = Appeal.objects.get(pk=appeal).state
    return {
        "filed": sorted(map(str, filed)),
        "reviewed": sorted(map(str, reviewed)),
        "told": Notice.objects.filter(decision_id=decision, kind="appeal").count(),
        "agree": Decision.objects.filter(lifts_id=decision).exists() == (outcome == "overturned"),
    }
