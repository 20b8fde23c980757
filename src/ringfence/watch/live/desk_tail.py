"""What the desk tells watch: complaints, decisions, tracebacks and facts, as events that rules count like traffic."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from ringfence.feeds import FeedGap, FeedReader, Record
from ringfence.vocabulary.contracts import DeskEvent, Event, EventKind
from ringfence.watch.attribution import Directory
from ringfence.watch.live.log import Log

DESK_EVENTS: Final = "desk-events"
TOLD: Final = frozenset({EventKind.COMPLAINT, EventKind.DECISION, EventKind.TRACEBACK, EventKind.FACT})
"""The kinds of event that come from the desk."""

_AT_ONCE: Final = 500
_DECODER: Final = msgspec.json.Decoder(DeskEvent)


class DeskTail:
    """Follows the feed of the desk's events under `folder`, from the one after number `after`. It may not exist yet."""

    def __init__(self, folder: Path, *, after: int, log: Log) -> None:
        self._reader = FeedReader(folder / DESK_EVENTS, after=after)
        self._log = log

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

    def _events(self, records: list[Record], directory: Directory) -> Iterator[Event]:
        for record in records:
            try:
                yield as_event(_DECODER.decode(record.payload), directory)
            except (msgspec.DecodeError, ValueError) as error:
                self._log.error("desk-event.unreadable", number=record.number, cause=str(error), hint="it is passed by")


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
        conduct_time=told.conduct_time,
    )
