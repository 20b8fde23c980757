"""X-ARF 0.1 and 0.2: a mail with `X-XARF: PLAIN` (or `X-ARF: yes`) whose second part is lines of `Name: value`."""

from collections.abc import Iterator
from datetime import UTC
from email.message import Message
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Final

from ringfence.desk.complaints.reports import shapes
from ringfence.desk.complaints.reports.report import Evidence, Problem, Report, ReportFormat
from ringfence.vocabulary.times import Micros, from_iso, micros

_REQUIRED: Final = ("reported-from", "category", "report-type", "source", "source-type", "date")
_LONGEST: Final = 20_000
_MOST_LINES: Final = 1_000


def is_plain(mail: Message) -> bool:
    """Tell whether the mail says that it is one. Secured and bulk ones are not read."""
    return str(mail.get("X-XARF", "")).strip().upper() == "PLAIN" or str(mail.get("X-ARF", "")).strip().lower() == "yes"


def read_plain(parts: list[Message], sender: str | None) -> Report:
    """Return what the mail's parts say, with what is missing; it never raises. The first text is a note, the second the report."""
    texts = [part for part in parts if not part.is_multipart()]
    chosen = next((part for part in texts[1:] if "report" in (part.get_filename() or part.get_param("name") or "")), None)
    report = chosen or (texts[1] if len(texts) > 1 else None)
    fields = dict(_fields(_decoded(report))) if report is not None else {}
    source, kind = fields.get("source", ""), fields.get("source-type", "").lower()
    dated = _moment(fields.get("date", ""))
    return Report(
        format=ReportFormat.X_ARF,
        version=fields.get("version", "0.1"),
        about="/".join(filter(None, (fields.get("category"), fields.get("report-type")))),
        reporter=fields.get("user-agent"),
        reporter_mail=fields.get("reported-from") or sender,
        reference=fields.get("report-id"),
        happened=dated,
        addresses=(source,) if shapes.address(source) is None else (),
        urls=(source,) if kind in ("uri", "url") and shapes.url(source) is None else (),
        notes=_decoded(texts[0])[:_LONGEST] if texts else "",
        evidence=tuple(
            Evidence(content_type=part.get_content_type(), description=fields.get("attachment", ""), data=_content(part))
            for before, part in pairwise(texts)
            if before is report
        ),
        problems=tuple(_problems(fields, dated)),
    )


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of a small part of YAML: names with one value each. What is more than that is passed over."""
    for line in text.splitlines()[:_MOST_LINES]:
        name, colon, value = line.partition(":")
        if colon and name and not name[0].isspace() and name[0] not in "-#":
            yield name.strip().lower(), value.strip().strip("'\"")[:_LONGEST]


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _decoded(part: Message) -> str:
    return _content(part)[: 4 * _LONGEST].decode("utf-8", "replace")


def _moment(text: str) -> Micros | None:
    if shapes.moment(text) is None:
        return from_iso(text)
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return micros(found if found.tzinfo else found.replace(tzinfo=UTC))


def _problems(fields: dict[str, str], dated: Micros | None) -> Iterator[Problem]:
    for name in _REQUIRED:
        if not fields.get(name):
            yield Problem(name, "is missing")
    if fields.get("date") and dated is None:
        yield Problem("date", "is no date")
    if fields.get("source-type", "").lower() in ("ip-address", "ipv4", "ipv6") and (
        cause := shapes.address(fields.get("source", ""))
    ):
        yield Problem("source", cause)
