"""Bytes to message: reads what the fields of `Message` need, records what is wrong, drops the rest."""

from typing import Final

from msgspec import Struct

from ringfence.watch.wire.sip.address import parameter, parse_address, tagged, values
from ringfence.watch.wire.sip.credentials import authorization, is_stale
from ringfence.watch.wire.sip.extensions import OPTION_TAGS
from ringfence.watch.wire.sip.head import Fields, Head, read_head
from ringfence.watch.wire.sip.message import Defect, Message, Uri, Via
from ringfence.watch.wire.sip.number import UNSIGNED_32, check_date, cseq, number
from ringfence.watch.wire.sip.start_line import StartLine, parse_start_line
from ringfence.watch.wire.sip.via import COOKIE, parse_via

_REQUIRED: Final = frozenset({"call-id", "cseq", "from", "to", "via"})
_MAX_FORWARDS: Final = 255
_BROADCAST: Final = "255.255.255.255"


class _Seldom(Struct, frozen=True, gc=False):
    """What most messages lack."""

    record_routes: tuple[Uri, ...] = ()
    stale: bool = False
    asserted: tuple[Uri, ...] = ()
    diversions: tuple[Uri, ...] = ()
    identities: tuple[str, ...] = ()
    privacy: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    expires: int | None = None


_NOTHING_SELDOM: Final = _Seldom()
_SELDOM: Final = frozenset(
    {
        "record-route",
        "challenge",
        "asserted",
        "diversion",
        "identity",
        "privacy",
        "reason",
        "expires",
        "require",
        "date",
        "retry-after",
    }
)


def parse(data: bytes) -> Message:
    """Return the first message in `data`, which may be anything: no bytes raise.

    Octets after it (as over UDP after Content-Length) are a defect and dropped; a stream is cut by `StreamSplitter` first.
    """
    defects: list[Defect] = []
    head = read_head(data, defects)
    if not head.start:
        return Message(None, None, 0, None, None, None, None, None, None, None, None, defects=(Defect.EMPTY,))
    return _read(head, len(data) - head.length, defects)


def _read(head: Head, octets: int, defects: list[Defect]) -> Message:
    """Read the message with that head, which `octets` follow."""
    fields = head.fields
    start = parse_start_line(head.start, defects)
    cseq_number, cseq_method = cseq(fields["cseq"][0], defects) if "cseq" in fields else (None, None)
    from_uri, from_tag = tagged(fields["from"][0], defects) if "from" in fields else (None, None)
    to_uri, to_tag = tagged(fields["to"][0], defects) if "to" in fields else (None, None)
    max_forwards = number(fields["max-forwards"][0], _MAX_FORWARDS, defects) if "max-forwards" in fields else None
    length, body = _body(fields, octets, defects)
    seldom = _NOTHING_SELDOM if _SELDOM.isdisjoint(fields) else _seldom(fields, defects)
    _check(start, cseq_method, max_forwards, fields, defects)
    return Message(
        method=cseq_method if start.status else start.method,
        uri=start.uri,
        status=start.status,
        reason_phrase=start.reason_phrase,
        call_id=_call_id(fields["call-id"][0], defects) if "call-id" in fields else None,
        cseq=cseq_number,
        cseq_method=cseq_method,
        from_uri=from_uri,
        from_tag=from_tag,
        to_uri=to_uri,
        to_tag=to_tag,
        vias=_vias(fields["via"], defects) if "via" in fields else (),
        contacts=_contacts(fields["contact"], defects) if "contact" in fields else (),
        record_routes=seldom.record_routes,
        authorization=authorization(fields["authorization"], defects) if "authorization" in fields else None,
        stale=seldom.stale,
        asserted=seldom.asserted,
        diversions=seldom.diversions,
        identities=seldom.identities,
        privacy=seldom.privacy,
        reason=seldom.reason,
        user_agent=fields["user-agent"][0] if "user-agent" in fields else None,
        max_forwards=max_forwards,
        expires=seldom.expires,
        content_length=length,
        body_bytes=body,
        defects=tuple(dict.fromkeys(defects)) if defects else (),  # last: all that is above adds to them
    )


