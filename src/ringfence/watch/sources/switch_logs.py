"""Files of switch logs and events: of Asterisk, FreeSWITCH and Kamailio."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import BinaryIO

from ringfence.watch.sources.switch_records import zone_of
from ringfence.watch.sources.text_lines import text_lines
from ringfence.watch.wire.cdr import CallRecord, RowProblem
from ringfence.watch.wire.cdr.freeswitch_json import LONGEST_DOCUMENT
from ringfence.watch.wire.logs import (
    LogEntry,
    read_freeswitch_log,
    read_manager_events,
    read_proxy_events,
    read_security_log,
    read_switch_events,
)


def asterisk_security(file: BinaryIO) -> Iterator[LogEntry | RowProblem]:
    """Yield what the security events tell; their times name their zones."""
    return read_security_log(text_lines(file))


def freeswitch(file: BinaryIO, *, zone: tzinfo | None) -> Iterator[LogEntry | RowProblem]:
    """Yield what the refusals tell. Raises `UnreadableFile` without a zone."""
    return read_freeswitch_log(text_lines(file), zone=zone_of(zone, "FreeSWITCH"))


def asterisk_events(file: BinaryIO, *, zone: tzinfo | None, country: str | None) -> Iterator[LogEntry | CallRecord | RowProblem]:
    """Yield what events of Asterisk's manager interface tell. Raises `UnreadableFile` without a zone."""
    return read_manager_events(text_lines(file), zone=zone_of(zone, "Asterisk"), country=country)


def freeswitch_events(file: BinaryIO, *, country: str | None) -> Iterator[LogEntry | CallRecord | RowProblem]:
    """Yield what events of FreeSWITCH's event socket tell."""
    return read_switch_events(text_lines(file, longest=LONGEST_DOCUMENT), country=country)


def kamailio_events(file: BinaryIO) -> Iterator[LogEntry | RowProblem]:
    """Yield what the lines of requests tell that Kamailio was told to write."""
    return read_proxy_events(text_lines(file))
