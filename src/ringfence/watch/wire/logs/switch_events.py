"""Events of FreeSWITCH's event socket (ESL): plain, as its TCP connection carries them, or as JSON, one a line.

`CHANNEL_HANGUP_COMPLETE` tells a leg of a call, with the variables of mod_json_cdr; `sofia::register` a registration that was
accepted, `sofia::register_failure` one that was refused. All others are passed over.
"""

import json
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import unquote

from ringfence.vocabulary.times import Micros
from ringfence.watch.wire.cdr.freeswitch_json import LONGEST_DOCUMENT, Legs
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem
from ringfence.watch.wire.cdr.values import BadValue, short
from ringfence.watch.wire.logs.entry import LogEntry

HANGUP: Final = "CHANNEL_HANGUP_COMPLETE"
REGISTERED: Final = "sofia::register"
REFUSED: Final = "sofia::register_failure"
_NAME: Final = "Event-Name"
_SUBCLASS: Final = "Event-Subclass"
_TIME: Final = "Event-Date-Timestamp"
_LENGTH: Final = "Content-Length"
_VARIABLE: Final = "variable_"
_LONGEST: Final = 256
_PROFILE: Final = {
    "uuid": "Unique-ID",
    "caller_id_number": "Caller-Caller-ID-Number",
    "destination_number": "Caller-Destination-Number",
    "network_addr": "Caller-Network-Addr",
}
_TIMES: Final = {
    "created_time": "Caller-Channel-Created-Time",
    "progress_time": "Caller-Channel-Progress-Time",
    "progress_media_time": "Caller-Channel-Progress-Media-Time",
    "answered_time": "Caller-Channel-Answered-Time",
    "hangup_time": "Caller-Channel-Hangup-Time",
}
_READ_VARIABLES: Final = (
    *(
        "uuid",
        "start_uepoch",
        "answer_uepoch",
        "end_uepoch",
        "progress_uepoch",
        "progress_media_uepoch",
        "hangup_cause",
        "accountcode",
    ),
    *(
        "sip_network_ip",
        "sip_term_status",
        "sip_from_user",
        "sip_req_user",
        "sip_hangup_disposition",
        "sip_user_agent",
        "bleg_uuid",
    ),
    *("originating_leg_uuid", "originator", "ent_originate_aleg_uuid", "bridge_uuid", "signal_bond", "last_bridge_to"),
)
KEPT: Final = frozenset(
    (
        *(_NAME, _SUBCLASS, _TIME, "Hangup-Cause", "Call-Direction", "Other-Type", "Other-Leg-Unique-ID", "registration-type"),
        *("to-user", "to-host", "from-user", "from-host", "network-ip", "network-port", "call-id"),
        *_PROFILE.values(),
        *_TIMES.values(),
        *(f"{_VARIABLE}{name}" for name in _READ_VARIABLES),
    )
)
"""The headers that are read."""


def looks_like_switch_events(lines: list[str]) -> bool:
    """Tell whether a file holds events of the event socket."""
    stripped = [line.strip("\ufeff \t\r\n") for line in lines]
    return any(
        line.startswith((f"{_NAME}: ", "Content-Type: text/event-")) or (line.startswith("{") and f'"{_NAME}"' in line)
        for line in stripped
    )


def read_switch_events(lines: Iterable[str], *, country: str | None = None) -> Iterator[LogEntry | CallRecord | RowProblem]:
    """Yield what each event tells, or why it can't be used. An event has the number of its first line."""
    legs = Legs(country)
    for number, event in _events(lines):
        try:
            if event.get(_NAME) == HANGUP:
                yield from legs.take(number, _document(event))
            elif event.get(_SUBCLASS) in (REGISTERED, REFUSED):
                yield _registration(number, event)
        except BadValue as bad:
            yield RowProblem(number, bad.column, bad.cause)
    yield from legs.rest()


def _events(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number of each event's first line, and its headers. What follows them, such as a message's text, is passed over."""
    begun, headers, body = 0, dict[str, Any](), 0
    for number, line in enumerate(lines, start=1):
        if body > 0:
            body -= len(line.encode("utf-8", "surrogatepass"))
            continue
        text = line.strip("\ufeff\r\n")
        if not headers and text.startswith("{"):
            yield number, _parsed(text)
        elif text:
            begun = begun or number
            name, colon, value = text.partition(": ")
            if colon:
                headers.setdefault(name, unquote(value))
        else:
            if _NAME in headers:
                yield begun, headers
                body = int(headers[_LENGTH]) if str(headers.get(_LENGTH, "")).isdecimal() else 0
            begun, headers = 0, {}
    if _NAME in headers:
        yield begun, headers


def _parsed(text: str) -> dict[str, Any]:
    try:
        event = json.loads(text) if len(text) <= LONGEST_DOCUMENT else None
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _document(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event as mod_json_cdr would have written it."""
    profile = {name: event.get(header) for name, header in _PROFILE.items()}
    if str(event.get("Other-Type", "")) == "originator":
        profile["originator"] = {"originator_caller_profiles": [{"uuid": event.get("Other-Leg-Unique-ID")}]}
    times = {name: event.get(header) for name, header in _TIMES.items()}
    variables = {name.removeprefix(_VARIABLE): value for name, value in event.items() if name.startswith(_VARIABLE)}
    variables.setdefault("hangup_cause", event.get("Hangup-Cause"))
    return {
        "variables": variables,
        "callflow": [{"caller_profile": profile, "times": times}],
        "channel_data": {"direction": event.get("Call-Direction")},
    }


def _registration(number: int, event: dict[str, Any]) -> LogEntry:
    is_accepted = event.get(_SUBCLASS) == REGISTERED
    user, host = ("from-user", "from-host") if is_accepted else ("to-user", "to-host")
    time, port = str(event.get(_TIME, "")), str(event.get("network-port", ""))
    if not (time.isdecimal() and len(time) <= 17):
        raise BadValue(_TIME, f"{short(time)} are no microseconds since 1970" if time else "missing")
    return LogEntry(
        line=number,
        time=Micros(int(time)),
        what="register" if is_accepted else "register_failure",
        method="INVITE" if event.get("registration-type") == "INVITE" else "REGISTER",
        status=200 if is_accepted else 403,
        credentials=True,
        source=_address(str(event.get("network-ip", ""))),
        source_port=int(port) if port.isdecimal() and len(port) <= 5 else 0,
        user=str(event.get(user, ""))[:_LONGEST] or None,
        domain=str(event.get(host, ""))[:_LONGEST] or None,
        session=str(event.get("call-id", ""))[:_LONGEST] or None,
        service="sofia",
    )


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise BadValue("network-ip", f"{short(text)} is no address" if text else "missing") from None
