"""What the gate tells the desk stays small under a flood, survives a restart and is trimmed once it was read."""

from pathlib import Path

import msgspec
import pytest
from tests.unit.gate.orders import NOW

from ringfence.feeds import FeedError
from ringfence.feeds.marks import mark_read, read_mark
from ringfence.feeds.segments import records_after
from ringfence.gate.receipts import ReceiptBook
from ringfence.vocabulary.contracts import Receipt, ReceiptState
from ringfence.vocabulary.times import SECOND, Micros


def after(seconds: float) -> Micros:
    return Micros(NOW + int(seconds * SECOND))


def written(folder: Path) -> list[Receipt]:
    return [msgspec.json.decode(record.payload, type=Receipt) for record in records_after(folder)]


def placed(order: str, edge: str = "edge-1") -> Receipt:
    return Receipt(order=order, edge=edge, state=ReceiptState.PLACED, time=NOW)


def test_the_first_refusal_is_told_at_once_and_a_flood_by_the_second(tmp_path: Path) -> None:
    book = ReceiptBook(tmp_path)
    for number in range(3_000):
        now = after(number / 1_000)
        book.refused("o", "redirect", call_id=f"call-{number}", now=now)
        book.settle(now)
        book.write()
    book.close(after(3))
    told = written(tmp_path)
    assert (told[0].call_id, told[0].count, told[0].time) == ("call-0", 1, NOW)
    assert [receipt.count for receipt in told[1:]] == [1_000, 1_000, 999]
    assert told[-1].call_id == "call-2999"


def test_after_a_quiet_second_a_refusal_is_a_first_one_again(tmp_path: Path) -> None:
    book = ReceiptBook(tmp_path)
    for moment in (0, 5):
        book.refused("o", "redirect", call_id="c", now=after(moment))
        book.settle(after(moment + 2))
    book.close(after(9))
    assert [(receipt.time, receipt.count) for receipt in written(tmp_path)] == [(NOW, 1), (after(5), 1)]


def test_refusals_are_counted_on_while_the_disk_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = ReceiptBook(tmp_path)
    book.refused("o", "redirect", call_id="c", now=NOW)

    def full(_payloads: object) -> int:
        raise FeedError("full", permanent=False)

    with monkeypatch.context() as patched:
        patched.setattr(book._writer, "append", full)
        with pytest.raises(FeedError):
            book.write()
        for number in range(500):
            book.refused("o", "redirect", call_id="c", now=after(number / 1_000))
    book.close(after(1))
    assert sum(receipt.count for receipt in written(tmp_path)) == 501


def test_what_the_desk_has_read_goes_and_what_stands_is_still_known(tmp_path: Path) -> None:
    book = ReceiptBook(tmp_path, segment_bytes=2_000, carry_every=50)
    book.say(placed("old"))
    for number in range(400):
        book.refused("flood", "redirect", call_id="c", now=after(2 * number))
        book.settle(after(2 * number + 1.5))
        book.write()
        mark_read(tmp_path, number)
    book.close(after(1_000))
    kept = list(records_after(tmp_path))
    assert kept[0].number > 200
    again = ReceiptBook(tmp_path)
    assert set(again.standing("edge-1")) == {"old"}
    assert not again.say(placed("old"))
    again.close(NOW)


def test_what_stands_is_said_again_some_at_a_time_and_only_once_for_as_many_records(tmp_path: Path) -> None:
    book = ReceiptBook(tmp_path, carry_every=50)
    for number in range(1_000):
        book.say(placed(f"{number:032x}"))
    most, rounds = 0, 0
    while book.pending or rounds < 100:
        before = book.pending
        book.settle(after(rounds))
        most, rounds = max(most, book.pending - before), rounds + 1
        book.write()
    assert most <= 100
    assert len(written(tmp_path)) == 1_000  # fewer than twice what stands: nothing need go yet
    for number in range(1_500):
        book.refused(f"{number:032x}", "edge-1", call_id="c", now=after(200))
    for number in range(100):
        book.settle(after(200))
        if number == 2:
            book.say(Receipt(order=f"{999:032x}", edge="edge-1", state=ReceiptState.REMOVED, time=after(200)))
        book.write()
    book.close(after(300))
    told = [receipt.order for receipt in written(tmp_path) if receipt.state is ReceiptState.PLACED]
    assert sorted(told[1_000:]) == [f"{number:032x}" for number in range(999)]
    again = ReceiptBook(tmp_path)
    assert set(again.standing("edge-1")) == {f"{number:032x}" for number in range(999)}
    again.close(NOW)


def test_nothing_goes_that_the_desk_has_not_read(tmp_path: Path) -> None:
    book = ReceiptBook(tmp_path, segment_bytes=500, carry_every=10)
    for number in range(200):
        book.refused("flood", "redirect", call_id="c", now=after(2 * number))
        book.settle(after(2 * number + 1.5))
        book.write()
    book.close(after(1_000))
    assert next(records_after(tmp_path)).number == 1
    assert read_mark(tmp_path) == 0


def test_an_edge_that_is_configured_no_longer_is_forgotten_once(tmp_path: Path) -> None:
    book = ReceiptBook(tmp_path)
    book.say(placed("a", "edge-1"))
    book.say(placed("a", "edge-2"))
    book.close(NOW)
    for _ in range(2):
        book = ReceiptBook(tmp_path)
        book.forget_edges(but={"edge-2", "redirect"}, now=after(1))
        assert (set(book.standing("edge-1")), set(book.standing("edge-2"))) == (set(), {"a"})
        book.close(after(1))
    assert [(receipt.edge, str(receipt.state)) for receipt in written(tmp_path)[2:]] == [("edge-1", "forgotten")]


def test_a_receipt_of_a_newer_release_does_not_stop_the_gate(tmp_path: Path) -> None:
    book = ReceiptBook(tmp_path)
    book.say(placed("a"))
    book._pending.append(b'{"order":"b","edge":"e","state":"beyond","time":1}')
    book.close(NOW)
    again = ReceiptBook(tmp_path)
    assert set(again.standing("edge-1")) == {"a"}
    again.close(NOW)
