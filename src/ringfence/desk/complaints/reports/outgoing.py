"""XARF version 4 out: what we tell another network, in our profile for voice, checked by its authors' library. Pure."""

import json
import warnings
from typing import Final
from uuid import UUID

from msgspec import Struct

from ringfence.desk.complaints.kinds import voice_tag
from ringfence.desk.errors import DeskError
from ringfence.vocabulary.times import Micros, iso

VERSION: Final = "4.2.0"
BULK: Final = 100
"""From so many calls on the report's type is `bulk_messaging`."""


class ReportUnfit(DeskError):
    """The report would not be as its format says: nothing is sent."""


class Sender(Struct, frozen=True, kw_only=True):
    """Who tells: the provider, and its abuse mailbox."""

    org: str
    contact: str

    @property
    def domain(self) -> str:
        """The mailbox's domain."""
        return self.contact.rpartition("@")[2]


class Told(Struct, frozen=True, kw_only=True):
    """What is told. Numbers in E.164; `calls` is how many; `call_time` and what else is empty is left out.

    `finding` is what was found when it was asked whose call it was, `outcome` what came of it here.
    """

    id: UUID
    leaf: str
    caller: str
    time: Micros
    callee: str = ""
    callback: str = ""
    call_time: Micros | None = None
    call_id: str = ""
    calls: int = 1
    text: str = ""
    reference: str = ""
    finding: str = ""
    outcome: str = ""


def xarf_of(told: Told, sender: Sender) -> bytes:
    """Return the report as JSON. Raises `ReportUnfit` where the format's own library finds an error in it."""
    if not told.caller:
        raise ReportUnfit("no calling number is known: there is nothing to report")
    party = {"org": sender.org, "contact": sender.contact, "domain": sender.domain}
    report: dict[str, object] = {
        "xarf_version": VERSION,
        "report_id": str(told.id),
        "timestamp": iso(told.time),
        "reporter": party,
        "sender": party,
        "source_identifier": told.caller,
        "category": "messaging",
        "type": "bulk_messaging" if told.calls >= BULK else "spam",
        "protocol": "other",
        "evidence_source": "user_complaint",
        "tags": [voice_tag(told.leaf)],
        "voice": _voice(told),
    }
    if told.calls >= BULK:
        report["recipient_count"] = told.calls
    if told.text:
        report["description"] = told.text
    _check(report)
    return json.dumps(report, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _voice(told: Told) -> dict[str, str]:
    said = {
        "caller": told.caller,
        "callee": told.callee,
        "callback": told.callback,
        "call_time": "" if told.call_time is None else iso(told.call_time),
        "call_id": told.call_id,
        "reference": told.reference,
        "finding": told.finding,
        "outcome": told.outcome,
    }
    return {name: value for name, value in said.items() if value}


def _check(report: dict[str, object]) -> None:
    """Ask the library, loaded here: it takes half a second, and few reports go out."""
    from xarf import XARFError, parse  # noqa: PLC0415 # see above

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            errors = parse(json.dumps(report)).errors
    except XARFError as refused:
        raise ReportUnfit(f"the report can't be checked: {refused}") from refused
    if errors:
        raise ReportUnfit("; ".join(f"{error.field}: {error.message}" for error in errors[:5]))