def _call_id(text: str, defects: list[Defect]) -> str | None:
    if not text or " " in text or "\t" in text:
        defects.append(Defect.CALL_ID)
    return text or None


def _body(fields: Fields, octets: int, defects: list[Defect]) -> tuple[int | None, int]:
    """Return what Content-Length says and how long the body is, of the `octets` after the head (RFC 3261 section 18.3)."""
    length = number(fields["content-length"][0], UNSIGNED_32, defects) if "content-length" in fields else None
    if length is None or length == octets:
        return length, octets
    defects.append(Defect.BODY_SHORT if length > octets else Defect.EXCESS)
    return length, min(length, octets)


def _vias(lines: list[str], defects: list[Defect]) -> tuple[Via, ...]:
    read = [parse_via(value, defects) for value in values(lines, defects)]
    found = tuple([via for via in read if via is not None])
    if found:
        branch = found[0].branch
        if branch is None or len(branch) <= len(COOKIE) or not branch.startswith(COOKIE):
            defects.append(Defect.BRANCH)
        if any(via.host == _BROADCAST for via in found):
            defects.append(Defect.BROADCAST)
    return found


def _contacts(lines: list[str], defects: list[Defect]) -> tuple[Uri, ...]:
    """Return the addresses of Contact. The asterisk of a REGISTER that removes all bindings is none (section 10.2.2)."""
    found: list[Uri] = []
    for value in values(lines, defects):
        if value == "*":
            continue
        uri, rest = parse_address(value, defects)
        if rest:
            expires = parameter(rest, "expires", defects)
            if expires is not None:
                number(expires, UNSIGNED_32, defects)
        if uri is not None:
            found.append(uri)
    return tuple(found)


def _seldom(fields: Fields, defects: list[Defect]) -> _Seldom:
    if "date" in fields:
        check_date(fields["date"][0], defects)
    if "retry-after" in fields:
        number(fields["retry-after"][0].partition("(")[0].partition(";")[0].strip(), UNSIGNED_32, defects)
    if "require" in fields and any(tag.lower() not in OPTION_TAGS for tag in values(fields["require"], defects) if tag):
        defects.append(Defect.UNKNOWN_EXTENSION)
    return _Seldom(
        record_routes=_uris(fields, "record-route", defects),
        stale="challenge" in fields and is_stale(fields["challenge"]),
        asserted=_uris(fields, "asserted", defects),
        diversions=_uris(fields, "diversion", defects),
        identities=tuple(values(fields["identity"], defects)) if "identity" in fields else (),
        privacy=tuple(word.strip().lower() for line in fields.get("privacy", ()) for word in line.split(";") if word.strip()),
        reason=tuple(values(fields["reason"], defects)) if "reason" in fields else (),
        expires=number(fields["expires"][0], UNSIGNED_32, defects) if "expires" in fields else None,
    )


def _uris(fields: Fields, name: str, defects: list[Defect]) -> tuple[Uri, ...]:
    if name not in fields:
        return ()
    read = [parse_address(value, defects)[0] for value in values(fields[name], defects)]
    return tuple(uri for uri in read if uri is not None)


def _check(start: StartLine, cseq_method: str | None, max_forwards: int | None, fields: Fields, defects: list[Defect]) -> None:
    """Record what is wrong between the start line and the header fields."""
    if not fields.keys() >= _REQUIRED:
        defects.append(Defect.MISSING_HEADER)
    if start.method is None:
        return
    if cseq_method is not None and cseq_method != start.method:
        defects.append(Defect.CSEQ_METHOD)
    if max_forwards == 0:
        defects.append(Defect.HOPS_EXHAUSTED)
    elif "max-forwards" not in fields:
        defects.append(Defect.MISSING_HEADER)
