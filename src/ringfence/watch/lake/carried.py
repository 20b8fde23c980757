"""Calls that were carried: who called whom near a moment, by tokens alone, from the lake and what the journal has beyond it.

Opening the sealed numbers of a call is a second question, which its caller records with a reason.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
from msgspec import Struct

from ringfence.feeds import FeedError
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import HOUR, Micros
from ringfence.vocabulary.tokens import token
from ringfence.watch.lake.commits import Contents, LakeFile
from ringfence.watch.lake.journal import Batch, JournalReader
from ringfence.watch.lake.reading import read_events
from ringfence.watch.lake.store import Lake

LONGEST_US: Final = Micros(6 * HOUR)
"""How long after its start a call's end is looked for."""
MOST: Final = 500
"""Calls that an answer has, the earliest."""
_NUMBERS: Final = ("caller", "callee", "asserted", "diverted")
_TOKENS: Final = (*_NUMBERS, "source", "call_id")
_PLAIN: Final = ("account", "party_path", "trunk", "direction", "attestation")
_ATTEMPTS: Final = f"""
    SELECT epoch_us(time), {", ".join(f"{name}_token" for name in _TOKENS)}, {", ".join(_PLAIN)}
    FROM read_parquet($files), (SELECT CAST($numbers AS UBIGINT[]) AS wanted)
    WHERE kind = 'attempt' AND epoch_us(time) BETWEEN $since AND $until
      AND (list_contains(wanted, caller_token) OR list_contains(wanted, callee_token)
        OR list_contains(wanted, asserted_token) OR list_contains(wanted, diverted_token))
    ORDER BY time LIMIT {MOST}
"""
_ENDS: Final = """
    SELECT call_id_token, epoch_us(time), status, answered, duration_ms
    FROM read_parquet($files), (SELECT CAST($calls AS UBIGINT[]) AS wanted)
    WHERE kind = 'end' AND list_contains(wanted, call_id_token) AND epoch_us(time) BETWEEN $since AND $until
"""
_DECODER: Final = msgspec.json.Decoder(Batch)


class Carried(Struct, kw_only=True):
    """One call, its numbers, its source and its Call-ID as tokens. `end` is `None` where none was seen; `status` 0 likewise."""

    call_id: str
    start: Micros
    caller: str | None = None
    callee: str | None = None
    asserted: str | None = None
    diverted: str | None = None
    source: str | None = None
    account: str | None = None
    party_path: tuple[str, ...] = ()
    trunk: str | None = None
    direction: str | None = None
    attestation: str | None = None
    end: Micros | None = None
    status: int = 0
    answered: bool = False
    duration_ms: int = 0


