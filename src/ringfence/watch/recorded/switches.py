"""The formats of call records and switch logs: how each is recognised, and how it is read."""

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from ringfence.watch.calls import events_of_entry
from ringfence.watch.kernels.row_layout import Hashing
from ringfence.watch.recorded.formats import Blocks, Confidence, Format, Open, Options, Timed
from ringfence.watch.sources import call_records, log_blocks, switch_logs, switch_records
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.sources.record_blocks import blocks_of, read_blocks
from ringfence.watch.sources.text_lines import start_lines
from ringfence.watch.wire.cdr import (
    CallRecord,
    FileMapping,
    MappingRefused,
    RowProblem,
    looks_like_header,
    looks_like_json_records,
    read_mapping,
)
from ringfence.watch.wire.cdr.asterisk import looks_like_master
from ringfence.watch.wire.cdr.blocks import RecordBlock
from ringfence.watch.wire.cdr.cel import looks_like_cel
from ringfence.watch.wire.cdr.freeswitch_csv import looks_like_templates
from ringfence.watch.wire.cdr.freeswitch_json import looks_like_json_cdr
from ringfence.watch.wire.cdr.kamailio import looks_like_dump, looks_like_syslog
from ringfence.watch.wire.logs import (
    LogEntry,
    looks_like_freeswitch_log,
    looks_like_manager_events,
    looks_like_proxy_events,
    looks_like_security_log,
    looks_like_switch_events,
)

Read = Callable[[BinaryIO, Options], Iterator[Timed]]
Rows = Iterator[CallRecord | RowProblem]
_LOG_LINES: Final = 500
"""How many of a log's first lines are looked at: most say something else."""
_RECORD_LINES: Final = 5
_PARQUET: Final = b"PAR1"
"""What a Parquet file begins with."""
_CERTAIN, _LIKELY = Confidence.CERTAIN, Confidence.LIKELY


def _by_lines(looks: Callable[[str], bool], *, most: int, sure: Confidence) -> Callable[[bytes, str], Confidence]:
    """Return what recognises a file by any of its first `most` lines: the very first may be cut, or say something else."""

    def recognise(start: bytes, name: str) -> Confidence:  # noqa: ARG001 - the content tells
        return sure if any(looks(line) for line in start_lines(start)[:most]) else Confidence.NO

    return recognise


def _by_header(looks: Callable[[str], bool], sure: Confidence) -> Callable[[bytes, str], Confidence]:
    return _by_lines(looks, most=1, sure=sure)


def _is_parquet(start: bytes, name: str) -> Confidence:  # noqa: ARG001 - the content tells
    return Confidence.CERTAIN if start.startswith(_PARQUET) else Confidence.NO


def _is_json_cdr(start: bytes, name: str) -> Confidence:  # noqa: ARG001 - the content tells
    return Confidence.CERTAIN if looks_like_json_cdr("".join(start_lines(start))) else Confidence.NO


def _by_block(looks: Callable[[list[str]], bool]) -> Callable[[bytes, str], Confidence]:
    """Return what recognises a file by its first lines together."""
    return lambda start, _: _CERTAIN if looks(start_lines(start)[:_LOG_LINES]) else Confidence.NO


def _opened(read: Read) -> Open:
    """Return how a format is opened whose reader counts its rows itself."""
    return lambda file, options, _: read(file, options)


def _in_blocks(read: Callable[[BinaryIO, Options], Rows]) -> Blocks:
    """Return how a format gives blocks whose reader gives records one by one."""
    return lambda file, options, hashing: blocks_of(read(file, options), hashing)


def _generic_blocks(file: BinaryIO, options: Options, hashing: Hashing) -> Iterator[RecordBlock]:
    return read_blocks(file, hashing, zone=options.zone, country=options.country, mapping=_mapping(options))


def _parquet_blocks(file: BinaryIO, options: Options, hashing: Hashing) -> Iterator[RecordBlock]:
    if options.mapping is not None:
        return blocks_of(_parquet(file, options), hashing)
    from ringfence.watch.sources import parquet_blocks  # noqa: PLC0415 - it loads Arrow: 40 MB that other files need not wait for

    return parquet_blocks.read_blocks(file, hashing, zone=options.zone, country=options.country)


def _mapping(options: Options) -> FileMapping | None:
    if options.mapping is None:
        return None
    try:
        return read_mapping(*options.mapping)
    except MappingRefused as refused:
        raise UnreadableFile(f"the mapping can't be used:\n{refused}", permanent=True) from refused


def _generic(file: BinaryIO, options: Options) -> Rows:
    return call_records.read(file, zone=options.zone, country=options.country, mapping=_mapping(options))


def _json_lines(file: BinaryIO, options: Options) -> Rows:
    return call_records.read_json_lines(file, zone=options.zone, country=options.country, mapping=_mapping(options))


def _parquet(file: BinaryIO, options: Options) -> Rows:
    from ringfence.watch.sources import parquet_records  # noqa: PLC0415 - likewise

    return parquet_records.read(file, zone=options.zone, country=options.country, mapping=_mapping(options))


def _master(file: BinaryIO, options: Options) -> Rows:
    return switch_records.master(file, zone=options.zone, country=options.country)


