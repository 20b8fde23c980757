"""FreeSWITCH's call records by mod_json_cdr: one document for each leg of a call."""

import base64
import binascii
import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from ringfence.vocabulary.times import MILLISECOND, Micros
from ringfence.watch.wire.cdr.causes import NAMED, q850, sip_status
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem
from ringfence.watch.wire.cdr.values import BadValue, Values, in_order, short, status

MOST_HELD: Final = 100_000
"""Legs remembered at once, to be joined with the other leg of their call."""
LONGEST_DOCUMENT: Final = 1 << 20
"""Characters. What is longer is passed over as one bad document."""

_RELEASED_BY: Final = {"recv_bye": "caller", "recv_cancel": "caller", "recv_refuse": "callee", "send_bye": "callee"}
"""By what the calling leg did; a cancel or a refusal that we sent may have any reason."""
_FORM: Final = "cdr="


class _Leg(NamedTuple):
    record: CallRecord
    others: frozenset[str]
    """The unique ids of other legs that it names."""
    is_second: bool
    """It was made by another leg: it is the one towards the callee."""


def looks_like_json_cdr(start: str) -> bool:
    """Tell whether a file's start is a document of mod_json_cdr, plain, in a form's encoding, or in base64."""
    start = start.lstrip("\ufeff \t\r\n")
    if start.startswith(_FORM) or (start[:1] not in "{[" and start[:64].isascii()):
        start = _decoded(start[: len(start) // 4 * 4].partition("\n")[0])
    return start.startswith("{") and '"channel_data"' in start and ('"core-uuid"' in start or '"switchname"' in start)


def read_json_cdr(lines: Iterable[str], *, country: str | None = None) -> Iterator[CallRecord | RowProblem]:
    """Yield a record of each call, or why a document has none. Documents follow one another, on one line or on several.

    A call has two legs that name each other; the calling one is the call. A called leg whose calling leg the file lacks is one too,
    and comes last.
    """
    legs = Legs(country)
    for number, text in _documents(lines):
        try:
            yield from legs.take(number, _parsed(text))
        except BadValue as bad:
            yield RowProblem(number, bad.column, bad.cause)
    yield from legs.rest()


class Legs:
    """Documents of legs to calls."""

    def __init__(self, country: str | None) -> None:
        self._values = Values(None, country)
        self._seconds: OrderedDict[str, _Leg] = OrderedDict()
        self._joined: OrderedDict[str, None] = OrderedDict()

    def take(self, number: int, document: dict[str, Any]) -> Iterator[CallRecord]:
        """Take in a document; yield the calls that are known by it. Raises `BadValue`."""
        leg = _leg(number, document, self._values)
        own, seconds, joined = leg.record.call_id, self._seconds, self._joined
        if not leg.is_second:
            for other in leg.others:
                seconds.pop(other, None)
            joined[own] = None
            joined.update(dict.fromkeys(leg.others))
            yield leg.record
        elif own not in joined and not any(other in joined for other in leg.others):
            seconds[own] = leg
        while len(joined) > MOST_HELD:
            joined.popitem(last=False)
        while len(seconds) > MOST_HELD:
            yield seconds.popitem(last=False)[1].record

    def rest(self) -> Iterator[CallRecord]:
        """Yield called legs whose calling leg never came."""
        for leg in self._seconds.values():
            if not any(other in self._joined for other in leg.others):
                yield leg.record


def _documents(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield each document with the number of its first line.

    One on several lines ends where its braces close; a line that opens a document while one is open ends a broken one.
    """
    held: list[str] = []
    size = first = 0
    for number, line in enumerate(lines, start=1):
        text = line.strip("\ufeff \t\r\n")
        if not text:
            continue
        begins = not line[:1].isspace() and text[0] == "{"
        if held and begins:
            yield first, "\n".join(held)
            held = []
        if not held:
            first, size = number, 0
        size += len(text)
        if size <= LONGEST_DOCUMENT:
            held.append(text)
        if text[0] != "{" and len(held) == 1:
            yield first, text
            held = []
        elif text[-1] == "}" and (not line[:1].isspace() or len(held) == 1) and _is_whole(held):
            yield first, "\n".join(held)
            held = []
    if held:
        yield first, "\n".join(held)


def _is_whole(held: list[str]) -> bool:
    try:
        json.loads("\n".join(held))
    except (ValueError, RecursionError):
        return False
    return True


def _leg(number: int, document: dict[str, Any], values: Values) -> _Leg:
    variables, profile, times = _variables(document), *_profile(document)
    call_id = _text(variables, "uuid") or _text(profile, "uuid")
    if not call_id:
        raise BadValue("uuid", "empty")
    began, ended = _moment(variables, times, "start", "created_time"), _moment(variables, times, "end", "hangup_time")
    answered = _moment(variables, times, "answer", "answered_time")
    if began is None or ended is None:
        raise BadValue("start_uepoch" if began is None else "end_uepoch", "the call has no such time")
    in_order(began, answered, ended)
    cause = NAMED.get(_text(variables, "hangup_cause"))
    source = _text(variables, "sip_network_ip") or _text(profile, "network_addr")
    told = _text(variables, "sip_term_status")
    is_second, others = _other_legs(document, variables, profile)
    record = CallRecord(
        line=number,
        call_id=call_id,
        start=began,
        answer=answered,
        end=ended,
        account=_text(variables, "accountcode") or None,
        caller=values.user(_text(profile, "caller_id_number") or _text(variables, "sip_from_user")),
        callee=values.user(_text(profile, "destination_number") or _text(variables, "sip_req_user")),
        source_ip=values.address(source, "sip_network_ip") if source else None,
        status=200 if answered is not None else status(told, "sip_term_status") if told else sip_status(cause, answered=False),
        released_by=None if is_second else _RELEASED_BY.get(_text(variables, "sip_hangup_disposition")),
        attestation=None,
        ring_ms=_ring_ms(variables, times, answered if answered is not None else ended),
        q850=q850(cause),
        user_agent=_text(variables, "sip_user_agent") or None,
    )
    return _Leg(record, others - {call_id, ""}, is_second)


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_DOCUMENT:
        raise BadValue(None, f"the document is longer than {LONGEST_DOCUMENT} characters")
    try:
        document = json.loads(text if text.startswith("{") else _decoded(text))
    except (ValueError, RecursionError):
        raise BadValue(None, "no JSON document: it is cut or broken") from None
    if not isinstance(document, dict):
        raise BadValue(None, "a JSON value that is no document of mod_json_cdr")
    return document


def _decoded(text: str) -> str:
    """Return a document out of a form's encoding, or out of base64; empty where it is neither."""
    text = text.strip()
    if text.startswith(_FORM):
        text = unquote(text.removeprefix(_FORM))
        if text.startswith("{"):
            return text
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _variables(document: dict[str, Any]) -> dict[str, Any]:
    variables = document.get("variables")
    if not isinstance(variables, dict):
        raise BadValue("variables", "missing")
    return variables


def _profile(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the caller's profile and the times of the last step of the call flow, which is the first in the list."""
    flow = document.get("callflow")
    step = flow[0] if isinstance(flow, list) and flow else flow
    if not isinstance(step, dict):
        return {}, {}
    profile, times = step.get("caller_profile"), step.get("times")
    return profile if isinstance(profile, dict) else {}, times if isinstance(times, dict) else {}


def _other_legs(document: dict[str, Any], variables: dict[str, Any], profile: dict[str, Any]) -> tuple[bool, frozenset[str]]:
    """Return whether another leg made this one, and the ids of the legs it names."""
    made_by = {_text(variables, name) for name in ("originating_leg_uuid", "originator", "ent_originate_aleg_uuid")} - {""}
    originator = profile.get("originator")
    if isinstance(originator, dict):
        profiles = originator.get("originator_caller_profiles")
        made_by |= {_text(each, "uuid") for each in profiles if isinstance(each, dict)} if isinstance(profiles, list) else set()
        is_second = True
    else:
        is_second = bool(made_by)
    named = {_text(variables, name) for name in ("bleg_uuid", "bridge_uuid", "signal_bond", "last_bridge_to")}
    channel = document.get("channel_data")
    is_outbound = isinstance(channel, dict) and channel.get("direction") == "outbound"
    return is_second or (is_outbound and bool(named - {""})), frozenset(made_by | named)


def _text(holder: dict[str, Any], name: str) -> str:
    """Return a value as text, decoded: values are written as in addresses (`%40` for `@`) unless that was switched off."""
    value = holder.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return ""
    return unquote(value).strip() if "%" in value else value.strip()


def _moment(variables: dict[str, Any], times: dict[str, Any], name: str, other: str) -> Micros | None:
    """Return a time, which both places write as microseconds since 1970; 0: it never came."""
    for column, text in ((f"{name}_uepoch", _text(variables, f"{name}_uepoch")), (other, _text(times, other))):
        if not text or text == "0":
            continue
        if not (text.isdecimal() and len(text) <= 17):
            raise BadValue(column, f"{short(text)} are no microseconds since 1970")
        return Micros(int(text))
    return None


def _ring_ms(variables: dict[str, Any], times: dict[str, Any], until: Micros) -> int | None:
    rang = [
        moment
        for name, other in (("progress", "progress_time"), ("progress_media", "progress_media_time"))
        if (moment := _moment(variables, times, name, other)) is not None
    ]
    return max(0, until - min(rang)) // MILLISECOND if rang else None
