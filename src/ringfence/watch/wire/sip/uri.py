"""URIs: sip and sips (RFC 3261 section 19.1), tel (RFC 3966), urn:service (RFC 5031); of others the scheme alone."""

import re
from typing import Final

from ringfence.watch.wire.sip.message import Defect, Uri

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*\Z")
_HOST: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_\-.]*[A-Za-z0-9_.])?\Z", re.ASCII)
_IPV6: Final = re.compile(r"\[[0-9A-Fa-f:.]{2,45}\]\Z")
_ESCAPED: Final = re.compile(r"((?:%[0-9A-Fa-f]{2})+)")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_PLACE_END: Final = re.compile("[;?]")
_USER_END: Final = re.compile("[:;]")
_SERVICE: Final = re.compile(
    r"service(?::[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?){0,7})\Z", re.ASCII
)
_LONGEST_PORT: Final = 5
_USUAL: Final = re.compile(r"(sips?):(?:([^@:;%?\s]*)@)?([a-z0-9][a-z0-9.-]*[a-z0-9])(?::([0-9]{1,4}))?(?:;[^@?\s]*)?\Z")
"""Nearly every URI on the wire, and none with a defect. The rest is read piece by piece."""


def parse_uri(text: str, defects: list[Defect]) -> Uri | None:
    """Return the URI that `text` is, or `None` and a defect where it has no scheme. White space inside is a defect."""
    usual = _USUAL.match(text)
    if usual is not None:
        scheme, user, host, port = usual.groups()
        return Uri(scheme, user or None, host, int(port) if port else None)
    scheme, colon, rest = text.partition(":")
    known = scheme.lower()
    if not colon or not _SCHEME.match(scheme):
        defects.append(Defect.URI)
        return None
    if known not in ("sip", "sips"):
        return _other(known, rest, defects)
    # Neither parameters nor header fields may hold an unescaped "@": the last one ends the user part.
    userinfo, _, place = rest.rpartition("@")
    user = _user(userinfo, defects) or None
    host, port = host_port(_PLACE_END.split(place, 1)[0], defects)
    if " " in rest or "\t" in rest:
        defects.append(Defect.URI)
    return Uri(known, user, host, port)


def host_port(text: str, defects: list[Defect]) -> tuple[str | None, int | None]:
    """Return host (lower case, IPv6 in brackets) and port of a `hostport`. `None` and a defect for what cannot be read."""
    if text[:1] == "[":
        host, bracket, port = text.partition("]")
        host += bracket
        sound = _IPV6.match(host) is not None and (not port or port[0] == ":")
        colon, port = port[:1], port[1:]
    else:
        host, colon, port = text.partition(":")
        sound = _HOST.match(host) is not None
    if not sound:
        defects.append(Defect.HOST)
        return None, None
    if not colon:
        return host.lower(), None
    if len(port) > _LONGEST_PORT or not (port.isdigit() and port.isascii()) or (value := int(port)) > 65535:
        defects.append(Defect.HOST)
        return host.lower(), None
    return host.lower(), value


def has_headers(text: str) -> bool:
    """Tell whether a URI carries header fields (`?Route=…`). A question mark may stand in a user part without being one."""
    return "?" in text[text.rfind("@") + 1 :]


def _user(userinfo: str, defects: list[Defect]) -> str:
    user = _USER_END.split(userinfo, 1)[0]
    return unescaped(user, defects) if "%" in user else user


def unescaped(text: str, defects: list[Defect]) -> str:
    """Return `text` with its `%` escapes read as UTF-8, save those of control characters, which stay as they are."""
    if "%" in _ESCAPED.sub("", text):
        defects.append(Defect.ESCAPE)
    return _ESCAPED.sub(_unescape, text)


def _unescape(found: re.Match[str]) -> str:
    plain = bytes.fromhex(found[1].replace("%", "")).decode("utf-8", "replace")
    return _CONTROL.sub(lambda control: "".join(f"%{octet:02X}" for octet in control[0].encode()), plain)


def _other(scheme: str, rest: str, defects: list[Defect]) -> Uri:
    if scheme == "urn" and _SERVICE.match(service := rest.lower()):
        return Uri(scheme, service, None)
    if scheme != "tel":
        defects.append(Defect.UNKNOWN_SCHEME)
        return Uri(scheme, None, None)
    number = rest.partition(";")[0].strip()
    if not number:
        defects.append(Defect.URI)
    return Uri(scheme, unescaped(number, defects) if "%" in number else number or None, None)
