"""What live watch consumed, from its journal to the lake: each batch once, in commits that say up to which it is there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from ringfence.feeds import FeedDamaged, FeedGap, FeedReader
from ringfence.vocabulary.times import Micros
from ringfence.watch.lake import store
from ringfence.watch.lake.journal import Batch
from ringfence.watch.lake.store import Lake, LakeWriter

_READ: Final = 200
_DECODER: Final = msgspec.json.Decoder(Batch)


class Exported(NamedTuple):
    """`events` came to the lake, up to the journal's batch `through`. `missed` batches had been deleted before they could come.

    `damage`: what stopped the reading; nothing after it can come.
    """

    events: int
    through: int
    missed: int
    damage: str | None


class Numbered(NamedTuple):
    """A batch of the journal, or with `None` a place where `missed` batches are gone."""

    number: int
    batch: Batch | None
    missed: int


def numbered_batches(journal: Path, after: int) -> Iterator[Numbered]:
    """Yield the batches after number `after` that are there, oldest first, whoever writes meanwhile. Raises `FeedDamaged`."""
    reader = FeedReader(journal, after=after)
    while True:
        try:
            records = reader.read(_READ)
        except FeedGap as gap:
            yield Numbered(gap.resume, None, max(0, gap.resume - after))
            continue
        if not records:
            return
        for record in records:
            after = record.number
            yield Numbered(record.number, _DECODER.decode(record.payload), 0)


def bring_in(journal: Path, lake: Lake, *, before: Micros | None = None) -> Exported:
    """Bring the journal's batches to the lake that were consumed before `before`, and later ones where they fill a file.

    With `None` all that are there. What it did not bring it brings another time: nothing is lost and nothing comes twice, whenever
    it dies. Raises `FeedBusy` while another process writes to the lake, `OSError`, `FeedError`.
    """
    with lake.writing() as writer:
        export = _Export(writer, before)
        damage = None
        try:
            for numbered in numbered_batches(journal, writer.contents.journal):
                export.take(numbered)
        except FeedDamaged as error:
            damage = str(error)
        export.finish()
        return Exported(export.events, writer.contents.journal, export.missed, damage)


class _Export:
    """Commits at the ends of batches: what is settled at once, what is not when it fills a file."""

    def __init__(self, writer: LakeWriter, before: Micros | None) -> None:
        self.events = 0
        self.missed = 0
        self._writer = writer
        self._before = before
        self._reached = writer.contents.journal
        self._missed = 0
        self._settled = True

    def take(self, numbered: Numbered) -> None:
        batch = numbered.batch
        if batch is None:
            self._missed += numbered.missed
            self._reached = numbered.number
            return
        if self._settled and self._before is not None and batch.now >= self._before:
            self.finish()
            self._settled = False
        if self._writer.waiting and self._writer.waiting + len(batch.events) > store.CHUNK:
            self._commit()
        self._writer.add((*batch.events, *batch.earlier))
        self._reached = numbered.number

    def finish(self) -> None:
        """Bring in what waits, if it is settled."""
        if self._settled and self._reached != self._writer.contents.journal:
            self._commit()

    def _commit(self) -> None:
        self.events += self._writer.waiting
        self.missed += self._missed
        self._writer.commit(journal=self._reached, missed=self._missed)
        self._missed = 0
