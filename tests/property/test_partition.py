"""One engine, and eight over a stream that is split by the rules' keys, find the same."""

from collections.abc import Sequence
from random import Random

from hypothesis import given, settings

from ringfence.policy import load, read_folder
from ringfence.policy.evaluation import Context
from ringfence.policy.expressions import Field, Past, PastValue
from ringfence.policy.plan import Calendar, Measure, MeasureFunction, Plan, Rule, Unit
from ringfence.vocabulary.contracts import Event, EventKind, Finding
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.engine import Engine
from ringfence.watch.engine.partition import Part, Router, key_of, parts_of
from tests.conftest import ROOT
from tests.property.paired_rules import compare, field, measured, number, rule, text
from tests.property.plain_pairs import PAIRS, changed
from tests.property.test_rules import cut, cuts_of, seeds, sizes, stream

KEY = b"k" * 32
NOW = Micros(1 << 50)
SHARES = 8
DAYS = Calendar("day", Unit.DAY, "UTC")
CALLS = Measure("calls", MeasureFunction.COUNT)
_BY_CALLEE = changed(
    rule("by-callee", measures=(CALLS,), when=compare(measured("calls"), ">=", number(3))),
    windows=(DAYS,),
    key=(field("callee"),),
    subject=SubjectKind.NUMBER,
)
_STRIKES = changed(
    rule("strikes", measures=(CALLS,), when=compare(measured("calls"), ">=", number(2))),
    on=EventKind.FINDING,
    where=compare(field("rule"), "==", text("daily")),
    windows=(Calendar("week", Unit.WEEK, "UTC"),),
)
_CALLED = changed(_STRIKES, name="called", where=compare(field("rule"), "==", text("by-callee")))
_PEERS = changed(
    rule("peers", measures=(CALLS,), when=compare(measured("calls"), ">", PastValue(Past.PEERS, "calls"))), windows=(DAYS,)
)
# Not the rules over calls under way, which may end with another key in these streams: no real call does.
RULES = (*(one for one, _ in PAIRS if one.name not in ("windowless", "long-silence")), _BY_CALLEE, _STRIKES, _CALLED, _PEERS)
PLAN = Plan("a" * 64, tuple(sorted(RULES, key=lambda one: one.name)))


class Share:
    """One engine of a part."""

    def __init__(self, part: Part) -> None:
        self._engine = Engine(part.plan, key=KEY, source="test")
        self._held: list[Event] = []

    def take(self, event: Event, clock: int) -> list[Finding]:
        """Take in an event that counts at `clock`."""
        if event.time >= clock:
            self._held.append(event)
            return []
        found = self.flush()
        self._held.append(event)
        return found + self._engine.pass_time(Micros(clock))

    def flush(self) -> list[Finding]:
        found = self._engine.step(self._held, NOW)
        self._held = []
        return found

    def end(self, clock: int) -> list[Finding]:
        return self.flush() + self._engine.pass_time(Micros(clock))


def split(plan: Plan, batches: Sequence[Sequence[Event]]) -> list[Finding]:
    found: list[Finding] = []
    for part in parts_of(plan):
        router = Router(part, Context(plan.lists), shares=SHARES)
        shares = [Share(part) for _ in range(SHARES)]
        clock = None
        for batch in batches:
            for event in batch:
                clock = event.time if clock is None else max(clock, event.time)
                share = router.share_of(event)
                if share is not None:
                    found += shares[share].take(event, clock)
            if clock is not None:
                for one in shares:
                    found += one.end(clock)
    return found


def in_order(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (finding.time, finding.rule, finding.id))


@settings(deadline=None, max_examples=25)
@given(seeds, sizes, cuts_of)
def test_eight_engines_find_what_one_does(seed: int, size: int, cuts: list[int]) -> None:
    events = stream(seed, size)
    whole = Engine(PLAN, key=KEY, source="test").step(events, NOW)
    assert in_order(split(PLAN, cut(events, cuts))) == in_order(whole)


def dense(seed: int, size: int) -> list[Event]:
    """Return requests, registrations and calls of few sources and accounts, a few milliseconds apart, some late."""
    chance = Random(seed)
    time, events = 1_000_000_000, []
    for place in range(size):
        time += chance.choice((0, 0, 1_000, 2_000, 5_000, -30_000, 31_000))
        kind = chance.choice((EventKind.REQUEST, EventKind.REGISTRATION, EventKind.ATTEMPT, EventKind.ATTEMPT))
        events.append(
            Event(
                kind=kind,
                time=Micros(time),
                sequence=place,
                call_id=f"call-{place}",
                method="INVITE" if kind is EventKind.ATTEMPT else "REGISTER",
                source=f"198.51.100.{chance.randrange(4)}",
                account=chance.choice((None, None, "x", "y", "z")),
                target=f"user-{chance.randrange(40)}",
                callee=f"+32255501{chance.randrange(100_000):05}",
                direction="outbound",
                credentials=True,
                status=chance.choice((401, 403, 404, 404, 404, 404)),
            )
        )
    return events


def test_the_default_bundle_finds_the_same_in_eight_engines() -> None:
    plan = load(read_folder(ROOT / "bundles" / "default")).plan
    assert all(part.key is not None for part in parts_of(plan))
    assert sorted(one.name for part in parts_of(plan) for one in part.plan.rules) == [one.name for one in plan.rules]
    events = dense(20_261_123, 6_000)
    whole = Engine(plan, key=KEY, source="test").step(events, NOW)
    assert len({finding.rule for finding in whole}) >= 6  # the other rules need lists, or traffic of their own kind
    assert in_order(split(plan, cut(events, range(0, 6_000, 700)))) == in_order(whole)


def names(key: tuple[object, ...] | None) -> list[str] | None:
    return None if key is None else [part.name for part in key if isinstance(part, Field)]


def test_rules_are_split_by_what_they_count_by() -> None:
    def of(one: Rule) -> list[str] | None:
        return names(key_of(one))

    assert of(_BY_CALLEE) == ["callee"]
    assert of(_PEERS) is None
    assert of(next(one for one in PLAN.rules if one.rollup)) == ["root"]


def test_rules_over_findings_stay_with_those_that_make_them() -> None:
    by_name = {one.name: names(part.key) for part in parts_of(PLAN) for one in part.plan.rules}
    assert by_name["strikes"] == by_name["daily"] == ["account"]
    assert by_name["called"] is by_name["by-callee"] is None  # one counts by account, the other by callee
    assert by_name["peers"] is None
