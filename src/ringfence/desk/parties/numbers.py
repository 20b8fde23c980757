"""Writing who holds which numbers: a million rows in well under a minute, on either database."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection

from ringfence.desk.parties.files import Rows, among
from ringfence.desk.parties.models import Account, NumberHolding
from ringfence.desk.parties.succession import Held, Span, overlap, succession
from ringfence.vocabulary.number_blocks import Block
from ringfence.vocabulary.times import Micros, utc
from ringfence.watch.attribution.files import NumberRow

_BATCH: Final = 2_000
_ASKED_AT_ONCE: Final = 500
_FEW: Final = 20_000
"""Prefixes that are asked for by name; for more the whole table is read."""
_MANY: Final = 50_000
"""Rows beyond which their references are checked all together and not row by row, which takes half a minute for a million."""
_TABLE: Final = NumberHolding._meta.db_table
_COLUMNS: Final = ("prefix", "digits", "account_id", "state", "valid_from", "valid_to")


class _Who(NamedTuple):
    """Whose a number is."""

    account: int | None
    state: str


@dataclass(slots=True)
class _Block:
    """What is known of one block: its holdings (row id, 0 for one to come), and the line that spoke of it."""

    line: int
    held: list[Held[_Who]] = field(default_factory=list)


class Written(NamedTuple):
    """Which blocks are new, and which changed."""

    added: frozenset[Block] = frozenset()
    changed: frozenset[Block] = frozenset()

    @property
    def blocks(self) -> frozenset[Block]:
        """New or changed."""
        return self.added | self.changed


def write_numbers(rows: Rows, now: datetime) -> Written:
    """Write the rows' holdings; return what changed. Two holders at once are refused."""
    if not rows.numbers:
        return Written()
    users = {row.account for row in rows.numbers if row.account is not None}
    accounts: dict[str | None, int] = dict(among(Account.objects.all(), "name", users).values_list("name", "id"))
    known = _standing({block.prefix for row in rows.numbers for block in row.blocks})
    older = set(known)
    changed = dict[Block, None]()
    for row in rows.numbers:
        who, span = _Who(accounts.get(row.account), row.state), _span(row)
        for block in row.blocks:
            found = known.get(block)
            if found is None:
                known[block] = _Block(row.line, [Held(0, who, span)])
                changed[block] = None
            elif _follow(found, who, span, now):
                found.line = row.line
                changed[block] = None
    _refuse_overlaps(rows, {block: known[block] for block in changed if len(known[block].held) > 1})
    if not rows.problems:
        fresh = ((*block, *one.value, *one.span) for block in changed for one in known[block].held if one.key == 0)
        with _references_checked_at_once() if len(changed) > _MANY else nullcontext():
            _insert(fresh)
        mended = [
            NumberHolding(id=one.key, account_id=one.value.account, state=one.value.state, valid_to=one.span[1])
            for block in changed
            for one in known[block].held
            if one.key
        ]
        NumberHolding.objects.bulk_update(mended, ("account", "state", "valid_to"), batch_size=_BATCH)
    return Written(frozenset(changed.keys() - older), frozenset(changed.keys() & older))


def _span(row: NumberRow) -> Span:
    start, end = row.span
    return _moment(start), _moment(end)


def _moment(moment: Micros | None) -> datetime | None:
    return None if moment is None else utc(moment)


def _standing(prefixes: set[str]) -> dict[Block, _Block]:
    """Return the holdings of these prefixes as they stand."""
    columns = ("prefix", "digits", "id", "account_id", "state", "valid_from", "valid_to")
    if len(prefixes) > _FEW:
        found = [NumberHolding.objects.values_list(*columns).iterator(chunk_size=10_000)]
    else:
        wanted = sorted(prefixes)
        chunks = (wanted[at : at + _ASKED_AT_ONCE] for at in range(0, len(wanted), _ASKED_AT_ONCE))
        found = [NumberHolding.objects.filter(prefix__in=chunk).values_list(*columns).iterator() for chunk in chunks]
    known: dict[Block, _Block] = {}
    for rows in found:
        for prefix, digits, key, account, state, start, end in rows:
            if prefix in prefixes:
                block = known.setdefault(Block(prefix, digits), _Block(0))
                block.held.append(Held(key, _Who(account, state), (start, end)))
    return known


def _follow(block: _Block, who: _Who, span: Span, now: datetime) -> bool:
    """Let the block come to be held by `who` over `span`; tell whether that changed anything."""
    held = [Held(at, one.value, one.span) for at, one in enumerate(block.held)]
    change = succession(held, who, span, now)
    for at, end in change.end:
        one = block.held[at]
        block.held[at] = Held(one.key, one.value, (one.span[0], end))
    for at, value, end in change.mend:
        one = block.held[at]
        block.held[at] = Held(one.key, value, (one.span[0], end))
    block.held.extend(Held(0, value, begun) for value, begun in change.begin)
    return not change.nothing


def _refuse_overlaps(rows: Rows, several: dict[Block, _Block]) -> None:
    """Refuse each block that two would hold at once."""
    names: dict[int | None, str] = dict(Account.objects.values_list("id", "name")) if several else {}
    for block, found in several.items():
        pair = overlap([one.span for one in found.held])
        if pair is not None:
            first, second = (names.get(found.held[at].value.account, "nobody") for at in pair)
            cause = f"{block.written} would be held by {first} and {second} at once"
            rows.refuse("numbers.csv", found.line, "valid_from", cause, "end the earlier span first")


@contextmanager
def _references_checked_at_once() -> Iterator[None]:
    """Take the table's references off and put them back, which checks all rows by one join. Within the transaction alone.

    On SQLite nothing changes: it checks none before the commit.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'", [_TABLE]
        )
        references = cursor.fetchall()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what waits to be checked would forbid it
        # Names of constraints and their definitions are the database's own.
        for name, _ in references:
            cursor.execute(f'ALTER TABLE "{_TABLE}" DROP CONSTRAINT "{name}"')
    yield
    with connection.cursor() as cursor:
        for name, definition in references:
            cursor.execute(f'ALTER TABLE "{_TABLE}" ADD CONSTRAINT "{name}" {definition}')
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _insert(holdings: Iterable[tuple[Any, ...]]) -> None:
    """Add rows by the fastest way that the database has."""
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{_TABLE}" ({names}) FROM STDIN') as copy:
                for holding in holdings:
                    copy.write_row(holding)
            return
        # The statement holds our own names alone; the values are bound.
        statement = f'INSERT INTO "{_TABLE}" ({names}) VALUES ({", ".join("?" * len(_COLUMNS))})'
        cursor.connection.executemany(statement, _adapted(holdings))


def _adapted(holdings: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    adapt = connection.ops.adapt_datetimefield_value
    for *columns, start, end in holdings:
        yield (*columns, adapt(start), adapt(end))
