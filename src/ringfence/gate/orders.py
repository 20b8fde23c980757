"""What the desk last told: the orders feed into the table, the reference feed into lists and directory."""

from pathlib import Path
from typing import Final, TypeVar

import msgspec
import structlog
from msgspec import Struct

from ringfence.feeds import FeedError, FeedReader
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import OrderChange, Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import EMERGENCY_LIST, Directory

PROTECTED_LIST: Final = "protected-sources"

_T = TypeVar("_T", bound=Struct)
_LOG: Final = structlog.get_logger("gate.orders")


class OrdersTail:
    """Follows both feeds under `feeds`. What was read stays in force when the desk is down, or a feed cannot be read."""

    def __init__(self, feeds: Path, table: OrdersTable) -> None:
        self.table = table
        self.directory = Directory(Reference(time=Micros(0)))
        self.changed_at: Micros | None = None
        """When the desk last told something; `None` before the first time since the start."""
        self.unreadable = 0
        self.problem: str | None = None
        """Why a feed cannot be read now."""
        self._orders = FeedReader(feeds / "orders")
        self._reference = FeedReader(feeds / "reference")

    def poll(self, now: Micros) -> bool:
        """Take in what is new; tell whether the table or the lists may have changed."""
        try:
            references = self._decoded(self._reference, Reference)
            changes = self._decoded(self._orders, OrderChange)
            self.problem = None
        except (FeedError, OSError) as error:
            if self.problem != str(error):
                _LOG.error("a feed cannot be read; the last table stays in force", cause=str(error))
            self.problem = str(error)
            return False
        if references:
            self._take_reference(references[-1])
        changed = [self.table.apply(change) for change in changes]
        ended = self.table.forget_ended(now)
        if references or changes:
            self.changed_at = now
        return bool(references) or any(changed) or ended > 0

    def _take_reference(self, reference: Reference) -> None:
        self.directory = Directory(reference)
        useless = self.table.protect(
            emergency_numbers=reference.lists.get(EMERGENCY_LIST, ()), sources=reference.lists.get(PROTECTED_LIST, ())
        )
        if useless:
            _LOG.warning("entries of the protected list are no addresses and protect nothing", entries=len(useless))

    def _decoded(self, reader: FeedReader, kind: type[_T]) -> list[_T]:
        """Return the new records. One that can't be understood (a newer desk's) is counted and left out; the others count."""
        taken = []
        while records := reader.read():
            for record in records:
                try:
                    taken.append(msgspec.json.decode(record.payload, type=kind))
                except msgspec.MsgspecError as error:
                    self.unreadable += 1
                    _LOG.error("a record is not understood", kind=kind.__name__, number=record.number, cause=str(error))
        return taken
