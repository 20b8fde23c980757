"""Strikes: what a decided violation of a clause weighs against an offender until it expires or proves wrong."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet, Sum

from ringfence.desk.actor import Actor
from ringfence.desk.decisions.models import Decision, Strike
from ringfence.desk.queues import of_cases
from ringfence.policy import Ladder


def strikes(*, actor: Actor, party: str = "") -> QuerySet[Strike]:
    """Return strikes, newest first; of one party where it is named."""
    found = Strike.objects.select_related("decision").order_by("-given", "-id")
    if not actor.sees_the_desk:
        return found.none()
    found = of_cases(found, actor, "decision__case")
    return found.filter(party=party) if party else found


def counting(*, party: str, clause: str, now: datetime) -> QuerySet[Strike]:
    """Return the party's strikes for violations of `clause` that count at `now`."""
    return Strike.objects.filter(Q(withdrawn__isnull=True), party=party, clause=clause, given__lte=now, expires__gt=now)


def reached(*, ladder: Ladder, party: str, clause: str, case: int, now: datetime) -> tuple[int, int]:
    """Return where on the ladder a violation of `clause` stands, the matter at hand counted too, and what that matter weighs.

    A matter counts once, however many decisions it takes: where one of this case has given a strike, its weight is in already.
    """
    weight = ladder.strikes[clause].weight if clause in ladder.strikes else 1
    standing = counting(party=party, clause=clause, now=now)
    weighs = 0 if standing.filter(decision__case_id=case).exists() else weight
    return (standing.aggregate(sum=Sum("weight"))["sum"] or 0) + weighs, weighs


def give(*, decision: Decision, party: str, ladder: Ladder, now: datetime) -> Strike | None:
    """Record the strike of a decision; `None` where its matter has one already, or the ladder gives none for the clause."""
    clause = decision.rule_clause or decision.clause
    weighed = ladder.strikes.get(clause)
    if weighed is None or counting(party=party, clause=clause, now=now).filter(decision__case_id=decision.case_id).exists():
        return None
    expires = now + timedelta(microseconds=weighed.expires_us)
    return Strike.objects.create(decision=decision, party=party, clause=clause, weight=weighed.weight, given=now, expires=expires)


def withdraw(*, decision: Decision, now: datetime) -> bool:
    """Take back the strike of a decision that should not have been made; tell whether there was one."""
    return bool(Strike.objects.filter(decision=decision, withdrawn__isnull=True).update(withdrawn=now))


def strikes_of_case(*, case: int, actor: Actor) -> QuerySet[Strike]:
    """Return the strikes that a case's decisions gave, newest first."""
    return strikes(actor=actor).filter(decision__case_id=case)
