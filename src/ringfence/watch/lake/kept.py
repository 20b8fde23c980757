"""What is kept of all that watch consumed, from a moment on: hours of the lake, then the journal where they end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from ringfence.feeds import FeedReader
from ringfence.vocabulary.times import Micros
from ringfence.watch.lake.commits import FOLDER, Commit, Contents, LakeFile
from ringfence.watch.lake.journal import JournalReader
from ringfence.watch.lake.store import Lake

_READ: Final = 1_000
_DECODER: Final = msgspec.json.Decoder(Commit)


class Kept(NamedTuple):
    """`files` of the lake by hour, then the journal's batches after number `after`, each event once.

    `begun`: what came before that moment is not in them; `None` where nothing is kept at all.
    """

    files: tuple[LakeFile, ...]
    after: int
    begun: Micros | None


class _Brought(NamedTuple):
    """A commit by which the journal's batches came to the lake, up to number `journal`; `missed` before them never came."""

    number: int
    journal: int
    missed: int


def kept_since(journal: JournalReader, lake: Lake | None, since: Micros) -> Kept:
    """Return what is kept of the traffic since a moment.

    As the journal has it: in the order in which it was consumed. Where that does not reach back, as the lake has it: by its times.
    What was imported is no part of it, for watch has not consumed it, nor is what was erased. Raises `FeedError`.
    """
    oldest = journal.oldest()
    if oldest is None:
        return Kept((), 0, None)
    number, now = oldest
    if now > since and number > 1 and lake is not None:
        from_lake = _from_lake(lake, number, since)
        if from_lake is not None:
            return from_lake
    return Kept((), journal.since(since), max(now, since))


def _from_lake(lake: Lake, oldest: int, since: Micros) -> Kept | None:
    """Return what the lake has before the journal's `oldest` batch, or a little more; `None` where it ends before that one."""
    contents, brought = _read(lake.folder)
    joint = next((each for each in brought if each.journal >= oldest - 1), None)
    if joint is None:
        return None
    commits = {each.number for each in brought if each.number <= joint.number}
    files = [file for file in contents.files.values() if file.place[0] in commits]
    if not files:
        return None
    begun = min(file.first for file in files)
    gap = max((each.number for each in brought if each.missed and each.number in commits), default=0)
    after_gap = (file.first for file in files if file.place[0] >= gap)
    erased = (Micros(file.last + 1) for file in files if not lake.keys.has(file.key))
    begun = max(since, begun, min(after_gap, default=begun), *erased)
    usable = {file.path for file in files if lake.keys.has(file.key)}
    return Kept(tuple(file for file in contents.within(since, None) if file.path in usable), joint.journal, begun)


def _read(lake: Path) -> tuple[Contents, list[_Brought]]:
    contents, brought = Contents(), list[_Brought]()
    for number, commit in _commits(lake):
        contents.take(number, commit)
        if commit.journal is not None:
            brought.append(_Brought(number, commit.journal, commit.missed))
    return contents, brought


def _commits(lake: Path) -> Iterator[tuple[int, Commit]]:
    if (lake / FOLDER).is_dir():
        reader = FeedReader(lake / FOLDER)
        while records := reader.read(_READ):
            for record in records:
                yield record.number, _DECODER.decode(record.payload)
