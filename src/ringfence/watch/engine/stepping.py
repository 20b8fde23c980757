"""The engine: events in, findings out; live, recorded or on a cluster."""

from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

import numpy as np

from ringfence.policy.context import Addresses
from ringfence.policy.evaluation import Context, Occasion, reading
from ringfence.policy.lacking import lacking
from ringfence.policy.plan import Plan, Rolling, Rule, span_us
from ringfence.policy.strata import strata
from ringfence.vocabulary.contracts import Event, EventKind, Finding
from ringfence.vocabulary.times import HOUR, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.columns import Columns, Derivations, TextHashes, call_ids_of, columns_of, field_names
from ringfence.watch.engine import snapshots
from ringfence.watch.engine.call_ids import CallIds
from ringfence.watch.engine.joining import Memory, joined
from ringfence.watch.engine.known import KnownTo
from ringfence.watch.engine.reads import Reads
from ringfence.watch.engine.sameness import digests_of
from ringfence.watch.engine.shares import ROUND, Shares, beside
from ringfence.watch.engine.tallied import Made, Tallied, at_event
from ringfence.watch.findings import Explainer
from ringfence.watch.tallies import Bounds, Found, Judge, complete_from, fields_of, refusals
from ringfence.watch.windows import (
    Limits,
    Losses,
    Packed,
    RuleGroup,
    RuleUnmeasurable,
    Shape,
    Told,
    as_window_rule,
    expressions_of,
    grouped,
)

_WORTH_COMPILING: Final = 1 << 19
"""Events after which passes written out for the rules are taken up, where the compiler's cache has them."""
_THREADS: Final = 2
_MANY: Final = 4_096
_BEFORE_ALL: Final = Micros(-(1 << 62))


class _Watched(NamedTuple):
    """A rule that a compiled window measures: its number in the plan, and how its key and its charge are read."""

    number: int
    rule: Rule
    key: tuple[Callable[[Event], Any], ...]
    judge: Judge


class _Group(NamedTuple):
    """Rules that are measured in one pass, in the group's order."""

    watched: tuple[_Watched, ...]
    window: RuleGroup


def limits_of(plan: Plan) -> Limits:
    """Return what its bundle says that an engine of `plan` may remember."""
    return Limits(memory_bytes=plan.bounds.memory_bytes, exact_distinct=plan.bounds.exact_distinct)


def _refuse(plan: Plan) -> None:
    """Raise `RuleUnmeasurable` for the first rule that can't be measured."""
    for rule in plan.rules:
        for cause in refusals(rule):
            raise RuleUnmeasurable(rule.name, cause)


