"""Slowing down who guesses: passwords and codes, by account and by source.

A try is charged before it is looked at, and given back when it was right: tries at the same moment can't slip past a limit.
Four counts, each with a limit within a span, and a wait once it is reached:

- `pair`: one name from one address. People who forgot are told so soon, alone.
- `account`: one name from anywhere. Slows guessing from many addresses; each further wait is twice as long, up to four hours.
- `source`: one address (IPv6: one /64) for any names. High, as many people may sit behind one address.
- `device`: a browser that this person has signed in by before, known by a signed cookie. It has its own count, and the two counts
  of `account` and `source` don't hold it up: neither strangers who guess a name nor a colleague behind the same address lock
  somebody out of the own browser.

So many rows as there are logins and known browsers, and for everything that strangers choose freely a fixed number of buckets,
keyed so that nobody can choose whose bucket to share.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Final

from django.db import transaction
from django.db.models import F

from ringfence.desk.access.models import Guess, Person
from ringfence.desk.audit import services as audit
from ringfence.desk.errors import DeskError

LONGEST_WAIT: Final = timedelta(hours=4)
KEPT: Final = timedelta(days=1)
_SWEPT_AT_ONCE: Final = 200
_BUCKETS: Final = 4
"""Hexadecimal digits: 65,536 buckets a kind."""
_NAMES: Final = 3
"""The same for names that nobody has: 4,096."""
_DOUBLED: Final = 8
_ANEW: Final = frozenset({"pair", "device", "code"})
_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures `within` a span, then a wait; `grows`: twice as long each time."""

    failures: int
    within: timedelta
    wait: timedelta
    grows: bool = False


LIMITS: Final = {
    "pair": Limit(5, timedelta(minutes=5), timedelta(minutes=5)),
    "account": Limit(20, timedelta(minutes=15), timedelta(minutes=15), grows=True),
    "source": Limit(60, timedelta(minutes=15), timedelta(minutes=15)),
    "device": Limit(10, timedelta(minutes=15), timedelta(minutes=15)),
    "code": Limit(5, timedelta(minutes=5), timedelta(minutes=5), grows=True),
    "mail": Limit(3, timedelta(hours=1), timedelta(hours=1)),
    "asker": Limit(10, timedelta(hours=1), timedelta(hours=1)),
    "told": Limit(500, timedelta(hours=1), timedelta(hours=1)),
    "keys": Limit(500, timedelta(hours=1), timedelta(hours=1)),
    "pages": Limit(500, timedelta(hours=1), timedelta(hours=1)),
}
"""`code` counts second factors of one login, `mail` the mails that anybody asked for to one login, `asker` those that one address
asked for, `told` the failures that the audit lists one by one and that watch is told, `keys` the same of programs' keys, `pages` of
what public pages refused."""


