"""Starting, meeting, pausing and dropping obligations."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.clocks.models import Obligation, ObligationState, Pause
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.held import heed
from ringfence.desk.policies import selectors as policies
from ringfence.desk.policies.models import PolicyVersion
from ringfence.desk.queues import hold_case, of_things
from ringfence.policy.clocks import NEVER, Clock, OnMiss
from ringfence.vocabulary.times import micros, utc

BY_HAND: Final = "by-hand"
"""The noun of what a person started."""
REASONS: Final = "statement-of-reasons"
"""The clock of a measure's reasons: begins as it takes effect, ends as they are sent."""
CURE: Final = "cure-period"
"""The clock in which a party cures a breach: begins as it is told of the first measure of a case, ends with the case."""
OPEN: Final = (ObligationState.RUNNING, ObligationState.PAUSED)


class NoGround(DeskError):
    """A clock may stand still only on a ground that its rule names, and somebody must say why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What is owed: `about` is the noun and its id. `otherwise` is how long there is where the version names no such clock.

    Without either there is no obligation. `due` is an end that the thing itself has: the clock then only says what follows.
    """

    clock: str
    about: tuple[str, str]
    what: str
    case: int | None = None
    party: str = ""
    otherwise: timedelta | None = None
    due: datetime | None = None


@transaction.atomic
def start(*, owed: Owed, actor: Actor, now: datetime, event: datetime | None = None) -> Obligation | None:
    """Start the clock of what is owed, at its event (`now` where none is given). Twice is once.

    `None` where neither the version in force nor `owed` says how long there is.
    """
    require(actor.sees_the_desk, actor, "start clocks")
    held = Obligation.objects.filter(clock=owed.clock, noun=owed.about[0], noun_id=owed.about[1]).first()
    if held is not None:
        return held
    row = _obligation(owed, event or now, actor)
    if row is None:
        return None
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # somebody started it at the same moment
        return Obligation.objects.get(clock=owed.clock, noun=owed.about[0], noun_id=owed.about[1])
    details: dict[str, Detail] = {"clock": row.clock, "due": _written(row.due), "rule": row.rule}
    _record("clock-started", row, details, actor, now)
    return row


def _obligation(owed: Owed, event: datetime, actor: Actor) -> Obligation | None:
    version = policies.current(actor=actor)
    clock = clock_of(version, owed.clock)
    if clock is None and owed.otherwise is None and owed.due is None:
        return None
    begins, due = event, owed.due or (event + owed.otherwise if owed.otherwise is not None else None)
    typical, rule = None, "ours: the policy in force names no such clock"
    if clock is not None:
        rule = clock.rule
        if owed.due is None:
            found, end = clock.begins(micros(event)), clock.ends(micros(event))
            if found is None or end is None:
                raise NotThere(f"the calendar of {owed.clock} never opens again: it has no end")
            begins, due = utc(found), utc(end)
            expected = clock.ends(micros(event), length=clock.typical) if clock.typical else None
            typical = utc(expected) if expected is not None else None
    assert due is not None
    warnings = clock.warns(micros(due)) if clock is not None else []
    return Obligation(
        clock=owed.clock,
        policy=version if clock is not None else None,
        rule=rule[:300],
        noun=owed.about[0],
        noun_id=owed.about[1],
        case=owed.case,
        party=owed.party,
        what=owed.what[:200],
        event=event,
        begins=begins,
        due=due,
        typical=typical,
        role=clock.role if clock is not None else "lead",
        on_miss=clock.on_miss if clock is not None else OnMiss.PAGE,
        grounds=list(clock.pauses) if clock is not None else [],
        warnings=[list(one) for one in warnings],
        warn_at=utc(warnings[0][0]) if warnings else None,
    )


def clock_of(version: PolicyVersion | None, name: str) -> Clock | None:
    """Return a posted version's clock of that name."""
    return policies.bundle(hash=version.hash).clocks.clocks.get(name) if version is not None else None


@transaction.atomic
def meet(*, about: tuple[str, str], actor: Actor, now: datetime, clock: str = "") -> int:
    """Note that what was owed about a thing is done; return how many clocks that ended. What comes after them in a chain starts."""
    require(actor.sees_the_desk, actor, "meet obligations")
    return _settle(about, clock, ObligationState.MET, "", actor, now)


@transaction.atomic
def drop(*, about: tuple[str, str], reason: str, actor: Actor, now: datetime, clock: str = "") -> int:
    """Note that nothing is owed about a thing any more, and why; return how many clocks that ended."""
    require(actor.works_cases, actor, "drop obligations")
    return _settle(about, clock, ObligationState.DROPPED, reason, actor, now)


def _settle(about: tuple[str, str], clock: str, state: ObligationState, reason: str, actor: Actor, now: datetime) -> int:
    rows = Obligation.objects.filter(noun=about[0], noun_id=about[1], state__in=OPEN)
    ended = 0
    for row in rows.filter(clock=clock) if clock else rows:
        done = {"state": state, "settled": now, "settled_by": actor.id[:64], "warn_at": None}
        if not Obligation.objects.filter(id=row.id, state__in=OPEN).update(**done):
            continue
        Pause.objects.filter(obligation=row, until__isnull=True).update(until=now)
        ended += 1
        _record(f"clock-{state}", row, {"clock": row.clock, "reason": reason[:500]} if reason else {"clock": row.clock}, actor, now)
        if state is ObligationState.MET and row.missed is None:
            start_follower(row, event=now, actor=actor, now=now)
    return ended


