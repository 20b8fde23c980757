"""FreeSWITCH's call records by mod_cdr_csv, in the templates that it ships. Quotes within values are not escaped there."""

import re
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import Final, NamedTuple

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.wire.cdr.causes import NAMED, q850, sip_status
from ringfence.watch.wire.cdr.local_times import LocalTimes
from ringfence.watch.wire.cdr.reader import LONGEST_LINE
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem
from ringfence.watch.wire.cdr.values import BadValue, Values, in_order, whole

_FIRST: Final = (
    *("caller_id_name", "caller_id_number", "destination_number", "context", "start_stamp", "answer_stamp", "end_stamp"),
    *("duration", "billsec", "hangup_cause", "uuid", "bleg_uuid", "accountcode"),
)
_CODECS: Final = ("read_codec", "write_codec")
_ASTERISK: Final = (
    *("accountcode", "caller_id_number", "destination_number", "context", "caller_id", "channel_name", "bridge_channel"),
    *("last_app", "last_arg", "start_stamp", "answer_stamp", "end_stamp", "duration", "billsec", "hangup_cause", "amaflags"),
    *("uuid", "userfield"),
)
_OPENCDRRATE: Final = (
    *("uuid", "signal_bond", "direction", "ani", "destination_number", "answer_stamp", "end_stamp", "billsec", "accountcode"),
    *("userfield", "network_addr", "regex", "sip_gateway_name"),
)
_SPLIT: Final = re.compile(r'"\s*,\s*"')
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\Z")
_SQL: Final = re.compile(r"INSERT INTO \S+ VALUES\s*\((.*)\)\s*;?\Z", re.IGNORECASE)


class _Template(NamedTuple):
    """`free` is the column that callers fill with any text: whatever a row has too much belongs there."""

    columns: tuple[str, ...]
    free: str


TEMPLATES: Final = (
    _Template(_FIRST, "caller_id_name"),  # the built-in one, and "sql"
    _Template((*_FIRST, *_CODECS), "caller_id_name"),  # "example"
    _Template((*_FIRST, *_CODECS, "sip_user_agent", "sip_p_rtp_stat"), "caller_id_name"),  # "linksys"
    _Template(
        (*_FIRST, *_CODECS, "sip_user_agent", "call_clientcode", "sip_rtp_rxstat", "sip_rtp_txstat", "sofia_record_file"),
        "caller_id_name",
    ),  # "snom"
    _Template(_ASTERISK, "caller_id"),  # "asterisk"
    _Template(_OPENCDRRATE, "regex"),  # "opencdrrate"
)


def looks_like_templates(line: str) -> bool:
    """Tell whether a line is one of the templates: quoted values, with time stamps where one has them."""
    try:
        return _row(line) is not None
    except BadValue:
        return False


def read_templates(
    lines: Iterable[str], *, zone: tzinfo | None = None, country: str | None = None
) -> Iterator[CallRecord | RowProblem]:
    """Yield the record of each line, or why it has none. Times are in `zone`: FreeSWITCH writes local time."""
    values, times = Values(zone, country), LocalTimes(zone)
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = _row(line)
            if row is None:
                raise BadValue(None, "no time stamps where any template has them: columns are missing or shifted")
            yield _record(number, row, values, times)
        except BadValue as bad:
            yield RowProblem(number, bad.column, bad.cause)


def _row(line: str) -> dict[str, str] | None:
    line = line.strip()
    if len(line) > LONGEST_LINE:
        raise BadValue(None, f"the line is longer than {LONGEST_LINE} characters")
    statement = _SQL.match(line)
    line = statement[1].strip() if statement else line
    if len(line) < 2 or not (line.startswith('"') and line.endswith('"')):
        raise BadValue(None, "no quotation mark at its start and its end: it is cut, or no line of a template")
    cells = _SPLIT.split(line[1:-1])
    # Of several templates that fit, the one that leaves fewest values over.
    for template in sorted(TEMPLATES, key=lambda each: -len(each.columns)):
        row = _fitted(cells, template)
        if row is not None:
            return row
    return None


def _fitted(cells: list[str], template: _Template) -> dict[str, str] | None:
    surplus = len(cells) - len(template.columns)
    if surplus < 0:
        return None
    place = template.columns.index(template.free)
    if surplus:
        cells = [*cells[:place], '","'.join(cells[place : place + surplus + 1]), *cells[place + surplus + 1 :]]
    row = dict(zip(template.columns, cells, strict=True))
    stamps = (row.get("start_stamp", row["answer_stamp"]), row["end_stamp"])
    fits = _STAMP.match(stamps[1]) and (_STAMP.match(stamps[0]) or (not stamps[0] and "start_stamp" not in row))
    answer_fits = not row["answer_stamp"] or _STAMP.match(row["answer_stamp"])
    return row if fits and answer_fits else None


def _record(number: int, row: dict[str, str], values: Values, times: LocalTimes) -> CallRecord:
    if not row["uuid"]:
        raise BadValue("uuid", "empty")
    talk_us = whole("billsec", row["billsec"]) * SECOND if row["billsec"] else None
    ended = times.end("end_stamp", row["end_stamp"])
    answered = times.before("answer_stamp", row["answer_stamp"], ended, length_us=talk_us) if row["answer_stamp"] else None
    began = _start(row, answered, ended, times)
    in_order(began, answered, ended)
    cause = NAMED.get(row.get("hangup_cause", ""))
    address = row.get("network_addr", "")
    return CallRecord(
        line=number,
        call_id=row["uuid"],
        start=began,
        answer=answered,
        end=ended,
        account=row["accountcode"] or None,
        caller=values.user(row.get("caller_id_number", row.get("ani", ""))),
        callee=values.user(row["destination_number"]),
        source_ip=values.address(address, "network_addr") if address else None,
        status=sip_status(cause, answered=answered is not None),
        released_by=None,
        attestation=None,
        q850=q850(cause),
        user_agent=row.get("sip_user_agent") or None,
    )


def _start(row: dict[str, str], answered: Micros | None, ended: Micros, times: LocalTimes) -> Micros:
    """Return when the call began; opencdrrate does not say, so that a call there has no ringing."""
    if "start_stamp" not in row:
        return answered if answered is not None else ended
    length_us = whole("duration", row["duration"]) * SECOND if row["duration"] else None
    return times.before("start_stamp", row["start_stamp"], ended, length_us=length_us)
