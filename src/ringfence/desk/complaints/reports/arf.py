"""Feedback reports of mail (RFC 5965): the fields of the machine-readable part, and the mail that was complained about."""

from collections.abc import Iterator
from datetime import UTC
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Final

from ringfence.desk.complaints.reports import shapes
from ringfence.desk.complaints.reports.report import Evidence, Problem, Report, ReportFormat
from ringfence.vocabulary.times import Micros, micros

FIELDS_TYPE: Final = "message/feedback-report"
_ORIGINALS: Final = ("message/rfc822", "text/rfc822-headers", "text/rfc822-header", "message/rfc822-headers")
_LONGEST: Final = 20_000


def read_arf(parts: list[Message], sender: str | None) -> Report:
    """Return the report that a mail's parts hold; one of them is the feedback part. It never raises.

    `sender` is who sent the report: the format itself names the reporter only by software.
    """
    fields = next((_fields(part) for part in parts if part.get_content_type() == FIELDS_TYPE), {})
    first = {name: values[0] for name, values in fields.items()}
    notes = next((_decoded(part) for part in parts if part.get_content_type() == "text/plain"), "")
    return Report(
        format=ReportFormat.ARF,
        version=first.get("version", ""),
        about=first.get("feedback-type", "").lower(),
        reporter=first.get("reporting-mta") or first.get("user-agent"),
        reporter_mail=sender,
        reference=first.get("incident-id") or first.get("original-envelope-id"),
        happened=_moment(first.get("arrival-date") or first.get("received-date") or ""),
        addresses=tuple(value for value in fields.get("source-ip", ()) if shapes.address(value) is None),
        urls=tuple(value for value in fields.get("reported-uri", ()) if shapes.url(value) is None),
        notes=notes[:_LONGEST],
        evidence=tuple(_originals(parts)),
        problems=tuple(_problems(fields)),
    )


def _fields(part: Message) -> dict[str, list[str]]:
    """Return the fields by lower-case name. The library keeps them as a message within, or as text where it had a doubt."""
    held = part.get_payload()
    inner = held[0] if isinstance(held, list) and held else None
    pairs = inner.items() if isinstance(inner, Message) else _lines(_decoded(part))
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name.strip().lower(), []).append(" ".join(str(value).split())[:_LONGEST])
    return fields


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip():
            yield name, value


def _decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content[: 4 * _LONGEST].decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _moment(text: str) -> Micros | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return micros(found if found.tzinfo else found.replace(tzinfo=UTC))


def _originals(parts: list[Message]) -> Iterator[Evidence]:
    for part in parts:
        kind = part.get_content_type()
        if kind in _ORIGINALS:
            held = part.get_payload()
            inner = held[0] if isinstance(held, list) and held else None
            data = inner.as_bytes() if isinstance(inner, Message) else _decoded(part).encode()
            yield Evidence(content_type=kind, description="the mail complained about", data=data)


def _problems(fields: dict[str, list[str]]) -> Iterator[Problem]:
    for name in ("feedback-type", "user-agent", "version"):
        if name not in fields:
            yield Problem(name, "is missing")
        elif len(fields[name]) > 1:
            yield Problem(name, "stands more than once")
    for value in fields.get("source-ip", ()):
        if (cause := shapes.address(value)) is not None:
            yield Problem("source-ip", cause)
    dated = fields.get("arrival-date", fields.get("received-date", []))
    if dated and _moment(dated[0]) is None:
        yield Problem("arrival-date", "is no date")
