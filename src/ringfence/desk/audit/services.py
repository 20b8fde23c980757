"""Recording, sealing and verifying."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit.models import Entry, Seal
from ringfence.vocabulary.tokens import token

Detail = str | int | float | bool | None | Sequence[str]

_GENESIS: Final = bytes(32)
_REACH_BACK: Final = {"sqlite": 0, "postgresql": 2_000}
"""How many ids below the newest seal are still searched: in PostgreSQL a transaction may commit after one with a higher id."""


def token_of(kind: str, value: str) -> str:
    """Return what stands in the audit for a number or an address (`vocabulary.tokens`)."""
    return token(settings.RINGFENCE_KEY, kind, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is to be recorded. `about` is the noun and its id; `details` hold tokens instead of numbers and addresses."""

    verb: str
    about: tuple[str, str]
    case: int | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)


def record(*, acts: Sequence[Act], actor: Actor, now: datetime) -> None:
    """Append an entry for each act. Call it inside the transaction of the change it records."""
    Entry.objects.bulk_create([_entry(act, actor, now) for act in acts])


def _entry(act: Act, actor: Actor, now: datetime) -> Entry:
    columns = {
        "time": now,
        "actor_kind": str(actor.kind),
        "actor_id": actor.id[:64],
        "verb": act.verb,
        "noun": act.about[0],
        "noun_id": act.about[1],
        "case": act.case,
    }
    return Entry(**columns, body=_body(columns, act.details))


def _body(columns: Mapping[str, object], details: Mapping[str, Detail]) -> bytes:
    return msgspec.json.encode({**columns, "v": 1, "time": _written(columns["time"]), "details": dict(details)}, order="sorted")


def _written(time: object) -> str:
    assert isinstance(time, datetime)
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@transaction.atomic
def seal(*, actor: Actor, limit: int = 1000) -> int:
    """Chain up to `limit` committed entries that have no seal yet; return how many. Only one process may do this."""
    require(actor.administers, actor, "seal the audit")
    last = Seal.objects.order_by("-sequence").first()
    sequence, previous = (last.sequence, bytes(last.hash)) if last else (0, _GENESIS)
    entries = Entry.objects.filter(seal__isnull=True).order_by("id")
    if last:
        entries = entries.filter(id__gt=last.entry_id - _REACH_BACK[connection.vendor])
    seals = []
    for entry in entries[:limit]:
        sequence += 1
        previous = _link(previous, bytes(entry.body))
        seals.append(Seal(sequence=sequence, entry=entry, hash=previous))
    Seal.objects.bulk_create(seals)
    return len(seals)


def _link(previous: bytes, body: bytes) -> bytes:
    return blake2b(previous + body, digest_size=32).digest()


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found. `broken` is the first entry that is not what was sealed, with the reason; `None` where all are."""

    sealed: int
    unsealed: int
    broken: int | None = None
    reason: str = ""


def verify(*, actor: Actor) -> Verification:
    """Recompute the whole chain. Stops at the first entry that was changed, removed or moved."""
    require(actor.sees_the_desk, actor, "verify the audit")
    orphan = Seal.objects.filter(~Exists(Entry.objects.filter(id=OuterRef("entry_id")))).order_by("sequence").first()
    if orphan is not None:
        return Verification(orphan.sequence - 1, 0, orphan.entry_id, "the entry was removed")
    previous, expected = _GENESIS, 0
    for link in Seal.objects.order_by("sequence").select_related("entry").iterator(chunk_size=2000):
        expected += 1
        if link.sequence != expected:
            return Verification(expected - 1, 0, link.entry_id, f"seal {expected} is missing before this entry")
        entry = link.entry
        previous = _link(previous, bytes(entry.body))
        if previous != bytes(link.hash):
            return Verification(expected - 1, 0, entry.id, "the body is not what was sealed")
        columns = {name: getattr(entry, name) for name in ("time", "actor_kind", "actor_id", "verb", "noun", "noun_id", "case")}
        if _body(columns, entry.details) != bytes(entry.body):
            return Verification(expected - 1, 0, entry.id, "the columns differ from the sealed body")
    return Verification(expected, Entry.objects.filter(seal__isnull=True).count())
