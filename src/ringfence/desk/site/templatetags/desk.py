"""How pages write moments, lengths of time, numbers, and the audit's words."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ringfence.desk.audit.models import Entry
from ringfence.desk.cases import sightings
from ringfence.desk.detections.models import Finding
from ringfence.desk.detections.reading import compared, number
from ringfence.vocabulary.times import Micros, utc

register = template.Library()

_WORDS: Final = {
    "opened": "Case opened",
    "joined-finding": "Finding joined",
    "joined-complaint": "Complaint joined",
    "left-to-a-person": "Left to a person",
    "claimed": "Claimed",
    "released": "Released",
    "claim-lapsed": "Claim lapsed: its holder did nothing more",
    "noted": "Note written",
    "closed": "Closed",
    "left-aside": "Left aside: its clause was struck",
    "to-reconsider": "To be looked at again: its clause was struck",
    "reconsidered-kept": "Looked at again: it stays",
    "reconsidered-lifted": "Looked at again: lifted",
    "stands": "Its clause was struck, and it stands",
    "decided": "Decided",
    "decided-to-lift": "Decided to lift",
    "struck": "Strike given",
    "waived-cure-period": "Acted at once: the contract's cure period was waived",
    "unstruck": "Strike taken back",
    "confirmed": "Confirmed by a second person",
    "role-changed": "Role changed",
    "told": "Notice written",
    "not-told": "Nobody was told",
    "notice-sent": "Notice sent",
    "notice-kept": "Notice kept in a folder: no relay",
    "notice-bounced": "Notice came back",
    "notice-failed": "Notice refused by the relay",
    "notice-read": "Notice read",
    "alarmed": "A person was called",
    "appealed": "Appeal filed",
    "appeal-added-to": "Appeal added to",
    "appeal-answered": "Appeal answered",
    "appeal-upheld": "Appeal decided: what was decided stays",
    "appeal-overturned": "Appeal decided: what was decided was wrong",
    "taken-up-again": "Complaint taken up again",
    "took-over": "Taken over by a lead",
    "noted-trait": "Known by",
    "not-asked": "Nobody could be asked",
    "ordered": "Order wanted",
    "placed": "Order placed, read back from the edge",
    "observed": "First refusal seen",
    "lifted": "Order lifted",
    "ended": "Order's time was over",
    "removed": "Order removed",
    "removed-at-edge": "Edge reports it gone",
    "rejected-by-edge": "Edge would not take it",
    "drifted": "Edge had drifted and was repaired",
}
_PAGES: Final = {
    "case": "cases:case",
    "complaint": "complaints:complaint",
    "decision": "decisions:decision",
    "finding": "detections:finding",
    "notice": "notices:notice",
    "appeal": "appeals:appeal",
    "inquiry": "inquiries:inquiry",
    "order": "enforcement:order",
}
"""Noun of an audit entry, or name of a detail, to the page it is shown on."""

_AN_ID: Final = re.compile(r"[0-9a-f]{32,64}\Z")
_MEASURES_IN_A_ROW: Final = 2


@register.inclusion_tag("cases/_seen.html", takes_context=True)
def seen_besides(context: template.Context, noun: str, noun_id: object) -> dict[str, object]:
    """Show where else the identifiers of a finding or a complaint were seen."""
    return {"seen": sightings.seen_besides(noun=noun, noun_id=str(noun_id), actor=context["actor"])}


@register.inclusion_tag("cases/_seen.html", takes_context=True)
def seen_as(context: template.Context, kind: str, value: str) -> dict[str, object]:
    """Show where an identifier was seen."""
    return {"seen": sightings.seen_as(kind=kind, value=value, actor=context["actor"])}


@register.filter
def of(table: Mapping[str, object], name: str) -> object:
    """Return what a table has under a name; `None` where it has nothing."""
    return table.get(name)


@register.filter
def moment(value: datetime | int | None) -> SafeString | str:
    """Write a moment to the second in the reader's zone, machine-readable in UTC; a dash for none."""
    return _moment(value, "seconds")


