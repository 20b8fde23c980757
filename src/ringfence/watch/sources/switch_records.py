"""Files of call records as switches write them: Asterisk, FreeSWITCH, Kamailio."""

from collections.abc import Iterator
from datetime import tzinfo
from itertools import chain, islice
from typing import BinaryIO, Final

from ringfence.watch.sources.call_records import unreadable
from ringfence.watch.sources.errors import UnreadableFile
from ringfence.watch.sources.text_lines import text_lines
from ringfence.watch.wire.cdr import CallRecord, RowProblem, WrongHeader, once
from ringfence.watch.wire.cdr.asterisk import read_master
from ringfence.watch.wire.cdr.cel import read_cel
from ringfence.watch.wire.cdr.freeswitch_csv import read_templates
from ringfence.watch.wire.cdr.freeswitch_json import LONGEST_DOCUMENT, read_json_cdr
from ringfence.watch.wire.cdr.kamailio import needs_zone, read_dump, read_syslog

Rows = Iterator[CallRecord | RowProblem]
_HINT: Final = "give the zone as --timezone, as Europe/Vienna, or UTC if it writes that"


def master(file: BinaryIO, *, zone: tzinfo | None, country: str | None) -> Rows:
    """Yield the calls of Asterisk's `Master.csv`. Raises `UnreadableFile` without a zone."""
    return once(read_master(text_lines(file), zone=zone_of(zone, "Asterisk"), country=country))


def cel(file: BinaryIO, *, zone: tzinfo | None, country: str | None) -> Rows:
    """Yield the calls of Asterisk's channel event log."""
    return once(read_cel(text_lines(file), zone=zone, country=country))


def templates(file: BinaryIO, *, zone: tzinfo | None, country: str | None) -> Rows:
    """Yield the calls of FreeSWITCH's mod_cdr_csv. Raises `UnreadableFile` without a zone."""
    return once(read_templates(text_lines(file), zone=zone_of(zone, "FreeSWITCH"), country=country))


def json_cdr(file: BinaryIO, *, country: str | None) -> Rows:
    """Yield the calls of FreeSWITCH's mod_json_cdr."""
    return once(read_json_cdr(text_lines(file, longest=LONGEST_DOCUMENT), country=country))


def kamailio_dump(file: BinaryIO, *, zone: tzinfo | None, country: str | None) -> Rows:
    """Yield the calls of a dump of Kamailio's accounting. Raises `UnreadableFile`, without a zone where its times name none."""
    lines = text_lines(file)
    start = list(islice((line for line in lines if line.strip()), 2))
    if zone is None and len(start) == 2 and needs_zone(*start):
        zone_of(zone, "the database")
    try:
        return once(read_dump(chain(start, lines), zone=zone, country=country))
    except WrongHeader as wrong:
        raise unreadable(wrong, None) from wrong


def kamailio_syslog(file: BinaryIO, *, zone: tzinfo | None, country: str | None) -> Rows:
    """Yield the calls of a log with lines of Kamailio's accounting."""
    return once(read_syslog(text_lines(file), zone=zone, country=country))


def zone_of(zone: tzinfo | None, writer: str) -> tzinfo:
    """Return the zone. Raises `UnreadableFile` with the question where nobody told it."""
    if zone is None:
        raise UnreadableFile(f"{writer} writes local time without a zone: which zone was it in? {_HINT}", permanent=True)
    return zone
