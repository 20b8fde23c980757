"""Who credentials claim to be, and whether a challenge is only for a newer nonce (RFC 3261 section 22, RFC 8760).

Nothing secret leaves this module: of the parameters only `username`, `realm` and `stale` are looked at, and where quotes are out of
order so that one of them may have run into its neighbours, it is dropped.
"""

from typing import Final

from ringfence.watch.wire.sip.address import quote_end
from ringfence.watch.wire.sip.message import Authorization, Defect

SCHEMES: Final = frozenset({"digest", "basic", "bearer", "negotiate", "ntlm", "kerberos", "hoba", "mutual", "vapid", "pgp"})
"""Known in HTTP or SIP, in lower case."""
_SECRETS: Final = ("response=", "nonce=", "opaque=", "auts=", "response ", "nonce ")


def authorization(lines: list[str], defects: list[Defect]) -> Authorization | None:
    """Return the first credentials that name somebody, else the first ones, else `None`."""
    first: Authorization | None = None
    for line in lines:
        read = _authorization(line, defects)
        if read is not None and (first is None or (first.username is None and read.username is not None)):
            first = read
    return first


def is_stale(lines: list[str]) -> bool:
    """Tell whether a challenge says `stale=true`."""
    for line in lines:
        lowered = line.lower()
        if "stale" in lowered and (_parameter(lowered, "stale", []) or "") == "true":
            return True
    return False


def _authorization(text: str, defects: list[Defect]) -> Authorization | None:
    scheme, space, rest = text.partition(" ")
    scheme = scheme.lower()
    if not text:
        defects.append(Defect.CREDENTIALS)
        return None
    if scheme not in SCHEMES or not space:
        defects.append(Defect.UNKNOWN_CREDENTIALS)
        return Authorization("unknown", None, None)
    if scheme != "digest":
        return Authorization(scheme, None, None)
    return Authorization(scheme, _parameter(rest, "username", defects), _parameter(rest, "realm", defects))


def _parameter(text: str, name: str, defects: list[Defect]) -> str | None:
    """Return a parameter's value without its quotes; `None` where absent, or where it may hold what must be dropped."""
    at = _value_start(text, name)
    if at < 0:
        return None
    if text[at : at + 1] == '"':
        end = quote_end(text, at)
        if end < 0:
            defects.append(Defect.QUOTE)
            return None
        value = text[at + 1 : end]
    else:
        value = text[at:].partition(",")[0].strip(" \t")
    lowered = value.lower()
    if any(secret in lowered for secret in _SECRETS):
        defects.append(Defect.CREDENTIALS)
        return None
    return value.replace('\\"', '"').replace("\\\\", "\\") if "\\" in value else value


def _value_start(text: str, name: str) -> int:
    """Return where the value of parameter `name` starts, or -1. The name counts only where a parameter may start."""
    # Within somebody's quoted value the name may stand after a space too. That value is the sender's own claim like any other, so
    # this cheap reading loses nothing.
    lowered = text.lower()
    at = lowered.find(name)
    while at >= 0:
        end = at + len(name)
        before = text[at - 1] if at else ","
        while text[end : end + 1] in (" ", "\t"):
            end += 1
        if before in ", \t" and text[end : end + 1] == "=":
            end += 1
            while text[end : end + 1] in (" ", "\t"):
                end += 1
            return end
        at = lowered.find(name, at + 1)
    return -1
