"""The engine: events in, findings out; live, recorded or on a cluster."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ringfence.policy.plan import Plan, Rule
from ringfence.vocabulary.contracts import Event, EventKind, Finding
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import TextHashes, call_ids_of, columns_of
from ringfence.watch.engine import snapshots
from ringfence.watch.engine.call_ids import CallIds
from ringfence.watch.findings import Explainer, subject_fields, subject_of
from ringfence.watch.windows import Crossing, Limits, Losses, RuleUnmeasurable, RuleWindow, sampled_events

_BATCH: Final = 16_384  # columns of this many events stay in the processor's cache
_CALL_IDS: Final = 1 << 19
_BEFORE_ALL: Final = Micros(-(1 << 62))


class _Watched(NamedTuple):
    rule: Rule
    subject_fields: tuple[str, ...]
    window: RuleWindow


class Reads(NamedTuple):
    """The kinds and fields of events that an engine reads, and how it hashes text. Everything else may be left away."""

    hashes: TextHashes
    kinds: frozenset[EventKind]
    fields: frozenset[str]


class Engine:
    """Measures traffic by the rules of `plan` and says where one's condition became true.

    `key` is the installation's (empty in a scan): it keys the findings' ids and the hashes of text. `source` names the input.
    `limits` bound the memory of each rule; what a rule then forgets is counted in `losses` and said in its findings.
    No clock, no chance: the same events give the same findings, however they are cut into steps.
    Raises `RuleUnmeasurable` for a rule that can't be measured.
    """

    def __init__(self, plan: Plan, *, key: bytes, source: str, limits: Limits | None = None) -> None:
        self._hashes = TextHashes(key)
        self._watched = tuple(_watched(rule, self._hashes, limits or Limits()) for rule in plan.rules)
        self._fields = sorted({name for watched in self._watched for name in watched.window.fields})
        self._explainer = Explainer(key=key, policy=plan.policy, source=source)
        self._owner = snapshots.owner_of(plan, key)
        self._call_ids = CallIds(remembered=_CALL_IDS, batch=_BATCH)
        self._clock = _BEFORE_ALL
        self._next_event = 0

    def step(self, events: Sequence[Event], now: Micros) -> list[Finding]:
        """Take in `events`, which stand in the order in which they count, and return the findings in the order of their events.

        An event older than one before it counts when that one did. One later than `now` counts at `now`: in a recording
        `now` must not lie before the events.
        """
        findings: list[Finding] = []
        for start in range(0, len(events), _BATCH):
            findings += self._take(events[start : start + _BATCH], now)
        for watched in self._watched:
            watched.window.shrink()
        return findings

    def snapshot(self) -> bytes:
        """Return all that the engine remembers; `restore` continues from it as if nothing had been."""
        windows = [watched.window.snapshot() for watched in self._watched]
        numbers = {number for packed in windows for number in sampled_events(packed).tolist()}
        call_ids = self._call_ids.pick(sorted(numbers), present=self._next_event)
        return snapshots.write(self._owner, clock=self._clock, next_event=self._next_event, windows=windows, call_ids=call_ids)

    def restore(self, snapshot: bytes) -> None:
        """Continue from a snapshot of the same plan and installation. Raises `SnapshotRefused`, and then stays as it was."""
        header, windows = snapshots.read(snapshot, self._owner)
        for watched, packed in zip(self._watched, windows, strict=True):
            watched.window.restore(packed)
        self._call_ids.replace(header.call_ids)
        self._clock = Micros(header.clock)
        self._next_event = header.next_event

    def forget(self) -> None:
        """Forget all events and cool-downs: what comes next may be older than what came before."""
        for watched in self._watched:
            watched.window.forget()
        self._call_ids.replace({})
        self._clock = _BEFORE_ALL

    @property
    def reads(self) -> Reads:
        """What it reads of events. Those of other kinds need not be given, unless an event's time alone must be known."""
        kinds = frozenset(kind for watched in self._watched for kind in watched.window.kinds)
        return Reads(self._hashes, kinds, frozenset(self._fields))

    @property
    def live_keys(self) -> int:
        """Keys with an event in a window or a cool-down that runs, over all rules."""
        return sum(watched.window.live_keys for watched in self._watched)

    @property
    def live_events(self) -> int:
        """Events in windows, over all rules."""
        return sum(watched.window.live_events for watched in self._watched)

    @property
    def memory_bytes(self) -> int:
        """What the windows' arrays take."""
        return sum(watched.window.memory_bytes for watched in self._watched)

    @property
    def losses(self) -> dict[str, Losses]:
        """What each rule forgot before its time, by the rule's name."""
        return {watched.rule.name: watched.window.losses for watched in self._watched}

    def _take(self, events: Sequence[Event], now: Micros) -> list[Finding]:
        first = self._next_event
        columns = columns_of(events, self._fields, self._hashes, clock=self._clock, now=now)
        self._call_ids.add(first, call_ids_of(events))
        self._clock = Micros(int(columns.time[-1]))
        self._next_event += len(events)
        crossings = [
            (crossing.position, nth, crossing)
            for nth, watched in enumerate(self._watched)
            for crossing in watched.window.advance(columns, first)
        ]
        crossings.sort(key=lambda found: found[:2])
        return [self._finding(self._watched[nth], crossing, events[position], first) for position, nth, crossing in crossings]

    def _finding(self, watched: _Watched, crossing: Crossing, event: Event, first: int) -> Finding:
        subject = subject_of(watched.rule.subject, watched.subject_fields, event)
        call_ids = self._call_ids.of(crossing.sample, present=first + crossing.position)
        return self._explainer.finding(watched.rule, crossing, event, subject, call_ids)


def _watched(rule: Rule, hashes: TextHashes, limits: Limits) -> _Watched:
    fields = subject_fields(rule)
    if fields is None:
        raise RuleUnmeasurable(rule.name, f"its key doesn't tell which {rule.subject} its finding is about")
    return _Watched(rule, fields, RuleWindow(rule, hashes, limits))
