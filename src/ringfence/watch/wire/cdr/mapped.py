"""Rows in somebody's own columns to records, by a mapping."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import partial
from operator import itemgetter
from typing import Final, TypeVar

from ringfence.vocabulary.times import MILLISECOND, Micros, micros
from ringfence.watch.wire.cdr.columns import KNOWN
from ringfence.watch.wire.cdr.mapping import EPOCHS, TIMES, UNITS, FileMapping, Source, refuse_row
from ringfence.watch.wire.cdr.reader import ATTESTATIONS, DIRECTIONS, RELEASED_BY
from ringfence.watch.wire.cdr.record import CallRecord
from ringfence.watch.wire.cdr.values import BadValue, Values, chosen, in_order, short, status, verification, whole

_LONGEST_EPOCH: Final = 20
_Read = TypeVar("_Read")


class MappedRows:
    """Reads rows whose cells stand in the order of `columns`, which are the mapping's own.

    `zone` and `country` are for values that neither mark themselves nor have one in the mapping.
    """

    def __init__(self, mapping: FileMapping, zone: tzinfo | None, country: str | None) -> None:
        self.columns: Final = mapping.theirs
        places = {column: place for place, column in enumerate(self.columns)}
        self._sources = mapping.columns
        self._zone = mapping.zone or zone
        self._country = mapping.country or country
        self._values = Values(self._zone, self._country)
        self._by_country: dict[str | None, Values] = {self._country: self._values}
        self._read = {target: _reader(source, places) for target, source in mapping.columns.items()}

    def plain(self) -> dict[str, str] | None:
        """Return which of our columns each of theirs is, where values stand as in the generic layout; else `None`."""
        sources = self._sources
        columns = {source.column: target for target, source in sources.items() if source.column is not None}
        zones = {source.zone or self._zone for target, source in sources.items() if target in TIMES}
        is_plain = len(columns) == len(sources) and "end" in sources and len(zones) == 1 and sources.keys() <= set(KNOWN)
        return columns if is_plain and all(_is_plain(target, source) for target, source in sources.items()) else None

    @property
    def zone(self) -> tzinfo | None:
        """Where times without a zone of their own are from, where that is one for all."""
        return self._sources["start"].zone or self._zone

    def in_form(self, name: str, text: str) -> str:
        """Return the number or address `text` of a column of ours as records have it. Raises `BadValue`."""
        if name == "source_ip":
            return self._values.address(text)
        return self._number(name, {name: text}) or ""

    def record(self, line: int, cells: Sequence[str]) -> CallRecord:
        """Return the record of a row. Raises `BadValue`."""
        texts = {target: read(line, cells) for target, read in self._read.items()}
        final = self._checked("status", texts, status)
        began, answered, ended = self._times(texts, is_refused=final is not None and not 200 <= final < 300)
        ring_us = self._length("ring_ms", texts)
        call_id = texts["call_id"]
        if not call_id:
            raise refuse_row("call_id", self._sources["call_id"], "empty")
        callee = self._number("callee", texts)
        if callee is None:
            raise refuse_row("callee", self._sources["callee"], "empty")
        source = self._checked("source_ip", texts, self._values.address)
        return CallRecord(
            line=line,
            call_id=call_id,
            start=began,
            answer=answered,
            end=ended,
            account=texts.get("account") or None,
            caller=self._number("caller", texts),
            callee=callee,
            source_ip=source,
            status=final or 0,
            released_by=self._checked("released_by", texts, partial(chosen, "released_by", choices=RELEASED_BY)),
            attestation=self._checked("attestation", texts, partial(chosen, "attestation", choices=ATTESTATIONS)),
            trunk=texts.get("trunk") or None,
            direction=self._checked("direction", texts, partial(chosen, "direction", choices=DIRECTIONS)),
            ring_ms=None if ring_us is None else ring_us // MILLISECOND,
            q850=self._checked("q850", texts, partial(whole, "q850")),
            pai=texts.get("pai") or None,
            diversion=texts.get("diversion") or None,
            user_agent=texts.get("user_agent") or None,
            verification=self._checked("verstat", texts, partial(verification, "verstat")),
        )

    def _times(self, texts: Mapping[str, str], *, is_refused: bool) -> tuple[Micros, Micros | None, Micros]:
        """Return start, answer and end, of which lengths may stand for any but the first."""
        began = self._time("start", texts)
        if began is None:
            raise refuse_row("start", self._sources["start"], "empty")
        answered, ended = self._time("answer", texts), self._time("end", texts)
        duration_us, talk_us = self._length("duration", texts), self._length("talk", texts)
        if ended is None and duration_us is not None:
            ended = Micros(began + duration_us)
        if is_refused:
            answered, talk_us = None, None
        if answered is None and talk_us is not None and "answer" not in texts:
            answered = Micros(ended - talk_us) if ended is not None else Micros(began + (self._length("ring_ms", texts) or 0))
        if ended is None:
            ended = Micros(answered + talk_us) if answered is not None and talk_us is not None else None
        if ended is None and self._told_unanswered(texts):
            ended = began
        if ended is None:
            target = next(target for target in ("end", "duration", "talk") if target in self._sources)
            raise refuse_row(target, self._sources[target], "empty")
        in_order(began, answered, ended)
        return began, answered, ended

    def _told_unanswered(self, texts: Mapping[str, str]) -> bool:
        """Tell whether only the length of the talk was to say when the call ended, and it says that there was none."""
        return "end" not in self._sources and "duration" not in self._sources and not texts.get("talk")

    def _time(self, target: str, texts: Mapping[str, str]) -> Micros | None:
        text = texts.get(target, "")
        if not text:
            return None
        source = self._sources[target]
        try:
            if source.scale:
                return Micros(_scaled(text, source.scale) + source.since)
            moment = datetime.strptime(text, source.pattern) if source.pattern else datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            raise refuse_row(target, source, f"{short(text)} is no time as the mapping describes it") from None
        if moment.tzinfo is None:
            zone = source.zone or self._zone
            if zone is None:
                raise refuse_row(target, source, f"{short(text)} names no zone: give the mapping a zone")
            moment = moment.replace(tzinfo=zone)
        return micros(moment)

    def _length(self, target: str, texts: Mapping[str, str]) -> int | None:
        text = texts.get(target, "")
        if not text:
            return None
        source = self._sources[target]
        try:
            length_us = _scaled(text, source.scale) if source.scale else _clock(text)
        except (ValueError, OverflowError):
            raise refuse_row(target, source, f"{short(text)} is no length of time as the mapping describes it") from None
        if length_us < 0:
            raise refuse_row(target, source, f"{short(text)} is negative")
        return length_us

    def _number(self, target: str, texts: Mapping[str, str]) -> str | None:
        text = texts.get(target, "")
        if not text:
            return None
        source = self._sources[target]
        country = source.country or self._country
        values = self._by_country.setdefault(country, Values(self._zone, country)) if source.country else self._values
        if source.is_user:
            return values.user(text)
        try:
            return values.number(target, text)
        except BadValue as bad:
            raise refuse_row(target, source, bad.cause) from None

    def _checked(self, target: str, texts: Mapping[str, str], read: Callable[[str], _Read]) -> _Read | None:
        text = texts.get(target, "")
        if not text:
            return None
        try:
            return read(text)
        except BadValue as bad:
            raise refuse_row(target, self._sources[target], bad.cause) from None


def _is_plain(target: str, source: Source) -> bool:
    scale = UNITS["ms"] if target == "ring_ms" else 0
    changes = (source.prefix, source.none, source.values is not None, source.otherwise is not None, source.pattern)
    return source.scale == scale and not any(changes)


def _reader(source: Source, places: Mapping[str, int]) -> Callable[[int, Sequence[str]], str]:
    if source.line is not None:
        start = source.line
        return lambda line, _: f"{start}-{line}"
    if source.column is None:
        constant = source.constant or ""
        return lambda _, __: constant
    pick = itemgetter(places[source.column])
    table, none, otherwise, prefix = source.values, source.none, source.otherwise, source.prefix

    def read(_: int, cells: Sequence[str]) -> str:
        text: str = pick(cells).strip()
        if text in none:
            return ""
        if table is not None:
            text = table.get(text, text if otherwise is None else otherwise)
        return prefix + text if text else ""

    return read


def _scaled(text: str, scale: int) -> int:
    """Return a decimal number times `scale`, exactly; further decimals are cut. Raises `ValueError`."""
    whole_part, _, fraction = text.partition(".")
    if len(text) > _LONGEST_EPOCH or (fraction and not fraction.isdecimal()):
        raise ValueError(text)
    count = int(whole_part) * scale
    part = int(fraction) * scale // 10 ** len(fraction) if fraction else 0
    return count - part if whole_part.startswith("-") else count + part


def _clock(text: str) -> int:
    """Return the length that `h:m:s` or `m:s` names, in microseconds. Raises `ValueError`."""
    seconds = 0
    parts = text.split(":")
    if not 2 <= len(parts) <= 3 or not all(part.isdecimal() and len(part) <= 6 for part in parts):
        raise ValueError(text)
    for part in parts:
        seconds = seconds * 60 + int(part)
    return seconds * EPOCHS["seconds"]
