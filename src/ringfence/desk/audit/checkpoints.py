"""Signing where the chain stands, and exporting it to be proven elsewhere."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import chain, signing
from ringfence.desk.audit.models import Checkpoint, Entry, Seal
from ringfence.desk.audit.services import Act, record, written_time
from ringfence.desk.errors import NotThere


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds: the entries after `after` up to `entries`. `waiting` had no seal yet and are not in it."""

    after: int
    entries: int
    waiting: int
    key: str


def checkpoint(*, actor: Actor, now: datetime) -> Checkpoint | None:
    """Sign where the chain stands now, and keep that; `None` where nothing was sealed since the last."""
    require(actor.kind is ActorKind.SYSTEM, actor, "sign checkpoints")
    last = Seal.objects.order_by("-sequence").first()
    if last is None or Checkpoint.objects.filter(sequence=last.sequence).exists():
        return None
    statement = chain.written(_statement(last, now))
    try:
        with transaction.atomic():
            return Checkpoint.objects.create(
                sequence=last.sequence, statement=statement, signature=signing.sign(statement), made=now
            )
    except IntegrityError:  # two at once: the other's says the same
        return None


def latest(*, actor: Actor) -> Checkpoint | None:
    """Return the checkpoint that was signed last."""
    return Checkpoint.objects.order_by("-sequence").first() if actor.sees_the_desk else None


def _statement(last: Seal, now: datetime, after: int = 0, previous: str = chain.GENESIS.hex()) -> chain.Statement:
    return chain.Statement(
        after=after,
        previous=previous,
        sequence=last.sequence,
        hash=bytes(last.hash).hex(),
        made=written_time(now),
        key=signing.public_key().hex(),
    )


def export(*, file: Path, actor: Actor, now: datetime, after: int = 0) -> Exported:
    """Write the sealed entries after the first `after` ones to a file, with a signed statement at its end; the audit keeps that.

    The file appears whole or not at all. Raises `NotThere` where so many are not sealed, `OSError` where the disk refuses.
    """
    require(actor.sees_the_desk, actor, "export the audit")
    last = Seal.objects.order_by("-sequence").first()
    before = Seal.objects.filter(sequence=after).first() if after else None
    if last is None or (after and before is None) or after >= last.sequence:
        raise NotThere(f"there are no sealed entries after {after}")
    previous = bytes(before.hash).hex() if before is not None else chain.GENESIS.hex()
    statement = chain.written(_statement(last, now, after, previous))
    draft = file.with_name(f"{file.name}.{os.getpid()}.draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb", buffering=1 << 20) as out:
        out.write(chain.title(after, previous))
        out.writelines(_lines(after, last.sequence))
        out.write(chain.as_text(statement, signing.sign(statement)))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
    act = Act(verb="exported", about=("audit", str(last.sequence)), details={"after": after, "entries": last.sequence})
    with transaction.atomic():
        record(acts=[act], actor=actor, now=now)
    waiting = Entry.objects.filter(seal__isnull=True).count()
    return Exported(after, last.sequence, waiting, signing.public_key().hex())


def _lines(after: int, to: int) -> Iterator[bytes]:
    rows = Seal.objects.filter(sequence__gt=after, sequence__lte=to).order_by("sequence").values_list("hash", "entry__body")
    for hash, body in rows.iterator(chunk_size=5000):
        yield chain.entry_line(bytes(hash), bytes(body))
