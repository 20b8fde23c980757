"""A rule's keys at a moment: what has left their windows, which tiers are true, which keys still matter."""

from typing import Final

from ringfence.policy.evaluation import Context, Occasion
from ringfence.policy.expressions import Connective
from ringfence.policy.least import least_of
from ringfence.policy.nothing import may_hold_on_nothing
from ringfence.policy.plan import Evaluation, MeasureFunction, Rule
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import DAY, Micros
from ringfence.watch.tallies.bounds import Bounds
from ringfence.watch.tallies.found import Found
from ringfence.watch.tallies.judging import Judge, past_values
from ringfence.watch.tallies.keys import EVER, Key, KeyParts, Tally, key_octets, tally_of
from ringfence.watch.tallies.of_subjects import OfSubjects
from ringfence.watch.tallies.past import History
from ringfence.watch.tallies.sampled import Sampled
from ringfence.watch.tallies.spans import Span
from ringfence.watch.tallies.table import KeyTable
from ringfence.watch.tallies.unwindowed import UNWINDOWED
from ringfence.watch.tallies.windowed import Counted

LONGEST: Final = Micros(3660 * DAY)
"""How long a key without events is remembered for a measure without a window: no duration that a rule can state is longer."""


class RuleKeys:
    """The keys of `rule`. `counting` is the place of a measure that counts just the events that any measure takes, if one does.

    A key that holds nothing is forgotten, and false, save for its cool-down: where no measure holds anything, and, if the condition
    may hold on nothing (`calls < 2`), no event of the key took part within the longest window either.
    """

    def __init__(self, rule: Rule, context: Context, *, counting: int | None, bounds: Bounds) -> None:
        self.rule: Final = rule
        self.spans_by_name: Final = {window.name: Span(window) for window in rule.windows}
        self.spans: Final = tuple(self.spans_by_name.get(measure.window or "") for measure in rule.measures)
        self.longest: Final = max(self.spans_by_name.values(), key=lambda span: span.longest_us, default=None)
        self.counting: Final = None if counting is None or self.spans[counting] is not self.longest else counting
        self.on_nothing: Final = bool(rule.measures) and may_hold_on_nothing(rule)
        self._windows = tuple((at, span, span.is_calendar) for at, span in enumerate(self.spans) if span is not None)
        spans = tuple(dict.fromkeys(span for span in self.spans if span is not None))
        self._by_span = tuple((span, span.is_calendar, tuple(at for at, own, _ in self._windows if own is span)) for span in spans)
        self._nth_span = tuple(len(spans) if span is None else spans.index(span) for span in self.spans)
        self._guards = () if any(tier.clears is not None for tier in rule.tiers) else _guards(rule)
        self._calls = any(measure.function is MeasureFunction.CONCURRENT for measure in rule.measures)
        self._names = tuple(measure.name for measure in rule.measures)
        self._judge = Judge(rule, context)
        self._bounds = bounds
        self.forget()

    def forget(self) -> None:
        """Become as before any event."""
        self.history = History(self.rule, past_values(self.rule), self.spans)
        bounds = self._bounds
        self.table = KeyTable(kept_us=self._kept_us(), bounds=bounds, octets=key_octets(self.rule.measures), rows=self.rows)
        self.of_subjects = OfSubjects(self.rule, kept_us=LONGEST, most=bounds.keys)

    def hold(self, octets: int, time: Micros) -> None:
        """Take no more than this from now on; subjects an eighth of it."""
        self.of_subjects.hold(octets // 8, time)
        self.table.hold(octets - self.of_subjects.octets, time)

    def new(self, parts: KeyParts, time: Micros, billing_day: int) -> Key:
        """Return a key that is not in the table yet."""
        rule, short_until = self.rule, self.table.short_until
        key = Key(
            parts=parts,
            tallies=self._tallies(),
            held=[False] * len(rule.tiers),
            quiet=[0] * len(rule.tiers),
            time=time,
            billing_day=billing_day,
            short_until=short_until if time < short_until else 0,
        )
        self.history.begin(key, time)
        return key

    def tally(self, place: int) -> Tally:
        """Return what a new key holds for the measure at `place`."""
        return tally_of(self.rule.measures[place], exact=self._bounds.exact)

    def reset(self, key: Key, time: Micros) -> None:
        """Let a key forget all that it holds."""
        self.table.release(key)
        key.tallies = self._tallies()
        key.same.clear()
        key.clear()
        key.present = EVER
        self.keep(key, time, counted=False)

    def stamp(self, key: Key, time: Micros) -> int:
        """Return the stamp of an event in the longest window."""
        return 0 if self.longest is None else self.longest.stamp(time, key.billing_day)

    def stamps(self, key: Key, time: Micros) -> list[int | None]:
        """Return for each measure the stamp of an event in its window; `None` for one that has none."""
        stamps: list[int | None] = [span.stamp(time, key.billing_day) for span, _, _ in self._by_span]
        stamps.append(None)
        return [stamps[nth] for nth in self._nth_span]

    def is_far(self, key: Key) -> bool:
        """Tell whether no tier can hold for a key whose windows were left: some measure is less than what all of them ask for."""
        tallies = key.tallies
        for at, least in self._guards:  # noqa: SIM110 (asked for each event: a generator costs as much as the answer)
            if not tallies[at].value() >= least:  # type: ignore[call-arg]  # has a window
                return True
        return False

    def note(self, key: Key, event: Event, time: Micros, *, counted: bool) -> None:
        """Write down that an event took part, and whether it counted for a measure."""
        stamp = self.stamp(key, time)
        key.present = stamp
        if counted:
            if self.counting is None:
                key.rows.add(stamp)
            key.note(stamp, event.call_id)
        if counted or self.on_nothing:
            key.newest = event if self.rule.evaluation is not Evaluation.EVENT else None

    def leave(self, key: Key, time: Micros, *, before: bool = False) -> None:
        """Forget what has left a key's windows at `time`, or with `before` just before it; a key that holds nothing is false."""
        calendar_time = Micros(time - before)
        self.history.roll(key, calendar_time)
        tallies, day = key.tallies, key.billing_day
        for span, is_calendar, places in self._by_span:
            horizon = span.horizon(calendar_time if is_calendar else time, day)
            for at in places:
                tallies[at].leave(horizon)  # type: ignore[union-attr]  # has a window
        longest = self.longest
        if longest is not None and self.counting is None:
            key.rows.leave(longest.horizon(calendar_time if longest.is_calendar else time, day))
        if key.thinned:
            key.thinned = min(key.thinned, self.rows(key).total)
        if self._calls:
            self.table.age(key, time)
        if not self.rule.silent_too and self.is_nothing(key, time, before=before):
            self.let_go(key)

    def let_go(self, key: Key) -> None:
        """Make a key false of which no measure holds anything. Where windows differ, events that left a shorter one stay."""
        if len(self.spans_by_name) > 1:
            key.refute()
        else:
            key.clear()

    def is_nothing(self, key: Key, time: Micros, *, before: bool = False) -> bool:
        """Tell whether nothing is known of a key, whose windows were left at `time`; at a close, whether its period had nothing."""
        if self.rule.evaluation is Evaluation.CLOSE:
            empty = not any(key.tallies[at].entries for at, _, _ in self._windows)
        else:
            empty = key.is_empty
        return empty and not (self.on_nothing and self.is_present(key, time, before=before))

    def is_present(self, key: Key, time: Micros, *, before: bool = False) -> bool:
        """Tell whether an event of the key took part within the longest window."""
        longest = self.longest
        if longest is None:
            return key.present != EVER
        return key.present > longest.horizon(Micros(time - before) if longest.is_calendar else time, key.billing_day)

    def keep(self, key: Key, time: Micros, *, counted: bool) -> None:
        """Keep a key as long as anything of it matters."""
        if not (self.on_nothing and key.present != EVER) and not key.matters(time):
            self.table.drop(key)
        elif counted or key.parts not in self.table:
            self.table.put(key, time)
        else:
            self.table.touch(key, time)

    def judged(self, key: Key, event: Event, time: Micros, *, before: bool = False) -> list[Found]:
        """Return what becomes true for a key."""
        moment = Micros(time - before)
        occasion = self.occasion(key, event, time, before=before)
        crossed = [tier for tier in self._judge.crossings(occasion, key.held) if time >= key.quiet[tier]]
        if True in key.held:
            self.history.alarm(key, moment)
        return [self._found(key, tier, occasion, time, moment) for tier in crossed]

    def occasion(self, key: Key, event: Event, time: Micros, *, before: bool = False) -> Occasion:
        """Return all that conditions are looked at with."""
        moment = Micros(time - before)
        measures = {
            name: tally.value(time) if isinstance(tally, UNWINDOWED) else tally.value()
            for name, tally in zip(self._names, key.tallies, strict=True)
        }
        if self.of_subjects.asked:
            measures |= self.of_subjects.values(key.parts, time)
        return Occasion(event, measures, lambda value: self.history.value(value, key, moment))

    def rows(self, key: Key) -> Counted:
        """Return the events that counted for any measure, in the longest window."""
        if self.counting is not None:
            tally = key.tallies[self.counting]
            if isinstance(tally, Counted):
                return tally
        return key.rows

    def _found(self, key: Key, tier: int, occasion: Occasion, time: Micros, moment: Micros) -> Found:
        key.quiet[tier] = time + self.rule.cool_down_us
        span, day = self.longest, key.billing_day
        at = moment if span is not None and span.is_calendar else time
        return Found(
            rule=self.rule,
            tier=tier,
            time=time,
            event=occasion.event,
            key=key.parts,
            start=time if span is None else span.start(at, day),
            measures=tuple(occasion.measures.values()),
            events=self.rows(key).total,
            sample=key.sampled(EVER if span is None else span.horizon(at, day)),
            forgotten=self.table.forgotten if time < key.short_until else 0,
            quantity=self._judge.quantity(tier, occasion),
            thresholds=self._judge.thresholds(tier, occasion),
            errors={
                name: error
                for name, tally in zip(self._names, key.tallies, strict=True)
                if isinstance(tally, Sampled) and (error := tally.error())
            },
        )

    def _tallies(self) -> list[Tally]:
        return [self.tally(place) for place in range(len(self.rule.measures))]

    def _kept_us(self) -> int:
        """Return how long a key matters after its last event."""
        rule = self.rule
        spans = [span.longest_us for span in self.spans_by_name.values()]
        windowless = [LONGEST for measure in rule.measures if measure.window is None and not measure.of_subject]
        once = rule.once.within_us if rule.once else 0
        return max(*spans, *windowless, once, rule.cool_down_us, 0) + self.history.reach_us + DAY


def _guards(rule: Rule) -> tuple[tuple[int, int], ...]:
    """Return the places of measures over windows without which no tier holds, and what each must reach."""
    tiers = [tier.when for tier in rule.tiers]
    whole = tiers[0] if len(tiers) == 1 else Connective("or", tuple(tiers))
    least = least_of(whole if rule.minimum is None else Connective("and", (rule.minimum, whole)))
    places = {one.name: at for at, one in enumerate(rule.measures) if one.window is not None and not one.of_subject}
    return tuple((places[name], number) for name, number in least.items() if name in places)
