"""What a request says of itself, as far as events need it."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from ringfence.vocabulary.times import Micros
from ringfence.watch.calls.entries import Origin
from ringfence.watch.calls.legs import LONGEST_TEXT, Leg, bounded
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.wire.sip import parse
from ringfence.watch.wire.sip.message import Message, Uri

_EMERGENCY_SERVICE: Final = "service:sos"
_NAMES_MORE: Final = re.compile(rb"\n(?:P-Asserted-Identity|Diversion)[ \t]*:", re.IGNORECASE)
"""What the scanner passes over."""


def origin_of(datagram: Datagram, message: Message, leg: Leg, *, time: Micros, number: Callable[[str], str]) -> Origin:
    """Return the facts of a request that came on `leg` at `time`. `number` turns a user part into E.164 where it names a number."""
    method = bounded(message.method or "")
    dialled = _user(message.uri)
    to_user, from_user = _user(message.to_uri), _user(message.from_uri)
    target = to_user if method == "REGISTER" else dialled
    callee = target if target is not None else to_user
    more = message if message.asserted or message.diversions else _read_whole(datagram)
    return Origin(
        call_id=bounded(message.call_id or ""),
        tag=bounded(message.from_tag or ""),
        method=method,
        time=time,
        source=leg.source,
        source_port=leg.port,
        destination=datagram.destination,
        transport=datagram.transport,
        caller=None if from_user is None else number(from_user),
        callee=None if callee is None else number(callee),
        dialled=dialled,
        target=target,
        domain=_shown(message.uri.host) if message.uri is not None else None,
        from_user=from_user,
        to_user=to_user,
        user=_shown(message.authorization.username) if message.authorization is not None else None,
        credentials=message.authorization is not None,
        user_agent=_shown(message.user_agent),
        agent=datagram.agent,
        emergency=_is_emergency_service(message.uri),
        asserted=_named(more.asserted, number) if more is not None else None,
        diverted=_named(more.diversions, number) if more is not None else None,
    )


def _read_whole(datagram: Datagram) -> Message | None:
    """Return the message, read whole, where it has a field that the scanner passes over. That happens once a request."""
    return parse(datagram.payload) if _NAMES_MORE.search(datagram.payload) else None


def _named(uris: Sequence[Uri], number: Callable[[str], str]) -> str | None:
    """Return the first of `uris` that names somebody, as numbers are written."""
    return next((number(user) for uri in uris if (user := _user(uri)) is not None), None)


def _user(uri: Uri | None) -> str | None:
    return None if uri is None or uri.user is None or uri.scheme == "urn" else bounded(uri.user)


def _is_emergency_service(uri: Uri | None) -> bool:
    """Tell whether it is `urn:service:sos` or a service below it, such as `urn:service:sos.fire` (RFC 5031 section 4.2)."""
    if uri is None or uri.scheme != "urn" or uri.user is None:
        return False
    return uri.user == _EMERGENCY_SERVICE or uri.user.startswith(_EMERGENCY_SERVICE + ".")


def _shown(text: str | None) -> str | None:
    """Return text that nothing is looked up by: cut where it is long."""
    return None if text is None else bounded(text[:LONGEST_TEXT])