class History:
    """What is known of calls: the lake, and in `journal` what the lake does not have yet. `key` is the installation's."""

    def __init__(self, lake: Lake, journal: Path, key: bytes) -> None:
        self._lake, self._journal, self._key = lake, journal, key

    def reach(self, now: Micros) -> tuple[Micros, Micros] | None:
        """Return from when to when calls are kept: to `now` where watch keeps a journal; `None` where nothing is kept.

        Raises `HistoryUnreadable`.
        """
        try:
            oldest = JournalReader(self._journal).oldest() if self._journal.is_dir() else None
        except FeedError as error:
            raise HistoryUnreadable(str(error)) from error
        files = self._contents().files.values()
        begun = [*(file.first for file in files), *([oldest[1]] if oldest else [])]
        ended = [*(file.last for file in files), *([now] if oldest else [])]
        return (min(begun), max(ended)) if begun else None

    def calls(self, numbers: Collection[str], since: Micros, until: Micros) -> list[Carried]:
        """Return the calls begun in [`since`, `until`] in which any of the E.164 numbers stands, in order, at most `MOST`.

        Raises `HistoryUnreadable`.
        """
        contents = self._contents()
        found = {call.call_id: call for call in self._in_lake(contents.within(since, Micros(until + 1)), numbers, since, until)}
        ends = contents.within(since, Micros(until + LONGEST_US))
        self._end(found, ends, since, Micros(until + LONGEST_US))
        for call in self._in_journal(contents.journal, numbers, since, until):
            found.setdefault(call.call_id, call)
        return sorted(found.values(), key=lambda call: (call.start, call.call_id))[:MOST]

    def opened(self, call_id: str, start: Micros) -> Event | None:
        """Return the attempt of a call with its numbers in clear; `None` where its day was erased, or it is no longer kept."""
        for event in chain(self._starting(start), self._attempts(self._contents().journal, start, start)):
            if event.kind is EventKind.ATTEMPT and token(self._key, "call", event.call_id) == call_id:
                return event
        return None

    def _contents(self) -> Contents:
        try:
            return self._lake.contents()
        except FeedError as error:
            raise HistoryUnreadable(str(error)) from error

    def _starting(self, start: Micros) -> Iterator[Event]:
        sealed = {file.path for file in self._contents().within(start, Micros(start + 1)) if not self._lake.keys.has(file.key)}
        if not sealed:
            yield from read_events(self._lake, since=start, until=Micros(start + 1))

    def _in_lake(self, files: Sequence[LakeFile], numbers: Collection[str], since: Micros, until: Micros) -> list[Carried]:
        # As text: of numbers beyond 2^63 beside smaller ones a list would be made of approximate ones.
        wanted = [str(int(token(self._key, "number", number), 16)) for number in numbers]
        if not files or not wanted:
            return []
        rows = self._asked(_ATTEMPTS, files, {"numbers": wanted, "since": since, "until": until})
        calls = []
        for start, *rest in rows:
            tokens = [None if value is None else f"{value:016x}" for value in rest[: len(_TOKENS)]]
            account, path, trunk, direction, attestation = rest[len(_TOKENS) :]
            named: dict[str, Any] = dict(zip(_TOKENS, tokens, strict=True))
            calls.append(
                Carried(
                    start=Micros(start),
                    account=account,
                    party_path=tuple(path or ()),
                    trunk=trunk,
                    direction=direction,
                    attestation=attestation,
                    call_id=named.pop("call_id") or "",
                    **named,
                )
            )
        return calls

    def _end(self, calls: dict[str, Carried], files: Sequence[LakeFile], since: Micros, until: Micros) -> None:
        """Fill in how the calls ended."""
        if not calls:
            return
        values = {"calls": [str(int(call_id, 16)) for call_id in calls], "since": since, "until": until}
        for call_id, end, status, answered, duration_ms in self._asked(_ENDS, files, values):
            call = calls[f"{call_id:016x}"]
            call.end, call.status, call.answered, call.duration_ms = Micros(end), status, answered, duration_ms

    def _asked(self, question: str, files: Sequence[LakeFile], values: dict[str, object]) -> list[tuple[Any, ...]]:
        paths = [str(self._lake.folder / file.path) for file in files]
        connection = duckdb.connect(":memory:", config={"threads": 1, "autoinstall_known_extensions": False})
        try:
            return connection.execute(question, {**values, "files": paths}).fetchall()
        except duckdb.Error as error:
            raise HistoryUnreadable(str(error)) from error
        finally:
            connection.close()

    def _in_journal(self, after: int, numbers: Collection[str], since: Micros, until: Micros) -> list[Carried]:
        wanted = frozenset(numbers)
        calls: dict[str, Carried] = {}
        for event in self._attempts(after, since, until, [number.encode() for number in wanted]):
            if wanted.intersection({event.caller, event.callee, event.asserted, event.diverted} - {None}):
                calls[event.call_id] = self._carried(event)
        if calls:
            for event in self._events(after, [each.encode() for each in calls]):
                call = calls.get(event.call_id)
                if event.kind is EventKind.END and call is not None:
                    call.end, call.status = event.time, event.status
                    call.answered, call.duration_ms = event.answered, event.duration_ms
        return list(calls.values())

    def _carried(self, event: Event) -> Carried:
        named = {name: getattr(event, name) for name in _NUMBERS}
        tokens: dict[str, Any] = {
            name: None if value is None else token(self._key, "number", value) for name, value in named.items()
        }
        return Carried(
            call_id=token(self._key, "call", event.call_id),
            start=event.time,
            source=None if event.source is None else token(self._key, "source", event.source),
            account=event.account,
            party_path=event.party_path,
            trunk=event.trunk,
            direction=event.direction,
            attestation=event.attestation,
            **tokens,
        )

    def _attempts(self, after: int, since: Micros, until: Micros, needles: Sequence[bytes] = ()) -> Iterator[Event]:
        for event in self._events(after, needles):
            if event.kind is EventKind.ATTEMPT and since <= event.time <= until:
                yield event

    def _events(self, after: int, needles: Sequence[bytes]) -> Iterator[Event]:
        """Yield the journal's events beyond the lake; of batches in which one of the needles stands, where there are any."""
        for payload in self._beyond(after):
            if not needles or any(needle in payload for needle in needles):  # to decode costs a hundred times as much
                yield from _DECODER.decode(payload).events

    def _beyond(self, after: int) -> Iterator[bytes]:
        """Yield the journal's records after number `after`, as far as they are still there."""
        oldest = min((int(path.stem) for path in self._journal.glob("*.seg")), default=None)
        if oldest is None:
            return
        try:
            for record in records_after(self._journal, max(after, oldest - 1)):
                yield record.payload
        except FeedError as error:
            raise HistoryUnreadable(str(error)) from error


class HistoryUnreadable(Exception):
    """The lake or the journal can't be read now; trying again may help."""
