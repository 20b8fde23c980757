"""How pages write moments, lengths of time, and the audit's words."""

from datetime import UTC, datetime
from typing import Final

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ringfence.desk.audit.models import Entry
from ringfence.vocabulary.times import Micros, utc

register = template.Library()

_WORDS: Final = {
    "opened": "Case opened",
    "joined-finding": "Finding joined",
    "joined-complaint": "Complaint joined",
    "left-to-a-person": "Left to a person",
    "claimed": "Claimed",
    "released": "Released",
    "noted": "Note written",
    "closed": "Closed",
    "decided": "Decided",
    "decided-to-lift": "Decided to lift",
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


@register.filter
def moment(value: datetime | int | None) -> SafeString | str:
    """Write a moment to the second in the reader's zone, machine-readable in UTC; a dash for none."""
    if value is None:
        return "–"
    time = utc(Micros(value)) if isinstance(value, int) else value
    local = timezone.localtime(time)
    zone = "UTC" if local.utcoffset() == time.astimezone(UTC).utcoffset() else local.tzname() or ""
    machine = time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return format_html('<time datetime="{}">{} {}</time>', machine, local.strftime("%Y-%m-%d %H:%M:%S"), zone)


@register.filter
def seconds(value: float | None) -> str:
    """Write seconds with two decimals; a dash for none."""
    return "–" if value is None else f"{value:,.2f} s"


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
def short(value: str) -> str:
    """Write the first eight characters of an id."""
    return value[:8]
