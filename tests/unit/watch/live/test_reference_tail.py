"""The newest reference counts, whatever became of those before it."""

from pathlib import Path

import msgspec

from ringfence.feeds import FeedWriter
from ringfence.vocabulary.contracts import Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.live import ReferenceTail


def _told(writer: FeedWriter, time: int) -> None:
    writer.append([msgspec.json.encode(Reference(time=Micros(time)))])


def test_the_newest_counts_also_when_those_between_are_gone(tmp_path: Path) -> None:
    writer, tail = FeedWriter(tmp_path / "reference", segment_bytes=1), ReferenceTail(tmp_path)
    assert tail.newest() is None
    _told(writer, 1)
    assert tail.newest() == Reference(time=Micros(1))
    for time in (2, 3, 4):
        _told(writer, time)
    writer.trim(4)
    assert tail.newest() == Reference(time=Micros(4))
    assert tail.newest() is None
    writer.close()
