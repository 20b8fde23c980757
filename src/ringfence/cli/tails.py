"""`[watch] tails` of the configuration as tails to follow: each key checked before anything starts."""

from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from ringfence.cli.configuration import CONFIGURATION_FILE, ConfigurationRefused, TailPart, WatchPart
from ringfence.watch.recorded import FORMATS, Choice, FileCounts, Format, MappingFile, Options, Tail, format_named
from ringfence.watch.recorded.formats import START
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.wire.cdr import MappingRefused, read_mapping

_TABLES: Final = "call-records"
_MAPPED: Final = ("call-records", "json-lines")
_WHOLE: Final = "parquet"


def tails_of(data: Path, watch: WatchPart) -> list[Tail]:
    """Return the tails; relative paths count from the data folder. Raises `ConfigurationRefused` with file, key, cause and hint."""
    tails: list[Tail] = []
    for number, each in enumerate(watch.tails):
        part = TailPart(path=each) if isinstance(each, str) else each
        tail = _tail(data, part, watch, f"{data / CONFIGURATION_FILE}: watch.tails[{number}]")
        for other in tails:
            if tail.path == other.path or other.path in tail.path.parents or tail.path in other.path.parents:
                raise ConfigurationRefused(
                    f"{data / CONFIGURATION_FILE}: watch.tails[{number}].path: {tail.path} would be read twice, also by the tail "
                    f"{other.path}. Hint: name a folder, or files in it, not both"
                )
        tails.append(tail)
    return tails


def _tail(data: Path, part: TailPart, watch: WatchPart, key: str) -> Tail:
    if not part.path or part.path == "-":
        raise ConfigurationRefused(f"{key}.path: {part.path!r} names no file. Hint: write a file or a folder")
    format_ = _format(part, key)
    country = part.country if part.country is not None else watch.country
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise ConfigurationRefused(f"{key}.country: {country!r} is no country. Hint: write its two letters, as AT")
    options = Options(
        zone=_zone(part, key), country=country.upper() if country else None, mapping=_mapping(data, part, format_, key)
    )
    otherwise = format_named(_TABLES) if options.mapping is not None else None
    tail = Tail((data / part.path).absolute(), Choice(format_, otherwise), options, part.from_start)
    _check_zone(tail, key)
    return tail


def _format(part: TailPart, key: str) -> Format | None:
    if part.format in ("", "auto"):
        return None
    chosen = format_named(part.format)
    followed = [each.name for each in FORMATS if not each.is_packets and each.name != _WHOLE]
    if chosen is None or chosen.name not in followed:
        cause = "is unknown" if chosen is None else "can't be followed"
        raise ConfigurationRefused(f"{key}.format: {part.format!r} {cause}. Hint: write auto, {', '.join(followed)}")
    return chosen


def _zone(part: TailPart, key: str) -> ZoneInfo | None:
    if not part.timezone:
        return None
    try:
        return ZoneInfo(part.timezone)
    except (LookupError, ValueError, OSError):
        raise ConfigurationRefused(
            f"{key}.timezone: {part.timezone!r} is unknown. Hint: write UTC, or one such as Europe/Vienna"
        ) from None


def _mapping(data: Path, part: TailPart, format_: Format | None, key: str) -> MappingFile | None:
    if not part.mapping:
        return None
    if format_ is not None and format_.name not in _MAPPED:
        raise ConfigurationRefused(
            f"{key}.mapping: {format_.name} has columns of its own. Hint: leave out mapping, or write format = {_MAPPED[0]!r}"
        )
    path = data / part.mapping
    try:
        mapping = MappingFile(str(path), path.read_bytes())
        read_mapping(*mapping)
    except OSError as failed:
        raise ConfigurationRefused(
            f"{key}.mapping: {path}: {failed.strerror}. Hint: relative paths count from the data folder"
        ) from failed
    except MappingRefused as refused:
        raise ConfigurationRefused(f"{key}.mapping: it can't be used:\n{refused}\nHint: see docs/records.md") from refused
    return mapping


def _check_zone(tail: Tail, key: str) -> None:
    """Refuse a tail whose file, as far as it is there, can't be read for want of a zone alone."""
    if tail.options.zone is not None or not tail.path.is_file():
        return
    try:
        with tail.path.open("rb") as file:
            start = file.read(START)
    except OSError:
        return  # it is waited for
    known = tail.choice.format or tail.choice.of(start, tail.path.name)
    if known is None or known.is_packets:
        return
    cause = _refusal(known, tail.path, tail.options)
    if cause is not None and _refusal(known, tail.path, replace(tail.options, zone=UTC)) is None:
        raise ConfigurationRefused(
            f"{key}.timezone: {tail.path} is written in local time and names no zone. "
            'Hint: write timezone = "Europe/Vienna", or "UTC" if it is written in that'
        )


def _refusal(known: Format, path: Path, options: Options) -> str | None:
    try:
        with path.open("rb") as file:
            known.open(file, options, FileCounts(str(path), known.name))
    except (UnreadableFile, OSError) as refused:
        return str(refused)
    return None
