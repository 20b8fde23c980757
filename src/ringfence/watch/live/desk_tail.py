"""What the desk tells watch: complaints, decisions, tracebacks and facts, as events that rules count like traffic."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from ringfence.feeds import FeedError, FeedGap, FeedReader, Record
from ringfence.feeds.marks import mark_read
from ringfence.feeds.segments import records_after
from ringfence.policy.plan import Rule
from ringfence.policy.strata import readers, strata
from ringfence.vocabulary.contracts import DeskEvent, Event, EventKind
from ringfence.vocabulary.times import DAY, HOUR, MINUTE, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.live.log import Log
from ringfence.watch.tallies import reach_us

DESK_EVENTS: Final = "desk-events"
TOLD: Final = frozenset({EventKind.COMPLAINT, EventKind.DECISION, EventKind.TRACEBACK, EventKind.FACT})
"""The kinds of event that come from the desk."""

LATE_US: Final = Micros(5 * MINUTE)
"""What the desk received so long ago is not counted as if it were of now, but at its own time."""
_LONGEST_US: Final = Micros(7 * DAY)
_MARKED_US: Final = Micros(HOUR)
_AT_ONCE: Final = 500
_DECODER: Final = msgspec.json.Decoder(DeskEvent)


class DeskTail:
    """Follows the feed of the desk's events under `folder`, from the one after number `after`. It may not exist yet."""

    def __init__(self, folder: Path, *, after: int, log: Log) -> None:
        self._reader = FeedReader(folder / DESK_EVENTS, after=after)
        self._folder = folder
        self._log = log
        self._marked = Micros(0)

    def next(self, directory: Directory) -> tuple[list[Event], int | None]:
        """Return what came since the last call, and its last number; no events and `None` where nothing did.

        A record that is no desk event is passed by with a word in the log. Raises `FeedDamaged`.
        """
        try:
            records = self._reader.read(_AT_ONCE)
        except FeedGap as gap:
            self._log.error(
                "desk-events.gap", cause=str(gap), hint="complaints and decisions between were deleted before watch read them"
            )
            records = self._reader.read(_AT_ONCE)
        return list(self._events(records, directory)), records[-1].number if records else None

    def mark(self, now: Micros, *, upto: int, rules: Sequence[Rule]) -> None:
        """Say now and then up to where the feed is needed no more, so that its writer can let go of it.

        `upto` is the last number that was consumed; the windows of the `rules` in force may be filled from what came before.
        """
        if self._marked <= now < self._marked + _MARKED_US:
            return
        self._marked = now
        reach = reach_us(rules) if counts_told(rules) else _LONGEST_US
        try:
            number = needless(self._folder, upto, since=Micros(now - max(reach, _LONGEST_US)))
            if number:
                mark_read(self._folder / DESK_EVENTS, number)
        except (FeedError, OSError) as error:
            self._log.error("desk-events.not-marked", cause=str(error), hint="the feed grows until it can be; it is tried again")

    def _events(self, records: list[Record], directory: Directory) -> Iterator[Event]:
        for record in records:
            try:
                yield as_event(_DECODER.decode(record.payload), directory)
            except (msgspec.DecodeError, ValueError) as error:
                self._log.error("desk-event.unreadable", number=record.number, cause=str(error), hint="it is passed by")


def counts_told(rules: Iterable[Rule]) -> bool:
    """Tell whether any of the rules counts what the desk tells."""
    return any(
        kind in TOLD
        for rule in rules
        for kind in (rule.on, *rule.also_on, *(each.on for each in rule.measures), *(each.on for each in rule.reset))
    )


def telling(rules: Sequence[Rule]) -> frozenset[str]:
    """Return the names of the rules that count what the desk tells, and of those that read such rules' findings."""
    read, found = readers(rules), set[str]()
    for layer in strata(rules):
        found.update(rule.name for rule in layer if counts_told([rule]) or not found.isdisjoint(read.get(rule.name, ())))
    return frozenset(found)


def told_before(folder: Path, upto: int, directory: Directory, *, since: Micros) -> Iterator[Event]:
    """Yield the desk's events up to number `upto` of its feed that it received since a moment. Raises `FeedError`."""
    for record in records_after(folder / DESK_EVENTS):
        if record.number > upto:
            return
        try:
            told = _DECODER.decode(record.payload)
            if told.time >= since:
                yield as_event(told, directory)
        except (msgspec.DecodeError, ValueError):
            continue  # it was said when it was heard


def needless(folder: Path, upto: int, *, since: Micros) -> int:
    """Return the number up to which the desk's feed is needed no more: what was heard (`upto`) and was received before `since`.

    Raises `FeedError`.
    """
    found = 0
    for record in records_after(folder / DESK_EVENTS):
        try:
            if record.number > upto or _DECODER.decode(record.payload).time >= since:
                break
        except msgspec.DecodeError:
            pass
        found = record.number
    return found


def as_event(told: DeskEvent, directory: Directory) -> Event:
    """Return a desk event as rules see it: at the time at which the desk received or made it.

    Raises `ValueError` for a kind that the desk cannot tell.
    """
    kind = EventKind(told.kind)
    if kind not in TOLD:
        raise ValueError(f"the desk tells no event of kind {kind}")
    known = directory.account(told.account, None, told.time) if told.account is not None else None
    return Event(
        kind=kind,
        time=told.time,
        call_id=told.id,
        account=told.account,
        party_path=told.party_path or (known.party_path if known is not None else ()),
        plan=known.plan if known is not None else None,
        caller=told.caller,
        callee=told.callee,
        clause=told.clause,
        rule=told.rule,
        reporter=told.reporter,
        name=told.name,
        value=told.value,
        source=told.source,
        conduct_time=told.conduct_time,
    )
