"""The journal keeps order, and of the past what it is told to; checkpoints survive what a crash does to them."""

import os
from pathlib import Path

import pytest

from ringfence.vocabulary.contracts import Event, EventKind, Observation, ObservationKind
from ringfence.vocabulary.times import HOUR, MINUTE, Micros
from ringfence.watch.lake import Batch, Checkpoint, CheckpointDamaged, Journal, read_checkpoints, write_checkpoint


def _batch(now: int, text: str = "c") -> Batch:
    event = Event(kind=EventKind.ATTEMPT, time=Micros(now), call_id=text, late=True)
    seen = Observation(kind=ObservationKind.REFUSAL, time=Micros(now), subject="192.0.2.1", order="o")
    return Batch(now=Micros(now), events=(event,), observations=(seen,), calls=b"\x00\xff", found=3, observed=4)


def _filled(folder: Path, *, most_bytes: int = 1 << 30, longest_us: int = 2 * HOUR) -> Journal:
    """Return a journal of a batch every ten minutes for five hours, each in a segment of its own."""
    journal = Journal(folder, most_bytes=most_bytes, longest_us=longest_us, segment_bytes=1)
    for n in range(30):
        assert journal.append(_batch(n * 10 * MINUTE)) == n + 1
    return journal


def test_batches_come_back_as_they_were(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    sent = [_batch(1), Batch(now=Micros(2), policy="p", found=0, observed=0), _batch(3, "é\n")]
    for batch in sent:
        journal.append(batch)
    assert [batch for _, batch in journal.after()] == sent
    assert [number for number, _ in journal.after(1)] == [2, 3]
    assert journal.last == 3


def test_what_is_too_old_is_deleted_by_whole_segments(tmp_path: Path) -> None:
    journal = _filled(tmp_path)
    journal.trim(now=Micros(5 * HOUR), keep_after=30)
    assert next(journal.after())[1].now == 3 * HOUR
    assert journal.trim(now=Micros(5 * HOUR), keep_after=30) == 0


def test_what_is_too_much_is_deleted_oldest_first(tmp_path: Path) -> None:
    size = (_filled(tmp_path / "probe").last, next((tmp_path / "probe").glob("*.seg")).stat().st_size)
    journal = _filled(tmp_path / "journal", most_bytes=size[1] * 10, longest_us=100 * HOUR)
    journal.trim(now=Micros(5 * HOUR), keep_after=30)
    kept = [number for number, _ in journal.after()]
    assert kept[-1] == 30
    assert 8 <= len(kept) <= 12


def test_what_a_checkpoint_does_not_hold_yet_is_never_deleted(tmp_path: Path) -> None:
    journal = _filled(tmp_path, most_bytes=1)
    journal.trim(now=Micros(100 * HOUR), keep_after=4)
    assert next(journal.after())[0] == 5


def test_reading_since_a_moment_misses_nothing(tmp_path: Path) -> None:
    journal = _filled(tmp_path)
    for moment in (0, 95 * MINUTE, 100 * MINUTE, 9 * HOUR):
        wanted = [number for number, batch in journal.after() if batch.now >= moment]
        read = [number for number, batch in journal.after(journal.since(Micros(moment)))]
        assert read[-len(wanted) :] == wanted if wanted else len(read) <= 1


def test_the_folder_says_what_it_holds_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    _filled(tmp_path / "journal").close()
    write_checkpoint(tmp_path / "journal", _checkpoint(1))
    assert "48 hours" not in (tmp_path / "journal" / "README").read_text()
    assert "older than 2 hours" in (tmp_path / "journal" / "README").read_text()
    assert "a rule over 30 days remembers whom it counts" in (tmp_path / "journal" / "README").read_text()
    assert (tmp_path / "journal").stat().st_mode & 0o077 == 0
    for path in (tmp_path / "journal").iterdir():
        assert path.name == "README" or path.stat().st_mode & 0o077 == 0, path


def _checkpoint(number: int) -> Checkpoint:
    return Checkpoint(journal=number, policy="p", tracker=b"t" * number, engine=None)


def test_two_checkpoints_are_kept_the_newest_first(tmp_path: Path) -> None:
    for number in range(1, 5):
        write_checkpoint(tmp_path, _checkpoint(number))
    assert list(read_checkpoints(tmp_path)) == [_checkpoint(4), _checkpoint(3)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint", "checkpoint.previous"]


@pytest.mark.parametrize("place", range(0, 60, 3))
@pytest.mark.parametrize("cut", [False, True])
def test_a_damaged_checkpoint_is_told_wherever_it_is_damaged(tmp_path: Path, place: int, cut: bool) -> None:
    write_checkpoint(tmp_path, _checkpoint(1))
    write_checkpoint(tmp_path, _checkpoint(2))
    path = tmp_path / "checkpoint"
    data = path.read_bytes()
    path.write_bytes(data[:place] if cut else data[:place] + bytes([data[place] ^ 0x40]) + data[place + 1 :])
    newest, previous = read_checkpoints(tmp_path)
    assert isinstance(newest, CheckpointDamaged)
    assert previous == _checkpoint(1)


def test_a_draft_that_a_crash_left_is_no_checkpoint(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, _checkpoint(1))
    (tmp_path / "checkpoint.draft").write_bytes(b"half")
    os.replace(tmp_path / "checkpoint", tmp_path / "checkpoint.previous")  # noqa: PTH105 - as the crash left it
    assert list(read_checkpoints(tmp_path)) == [_checkpoint(1)]