@register.filter
def exactly(value: datetime | int | None) -> SafeString | str:
    """Write a moment as `moment` does, to the millisecond."""
    return _moment(value, "milliseconds")


def _moment(value: datetime | int | None, precision: str) -> SafeString | str:
    if value is None:
        return "–"
    time = utc(Micros(value)) if isinstance(value, int) else value
    local = timezone.localtime(time)
    zone = "UTC" if local.utcoffset() == time.astimezone(UTC).utcoffset() else local.tzname() or ""
    machine = time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return format_html('<time datetime="{}">{} {}</time>', machine, local.replace(tzinfo=None).isoformat(" ", precision), zone)


@register.filter
def ago(value: datetime) -> str:
    """Write how long ago, so coarsely that a page does not change by itself more than once a minute."""
    minutes = int((timezone.now() - value).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    for size, unit in ((1440, "d"), (60, "h")):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit} ago"
    return f"{minutes} min ago"


@register.filter
def seconds(value: float | None) -> str:
    """Write seconds to the millisecond; a dash for none."""
    return "–" if value is None else f"{value:,.3f} s"


@register.filter
def seconds_to(start: datetime | None, end: datetime | None) -> str:
    """Write the seconds between two moments; a dash where one has not come."""
    return seconds((end - start).total_seconds() if start and end else None)


@register.filter
def grouped(value: float | None) -> str:
    """Write a number with its thousands apart; a dash for none."""
    return "–" if value is None else number(value)


@register.filter
def numbers(finding: Finding) -> str:
    """Write what was measured and in brackets the rule's threshold, at most two: `refused 12 (5)`.

    Expressions over several measures are left to the finding's own page, unless the rule compares nothing else.
    """
    lines = compared(finding.contract)
    plain = [line for line in lines if line.what in finding.contract.measures]
    plain = [line for line in plain if line.threshold] or [line for line in lines if line.measured and line.threshold] or plain
    written = [f"{line.what} {line.measured}" + (f" ({line.threshold})" if line.threshold else "") for line in plain]
    return ", ".join(written[:_MEASURES_IN_A_ROW]) or "–"


@register.filter
def words(entry: Entry) -> str:
    """Write what an entry's verb says."""
    return _WORDS.get(entry.verb, entry.verb.replace("-", " ").capitalize())


@register.filter
def who(entry: Entry) -> str:
    """Write who did it."""
    if entry.actor_kind == "standing-order":
        return f"standing order of policy {entry.actor_id[:8]}"
    return {"system": f"Ringfence ({entry.actor_id})", "anonymous": "nobody signed in"}.get(entry.actor_kind, entry.actor_id)


@register.filter
def thing(entry: Entry) -> SafeString | str:
    """Write what an entry is about, linked where it has a page."""
    return _linked(entry.noun, entry.noun, entry.noun_id)


@register.filter
def details(entry: Entry) -> list[tuple[str, SafeString | str]]:
    """Return the names and values of an entry's details that say something, ids short and linked."""
    told = {name: value for name, value in entry.details.items() if value not in ("", None, [])}
    return [(name, _detail(name, value)) for name, value in told.items()]


def _detail(name: str, value: object) -> SafeString | str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return _linked(name, "", str(value))


def _linked(noun: str, before: str, id: str) -> SafeString | str:
    if not id:
        return before
    text = f"{before} {short(id) if _AN_ID.match(id) else id}".strip()
    return format_html('<a href="{}">{}</a>', reverse(_PAGES[noun], args=[id]), text) if noun in _PAGES else text


@register.filter
def short(value: str) -> str:
    """Write the first eight characters of an id."""
    return value[:8]


@register.simple_tag(takes_context=True)
def here(context: template.Context, app: str) -> SafeString | str:
    """Mark the link of the navigation that leads to where the reader is."""
    match = getattr(context.get("request"), "resolver_match", None)
    return format_html('aria-current="{}"', "page") if match is not None and match.app_name == app else ""
