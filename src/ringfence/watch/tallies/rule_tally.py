"""One rule's tallies over event time, key by key, in plain Python: everything that a plan can say, exactly."""

from collections.abc import Callable, Collection, Iterator
from typing import Any, Final

from msgspec.structs import replace

from ringfence.policy.evaluation import Context, reading
from ringfence.policy.expressions import Expression, Type
from ringfence.policy.plan import Evaluation, MeasureFunction, Rule
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import TextHashes
from ringfence.watch.tallies.bounds import Bounds
from ringfence.watch.tallies.found import Found
from ringfence.watch.tallies.judging import filter_of
from ringfence.watch.tallies.keys import ENTRY_OCTETS, Key, KeyParts, key_octets
from ringfence.watch.tallies.remembered import Remembered, octets, write
from ringfence.watch.tallies.rounds import Known, Rounds
from ringfence.watch.tallies.rule_keys import RuleKeys
from ringfence.watch.tallies.taking_part import Taken, Taking, TakingPart
from ringfence.watch.tallies.told_apart import Distinct
from ringfence.watch.tallies.unwindowed import UNWINDOWED, Concurrent, Run
from ringfence.watch.tallies.windowed import Peak


class RuleTally:
    """What `rule` remembers, and where its tiers become true. Times that it is given never fall.

    Before each event `pass_time` must have been called with the event's time where that is `due`. `bounds` are those of its memory.
    """

    def __init__(self, rule: Rule, context: Context, hashes: TextHashes, bounds: Bounds) -> None:
        self.rule: Final = rule
        self._part = TakingPart(rule, context, hashes)
        self._key = tuple(reading(part, context) for part in rule.key)
        self._resets = tuple((reset.on, filter_of(reset.where, context)) for reset in rule.reset)
        self._once = None if rule.once is None else tuple(reading(part, context) for part in rule.once.per)
        self._counts_calls = any(measure.function is MeasureFunction.CONCURRENT for measure in rule.measures)
        self._only_ends = self._counts_calls and EventKind.END not in self._part.kinds
        self._trusts_asks = not self._counts_calls and not self._resets  # else events are given of which it knows nothing
        self._has_texts_alone = all(part.type is Type.TEXT for part in rule.key)
        self._keys = RuleKeys(rule, context, counting=self._part.counting, bounds=bounds)
        self._rounds = Rounds(rule, context, self._keys, self._keyed)

    @property
    def kinds(self) -> frozenset[EventKind]:
        """The kinds of events that it reads."""
        ends = {EventKind.END} if self._counts_calls else set()
        return self._part.kinds | ends | {kind for kind, _ in self._resets}

    @property
    def asks(self) -> dict[EventKind, tuple[Expression, ...]]:
        """What events of a kind are asked, where those for which nothing of it is true need not be given.

        Ends of calls that are `under_way`, or that began with an event given since, must be given all the same.
        """
        if self._resets:
            return {}
        ends: dict[EventKind, tuple[Expression, ...]] = {EventKind.END: ()} if self._only_ends else {}
        return ends | self._part.asks

    @property
    def counts_calls(self) -> bool:
        """Tell whether it counts calls under way, so that it reads their ends."""
        return self._counts_calls

    @property
    def calls_under_way(self) -> Collection[str]:
        """The ids of the calls that it counts as under way."""
        return self._keys.table.calls_under_way

    def know(self, known: Known, billing_day: Callable[[str | None], int]) -> None:
        """Look at these subjects too where the rule looks at silent ones, and begin billing cycles on these days, from now on."""
        self._rounds.known, self._rounds.billing_day = known, billing_day
        self._rounds.stir()

    def due(self, time: int) -> bool:
        """Tell whether `pass_time` has something to do."""
        return self._rounds.due(time)

    def pass_time(self, time: Micros) -> list[Found]:
        """Look at the rule at each boundary up to `time`: what counts at that time comes after it."""
        return self._rounds.pass_time(time)

    def take(self, event: Event, time: Micros, *, is_asked: bool = False) -> list[Found]:
        """Take in an event that counts at `time`; `is_asked`: it is given because something is true of it that `asks` has."""
        table = self._keys.table
        is_asked = is_asked and self._trusts_asks
        taken = self._part.of(event, time, is_asked=is_asked) if event.kind in self._part.kinds else None
        ends = self._counts_calls and event.kind is EventKind.END and event.call_id in table.calls_under_way
        if taken is None and not ends and not self._resets:
            return []  # as if it had not been given: who gives events may leave it out
        table.expire(time)
        self._rounds.stir()
        if self._resets:
            self._reset(event, time)
        ended = table.ended(event.call_id) if ends else []
        found: list[Found] = []
        judged: set[KeyParts] = set()
        if taken is not None:
            self._take_for_subject(event, taken, time)
            for parts, seen in self._keyed(event):
                found += self._take(parts, seen, taken, time)
                if taken.judged and ended:
                    judged.add(parts)
        for key in ended:
            if key.parts not in judged:
                self._keys.leave(key, time)
                found += self._looked_at(key, event, time)
                self._keys.keep(key, time, counted=False)
        return found

    def forget(self) -> None:
        """Become as before any event."""
        self._keys.forget()
        self._rounds.forget()

    def snapshot(self) -> bytes:
        """Return all that it remembers."""
        keys, rounds = self._keys, self._rounds
        asleep = keys.table.packed()
        return write(
            Remembered(
                begun=rounds.begun,
                parts=asleep.parts,
                times=octets(asleep.times),
                sizes=octets(asleep.sizes),
                ends=octets(asleep.ends),
                keys=asleep.blob,
                under_way=keys.table.under_way,
                forgotten=keys.table.forgotten,
                woken=keys.table.woken,
                short_until=keys.table.short_until,
                octets=keys.table.most_octets,
                rounds=[one.next for one in rounds.rounds],
                compared={place: one.next for place, one in rounds.compared.items()},
                classed=keys.of_subjects.moments,
                peers=keys.history.peers,
            )
        )

    def restore(self, remembered: Remembered) -> None:
        """Continue from a snapshot of the same rule, which `read` has read."""
        self.forget()
        keys, rounds = self._keys, self._rounds
        keys.table.fill(remembered.asleep, remembered.under_way)
        keys.table.forgotten, keys.table.woken = remembered.forgotten, remembered.woken
        keys.table.short_until = remembered.short_until
        keys.table.most_octets = remembered.octets
        keys.of_subjects.fill(remembered.classed)
        keys.history.peers.update(remembered.peers)
        rounds.begun = None if remembered.begun is None else Micros(remembered.begun)
        for one, moment in zip(rounds.rounds, remembered.rounds, strict=True):
            one.next = moment
        for place, moment in remembered.compared.items():
            rounds.compared[place].next = moment

    @property
    def has_boundaries(self) -> bool:
        """Tell whether it is looked at without an event: then it must know the time of every event."""
        return self._rounds.any

    @property
    def memory_bytes(self) -> int:
        """About what it takes, as measured: for a key, for each of its measures, for what they hold."""
        return self._keys.table.octets + self._keys.of_subjects.octets

    @property
    def event_octets(self) -> int:
        """About what an event of a new key takes at most."""
        return key_octets(self.rule.measures) + ENTRY_OCTETS * (1 + len(self.rule.measures))

    def hold(self, octets: int, time: Micros) -> None:
        """Take no more than this from now on: what is too much is forgotten at once."""
        self._keys.hold(octets, time)

    @property
    def live_keys(self) -> int:
        """Keys that it remembers."""
        return len(self._keys.table)

    @property
    def entries(self) -> int:
        """What its measures hold over all keys: events, grains, values."""
        return self._keys.table.entries

    @property
    def forgotten(self) -> tuple[int, int]:
        """Events, and cool-downs, that were forgotten before their time to bound memory, since ever."""
        table = self._keys.table
        return table.forgotten + self._keys.of_subjects.forgotten, table.woken

    def _values(self, event: Event) -> Iterator[tuple[tuple[str | float | bool | None, ...], Event]]:
        """Yield the parts of each key of the event, set or not, and the event as that key sees it."""
        if not self.rule.rollup:
            yield tuple([read(event) for read in self._key]), event
            return
        path = event.party_path
        for end in range(1, len(path) + 1):
            seen = replace(event, party_path=path[:end])
            yield tuple(read(seen) for read in self._key), seen

    def _keyed(self, event: Event) -> Iterator[tuple[KeyParts, Event]]:
        """Yield each key of the event, and the event as that key sees it: with `rollup` one for each party of the path."""
        for parts, seen in self._values(event):
            if None not in parts and (self._has_texts_alone or all(part == part for part in parts)):
                yield parts, seen  # type: ignore[misc]  # none of them is unset

    def _reset(self, event: Event, time: Micros) -> None:
        for kind, where in self._resets:
            if event.kind is kind and (where is None or where(event)):
                for parts, _ in self._keyed(event):
                    key = self._keys.table.get(parts)
                    if key is not None:
                        self._keys.reset(key, time)

    def _take_for_subject(self, event: Event, taken: Taken, time: Micros) -> None:
        """Let the measures that are kept for the subject take the event."""
        for taking in taken.of_subject:
            if taking.where is None or taking.where(event):
                for parts, _ in self._values(event):
                    subject = self._keys.of_subjects.subject(parts)
                    if subject is not None:
                        self._keys.of_subjects.take(taking.place, subject, time)

    def _take(self, parts: KeyParts, event: Event, taken: Taken, time: Micros) -> list[Found]:
        """Let one key count an event, and look at its condition."""
        if not (taken.takings or taken.judged):
            return []
        keys = self._keys
        key = keys.table.get(parts)
        if key is None:
            key = keys.new(parts, time, self._rounds.billing_day(event.account))
        else:
            keys.leave(key, time)
        if self._once is not None and self._is_repeated(key, event, time):
            return []
        counted = not self.rule.measures
        stamps = keys.stamps(key, time)
        tallies: list[Any] = key.tallies
        for taking in taken.takings:
            if not taking.is_plain:
                counted |= self._count(key, taking, event, time)
            elif taking.where is None or taking.where(event):
                stamp = stamps[taking.place]
                value = None if taking.value is None else taking.value(event)
                counted |= stamp is not None and tallies[taking.place].add(stamp, value)
        keys.note(key, event, time, counted=counted)
        found = self._looked_at(key, event, time) if taken.judged else []
        keys.keep(key, time, counted=counted or bool(found) or keys.on_nothing)
        return found

    def _looked_at(self, key: Key, event: Event, time: Micros) -> list[Found]:
        if self.rule.evaluation is not Evaluation.EVENT:
            return []
        if not self.rule.measures:
            found = self._keys.judged(key, event, time)
            key.clear()
            return found
        if not self._keys.on_nothing and key.is_empty:
            self._keys.let_go(key)
            return []
        if self._keys.is_far(key):
            key.refute()
            return []
        return self._keys.judged(key, event, time)

    def _is_repeated(self, key: Key, event: Event, time: Micros) -> bool:
        once, reads = self.rule.once, self._once
        if once is None or reads is None:
            return False
        values = [read(event) for read in reads]
        if any(value is None or value != value for value in values):
            return False
        seen = key.seen = key.seen or Distinct()
        seen.leave(time - once.within_us)
        same = "\x1f".join([event.kind, *map(str, values)])
        if same in seen.last:
            return True
        seen.add(time, same)
        return False

    def _count(self, key: Key, taking: Taking, event: Event, time: Micros) -> bool:
        """Let one measure take an event; tell whether it counts."""
        place = taking.place
        tally, span = key.tallies[place], self._keys.spans[place]
        passes = taking.where is None or taking.where(event)
        if taking.same is not None and (passes or isinstance(tally, Run)):
            value = taking.same(event)
            if place in key.same and key.same[place] != value:
                self._keys.table.release(key, place)
                tally = key.tallies[place] = self._keys.tally(place)
            key.same[place] = value
        if isinstance(tally, Concurrent):
            if passes:
                self._keys.table.begin(event.call_id, key.parts)
            return passes and tally.begin(event.call_id, time)
        if isinstance(tally, UNWINDOWED):
            return tally.add(time, passes=passes)
        if not passes or span is None:
            return False
        value = time if isinstance(tally, Peak) else None if taking.value is None else taking.value(event)
        return tally.add(span.stamp(time, key.billing_day), value)
