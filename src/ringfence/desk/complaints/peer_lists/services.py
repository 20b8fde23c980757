"""Taking peers' lists in, and letting entries go whose time is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.db import transaction

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.complaints.models import ListKind, Peer, PeerEntry, PeerList
from ringfence.desk.complaints.peer_lists.reading import Problem, Row, read_list
from ringfence.desk.errors import DeskError, NotThere
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties.told import TOPIC as REFERENCE_CHANGED
from ringfence.vocabulary.times import micros

DESK_EVENT: Final = "desk-event"
FACTS: Final = {ListKind.CALLERS: "reported-caller", ListKind.BARRED: "upstream-barred"}
"""Names of the facts that watch is told, by what is listed. An address is nobody's number and is told by the reference alone."""
MOST_FACTS: Final = 5_000
LONGEST_DAYS: Final = 366
_AT_ONCE: Final = 1000


class ListRefused(DeskError):
    """A list can't be taken; nothing of it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A list as it was handed in. Entries that name no end last `days`; `peer` may be empty for a public body."""

    name: str
    kind: str
    data: bytes
    provenance: str
    peer: str = ""
    days: int = 30


@dataclass(frozen=True, slots=True)
class Taken:
    """What a list changed: how many entries are new, stay, and went; where there are problems nothing was taken."""

    added: int = 0
    kept: int = 0
    ended: int = 0
    problems: Sequence[Problem] = ()


@transaction.atomic
def take_list(*, given: Given, actor: Actor, now: datetime) -> Taken:
    """Take a list in: it replaces what the list of that name held. Raises `ListRefused`, `NotThere` for an unknown peer."""
    require(actor.works_cases, actor, "take peers' lists in")
    if not given.name.strip() or not given.provenance.strip() or given.kind not in ListKind.values:
        raise ListRefused("say its name, what it holds, and where it came from")
    if not 1 <= given.days <= LONGEST_DAYS:
        raise ListRefused(f"entries last between 1 and {LONGEST_DAYS} days")
    peer = Peer.objects.filter(name=given.peer).first() if given.peer else None
    if given.peer and peer is None:
        raise NotThere(f"no peer {given.peer}")
    found = read_list(given.data, given.kind)
    if found.problems:
        return Taken(problems=found.problems)
    held = PeerList.objects.filter(name=given.name.strip()[:64]).first()
    if held is not None and held.kind != given.kind:
        raise ListRefused(f"{held.name} holds {held.get_kind_display().lower()}: a list of another kind has a name of its own")
    until = now + timedelta(days=given.days)
    row, _ = PeerList.objects.update_or_create(
        name=given.name.strip()[:64],
        defaults={
            "kind": given.kind,
            "peer": peer,
            "provenance": given.provenance.strip()[:500],
            "sha256": sha256(given.data).hexdigest(),
            "taken": now,
            "taken_by": actor.id[:64],
            "fresh_until": until,
        },
    )
    taken = _replace(row, found.rows, until, now)
    details: dict[str, Detail] = {"list": row.name, "kind": row.kind, "provenance": row.provenance, "sha256": row.sha256}
    counts: dict[str, Detail] = {"added": taken.added, "kept": taken.kept, "ended": taken.ended}
    act = Act(verb="took-list", about=("peer-list", str(row.id)), details=details | counts)
    audit.record(acts=[act], actor=actor, now=now)
    if taken.added or taken.ended:
        outbox.enqueue(topic=REFERENCE_CHANGED, payloads=[{}], now=now)
    return taken


def _replace(held: PeerList, rows: dict[str, Row], until: datetime, now: datetime) -> Taken:
    """Make the list hold these entries: what it had stays with a new end, what it no longer has is gone."""
    before = {one.entry: one for one in held.entries.filter(gone__isnull=True)}
    lasting = {entry: row for entry, row in rows.items() if row.until is None or row.until > now}
    gone = [one.id for entry, one in before.items() if entry not in lasting]
    for at in range(0, len(gone), _AT_ONCE):
        PeerEntry.objects.filter(id__in=gone[at : at + _AT_ONCE]).update(gone=now)
    stay = [before[entry] for entry in lasting if entry in before]
    for one in stay:
        one.until, one.note = lasting[one.entry].until or until, lasting[one.entry].note
    PeerEntry.objects.bulk_update(stay, ("until", "note"), batch_size=_AT_ONCE)
    fresh = [
        PeerEntry(list=held, entry=entry, note=row.note, since=now, until=row.until or until)
        for entry, row in lasting.items()
        if entry not in before
    ]
    PeerEntry.objects.bulk_create(fresh, batch_size=_AT_ONCE)
    _tell_watch(held, [one.entry for one in fresh[:MOST_FACTS]], now)
    return Taken(added=len(fresh), kept=len(stay), ended=len(gone))


def _tell_watch(held: PeerList, entries: Sequence[str], now: datetime) -> None:
    """Tell watch of each number that is new on the list, as a fact that rules can count."""
    name = FACTS.get(ListKind(held.kind))
    if name is None:
        return
    about = "caller" if held.kind == ListKind.CALLERS else "callee"
    events = [
        {
            "kind": "fact",
            "id": f"{name}-{held.id}-{entry}-{micros(now)}",
            "time": micros(now),
            "name": name,
            about: entry,
            "value": 1.0,
        }
        for entry in entries
    ]
    outbox.enqueue(topic=DESK_EVENT, payloads=events, now=now)


@transaction.atomic
def let_go(*, actor: Actor, now: datetime) -> int:
    """Let entries go whose time is over, and tell watch and gate; return how many."""
    require(actor.is_ours, actor, "let entries of lists go")
    over = PeerEntry.objects.filter(gone__isnull=True, until__lte=now).update(gone=now)
    if over:
        audit.record(acts=[Act(verb="entries-over", about=("peer-list", ""), details={"entries": over})], actor=actor, now=now)
        outbox.enqueue(topic=REFERENCE_CHANGED, payloads=[{}], now=now)
    return over
