"""Scalars: whole numbers with their fields' limits, CSeq, and the form of dates."""

from datetime import datetime
from typing import Final

from ringfence.watch.wire.sip.message import Defect

UNSIGNED_32: Final = 2**32 - 1
"""Largest Expires and the like (RFC 3261 section 20.19)."""
CSEQ_LIMIT: Final = 2**31 - 1
"""A CSeq number is below 2**31 (section 8.1.1.5)."""
_LONGEST: Final = 20
"""Digits that are turned into a number at all; leading zeros may stand in front."""


def number(text: str, limit: int, defects: list[Defect]) -> int | None:
    """Return the number that `text` is, or `None` and a defect where it is none or larger than `limit`."""
    if not (text.isdigit() and text.isascii()):
        defects.append(Defect.NUMBER)
        return None
    digits = text if len(text) <= _LONGEST else text.lstrip("0")
    if len(digits) > _LONGEST or (value := int(digits or "0")) > limit:
        defects.append(Defect.NUMBER_RANGE)
        return None
    return value


def cseq(text: str, defects: list[Defect]) -> tuple[int | None, str | None]:
    """Return a CSeq's number and method (section 20.16), each `None` where it cannot be read."""
    parts = text.split()
    if len(parts) != 2:
        defects.append(Defect.CSEQ)
        return (number(parts[0], CSEQ_LIMIT, defects) if parts else None), None
    return number(parts[0], CSEQ_LIMIT, defects), parts[1]


def check_date(text: str, defects: list[Defect]) -> None:
    """Record a defect where `text` is no SIP-date: RFC 1123 form, in GMT only (section 20.17)."""
    try:
        datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT")
    except ValueError:
        defects.append(Defect.DATE)
