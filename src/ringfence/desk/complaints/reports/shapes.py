"""Checks of JSON values against small shapes: what is wrong comes back as problems, with the path of the value."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from ringfence.desk.complaints.reports.report import Problem

Check = Callable[[object], str | None]
"""What is wrong with a value, or `None`."""

_HOST: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.?"
)


def text(value: object) -> str | None:
    """Check that it is text."""
    return None if isinstance(value, str) else "is no text"


def at_least(length: int) -> Check:
    """Check that it is text of `length` characters or more."""
    return lambda value: text(value) or (None if len(str(value)) >= length else f"is shorter than {length}")


def truth(value: object) -> str | None:
    """Check that it is true or false."""
    return None if isinstance(value, bool) else "is neither true nor false"


def whole(least: int | None = None, most: int | None = None) -> Check:
    """Check that it is a whole number between the two."""

    def check(value: object) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return "is no whole number"
        if (least is not None and value < least) or (most is not None and value > most):
            return f"does not lie between {least} and {most}" if most is not None else f"is less than {least}"
        return None

    return check


def number(value: object) -> str | None:
    """Check that it is a number."""
    return None if isinstance(value, int | float) and not isinstance(value, bool) else "is no number"


def one_of(*choices: str) -> Check:
    """Check that it is one of some words."""
    return lambda value: None if value in choices else f"is none of {', '.join(choices)}"


def address(value: object) -> str | None:
    """Check that it is an IPv4 or IPv6 address."""
    try:
        ip_address(value if isinstance(value, str) else "")
    except ValueError:
        return "is no IP address"
    return None


def moment(value: object) -> str | None:
    """Check that it is an RFC 3339 date and time with a zone."""
    try:
        zoned = isinstance(value, str) and "T" in value.upper() and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        zoned = False
    return None if zoned else "is no date and time with a zone"


def mail(value: object) -> str | None:
    """Check that it looks like a mail address."""
    local, at, host = value.rpartition("@") if isinstance(value, str) else ("", "", "")
    return None if at and local and host and " " not in local else "is no mail address"


def host_name(value: object) -> str | None:
    """Check that it is a host name (RFC 1123)."""
    return None if isinstance(value, str) and _HOST.fullmatch(value) else "is no host name"


def url(value: object) -> str | None:
    """Check that it is a URI with a scheme."""
    try:
        scheme = urlsplit(value).scheme if isinstance(value, str) and " " not in value else ""
    except ValueError:
        scheme = ""
    return None if scheme else "is no URL"


def matching(pattern: str, meaning: str) -> Check:
    """Check that it is text of a form."""
    form = re.compile(pattern)
    return lambda value: None if isinstance(value, str) and form.fullmatch(value) else f"is no {meaning}"


def port(value: object) -> str | None:
    """Check that it is a port, or a list of ports."""
    many = value if isinstance(value, list) else [value]
    return next((wrong for one in many if (wrong := whole(0, 65_535)(one)) is not None), None)


def problems_of(
    holder: Mapping[str, object], checks: Mapping[str, Check], *, under: str, required: tuple[str, ...] = ()
) -> Iterator[Problem]:
    """Yield what is wrong with the fields that `checks` names, and which `required` ones are missing. `under` is the path."""
    for name in required:
        if name not in holder:
            yield Problem(f"{under}{name}", "is missing")
    for name, check in checks.items():
        if name in holder and (cause := check(holder[name])) is not None:
            yield Problem(f"{under}{name}", cause)
