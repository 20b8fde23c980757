"""Files of switch logs: Asterisk's security log, FreeSWITCH's log."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import BinaryIO

from ringfence.watch.sources.switch_records import zone_of
from ringfence.watch.sources.text_lines import text_lines
from ringfence.watch.wire.cdr import RowProblem
from ringfence.watch.wire.logs import LogEntry, read_freeswitch_log, read_security_log


def asterisk_security(file: BinaryIO) -> Iterator[LogEntry | RowProblem]:
    """Yield what the security events tell; their times name their zones."""
    return read_security_log(text_lines(file))


def freeswitch(file: BinaryIO, *, zone: tzinfo | None) -> Iterator[LogEntry | RowProblem]:
    """Yield what the refusals tell. Raises `UnreadableFile` without a zone."""
    return read_freeswitch_log(text_lines(file), zone=zone_of(zone, "FreeSWITCH"))
