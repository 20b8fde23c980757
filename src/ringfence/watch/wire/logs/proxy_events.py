"""Lines that Kamailio writes of requests with `xlog`, as docs/records.md has them: `RINGFENCE: name=value;name=value…`."""

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.wire.cdr.record import RowProblem
from ringfence.watch.wire.cdr.values import BadValue, short, status
from ringfence.watch.wire.logs.entry import LogEntry

_LINE: Final = re.compile(r"\bRINGFENCE: (time=.*)")
_TIME: Final = re.compile(r"(\d{9,11})(?:\.(\d{1,6}))?\Z")
_METHOD: Final = re.compile(r"[A-Z]{2,20}\Z")
_LONGEST: Final = 256
_EMPTY: Final = ("", "<null>")


def looks_like_proxy_events(line: str) -> bool:
    """Tell whether a log's line is one of them."""
    return _LINE.search(line) is not None


def read_proxy_events(lines: Iterable[str]) -> Iterator[LogEntry | RowProblem]:
    """Yield what each line tells, or why it can't be used; other lines are passed over.

    Values are escaped as in addresses (`%3B` for `;`), because some are written as strangers sent them: a line where a name stands
    twice is refused.
    """
    for number, line in enumerate(lines, start=1):
        found = _LINE.search(line.rstrip())
        if found is None:
            continue
        try:
            yield _entry(number, _values(found[1]))
        except BadValue as bad:
            yield RowProblem(number, bad.column, bad.cause)


def _values(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if name in values:
            raise BadValue(name, "stands twice in the line: a value may be forged")
        values[name] = "" if value in _EMPTY else unquote(value)[:_LONGEST]
    return values


def _entry(number: int, values: dict[str, str]) -> LogEntry:
    time, method, port = values.get("time", ""), values.get("method", ""), values.get("port", "")
    moment = _TIME.match(time)
    if moment is None:
        raise BadValue("time", f"{short(time)} are no seconds since 1970")
    if not _METHOD.match(method):
        raise BadValue("method", f"{short(method)} is no method")
    return LogEntry(
        line=number,
        time=Micros(int(moment[1]) * SECOND + int((moment[2] or "").ljust(6, "0"))),
        what="request",
        method=method,
        status=status(values.get("status", "")),
        credentials=values.get("credentials", "") not in ("", "0"),
        source=_address(values.get("source", "")),
        source_port=int(port) if port.isdecimal() and len(port) <= 5 else 0,
        transport=values.get("transport", "").lower() or None,
        user=values.get("user") or None,
        domain=values.get("domain") or None,
        session=values.get("call_id") or None,
        service="kamailio",
    )


def _address(text: str) -> str:
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        raise BadValue("source", f"{short(text)} is no address" if text else "missing") from None
