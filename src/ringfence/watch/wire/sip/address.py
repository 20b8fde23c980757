"""Addresses with display name, brackets and parameters (name-addr and addr-spec, RFC 3261 section 25.1), and lists of values."""

import re
from typing import Final

from ringfence.watch.wire.sip.message import Defect, Uri
from ringfence.watch.wire.sip.uri import has_headers, parse_uri

MAX_VALUES: Final = 64
"""Values read of one kind of header field."""

_TOKENS: Final = re.compile(r"[A-Za-z0-9\-.!%*_+`'~ \t]*\Z")
_PARAMETER: Final = re.compile(r"[ \t]*[^\s;,=\"<>]+[ \t]*(?:=[ \t]*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"<>]+)[ \t]*)?\Z", re.DOTALL)
_USUAL: Final = re.compile(
    r"""(?:"[^"\\]*"[ ]*|[A-Za-z0-9\-.!%*_+`'~ ]*)<(sips?):(?:([^@:;%?\s>]*)@)?([a-z0-9][a-z0-9.-]*[a-z0-9])(?::([0-9]{1,4}))?"""
    r"""(?:;[^@?\s>]*)?>(?:;tag=([A-Za-z0-9\-.!%*_+`'~]+))?\Z"""
)
"""Nearly every From, To and Contact on the wire, and none with a defect: one match is twice as fast as reading piece by piece."""


def quote_end(text: str, start: int) -> int:
    """Return where the quoted string that starts at `start` has its closing quote, or -1."""
    end = text.find('"', start + 1)
    while end > 0:
        backslashes = end - 1
        while text[backslashes] == "\\":
            backslashes -= 1
        if (end - backslashes) % 2:
            return end
        end = text.find('"', end + 1)
    return -1


def split(text: str, mark: str, defects: list[Defect]) -> list[str]:
    """Return the parts of `text` between the `mark`s that stand outside quotes and angle brackets."""
    if mark not in text:
        return [text]
    if '"' not in text and "<" not in text:
        return text.split(mark)
    parts: list[str] = []
    begin = at = 0
    while at < len(text):
        character = text[at]
        if character == mark:
            parts.append(text[begin:at])
            begin = at + 1
        elif character == '"' or character == "<":
            end = quote_end(text, at) if character == '"' else text.find(">", at)
            if end < 0:
                defects.append(Defect.QUOTE if character == '"' else Defect.ADDRESS)
                break
            at = end
        at += 1
    parts.append(text[begin:])
    return parts


def values(lines: list[str], defects: list[Defect]) -> list[str]:
    """Return the values of a header field that may stand several times and hold several values a line, in order."""
    if len(lines) == 1 and "," not in lines[0]:
        return lines
    found = [part.strip() for line in lines for part in split(line, ",", defects)]
    if len(found) > MAX_VALUES:
        defects.append(Defect.HEADER_COUNT)
        del found[MAX_VALUES:]
    return found


def parse_address(text: str, defects: list[Defect]) -> tuple[Uri | None, str]:
    """Return the URI of an address and what follows it (its parameters, from the first semicolon on; empty without any)."""
    at = 0
    if text[:1] == '"':
        at = quote_end(text, 0) + 1
        if at == 0:
            defects.append(Defect.QUOTE)
            at = max(text.rfind("<"), 0)
    opened = text.find("<", at)
    if opened < 0:
        return _bare(text, defects) if at == 0 else _nothing(defects)
    if at == 0 and opened and not _TOKENS.match(text[:opened]):
        defects.append(Defect.DISPLAY_NAME)
    closed = text.find(">", opened)
    if closed < 0:
        return _nothing(defects)
    inner = text[opened + 1 : closed]
    if inner[:1] in (" ", "\t") or inner[-1:] in (" ", "\t"):
        defects.append(Defect.ADDRESS)
        inner = inner.strip()
    return parse_uri(inner, defects), text[closed + 1 :]


def _bare(text: str, defects: list[Defect]) -> tuple[Uri | None, str]:
    """Read an address without brackets: a semicolon starts its parameters, and a comma or question mark may not stand in it."""
    # So section 20 has it: a URI with a semicolon of its own must stand in brackets.
    address, semicolon, parameters = text.partition(";")
    if has_headers(address) or "," in address:
        defects.append(Defect.ADDRESS)
    return parse_uri(address.strip(), defects), semicolon + parameters


def _nothing(defects: list[Defect]) -> tuple[None, str]:
    defects.append(Defect.ADDRESS)
    return None, ""


def tagged(text: str, defects: list[Defect]) -> tuple[Uri | None, str | None]:
    """Return URI and tag of a From or To (RFC 3261 section 19.3)."""
    usual = _USUAL.match(text)
    if usual is not None:
        scheme, user, host, port, tag = usual.groups()
        return Uri(scheme, user or None, host, int(port) if port else None), tag
    uri, rest = parse_address(text, defects)
    return uri, parameter(rest, "tag", defects) if rest else None


def parameter(text: str, name: str, defects: list[Defect]) -> str | None:
    """Return the value of one of the `;`-separated parameters that `text` starts with, unquoted; `None` where absent.

    Every parameter is checked. One without a value gives the empty string.
    """
    found: str | None = None
    first, *parts = split(text, ";", defects)
    if first.strip():
        defects.append(Defect.PARAMETER)
    for part in parts:
        if not _PARAMETER.match(part):
            defects.append(Defect.PARAMETER)
            continue
        key, _, value = part.partition("=")
        if found is None and key.strip().lower() == name:
            found = value.strip().strip('"')
    return found
