"""The newest reference counts, whatever became of those before it."""

from pathlib import Path

import msgspec

from ringfence.feeds import FeedWriter
from ringfence.vocabulary.contracts import NumberLink, Reference
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


def _said(*numbers: str, full: bool = False) -> bytes:
    links = tuple(NumberLink(number=number, account="a") for number in numbers)
    return msgspec.json.encode(Reference(time=Micros(7), full=full, numbers=links))


def _numbers(reference: Reference | None) -> set[str]:
    assert reference is not None
    return {link.number for link in reference.numbers}


def test_changes_are_told_by_themselves_and_at_the_start_with_what_they_change(tmp_path: Path) -> None:
    writer, tail = FeedWriter(tmp_path / "reference"), ReferenceTail(tmp_path)
    writer.append([_said("+331", full=True), _said("+332")])
    first = tail.newest()
    assert first is not None
    assert first.full
    assert _numbers(first) == {"+331", "+332"}
    writer.append([_said("+333"), _said("+334")])
    then = tail.newest()
    assert then is not None
    assert not then.full
    assert _numbers(then) == {"+333", "+334"}
    writer.append([_said("+335"), _said("+336", full=True), _said("+337")])
    assert _numbers(tail.newest()) == {"+336", "+337"} == _numbers(ReferenceTail(tmp_path).newest())
    writer.close()


def test_a_change_of_what_nobody_told_is_passed_by(tmp_path: Path) -> None:
    writer, tail = FeedWriter(tmp_path / "reference"), ReferenceTail(tmp_path)
    writer.append([_said("+331")])
    assert tail.newest() is None
    writer.append([_said("+332", full=True)])
    assert _numbers(tail.newest()) == {"+332"}
    writer.close()
