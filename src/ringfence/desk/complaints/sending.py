"""Whether a mail was sent by a person, and whether it comes from whom it says: loops, automatic answers, DKIM, SPF.

DNS is asked through a function that is handed in; nothing here opens a socket by itself.
"""

import logging
import re
from collections.abc import Callable, Sequence
from email.message import Message
from ipaddress import ip_address
from itertools import islice
from typing import Any, Final

import dkim
import spf

from ringfence.desk.complaints.mails import letter
from ringfence.desk.letters.services import LOOP_HEADER

Lookup = Callable[[str, str], Sequence[str]]
"""Returns the records of a name and a type (`TXT`, `A`, `AAAA`, `MX`, `PTR`), none where there are none.

`MX` are written `10 mail.example.org`. Raises `LookupFailed` where nobody answers.
"""

_HOPS: Final = 50
_SIGNATURES: Final = 5
_LARGEST_CHECKED: Final = 2 << 20
_DOMAIN: Final = re.compile(rb"[A-Za-z0-9._-]{1,253}")
_PRECEDENCES: Final = frozenset({"auto_reply", "auto-reply", "junk"})
_PARTS: Final = 20
_DMARC_SUBJECT: Final = re.compile(r"Report Domain: ?\S+ Submitter: ?\S+", re.IGNORECASE)
_DMARC_FILE: Final = re.compile(r"[^!\s]+![^!\s]+![0-9]+![0-9]+(![^!\s]+)?\.(xml|xml\.gz|zip)", re.IGNORECASE)
_silent = logging.getLogger("ringfence.dkim")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


class LookupFailed(Exception):
    """DNS gave no answer: trying again may help."""


def automatic(raw: bytes, sender: str, own: str) -> str:
    """Return why nobody wrote this mail, empty where somebody may have. `own` is the token in `LOOP_HEADER` of our mails."""
    mail = letter(raw)
    if own and own in [str(value).strip() for value in mail.get_all(LOOP_HEADER, [])]:
        return "a mail of ours came back"
    if len(mail.get_all("Received", [])) > _HOPS:
        return "it has gone round in circles"
    kind = mail.get_content_type()
    if kind == "multipart/report":
        return "" if _report_type(mail) == "feedback-report" else "a report of delivery"
    if _is_dmarc_aggregate(mail):
        return "a statistic of checked mails (DMARC, RFC 7489)"
    stated = str(mail.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    if stated not in ("no", ""):
        return f"its sender says that it is {stated[:40]}"
    if mail.get("X-Autoreply") or mail.get("X-Autorespond") or mail.get("X-Auto-Response-Suppress", "").lower() == "all":
        return "an automatic answer"
    if str(mail.get("Precedence", "")).strip().lower() in _PRECEDENCES:
        return "an automatic answer"
    return "it has no sender" if sender in ("", "<>") and not mail.get("From") else ""


def _is_dmarc_aggregate(mail: Message) -> bool:
    """Tell whether subject and a packed file's name are as RFC 7489, section 7.2.1.1, has them."""
    if not _DMARC_SUBJECT.match(" ".join(str(mail.get("Subject", "")).split())):
        return False
    names = (part.get_filename() for part in islice(mail.walk(), _PARTS))
    return any(isinstance(name, str) and _DMARC_FILE.fullmatch(name.strip()) for name in names)


def _report_type(mail: Message) -> str:
    value = mail.get_param("report-type", "")
    return value.lower() if isinstance(value, str) else ""


def dkim_result(raw: bytes, lookup: Lookup) -> str:
    """Return `none`, or of the first five signatures the best: `pass example.org`, `fail example.org`, `unsure: …`."""
    if len(raw) > _LARGEST_CHECKED:
        return "not checked: too large"
    results = []
    try:
        checker = dkim.DKIM(raw, logger=_silent, timeout=5)
        signed = [value for name, value in checker.headers if name.lower() == b"dkim-signature"][:_SIGNATURES]
    except (dkim.DKIMException, ValueError, IndexError, KeyError, AttributeError, TypeError):
        return "unsure: its headers can't be read"
    for place, _ in enumerate(signed):
        results.append(_verified(raw, place, lookup))
    return _best(results)


def _best(results: Sequence[str]) -> str:
    order = {"pass": 0, "fail": 1}
    return min(results, key=lambda result: order.get(result.split(" ")[0], 2), default="none")


def _verified(raw: bytes, place: int, lookup: Lookup) -> str:
    def texts(name: bytes | str, timeout: int = 5) -> bytes | None:  # noqa: ARG001 # the library's arguments
        asked = name.decode("ascii", "replace") if isinstance(name, bytes) else name
        found = lookup(asked.rstrip("."), "TXT")
        return found[0].encode() if found else None

    checker = dkim.DKIM(raw, logger=_silent, timeout=5)
    try:
        passed = checker.verify(place, dnsfunc=texts)
    except LookupFailed as error:
        return f"unsure: {error}"
    except (dkim.DKIMException, ValueError, IndexError, KeyError, AttributeError, TypeError) as error:
        return f"fail {type(error).__name__}"
    domain = checker.domain if isinstance(checker.domain, bytes) and _DOMAIN.fullmatch(checker.domain) else b"?"
    return f"{'pass' if passed else 'fail'} {domain.decode()}"


class _Query(spf.query):  # type: ignore[misc]  # the library has no types
    """Asks through our function. A CNAME is followed by who answers."""

    def __init__(self, lookup: Lookup, *, address: str, sender: str, helo: str) -> None:
        super().__init__(i=address, s=sender, h=helo, timeout=5, querytime=10, strict=True)
        self._lookup = lookup

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[Any]:  # noqa: ARG002 # the library's arguments
        if qtype not in ("TXT", "A", "AAAA", "MX", "PTR"):
            return []
        try:
            found = self._lookup(str(name).rstrip(".").lower(), qtype)
        except LookupFailed as error:
            raise spf.TempError(str(error)) from error
        if qtype == "TXT":
            return [(value.encode(),) for value in found]
        if qtype == "MX":
            pairs = (value.split(" ", 1) for value in found)
            return [(int(rank), host.rstrip(".")) for rank, host in pairs]
        if qtype in ("A", "AAAA"):
            return [ip_address(value) for value in found]
        return [value.rstrip(".") for value in found]


def spf_result(address: str, sender: str, helo: str, lookup: Lookup) -> str:
    """Return `pass example.org`, `fail …`, `softfail …`, `neutral …`, `none …` (RFC 7208), or why nobody could say."""
    try:
        given = ip_address(address)
    except ValueError:
        return "not checked: no address"
    if given.is_loopback or given.is_private:
        return "not checked: handed in by a host of our own"
    domain = (sender.rpartition("@")[2] or helo)[:253]
    try:
        result, _, _ = _Query(lookup, address=address, sender=sender[:320], helo=helo[:253]).check()
    except (spf.TempError, spf.PermError, LookupFailed, ValueError, UnicodeError, AssertionError, IndexError) as error:
        return f"unsure: {type(error).__name__}"
    return f"{result} {domain}"