def _cel(file: BinaryIO, options: Options) -> Rows:
    return switch_records.cel(file, zone=options.zone, country=options.country)


def _templates(file: BinaryIO, options: Options) -> Rows:
    return switch_records.templates(file, zone=options.zone, country=options.country)


def _json_cdr(file: BinaryIO, options: Options) -> Rows:
    return switch_records.json_cdr(file, country=options.country)


def _dump(file: BinaryIO, options: Options) -> Rows:
    return switch_records.kamailio_dump(file, zone=options.zone, country=options.country)


def _syslog(file: BinaryIO, options: Options) -> Rows:
    return switch_records.kamailio_syslog(file, zone=options.zone, country=options.country)


def _security(file: BinaryIO, options: Options) -> Iterator[Timed]:  # noqa: ARG001 - its times name their zones
    return _events(switch_logs.asterisk_security(file))


def _freeswitch_log(file: BinaryIO, options: Options) -> Iterator[Timed]:
    return _events(switch_logs.freeswitch(file, zone=options.zone))


def _asterisk_events(file: BinaryIO, options: Options) -> Iterator[Timed]:
    return _events(switch_logs.asterisk_events(file, zone=options.zone, country=options.country))


def _freeswitch_events(file: BinaryIO, options: Options) -> Iterator[Timed]:
    return _events(switch_logs.freeswitch_events(file, country=options.country))


def _kamailio_events(file: BinaryIO, options: Options) -> Iterator[Timed]:  # noqa: ARG001 - its times are moments
    return _events(switch_logs.kamailio_events(file))


def _events(entries: Iterator[LogEntry | CallRecord | RowProblem]) -> Iterator[Timed]:
    for entry in entries:
        if isinstance(entry, LogEntry):
            yield from events_of_entry(entry)
        else:
            yield entry


SWITCH_FORMATS: Final[tuple[Format, ...]] = (
    Format(
        "call-records",
        "call records of the generic layout (CSV)",
        _by_header(looks_like_header, _LIKELY),
        _opened(_generic),
        blocks=_generic_blocks,
    ),
    Format("parquet", "a Parquet file", _is_parquet, _opened(_parquet), blocks=_parquet_blocks),
    Format(
        "freeswitch-json",
        "call records of FreeSWITCH (mod_json_cdr)",
        _is_json_cdr,
        _opened(_json_cdr),
        blocks=_in_blocks(_json_cdr),
    ),
    Format(
        "asterisk-security",
        "Asterisk's security log",
        _by_lines(looks_like_security_log, most=_LOG_LINES, sure=_CERTAIN),
        _opened(_security),
        entries=lambda file, _, hashing: log_blocks.asterisk_security(file, hashing),
    ),
    Format(
        "asterisk-events",
        "events of Asterisk's manager interface (AMI)",
        _by_block(looks_like_manager_events),
        _opened(_asterisk_events),
    ),
    Format(
        "freeswitch-events",
        "events of FreeSWITCH's event socket (ESL)",
        _by_block(looks_like_switch_events),
        _opened(_freeswitch_events),
    ),
    Format(
        "kamailio-events",
        "a log with lines of requests that Kamailio writes",
        _by_lines(looks_like_proxy_events, most=_LOG_LINES, sure=_CERTAIN),
        _opened(_kamailio_events),
    ),
    Format(
        "kamailio-syslog",
        "a log with Kamailio's accounting",
        _by_lines(looks_like_syslog, most=_LOG_LINES, sure=_CERTAIN),
        _opened(_syslog),
        blocks=_in_blocks(_syslog),
    ),
    Format(
        "freeswitch-log",
        "FreeSWITCH's log",
        _by_lines(looks_like_freeswitch_log, most=_LOG_LINES, sure=_LIKELY),
        _opened(_freeswitch_log),
        entries=lambda file, options, hashing: log_blocks.freeswitch(file, hashing, zone=options.zone),
    ),
    Format(
        "kamailio-acc",
        "a dump of Kamailio's accounting",
        _by_header(looks_like_dump, _CERTAIN),
        _opened(_dump),
        blocks=_in_blocks(_dump),
    ),
    Format(
        "asterisk-cel",
        "Asterisk's channel event log (CSV)",
        _by_lines(looks_like_cel, most=_RECORD_LINES, sure=_CERTAIN),
        _opened(_cel),
        blocks=_in_blocks(_cel),
    ),
    Format(
        "asterisk-csv",
        "call records of Asterisk (Master.csv)",
        _by_lines(looks_like_master, most=_RECORD_LINES, sure=_CERTAIN),
        _opened(_master),
        blocks=_in_blocks(_master),
    ),
    Format(
        "freeswitch-csv",
        "call records of FreeSWITCH (mod_cdr_csv)",
        _by_lines(looks_like_templates, most=_RECORD_LINES, sure=_LIKELY),
        _opened(_templates),
        blocks=_in_blocks(_templates),
    ),
    Format(
        "json-lines",
        "call records of the generic layout (JSON lines)",
        _by_header(looks_like_json_records, _LIKELY),
        _opened(_json_lines),
        blocks=_in_blocks(_json_lines),
    ),
)
"""Every format of call records and switch logs."""
