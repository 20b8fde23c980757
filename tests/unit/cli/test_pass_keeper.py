"""The passes of the policy in force are compiled beside watch, once for each version, by a process that gives way to others."""

import asyncio
from pathlib import Path
from shutil import copytree

from tests.conftest import ROOT

from ringfence.cli.pass_keeper import PassKeeper
from ringfence.vocabulary.times import SECOND, Micros


class Notes:
    def __init__(self) -> None:
        self.events: list[str] = []

    def info(self, event: str, **_: object) -> None:
        self.events.append(event)

    warning = error = info


def installation(folder: Path) -> Path:
    """Return a data folder with a posted version of one rule."""
    policy = folder / "policies" / "one"
    copytree(ROOT / "tests" / "bundles" / "four", policy)
    for rule in sorted((policy / "rules").iterdir())[1:]:
        rule.unlink()
    return folder


async def looked(keeper: PassKeeper, policy: str, begin: int) -> bool:
    """Look until the child has ended; return whether there is something to take up."""
    for second in range(begin, begin + 3_000):
        if keeper.look(Micros(second * SECOND), policy):
            return True
        if keeper._running is not None:
            await asyncio.wait({keeper._running}, timeout=300)
            return keeper.look(Micros(second * SECOND), policy)
    return False


def test_each_version_is_compiled_once_after_a_minute_and_told_once(tmp_path: Path) -> None:
    async def scene() -> None:
        notes = Notes()
        keeper = PassKeeper(installation(tmp_path), notes)
        assert not keeper.look(Micros(0), None)
        assert not keeper.look(Micros(SECOND), "one")
        assert not keeper.look(Micros(59 * SECOND), "one")
        assert keeper._running is None
        assert await looked(keeper, "one", 60)
        assert notes.events == ["passes.compiled"]
        assert not await looked(keeper, "one", 200)
        assert not keeper.look(Micros(0), "one")  # a clock that was put back begins nothing again
        assert keeper._running is None
        await keeper.stop()

    asyncio.run(scene())


def test_a_version_that_cannot_be_compiled_is_said_and_left_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        notes = Notes()
        keeper = PassKeeper(tmp_path, notes, first_us=0)
        assert not keeper.look(Micros(0), "missing")
        assert not await looked(keeper, "missing", 1)
        assert notes.events == ["passes.not-compiled"]
        assert not await looked(keeper, "missing", 20)
        assert notes.events == ["passes.not-compiled"]

    asyncio.run(scene())


def test_a_new_version_and_the_end_stop_what_compiles(tmp_path: Path) -> None:
    async def scene() -> None:
        notes = Notes()
        keeper = PassKeeper(installation(tmp_path), notes, first_us=0)
        keeper.look(Micros(0), "one")
        keeper.look(Micros(1), "one")
        running = keeper._running
        assert running is not None
        await asyncio.sleep(0.05)
        keeper.look(Micros(2), "missing")
        await asyncio.wait({running}, timeout=60)
        assert running.cancelled()
        keeper.look(Micros(3), "missing")
        await keeper.stop()
        assert keeper._running is None
        assert notes.events == []

    asyncio.run(scene())
