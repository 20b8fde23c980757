"""Recording, sealing and verifying."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import chain, signing
from ringfence.desk.audit.models import Checkpoint, Entry, Seal
from ringfence.vocabulary.tokens import token

Detail = str | int | float | bool | None | Sequence[str]

_REACH_BACK: Final = {"sqlite": 0, "postgresql": 2_000}
"""How many ids below the newest seal are still searched: in PostgreSQL a transaction may commit after one with a higher id."""
_COLUMNS: Final = ("time", "actor_kind", "actor_id", "verb", "noun", "noun_id", "case")


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
    return Entry(**columns, body=body_of(columns, act.details))


def body_of(columns: Mapping[str, object], details: Mapping[str, Detail]) -> bytes:
    """Return what is sealed of an entry: canonical JSON of its columns and details."""
    return msgspec.json.encode({**columns, "v": 1, "time": written_time(columns["time"]), "details": dict(details)}, order="sorted")


def written_time(time: object) -> str:
    """Return a moment as the audit writes it: UTC, to the microsecond."""
    assert isinstance(time, datetime)
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@transaction.atomic
def seal(*, actor: Actor, limit: int = 1000, all_ids: bool = False) -> int:
    """Chain up to `limit` committed entries that have no seal yet; return how many. Of two sealers at once one fails whole.

    `all_ids` looks also far below the newest seal, for what was committed long after it was numbered: now and then.
    """
    require(actor.administers, actor, "seal the audit")
    last = Seal.objects.order_by("-sequence").first()
    sequence, previous = (last.sequence, bytes(last.hash)) if last else (0, chain.GENESIS)
    entries = Entry.objects.filter(seal__isnull=True).order_by("id")
    if last and not all_ids:
        entries = entries.filter(id__gt=last.entry_id - _REACH_BACK[connection.vendor])
    seals = []
    for entry, body in entries.values_list("id", "body")[:limit]:
        sequence += 1
        previous = chain.link(previous, bytes(body))
        seals.append(Seal(sequence=sequence, entry_id=entry, hash=previous))
    Seal.objects.bulk_create(seals)
    return len(seals)


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found. `broken` is the first entry that is not what was sealed, with the reason; `None` where all are."""

    sealed: int
    unsealed: int
    broken: int | None = None
    reason: str = ""


def verify(*, actor: Actor, checkpoints: Sequence[chain.Statement] = ()) -> Verification:
    """Recompute the whole chain, and see whether it runs through each checkpoint: those in the database, and others kept elsewhere.

    Stops at the first entry that was changed, removed or moved.
    """
    require(actor.sees_the_desk, actor, "verify the audit")
    orphan = Seal.objects.filter(~Exists(Entry.objects.filter(id=OuterRef("entry_id")))).order_by("sequence").first()
    if orphan is not None:
        return Verification(orphan.sequence - 1, 0, orphan.entry_id, "the entry was removed")
    try:
        passed = {one.sequence: one for one in (*_kept(), *checkpoints)}
    except ValueError as error:
        return Verification(0, 0, 1, f"a checkpoint kept here is not this installation's: {error}")
    return _walk(passed)


def _walk(passed: Mapping[int, chain.Statement]) -> Verification:
    previous, expected, last = chain.GENESIS, 0, 0
    links = Seal.objects.order_by("sequence").values_list(
        "sequence", "hash", "entry_id", "entry__body", *(f"entry__{name}" for name in _COLUMNS)
    )
    for sequence, hash, last, stored, *values in links.iterator(chunk_size=2000):
        expected += 1
        if sequence != expected:
            return Verification(expected - 1, 0, last, f"seal {expected} is missing before this entry")
        body = bytes(stored)
        previous = chain.link(previous, body)
        if previous != bytes(hash):
            return Verification(expected - 1, 0, last, "the body is not what was sealed")
        if body_of(dict(zip(_COLUMNS, values, strict=True)), msgspec.json.decode(body)["details"]) != body:
            return Verification(expected - 1, 0, last, "the columns differ from the sealed body")
        if expected in passed and passed[expected].hash != previous.hex():
            return Verification(
                expected - 1, 0, last, f"the chain is not the one that the checkpoint of {passed[expected].made} saw"
            )
    beyond = next((one for place, one in sorted(passed.items()) if place > expected), None)
    if beyond is not None:
        reason = f"it is missing, with what came after it: the checkpoint of {beyond.made} saw {beyond.sequence} entries"
        return Verification(expected, 0, last + 1, reason)
    return Verification(expected, Entry.objects.filter(seal__isnull=True).count())


def _kept() -> list[chain.Statement]:
    """Return the database's own checkpoints. Raises `ValueError` for one that this installation did not sign."""
    own = signing.public_key().hex()
    rows = Checkpoint.objects.order_by("sequence").values_list("statement", "signature")
    return [chain.read_checkpoint(chain.as_text(bytes(said), bytes(signature)), key=own) for said, signature in rows]
