"""One rule's tallies over event time, key by key, in plain Python: everything that a plan can say, exactly."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from ringfence.policy.evaluation import Context, Occasion, reading
from ringfence.policy.plan import Evaluation, MeasureFunction, Rule
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import DAY, Micros
from ringfence.watch.tallies.boundaries import Boundaries, boundaries_of
from ringfence.watch.tallies.found import Found
from ringfence.watch.tallies.judging import Judge, filter_of, past_values
from ringfence.watch.tallies.keys import ENTRY_OCTETS, Key, KeyParts, key_octets, tally_of
from ringfence.watch.tallies.past import History
from ringfence.watch.tallies.remembered import Remembered, write
from ringfence.watch.tallies.spans import EVER, Span
from ringfence.watch.tallies.table import KeyTable
from ringfence.watch.tallies.taking_part import Taken, Taking, TakingPart
from ringfence.watch.tallies.unwindowed import UNWINDOWED, Concurrent, Run
from ringfence.watch.tallies.windowed import Peak

LONGEST: Final = Micros(3660 * DAY)
"""How long a key without events is remembered for a measure without a window: no duration that a rule can state is longer."""

Known = Callable[[Micros], Iterable[Event]]
"""Events that stand for every subject the reference knows at a moment, for rules that look at silent ones too."""


def _nobody(_: Micros) -> Iterable[Event]:
    return ()


def _first_of_month(_: str | None) -> int:
    return 1


def _texts(parts: KeyParts) -> tuple[str, ...]:
    return tuple(part if isinstance(part, str) else f"{part:.15g}" for part in parts)


class RuleTally:
    """What `rule` remembers, and where its tiers become true. Times that it is given never fall.

    A key that holds nothing is forgotten, and false, save for its cool-down. Before each event `pass_time` must have been called
    with the event's time where that is `due`. `most_keys` and `most_entries` bound its memory.
    """

    def __init__(self, rule: Rule, context: Context, *, most_keys: int, most_entries: int) -> None:
        self.rule: Final = rule
        self.known: Known = _nobody
        self.billing_day: Callable[[str | None], int] = _first_of_month
        self._part = TakingPart(rule, context)
        self._judge = Judge(rule, context)
        self._key = tuple(reading(part, context) for part in rule.key)
        self._resets = tuple((reset.on, filter_of(reset.where, context)) for reset in rule.reset)
        self._once = None if rule.once is None else tuple(reading(part, context) for part in rule.once.per)
        self._counts_calls = any(measure.function is MeasureFunction.CONCURRENT for measure in rule.measures)
        self._all_spans = {window.name: Span(window) for window in rule.windows}
        self._spans = tuple(self._all_spans.get(measure.window or "") for measure in rule.measures)
        self._longest = max(self._all_spans.values(), key=lambda span: span.longest_us, default=None)
        self._bounds = (most_keys, most_entries)
        self.forget()

    @property
    def kinds(self) -> frozenset[EventKind]:
        """The kinds of events that it reads."""
        ends = {EventKind.END} if self._counts_calls else set()
        return self._part.kinds | ends | {kind for kind, _ in self._resets}

    def due(self, time: int) -> bool:
        """Tell whether `pass_time` has something to do."""
        if self._begun is None:
            return bool(self._rounds or self._compared)
        return any(rounds.due(time) for rounds in (*self._rounds, *self._compared.values()))

    def pass_time(self, time: Micros) -> list[Found]:
        """Look at the rule at each boundary up to `time`: what counts at that time comes after it."""
        found: list[Found] = []
        if self._begun is None:
            self._begin(time)
        while moments := [one.next for one in (*self._rounds, *self._compared.values()) if one.next is not None and one.due(time)]:
            moment = Micros(min(moments))
            self._table.expire(moment - 1)
            for rounds in self._rounds:
                if rounds.next == moment:
                    found += self._round(moment)
                    rounds.begin(moment if self._table.keys or self.rule.silent_too else time)
            for place, rounds in self._compared.items():
                if rounds.next == moment:
                    self._compare(place, moment)
                    rounds.begin(moment)
        return found

    def take(self, event: Event, time: Micros) -> list[Found]:
        """Take in an event that counts at `time`."""
        self._table.expire(time)
        if self._resets:
            self._reset(event, time)
        ended = self._table.ended(event.call_id) if self._counts_calls and event.kind is EventKind.END else []
        found: list[Found] = []
        taken = self._part.of(event, time) if event.kind in self._part.kinds else None
        judged: set[KeyParts] = set()
        if taken is not None:
            for parts, seen in self._keyed(event):
                found += self._take(parts, seen, taken, time)
                if taken.judged:
                    judged.add(parts)
        for key in ended:
            if key.parts not in judged:
                self._leave(key, time)
                found += self._looked_at(key, event, time)
                self._keep(key, time, counted=False)
        return found

    def forget(self) -> None:
        """Become as before any event."""
        rule = self.rule
        most_keys, most_entries = self._bounds
        values = past_values(rule)
        self._history = History(rule, values, self._spans)
        self._table = KeyTable(kept_us=self._kept_us(), most_keys=most_keys, most_entries=most_entries)
        calendar = next((span for span in self._all_spans.values() if span.is_calendar), None)
        rounds = boundaries_of(rule, calendar)
        self._calendar = calendar
        self._rounds = () if rounds is None else (rounds,)
        self._compared = {place: Boundaries(span=span) for place, span in self._history.compared}
        self._begun: Micros | None = None

    def snapshot(self) -> bytes:
        """Return all that it remembers."""
        table = self._table
        return write(
            Remembered(
                begun=self._begun,
                keys=list(table.keys.values()),
                forgotten=table.forgotten,
                woken=table.woken,
                short_until=table.short_until,
                rounds=[rounds.next for rounds in self._rounds],
                compared={place: rounds.next for place, rounds in self._compared.items()},
                peers=self._history.peers,
            )
        )

    def restore(self, remembered: Remembered) -> None:
        """Continue from a snapshot of the same rule, which `read` has read."""
        self.forget()
        self._table.fill(remembered.keys)
        self._table.forgotten, self._table.woken = remembered.forgotten, remembered.woken
        self._table.short_until = remembered.short_until
        self._begun = None if remembered.begun is None else Micros(remembered.begun)
        for rounds, moment in zip(self._rounds, remembered.rounds, strict=True):
            rounds.next = moment
        for place, moment in remembered.compared.items():
            self._compared[place].next = moment
        self._history.peers.update(remembered.peers)

    @property
    def has_boundaries(self) -> bool:
        """Tell whether it is looked at without an event: then it must know the time of every event."""
        return bool(self._rounds or self._compared)

    @property
    def memory_bytes(self) -> int:
        """About what it takes, as measured: for a key, for each of its measures (those in deques take more), for what they hold."""
        return self.live_keys * key_octets(self.rule.measures) + self.entries * ENTRY_OCTETS

    @property
    def live_keys(self) -> int:
        """Keys that it remembers."""
        return len(self._table.keys)

    @property
    def entries(self) -> int:
        """What its measures hold over all keys: events, grains, values."""
        return self._table.entries

    @property
    def forgotten(self) -> tuple[int, int]:
        """Events, and cool-downs, that were forgotten before their time to bound memory, since ever."""
        return self._table.forgotten, self._table.woken

    def _kept_us(self) -> int:
        """Return how long a key matters after its last event."""
        rule = self.rule
        spans = [span.longest_us for span in self._all_spans.values()]
        windowless = [LONGEST for measure in rule.measures if measure.window is None]
        once = rule.once.within_us if rule.once else 0
        return max(*spans, *windowless, once, rule.cool_down_us, 0) + self._history.reach_us + DAY

    def _begin(self, time: Micros) -> None:
        self._begun = time
        for rounds in (*self._rounds, *self._compared.values()):
            rounds.begin(time)

    def _keyed(self, event: Event) -> Iterator[tuple[KeyParts, Event]]:
        """Yield each key of the event, and the event as that key sees it: with `rollup` one for each party of the path."""
        path = event.party_path
        seen = (replace(event, party_path=path[:end]) for end in range(1, len(path) + 1)) if self.rule.rollup else (event,)
        for one in seen:
            parts = tuple(read(one) for read in self._key)
            if all(part is not None and part == part for part in parts):
                yield parts, one

    def _reset(self, event: Event, time: Micros) -> None:
        for kind, where in self._resets:
            if event.kind is kind and (where is None or where(event)):
                for parts, _ in self._keyed(event):
                    key = self._table.keys.get(parts)
                    if key is not None:
                        key.tallies = [tally_of(measure) for measure in self.rule.measures]
                        key.same.clear()
                        key.clear()
                        self._keep(key, time, counted=False)

    def _new(self, parts: KeyParts, event: Event, time: Micros) -> Key:
        rule = self.rule
        key = Key(
            parts=parts,
            tallies=[tally_of(measure) for measure in rule.measures],
            held=[False] * len(rule.tiers),
            quiet=[0] * len(rule.tiers),
            time=time,
            billing_day=self.billing_day(event.account),
            short_until=self._table.short_until if time < self._table.short_until else 0,
        )
        self._history.begin(key, time)
        return key

    def _take(self, parts: KeyParts, event: Event, taken: Taken, time: Micros) -> list[Found]:
        """Let one key count an event, and look at its condition."""
        key = self._table.keys.get(parts)
        if key is None:
            key = self._new(parts, event, time)
        else:
            self._leave(key, time)
        if self._once is not None and self._is_repeated(key, event, time):
            return []
        counted = False
        for taking in taken.takings:
            counted |= self._count(key, taking, event, time)
        if counted or not self.rule.measures:
            key.note(0 if self._longest is None else self._longest.stamp(time, key.billing_day), event.call_id)
            key.newest = event if self.rule.evaluation is not Evaluation.EVENT else None
        found = self._looked_at(key, event, time) if taken.judged else []
        self._keep(key, time, counted=counted or bool(found))
        return found

    def _looked_at(self, key: Key, event: Event, time: Micros) -> list[Found]:
        if self.rule.evaluation is not Evaluation.EVENT:
            return []
        if not self.rule.measures:
            found = self._judged(key, event, time)
            key.clear()
            return found
        if key.is_empty:
            key.clear()
            return []
        return self._judged(key, event, time)

    def _is_repeated(self, key: Key, event: Event, time: Micros) -> bool:
        once, reads = self.rule.once, self._once
        if once is None or reads is None:
            return False
        while key.seen and (first := next(iter(key.seen))) and key.seen[first] <= time - once.within_us:
            del key.seen[first]
        values = [read(event) for read in reads]
        if any(value is None or value != value for value in values):
            return False
        same = "\x1f".join([event.kind, *map(str, values)])
        if same in key.seen:
            return True
        key.seen[same] = time
        return False

    def _count(self, key: Key, taking: Taking, event: Event, time: Micros) -> bool:
        """Let one measure take an event; tell whether it counts."""
        place = taking.place
        tally, span = key.tallies[place], self._spans[place]
        passes = taking.where is None or taking.where(event)
        if taking.same is not None and (passes or isinstance(tally, Run)):
            value = taking.same(event)
            if place in key.same and key.same[place] != value:
                tally = key.tallies[place] = tally_of(self.rule.measures[place])
            key.same[place] = value
        if isinstance(tally, Concurrent):
            if passes:
                self._table.begin(event.call_id, key.parts)
            return passes and tally.begin(event.call_id, time)
        if isinstance(tally, UNWINDOWED):
            return tally.add(time, passes=passes)
        if not passes or span is None:
            return False
        value = time if isinstance(tally, Peak) else None if taking.value is None else taking.value(event)
        return tally.add(span.stamp(time, key.billing_day), value)

    def _leave(self, key: Key, time: Micros, *, before: bool = False) -> None:
        """Forget what has left a key's windows at `time`, or with `before` just before it; a key that holds nothing is false."""
        calendar_time = Micros(time - before)
        self._history.roll(key, calendar_time)
        for tally, span in zip(key.tallies, self._spans, strict=True):
            if span is not None and not isinstance(tally, UNWINDOWED):
                tally.leave(span.horizon(calendar_time if span.is_calendar else time, key.billing_day))
        if self._longest is not None:
            moment = calendar_time if self._longest.is_calendar else time
            key.rows.leave(self._longest.horizon(moment, key.billing_day))
        if not self.rule.silent_too and key.is_empty:
            key.clear()
        self._table.settle(key)

    def _keep(self, key: Key, time: Micros, *, counted: bool) -> None:
        """Keep a key as long as anything of it matters."""
        if not key.matters(time):
            self._table.drop(key)
        elif counted or key.parts not in self._table.keys:
            self._table.put(key, time)
        else:
            self._table.touch(key, time)

    def _judged(self, key: Key, event: Event, time: Micros, *, before: bool = False) -> list[Found]:
        moment = Micros(time - before)
        measures = {
            measure.name: tally.value(time) if isinstance(tally, UNWINDOWED) else tally.value()
            for measure, tally in zip(self.rule.measures, key.tallies, strict=True)
        }
        occasion = Occasion(event, measures, lambda value: self._history.value(value, key, moment))
        crossed = [tier for tier in self._judge.crossings(occasion, key.held) if time >= key.quiet[tier]]
        return [self._found(key, tier, occasion, time, moment) for tier in crossed]

    def _found(self, key: Key, tier: int, occasion: Occasion, time: Micros, moment: Micros) -> Found:
        key.quiet[tier] = time + self.rule.cool_down_us
        span, day = self._longest, key.billing_day
        at = moment if span is not None and span.is_calendar else time
        return Found(
            rule=self.rule,
            tier=tier,
            time=time,
            event=occasion.event,
            key=key.parts,
            start=time if span is None else span.start(at, day),
            measures=tuple(occasion.measures.values()),
            events=key.rows.total,
            sample=key.sampled(EVER if span is None else span.horizon(at, day)),
            forgotten=self._table.forgotten if time < key.short_until else 0,
            quantity=self._judge.quantity(tier, occasion),
        )

    def _round(self, moment: Micros) -> list[Found]:
        """Look at every key just before `moment`, in the order of their texts."""
        rule = self.rule
        if (rule.from_us is not None and moment <= rule.from_us) or (rule.until_us is not None and moment > rule.until_us):
            return []
        silent = self._silent(moment) if rule.silent_too else {}
        found: list[Found] = []
        for parts in sorted({*self._table.keys, *silent}, key=_texts):
            key = self._table.keys.get(parts)
            if key is None and parts not in silent:
                continue  # it left for want of room while others were looked at
            if key is None:
                key = self._new(parts, silent[parts], Micros(moment - 1))
            if self._is_over(key, moment):
                found += self._round_of(key, silent.get(parts), moment)
        return found

    def _round_of(self, key: Key, known: Event | None, moment: Micros) -> list[Found]:
        self._leave(key, moment, before=True)
        event = key.newest or known
        if event is None or (key.is_empty and known is None):
            return []
        found = self._judged(key, event, moment, before=True)
        if self._calendar is not None and self.rule.evaluation is Evaluation.CLOSE and self._calendar.periods == 1:
            key.held = [False] * len(key.held)  # the next period begins with nothing
        self._keep(key, moment, counted=bool(found))
        return found

    def _is_over(self, key: Key, moment: Micros) -> bool:
        span = self._calendar
        if span is None or self.rule.evaluation is not Evaluation.CLOSE:
            return True
        return span.period(moment - 1, key.billing_day).end == moment

    def _silent(self, moment: Micros) -> dict[KeyParts, Event]:
        return {parts: seen for event in self.known(Micros(moment - 1)) for parts, seen in self._keyed(event)}

    def _compare(self, place: int, moment: Micros) -> None:
        keys = list(self._table.keys.values())
        for key in keys:
            self._history.roll(key, moment)
        self._history.close(place, keys, moment)
