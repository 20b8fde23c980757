"""Which machine-readable reports a mail carries: ARF, XARF, and X-ARF of all ages."""

import json
from collections.abc import Iterator, Mapping
from email.message import Message
from email.utils import parseaddr
from typing import Final

from ringfence.desk.complaints.mails import letter, parts
from ringfence.desk.complaints.reports.arf import FIELDS_TYPE, read_arf
from ringfence.desk.complaints.reports.legacy import is_legacy, read_legacy
from ringfence.desk.complaints.reports.plain import is_plain, read_plain
from ringfence.desk.complaints.reports.report import Report
from ringfence.desk.complaints.reports.xarf import is_xarf, read_xarf

_LARGEST_JSON: Final = 4 << 20


def reports_in(raw: bytes) -> tuple[Report, ...]:
    """Return the reports that a mail carries, none for one that a person wrote. No bytes make it raise."""
    mail = letter(raw)
    found = list(parts(mail))
    sender = parseaddr(str(mail.get("From", "")))[1] or None
    if any(part.get_content_type() == FIELDS_TYPE for part in found):
        return (read_arf(found, sender),)
    structured = tuple(_structured(found))
    return structured if structured or not is_plain(mail) else (read_plain(found, sender),)


def report_of(data: bytes) -> Report | None:
    """Return the report that JSON is, or `None` where it is none of the formats."""
    held = _object(data)
    if held is None:
        return None
    if is_xarf(held):
        return read_xarf(held)
    return read_legacy(held) if is_legacy(held) else None


def _structured(found: list[Message]) -> Iterator[Report]:
    for part in found:
        if part.is_multipart() or not _may_be_json(part):
            continue
        content = part.get_payload(decode=True)
        report = report_of(content) if isinstance(content, bytes) else None
        if report is not None:
            yield report


def _may_be_json(part: Message) -> bool:
    return "json" in part.get_content_type() or (part.get_filename() or "").lower().endswith(".json")


def _object(data: bytes) -> Mapping[str, object] | None:
    if len(data) > _LARGEST_JSON:
        return None
    try:
        held = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return held if isinstance(held, dict) else None