class Engine:
    """Measures traffic by the rules of `plan` and says where one's condition became true.

    `key` is the installation's (empty in a scan): it keys the findings' ids and the hashes of text. `source` names the input.
    `limits` bound the memory of each rule; what a rule then forgets is counted in `losses` and said in its findings.
    No clock, no chance: the same events give the same findings, however they are cut into steps.
    What compiled windows can hold they do (none where not `compiled`); tallies measure every other rule, with the same meaning.
    Raises `RuleUnmeasurable` for a rule that can't be measured.
    """

    def __init__(self, plan: Plan, *, key: bytes, source: str, limits: Limits | None = None, compiled: bool = True) -> None:
        limits = limits or limits_of(plan)
        other = beside(limits.memory_bytes)
        self._hashes = TextHashes(key, remembered=other.texts)
        self._context = Context(plan.lists, hashed=self._hashes.__getitem__)
        self._explainer = Explainer(key=key, policy=plan.policy, source=source)
        _refuse(plan)
        numbers = {rule.name: number for number, rule in enumerate(plan.rules)}
        fitting = {rule.name: fit for rule in plan.rules if compiled and (fit := as_window_rule(rule)) is not None}
        rules = [rule for rule in plan.rules if rule.name in fitting]
        layers = [[(numbers[rule.name], rule) for rule in layer if rule.name not in fitting] for layer in strata(plan.rules)]
        bounds = Bounds(keys=limits.keys, entries=limits.events, exact=limits.exact_distinct)
        self._tallied = Tallied(layers, self._context, self._explainer, self._hashes, bounds)
        asked = [expression for rule in fitting.values() for expression in expressions_of(rule)]
        self._derivations = Derivations([*asked, *self._tallied.asked], self._context, self._hashes)
        self._groups = tuple(
            _Group(
                tuple(_watched(rules[place], numbers[rules[place].name], self._context) for place in places),
                RuleGroup([fitting[rules[place].name] for place in places], self._hashes, limits),
            )
            for places in grouped([fitting[rule.name] for rule in rules])
        )
        others = {name for expression in self._tallied.asked for name in field_names(expression)}
        self._fields = sorted(self._derivations.fields.union(others, *(group.window.fields for group in self._groups)))
        self._owner = snapshots.owner_of(key)
        self._digests = digests_of(plan)
        self._shapes = tuple(group.window.shape(self._digests) for group in self._groups)
        self._call_ids = CallIds(remembered=other.call_ids, batch=ROUND)
        windows = [group.window for group in self._groups]
        octets = limits.memory_bytes - other.octets
        self._shares = Shares(windows, self._tallied.tallies, octets, in_advance=limits.in_advance)
        self._shares.share_out(_BEFORE_ALL)
        self._clock = _BEFORE_ALL
        self._next_event = 0
        self.rules: Final = plan.rules
        self._begun: Micros | None = None
        self._begun_of: dict[str, Micros] = {}
        self._general = [group.window for group in self._groups]
        self._takes_up = False
        self._steps = 0
        self._lacking: tuple[tuple[int, int], dict[str, str]] | None = None

    def know(self, directory: Directory) -> None:
        """Judge by this reference from now on: who holds numbers, which subjects there are, what is struck, what lists hold."""
        self._context.holders = directory
        self._context.bring(directory.brought)
        self._tallied.know(lambda rule: KnownTo(directory, rule), directory.billing_day)
        self._tallied.silence(directory.rulings.silence)

    def locate(self, addresses: Addresses | None) -> None:
        """Read from this where addresses are. To be told before the first step."""
        self._context.addresses = addresses

    def begins(self, moment: Micros | None) -> None:
        """Note that traffic was counted from `moment` on and none before: findings say where their windows lack that.

        With `None` nobody asks, as in a scan: the recording is all there is.
        """
        self._begun, self._begun_of = moment, {}
        self._explainer.short_until = {} if moment is None else complete_from(self.rules, moment)

    def short(self, now: Micros) -> dict[str, Micros]:
        """Return the rules whose windows lack something at `now` that was never counted, and until when they do."""
        return {rule: until for rule, until in sorted(self._explainer.short_until.items()) if until > now}

    def step(self, events: Sequence[Event], now: Micros) -> list[Finding]:
        """Take in `events`, which stand in the order in which they count, and return the findings in the order of their events.

        An event older than one before it counts when that one did. One later than `now` counts at `now`: in a recording
        `now` must not lie before the events.
        """
        findings: list[Finding] = []
        start = 0
        while start < len(events):
            end = min(len(events), start + ROUND - self._next_event % ROUND)
            findings += self._take(events[start:end], now)
            start = end
            if self._next_event % ROUND == 0:
                self._shares.share_out(self._clock)
        self._shrink(len(events))
        if self._general and (self._next_event >= _WORTH_COMPILING or self._takes_up):
            self._general.pop().compile(only_kept=True)  # one a step: a tenth of a second each
        return findings

    def _shrink(self, taken: int) -> None:
        """Let windows give memory back: all of them after many events, else one a step in turn. To ask each takes a millisecond."""
        self._steps += 1
        in_turn = self._groups[self._steps % max(1, len(self._groups)) :][:1]
        for group in self._groups if taken >= _MANY else in_turn:
            group.window.shrink()

    def prepare(self) -> None:
        """Compile now what judging needs, where it is not yet: else the first events wait for it."""
        told = columns_of((), self._fields, self._hashes, clock=_BEFORE_ALL, now=_BEFORE_ALL)
        columns = self._derivations.extended(told, ())
        for group in self._groups:
            group.window.prepare(columns)

    def compile(self) -> frozenset[str]:
        """Have every compiled window's pass written out for its rules; the compiler's cache keeps them for later engines.

        Return what tells the passes from others (`Text.digest`).
        """
        for group in self._groups:
            group.window.compile()
        self._general.clear()
        return frozenset(group.window.text.digest for group in self._groups)

    def take_up_passes(self) -> None:
        """Look for passes that were compiled since for the rules' windows, one a step: the steps find the same."""
        self._general = [group.window for group in self._groups if not group.window.is_written]
        self._takes_up = True

    def lacks(self, now: Micros) -> dict[str, str]:
        """Return what rules lack at `now` of the lists that they read, in words, by the rule's name."""
        asked = (self._context.brought_times, now // HOUR)
        if self._lacking is None or self._lacking[0] != asked:
            self._lacking = (asked, lacking(self.rules, self._context, now))
        return self._lacking[1]

    def due(self, now: Micros) -> bool:
        """Tell whether a period or round of a rule is over at `now`, so that `pass_time` has something to look at."""
        return self._clock != _BEFORE_ALL and self._tallied.due(now)

    def pass_time(self, now: Micros) -> list[Finding]:
        """Look at what is over at `now`, though no event came: whatever comes later counts no earlier than `now`."""
        self._clock = max(self._clock, now)
        nothing = Columns(np.zeros(0, np.int64), np.zeros(0, np.uint8), {})
        return [made.finding for made in self._tallied.advance(nothing, (), (), self._clock, [])]

    def snapshot(self) -> bytes:
        """Return all that the engine remembers; `restore` continues from it as if nothing had been."""
        windows = [group.window.snapshot() for group in self._groups]
        sampled = [group.window.sampled_events(packed) for group, packed in zip(self._groups, windows, strict=True)]
        numbers: list[int] = np.unique(np.concatenate([np.zeros(0, np.int64), *sampled])).tolist()
        call_ids = self._call_ids.pick(numbers, present=self._next_event)
        return snapshots.write(
            self._owner,
            snapshots.Reached(self._clock, self._next_event, self._begun, self._begun_of),
            windows=list(zip(self._shapes, windows, strict=True)),
            call_ids=call_ids,
            tallies=[(one.rule.name, self._digests[one.rule.name], one.snapshot()) for one in self._tallied.tallies],
        )

    def restore(self, snapshot: bytes | memoryview, *, is_whole: bool = False) -> frozenset[str]:
        """Continue from a snapshot of the same installation; return the rules that begin anew.

        `is_whole`: it was read with a checksum around it, so that its own need not be made again.
        Those are the rules that the snapshot lacks, or of which another version remembered something else: their findings say that
        their windows are short. Raises `SnapshotRefused`, and then stays as it was.
        """
        header, windows = snapshots.read(snapshot, self._owner, is_whole=is_whole)
        tallies = {(name, digest): place for place, (name, digest) in enumerate(header.tallied)}
        remembered = {
            one: snapshots.tally_of(header, place)
            for one in self._tallied.tallies
            if (place := tallies.get((one.rule.name, self._digests[one.rule.name]))) is not None
        }
        found = {one.rule.name for one in remembered}
        clock = Micros(header.clock)
        kept = dict(zip(header.shapes, windows, strict=True))
        with ThreadPoolExecutor(_THREADS) as threads:  # what takes long runs without the interpreter's lock
            groups = zip(self._groups, self._shapes, strict=True)
            restored = [threads.submit(self._restore, group.window, shape, kept, clock) for group, shape in groups]
        found |= frozenset().union(*(one.result() for one in restored))
        for tally in self._tallied.tallies:
            tally.forget()
            if tally in remembered:
                tally.restore(remembered[tally])
        self._call_ids.replace(header.call_ids)
        self._clock, self._next_event = clock, header.next_event
        self._begin_anew(header, found)
        return frozenset(rule.name for rule in self.rules if rule.name not in found)

    def _restore(self, window: RuleGroup, shape: Shape, kept: Mapping[Shape, Packed], clock: Micros) -> frozenset[str]:
        """Let a group continue from the one among those `kept` that knows most of its rules; return the rules that it knew."""
        if shape in kept:
            window.restore(kept[shape])
            return shape.shared(shape)
        former = max(kept, key=lambda each: len(shape.shared(each)), default=shape)
        if former not in kept or not shape.shared(former):
            window.forget()
            return frozenset()
        window.take_over(kept[former], former, shape, clock)
        return shape.shared(former)

    def _begin_anew(self, header: snapshots.Snapshot, found: Set[str]) -> None:
        """Note since when rules count that were not among those `found` in a snapshot, or were not in one before it."""
        self.begins(None if header.begun is None else Micros(header.begun))
        names = {rule.name for rule in self.rules}
        self._begun_of = {name: Micros(since) for name, since in header.begun_of.items() if name in found & names}
        self._begun_of |= dict.fromkeys(names - found, self._clock)
        for since in set(self._begun_of.values()):
            short = complete_from(self.rules, since)
            self._explainer.short_until |= {name: short[name] for name, begun in self._begun_of.items() if begun == since}

    @property
    def memory(self) -> Memory:
        """What it remembers something of."""
        tallied = {one.rule.name: self._digests[one.rule.name] for one in self._tallied.tallies}
        begun = {} if self._begun is None else {rule.name: self._begun for rule in self.rules}
        return Memory(self._shapes, tallied, begun | self._begun_of)

    def takes(self, filled: "Engine", fresh: Set[str]) -> bool:
        """Tell whether `join` finds all of the `fresh` rules in an engine that has them: none in a group with others."""
        groups = {shape for shape in self._shapes if {rule.name for rule in shape.rules} & fresh}
        tallied = self.memory.tallied.items() - filled.memory.tallied.items()
        return groups <= set(filled.memory.shapes) and not {name for name, _ in tallied} & fresh

    def join(self, former: "Engine", filled: "Engine", fresh: Set[str]) -> frozenset[str]:
        """Continue for `fresh` rules from one that was told history, for others from the `former` one; return those nobody knew."""
        both = former.snapshot(), filled.snapshot()
        return self.restore(joined(*both, self._owner, fresh=fresh, remembered=self._call_ids.remembered), is_whole=True)

    def forget(self) -> None:
        """Forget all events and cool-downs: what comes next may be older than what came before."""
        for group in self._groups:
            group.window.forget()
        for tally in self._tallied.tallies:
            tally.forget()
        self._shares.share_out(_BEFORE_ALL)
        self._call_ids.replace({})
        self._clock = _BEFORE_ALL

    @property
    def reads(self) -> Reads:
        """What it reads of events. Those of other kinds need not be given, unless an event's time alone must be known."""
        tallies = self._tallied.tallies
        kinds = {kind for group in self._groups for kind in group.window.kinds}
        kinds.update(kind for tally in tallies for kind in (EventKind if tally.has_boundaries else tally.kinds))
        fields = {name for tally in tallies for name in fields_of(tally.rule)}
        return Reads(self._hashes, frozenset(kinds), frozenset(fields.union(self._fields)), self._derivations.numbers)

    @property
    def live_keys(self) -> int:
        """Keys with an event in a window or a cool-down that runs, over all rules."""
        return sum(group.window.live_keys for group in self._groups) + sum(one.live_keys for one in self._tallied.tallies)

    @property
    def live_events(self) -> int:
        """Events in windows, over all rules; of a rule that tallies measure, what its measures hold."""
        return sum(group.window.live_events for group in self._groups) + sum(one.entries for one in self._tallied.tallies)

    @property
    def key_updates(self) -> int:
        """How often a key's compiled window took an event in, over all groups of rules."""
        return sum(group.window.counted_events for group in self._groups)

    @property
    def memory_bytes(self) -> int:
        """What the windows' arrays take, and about what tallies do."""
        return sum(group.window.memory_bytes for group in self._groups) + sum(one.memory_bytes for one in self._tallied.tallies)

    @property
    def losses(self) -> dict[str, Losses]:
        """What each rule forgot before its time, by the rule's name; rules that are measured together forget together."""
        losses = {watched.rule.name: group.window.losses for group in self._groups for watched in group.watched}
        return losses | {tally.rule.name: Losses(*tally.forgotten) for tally in self._tallied.tallies}

    @property
    def forgotten(self) -> dict[str, int]:
        """How many events and cool-downs each rule forgot before their time; rules that forgot none are not named."""
        lost = {rule: one.events + one.cool_downs for rule, one in sorted(self.losses.items())}
        return {rule: events for rule, events in lost.items() if events}

    def _take(self, events: Sequence[Event], now: Micros) -> list[Finding]:
        first = self._next_event
        told = columns_of(events, self._fields, self._hashes, clock=self._clock, now=now)
        columns = self._derivations.extended(told, events)
        call_ids = call_ids_of(events)
        self._call_ids.add(first, call_ids)
        self._clock = Micros(int(columns.time[-1]))
        self._next_event += len(events)
        made = [
            self._made(group.watched[each.rule], each, events[each.crossing.position], first)
            for group in self._groups
            for each in group.window.advance(columns, first)
        ]
        return [each.finding for each in self._tallied.advance(columns, events, call_ids, self._clock, made)]

    def _made(self, watched: _Watched, told: Told, event: Event, first: int) -> Made:
        rule, crossing = watched.rule, told.crossing
        occasion = Occasion(event, {one.name: value for one, value in zip(rule.measures, crossing.measures, strict=True)})
        found = Found(
            rule=rule,
            tier=told.tier,
            time=crossing.time,
            event=event,
            key=tuple(read(event) for read in watched.key),
            start=_start(rule, crossing.time),
            measures=crossing.measures,
            events=crossing.events,
            sample=tuple(self._call_ids.of(crossing.sample, present=first + crossing.position)),
            forgotten=crossing.forgotten,
            quantity=watched.judge.quantity(told.tier, occasion),
            errors={one.name: error for one, error in zip(rule.measures, crossing.errors, strict=False) if error},
            thresholds=watched.judge.thresholds(told.tier, occasion),
        )
        return Made(at_event(crossing.position, crossing.time, watched.number, told.tier), self._explainer.finding(found), found)


def _start(rule: Rule, time: Micros) -> Micros:
    """Return the start of the rule's longest window."""
    longest = max(rule.windows, key=span_us)
    return longest.start(time) if isinstance(longest, Rolling) else time


def _watched(rule: Rule, number: int, context: Context) -> _Watched:
    return _Watched(number, rule, tuple(reading(part, context) for part in rule.key), Judge(rule, context))
