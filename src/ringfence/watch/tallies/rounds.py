"""A rule that is looked at without an event: at ends of periods, and every so often."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from ringfence.policy.evaluation import Context
from ringfence.policy.plan import Evaluation, Rule
from ringfence.vocabulary.contracts import Event
from ringfence.vocabulary.times import Micros
from ringfence.watch.tallies.boundaries import Boundaries, boundaries_of
from ringfence.watch.tallies.changes import Changes
from ringfence.watch.tallies.found import Found
from ringfence.watch.tallies.keys import EVER, Key, KeyParts
from ringfence.watch.tallies.rule_keys import RuleKeys
from ringfence.watch.tallies.silent import meant
from ringfence.watch.tallies.spans import LATEST

Keyed = Callable[[Event], Iterable[tuple[KeyParts, Event]]]
"""From an event to its keys, and the event as each of them sees it."""


class Known(Protocol):
    """Events that stand for every subject the reference knows, for rules that look at silent ones too."""

    def at(self, moment: Micros) -> Iterable[Event]:
        """Return the subjects that there are at a moment."""
        ...

    def change_after(self, moment: Micros) -> Micros | None:
        """Return the first moment after `moment` at which they may be others; `None` where they stay."""
        ...


class Nobody:
    """No subjects."""

    def at(self, _: Micros) -> Iterable[Event]:
        """Return none."""
        return ()

    def change_after(self, _: Micros) -> Micros | None:
        """Return that there never are any."""
        return None


def first_of_month(_: str | None) -> int:
    """Return the billing day of accounts that nobody knows."""
    return 1


class Rounds:
    """When the rule of `keys` is looked at, and what is found then. Rounds in which nothing can have changed are passed over."""

    def __init__(self, rule: Rule, context: Context, keys: RuleKeys, keyed: Keyed) -> None:
        self._rule = rule
        self._keys = keys
        self._changes = Changes(rule, context, keys)
        self._means = meant(rule, context)
        self._keyed = keyed
        self._calendar = next((span for span in keys.spans_by_name.values() if span.is_calendar), None)
        self.known: Known = Nobody()
        self.billing_day: Callable[[str | None], int] = first_of_month
        self.forget()

    def forget(self) -> None:
        """Become as before any event."""
        rounds = boundaries_of(self._rule, self._calendar)
        self.rounds = () if rounds is None else (rounds,)
        self.compared = {place: Boundaries(span=span) for place, span in self._keys.history.compared}
        self.begun: Micros | None = None
        self._still_until = EVER

    @property
    def any(self) -> bool:
        """Tell whether there are any: then the rule must know the time of every event."""
        return bool(self.rounds or self.compared)

    def due(self, time: int) -> bool:
        """Tell whether `pass_time` has something to do."""
        if self.begun is None:
            return self.any
        return any(rounds.due(time) for rounds in self._every())

    def stir(self) -> None:
        """Note that something was taken in, so that the next round may find something."""
        self._still_until = EVER

    def pass_time(self, time: Micros) -> list[Found]:
        """Look at the rule at each boundary up to `time`: what counts at that time comes after it."""
        found: list[Found] = []
        if self.begun is None:
            self.begun = time
            for rounds in self._every():
                rounds.begin(time)
        if not self.rounds:
            for compared in self.compared.values():
                compared.last(time)  # what keys had in earlier periods is not asked any more
        while moments := [one.next for one in self._every() if one.next is not None and one.due(time)]:
            moment = Micros(min(moments))
            if moment < self._still_until and not self.compared:
                for rounds in self.rounds:
                    rounds.begin(min(self._still_until - 1, time))
                continue
            self._keys.table.expire(moment - 1)
            for rounds in self.rounds:
                if rounds.next == moment:
                    found += self._round(moment)
                    rounds.begin(moment)
            for place, compared in self.compared.items():
                if compared.next == moment:
                    self._compare(place, moment)
                    compared.begin(moment)
        return found

    def _every(self) -> Iterator[Boundaries]:
        yield from self.rounds
        yield from self.compared.values()

    def _round(self, moment: Micros) -> list[Found]:
        """Look at every key just before `moment`, in the order of their texts."""
        rule, table = self._rule, self._keys.table
        self._still_until = LATEST
        if rule.from_us is not None and moment <= rule.from_us:
            self._still_until = rule.from_us + 1
            return []
        if rule.until_us is not None and moment > rule.until_us:
            return []
        if rule.until_us is not None:
            self._still(rule.until_us + 1)
        silent = self._silent(moment) if rule.silent_too else {}
        found: list[Found] = []
        for parts in sorted({*table.parts(), *silent}, key=_texts):
            key = table.get(parts)
            if key is None and parts not in silent:
                continue  # it left for want of room while others were looked at
            if key is None:
                key = self._keys.new(parts, Micros(moment - 1), self.billing_day(silent[parts].account))
            if self._is_over(key, moment):
                found += self._round_of(key, silent.get(parts), moment)
            else:
                self._still(moment + 1)
        return found

    def _round_of(self, key: Key, known: Event | None, moment: Micros) -> list[Found]:
        keys = self._keys
        keys.leave(key, moment, before=True)
        event = key.newest or known
        if event is None or (known is None and keys.is_nothing(key, moment, before=True)):
            keys.keep(key, moment, counted=False)
            return []
        found = keys.judged(key, event, moment, before=True)
        again = self._rule.finds_each
        if self._calendar is not None and self._rule.evaluation is Evaluation.CLOSE and self._calendar.periods == 1:
            again = True
        if again and True in key.held:
            self._still(moment + 1)  # what holds is found again
            if not self._rule.finds_each:
                key.held = [False] * len(key.held)  # the next period begins with nothing
        self._still(self._changes.after(key, event, moment, silent=known is not None))
        keys.keep(key, moment, counted=bool(found))
        return found

    def _still(self, until: int) -> None:
        self._still_until = min(self._still_until, until)

    def _is_over(self, key: Key, moment: Micros) -> bool:
        span = self._calendar
        if span is None or self._rule.evaluation is not Evaluation.CLOSE:
            return True
        return span.period(moment - 1, key.billing_day).end == moment

    def _silent(self, moment: Micros) -> dict[KeyParts, Event]:
        change = self.known.change_after(Micros(moment - 1))
        if change is not None:
            self._still(change + 1)
        found: dict[KeyParts, Event] = {}
        for event in self.known.at(Micros(moment - 1)):
            if self._means(event):
                for parts, seen in self._keyed(event):
                    found.setdefault(parts, seen)
        return found

    def _compare(self, place: int, moment: Micros) -> None:
        keys = list(self._keys.table.every())
        for key in keys:
            self._keys.history.roll(key, moment)
        self._keys.history.close(place, keys, moment)


def _texts(parts: KeyParts) -> tuple[str, ...]:
    return tuple(part if isinstance(part, str) else f"{part:.15g}" for part in parts)
