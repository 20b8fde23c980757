"""Keys by which programs come in: made once, shown once, held as hashes, revoked at once."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from ringfence.desk.access.models import ApiKey
from ringfence.desk.actor import Actor, KeyScope, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.errors import DeskError, StaleState

_MARK: Final = "rf_"
_HINT: Final = 11
_LONGEST: Final = 128
_USED: Final = timedelta(minutes=1)
_NAME_LENGTH: Final = 64


class KeyRefused(DeskError):
    """A key cannot be made so; the text says why."""


@dataclass(frozen=True, slots=True)
class KeyMade:
    """A new key. It is nowhere else."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Reach:
    """What a key may do (`KeyScope`), for which party and those below it (`None`: all), and until when."""

    scopes: Collection[KeyScope]
    party: str | None = None
    expires: datetime | None = None


@transaction.atomic
def create_key(*, name: str, reach: Reach, actor: Actor, now: datetime) -> KeyMade:
    """Make a key."""
    require(actor.administers, actor, "make keys")
    if not name.strip() or len(name) > _NAME_LENGTH or not name.isprintable():
        raise KeyRefused(f"a key needs a name of at most {_NAME_LENGTH} printable characters")
    if not reach.scopes:
        raise KeyRefused(f"a key without a scope opens nothing; give some of {', '.join(KeyScope)}")
    if reach.party is not None and {KeyScope.WRITE, KeyScope.TELL} & set(reach.scopes):
        raise KeyRefused("a party's key may read and accept; what parties hold, and what peers are told, is the provider's")
    if reach.expires is not None and reach.expires <= now:
        raise KeyRefused("it would have expired already")
    party = _row_of(reach.party)
    key = _MARK + secrets.token_urlsafe(32)
    scopes = sorted(str(scope) for scope in reach.scopes)
    try:
        with transaction.atomic():
            ApiKey.objects.create(
                name=name,
                hint=key[:_HINT],
                digest=_digest(key),
                scopes=scopes,
                party_id=party,
                created=now,
                created_by=actor.id,
                expires=reach.expires,
            )
    except IntegrityError:
        raise KeyRefused(f"there is or was a key called {name}; a name is given once") from None
    details = {"scopes": scopes, "party": reach.party}
    audit.record(acts=[Act(verb="created", about=("api-key", name), details=details)], actor=actor, now=now)
    return KeyMade(name, key)


@transaction.atomic
def revoke_key(*, name: str, actor: Actor, now: datetime) -> None:
    """Let a key open nothing any more, from the next request on."""
    require(actor.administers, actor, "revoke keys")
    if not ApiKey.objects.filter(name=name, revoked__isnull=True).update(revoked=now):
        raise StaleState(f"no key called {name} is in force")
    audit.record(acts=[Act(verb="revoked", about=("api-key", name))], actor=actor, now=now)


def _row_of(party: str | None) -> int | None:
    """Return the row of a party. The app that has parties stands above this one, so it is asked for by name."""
    if party is None:
        return None
    row: int | None = apps.get_model("parties", "Party")._default_manager.filter(name=party).values_list("pk", flat=True).first()
    if row is None:
        raise KeyRefused(f"no party {party}")
    return row


def keys(*, actor: Actor) -> QuerySet[ApiKey]:
    """Return every key, the newest first."""
    rows = ApiKey.objects.select_related("party").order_by("-id")
    return rows if actor.administers else rows.none()


def actor_of(*, key: str, now: datetime) -> Actor | None:
    """Return whom a presented key makes its bearer; `None` for one that is unknown, revoked or expired."""
    if not key.startswith(_MARK) or len(key) > _LONGEST:
        return None
    found = ApiKey.objects.select_related("party").filter(digest=_digest(key), revoked__isnull=True).first()
    if found is None or (found.expires is not None and found.expires <= now):
        return None
    if found.used is None or now - found.used >= _USED:
        ApiKey.objects.filter(Q(used__isnull=True) | Q(used__lt=now), id=found.id).update(used=now)
    return found.actor


def _digest(key: str) -> str:
    # 256 random bits need no slow hash: nobody tries them all.
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
