"""Checkpoints are written by a copy of the process, as of the moment at which it was made, while the process goes on."""

import asyncio
import errno
import os
from pathlib import Path

import pytest
from tests.conftest import shared_data
from tests.unit.watch.calls.recordings import recorded
from tests.unit.watch.live.installation import Installation

from ringfence.cli.checkpoint_keeper import CheckpointKeeper
from ringfence.watch.lake import Checkpoint, read_checkpoints
from ringfence.watch.sources.datagram import Datagram


def stream() -> list[Datagram]:
    return list(recorded(shared_data("sip-capture", "attack-tools", "svcrack.pcap")))


def installation(folder: Path) -> tuple[Installation, CheckpointKeeper, list[Datagram]]:
    traffic = stream()
    live = Installation(folder, now=traffic[0].arrival)
    live.play(traffic[:100])
    return live, CheckpointKeeper(folder / "journal", live.pipeline, live.notes), traffic[100:]


async def written(keeper: CheckpointKeeper, copy: int | None) -> None:
    assert copy is not None
    keeper.follow(copy)
    assert not keeper.is_due
    await keeper.stop()


def checkpoints(folder: Path) -> list[Checkpoint]:
    found = list(read_checkpoints(folder / "journal"))
    assert all(isinstance(each, Checkpoint) for each in found)
    return [each for each in found if isinstance(each, Checkpoint)]


def test_what_is_consumed_after_the_copy_was_made_is_not_in_its_checkpoint(tmp_path: Path) -> None:
    live, keeper, later = installation(tmp_path)
    expected = live.pipeline.checkpoint()

    async def both() -> None:
        copy = keeper.begin()
        live.play(later[:100])
        assert copy is not None
        await written(keeper, copy)

    kept = live.pipeline.kept
    asyncio.run(both())
    assert live.pipeline.kept > kept
    assert checkpoints(tmp_path) == [expected]
    live.crash()


def test_the_number_of_the_last_batch_in_it_is_known_when_it_is_in_its_place(tmp_path: Path) -> None:
    live, keeper, later = installation(tmp_path)

    async def turns() -> list[int]:
        seen = [keeper.saved]
        for piece in (later[:50], later[50:100]):
            await written(keeper, keeper.begin())
            seen.append(keeper.saved)
            live.play(piece)
        return seen

    first, *others = asyncio.run(turns())
    assert first == 0
    assert [each.journal for each in checkpoints(tmp_path)] == others[::-1]
    live.crash()


def test_nothing_is_begun_while_something_waits_to_be_kept(tmp_path: Path) -> None:
    live, keeper, later = installation(tmp_path)
    live.pipeline.record([], [])
    live.pipeline.tell([], 7, later[0].arrival)
    assert keeper.begin() is None
    live.crash()


def test_the_draft_of_a_copy_that_nobody_waits_for_is_no_checkpoint(tmp_path: Path) -> None:
    live, keeper, _ = installation(tmp_path)
    copy = keeper.begin()
    assert copy is not None
    assert os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) == 0
    assert checkpoints(tmp_path) == []
    assert list((tmp_path / "journal").glob("checkpoint.draft*")) != []
    CheckpointKeeper(tmp_path / "journal", live.pipeline, live.notes)
    assert list((tmp_path / "journal").glob("checkpoint.draft*")) == []
    live.crash()


def test_where_no_copy_can_be_made_it_is_written_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live, keeper, _ = installation(tmp_path)

    def refused() -> int:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr(os, "fork", refused)
    assert keeper.begin() is None
    assert checkpoints(tmp_path) == [live.pipeline.checkpoint()]
    assert "checkpoint.no-copy" in live.notes.events
    live.crash()


def test_a_copy_that_cannot_write_leaves_the_checkpoint_before_it(tmp_path: Path) -> None:
    live, keeper, later = installation(tmp_path)

    async def twice() -> None:
        await written(keeper, keeper.begin())
        live.play(later[:50])
        (tmp_path / "journal").rename(tmp_path / "moved")
        await written(keeper, keeper.begin())

    asyncio.run(twice())
    (tmp_path / "moved").rename(tmp_path / "journal")
    assert live.notes.events[-1] == "checkpoint.not-written"
    assert [each.journal for each in checkpoints(tmp_path)] == [keeper.saved]
    live.crash()