class TooManyTries(DeskError):
    """No try is taken before `until`, right or wrong. `begins`: the wait begins with this try."""

    permanent = False

    def __init__(self, until: datetime, now: datetime, *, begins: bool) -> None:
        minutes = max(1, -(-int((until - now).total_seconds()) // 60))
        super().__init__(f"too many failed tries; wait {minutes} minute{'' if minutes == 1 else 's'}")
        self.until, self.begins = until, begins


@dataclass(frozen=True, slots=True)
class Try:
    """A charged try: the keys that it counts under, by kind."""

    keys: tuple[tuple[str, str], ...]


def of_sign_in(*, username: str, address: str, device: str | None) -> Try:
    """Return what a try to sign in counts under. `device` is what a known browser of this person showed."""
    if device is not None:
        return Try((("device", _key("device", device)),))
    name = username if Person.objects.filter(username=username).exists() else None
    account = _key("account", username, None if name is not None else _NAMES)
    source = source_of(address)
    pair = _key("pair", f"{username}\0{source}", _BUCKETS)
    return Try((("account", account), ("pair", pair), ("source", _key("source", source, _BUCKETS))))


def of_code(person: Person) -> Try:
    """Return what a try at a second factor counts under."""
    return Try((("code", _key("code", person.username)),))


def of_mail(*, username: str | None, address: str) -> Try:
    """Return what the wish for a mail counts under; `username` `None` where nobody has it."""
    own = (("mail", _key("mail", username)),) if username is not None else ()
    return Try((*own, *of_asker(source_of(address)).keys))


def of_asker(who: str) -> Try:
    """Return what anything that `who` asks for counts under."""
    return Try((("asker", _key("asker", who, _BUCKETS)),))


TOLD: Final = Try((("told", "told"),))
KEYS: Final = Try((("keys", "keys"),))
PAGES: Final = Try((("pages", "pages"),))


def source_of(address: str) -> str:
    """Return what an address counts as: IPv6 by its /64, which one household or host has."""
    try:
        given = ip_address(address)
    except ValueError:
        return ""
    return str(given) if given.version == 4 else str(ip_network((given, 64), strict=False))


def _key(kind: str, what: str, digits: int | None = None) -> str:
    token = audit.token_of(f"guess-{kind}", what)
    return f"{kind}:{token}" if digits is None else f"{kind}:~{token[:digits]}"


def charge(tried: Try, *, now: datetime) -> None:
    """Count a try before it is looked at. Raises `TooManyTries`: then it is not looked at."""
    until, begins = _charged(tried, now)
    if until is not None:
        raise TooManyTries(until, now, begins=begins)


@transaction.atomic
def _charged(tried: Try, now: datetime) -> tuple[datetime | None, bool]:
    """Return until when nothing is taken, `None` where the try was counted, and whether that wait begins now."""
    rows = _rows(tried)
    for kind, key in tried.keys:
        _pass_time(rows[key], LIMITS[kind], now)
    waits = [row.until for row in rows.values() if row.until is not None]
    begins = not waits
    if begins:
        waits = [
            _begin_wait(rows[key], LIMITS[kind], now) for kind, key in tried.keys if rows[key].failures >= LIMITS[kind].failures
        ]
    if not waits:
        for row in rows.values():
            row.failures += 1
    Guess.objects.bulk_update(rows.values(), ("failures", "since", "until", "waits"))
    _sweep(now)
    return max(waits, default=None), begins


def _rows(tried: Try) -> dict[str, Guess]:
    keys = sorted(key for _, key in tried.keys)
    Guess.objects.bulk_create([Guess(key=key, since=_NEVER) for key in keys], ignore_conflicts=True)
    return {row.key: row for row in Guess.objects.select_for_update().filter(key__in=keys).order_by("key")}


def _pass_time(row: Guess, limit: Limit, now: datetime) -> None:
    """Forget what is over: a wait, with the failures that led to it; failures of a span ago; after a day all of it."""
    if now - row.since >= KEPT:
        row.waits = 0
    if (row.until is not None and row.until <= now) or (row.until is None and now - row.since >= limit.within):
        row.failures, row.since, row.until = 0, now, None


def _begin_wait(row: Guess, limit: Limit, now: datetime) -> datetime:
    wait = min(limit.wait * 2**row.waits, LONGEST_WAIT) if limit.grows else limit.wait
    row.until, row.since, row.waits = now + wait, now, min(row.waits + 1, _DOUBLED)
    return row.until


def _sweep(now: datetime) -> None:
    """Delete rows that nobody came back to for a day."""
    old = Guess.objects.filter(since__lt=now - KEPT).values_list("key", flat=True)[:_SWEPT_AT_ONCE]
    Guess.objects.filter(key__in=list(old), since__lt=now - KEPT).delete()


@transaction.atomic
def refund(tried: Try) -> None:
    """Give a try back that was right. The failures before it still count: a right password of one's own frees nobody to guess on.

    A pair, a browser and second factors start anew: who knows the secret has no need to guess it.
    """
    for kind, key in tried.keys:
        if kind in _ANEW:
            Guess.objects.filter(key=key).delete()
        else:
            Guess.objects.filter(key=key, failures__gt=0).update(failures=F("failures") - 1)


def forgive(*, username: str) -> None:
    """Let a login be tried again: its owner showed by mail, or a person made sure, that it is the owner."""
    Guess.objects.filter(key__in=[_key("account", username), _key("code", username)]).delete()