def start_follower(row: Obligation, *, event: datetime, actor: Actor, now: datetime) -> None:
    """Start the clock that comes after this one in a chain, where the version has one."""
    if row.policy is None:
        return
    clocks = policies.bundle(hash=row.policy.hash).clocks.clocks
    follower = next((clock for clock in clocks.values() if clock.after == row.clock), None)
    if follower is not None:
        owed = Owed(
            clock=follower.name, about=(row.noun, row.noun_id), what=f"{row.what}: {follower.name}", case=row.case, party=row.party
        )
        start(owed=owed, event=event, actor=actor, now=now)


@transaction.atomic
def owe_by_hand(*, case: int, clock: str, what: str, actor: Actor, now: datetime) -> int:
    """Start a clock of the version in force on a case; return it. Raises `NoGround` without saying what is owed, `NotThere`."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "start clocks")
    if not what.strip():
        raise NoGround("say what is owed")
    hold_case(case, actor)
    heed(case_id=case, actor=actor, now=now)
    if clock_of(policies.current(actor=actor), clock) is None:
        raise NotThere(f"the policy in force has no clock {clock or '(none chosen)'}")
    row = start(owed=Owed(clock=clock, about=(BY_HAND, f"{case}-{what.strip()[:40]}"), what=what, case=case), actor=actor, now=now)
    assert row is not None
    return row.id


@transaction.atomic
def meet_by_hand(*, obligation: int, actor: Actor, now: datetime) -> None:
    """Say that what was started by hand is done: others end by what is done about their things. Raises `NotThere`, `StaleState`."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "meet obligations")
    row = _found(obligation, actor, now)
    if row.noun != BY_HAND and row.clock not in (REASONS, CURE):
        raise NotThere(f"clock {obligation} ends by what is done about {row.noun} {row.noun_id}")
    if not meet(about=(row.noun, row.noun_id), clock=row.clock, actor=actor, now=now):
        raise StaleState("it is no longer owed")


@transaction.atomic
def pause(*, obligation: int, ground: str, note: str, actor: Actor, now: datetime) -> None:
    """Let a clock stand still. Raises `NoGround`, `NotThere`, and `StaleState` where it does not run or its time is over."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "pause clocks")
    row = _found(obligation, actor, now)
    if ground not in row.grounds:
        raise NoGround(f"{row.clock} may pause only for: {', '.join(row.grounds) or 'nothing'}")
    if not note.strip():
        raise NoGround("say why it stands still: whoever sees the board reads it")
    running = Obligation.objects.filter(id=row.id, state=ObligationState.RUNNING, missed__isnull=True, due__gt=now)
    if not running.update(state=ObligationState.PAUSED, due=None, warn_at=None):
        raise StaleState("it does not run, or its time is over")
    Pause.objects.create(obligation=row, ground=ground, note=note.strip()[:500], since=now, by=actor.id)
    _record("clock-paused", row, {"clock": row.clock, "ground": ground}, actor, now)


@transaction.atomic
def resume(*, obligation: int, actor: Actor, now: datetime) -> None:
    """Let a paused clock run on: its end moves by as long as it stood still. Raises `NotThere`, `StaleState`."""
    require(actor.works_cases, actor, "resume clocks")
    row = _found(obligation, actor, now)
    if not Pause.objects.filter(obligation=row, until__isnull=True).update(until=now):
        raise StaleState("it does not stand still")
    due = _due_after(row)
    warnings = row_clock(row).warns(micros(due))
    coming = [utc(at) for at, _ in warnings if utc(at) > now]
    changed = Obligation.objects.filter(id=row.id, state=ObligationState.PAUSED).update(
        state=ObligationState.RUNNING, due=due, warnings=[list(one) for one in warnings], warn_at=min(coming, default=None)
    )
    if not changed:
        raise StaleState("it does not stand still")
    _record("clock-resumed", row, {"clock": row.clock, "due": due.isoformat()}, actor, now)


def row_clock(row: Obligation) -> Clock:
    """Return the clock that an obligation with grounds to pause has: only a version's clock has any."""
    found = clock_of(row.policy, row.clock)
    assert found is not None
    return found


def _due_after(row: Obligation) -> datetime:
    spans = [
        (micros(since), micros(until) if until is not None else NEVER) for since, until in row.pauses.values_list("since", "until")
    ]
    end = row_clock(row).ends(micros(row.event), sorted(spans))
    if end is None:
        raise StaleState("it still stands still")
    return utc(end)


def _found(obligation: int, actor: Actor, now: datetime) -> Obligation:
    """Return a clock for somebody who does something to it. Raises `NotThere`, `ClaimedByAnother`."""
    row = of_things(Obligation.objects.select_related("policy").filter(id=obligation), actor).first()
    if row is None:
        raise NotThere(f"no clock {obligation}")
    if row.case is not None:
        heed(case_id=row.case, actor=actor, now=now)
    return row


def _record(verb: str, row: Obligation, details: dict[str, Detail], actor: Actor, now: datetime) -> None:
    audit.record(acts=[Act(verb=verb, about=(row.noun, row.noun_id), case=row.case, details=details)], actor=actor, now=now)


def _written(moment: datetime | None) -> str:
    return moment.isoformat() if moment is not None else ""
