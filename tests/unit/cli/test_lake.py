"""`ringfence lake` as an operator uses it, and what watch does of it by itself."""

import asyncio
import json
from pathlib import Path

import pytest
from tests.conftest import ROOT
from tests.unit.watch.lake.traffic import BEGIN, KEY, events
from tests.unit.watch.live.installation import Notes
from typer.testing import CliRunner, Result

from ringfence.cli import lake
from ringfence.cli.lake_keeper import LakeKeeper
from ringfence.vocabulary.times import Micros
from ringfence.vocabulary.tokens import token
from ringfence.watch.lake import Batch, Journal
from ringfence.watch.lake.reading import read_events
from ringfence.watch.lake.store import Lake

CAPTURES = ROOT / "examples" / "captures"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "installation.key").write_bytes(KEY)
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(lake.app, [str(argument) for argument in arguments])


def asked(data: Path, question: str) -> list[dict[str, object]]:
    answered = run("query", question, "--json", "--data", data)
    assert answered.exit_code == 0, answered.output
    return [json.loads(line) for line in answered.stdout.splitlines()]


def consumed(data: Path, size: int) -> None:
    """Let watch have consumed events long ago."""
    journal = Journal(data / "journal")
    for event in events(1, size):
        journal.append(Batch(now=event.time, events=(event,), found=0, observed=0))
    journal.close()


def test_recordings_come_once_and_answer_questions(data: Path) -> None:
    first = run("import", CAPTURES / "svwar.pcap", CAPTURES / "sipp_calls.pcap", "--data", data)
    assert first.exit_code == 0, first.output
    (row,) = asked(data, "SELECT count(*) AS calls, count(answer) AS answered FROM calls")
    assert row == {"calls": 40, "answered": 40}
    again = run("import", CAPTURES / "svwar.pcap", "--data", data)
    assert again.exit_code == 2
    assert "svwar.pcap is in the lake already" in again.output


def test_an_unusable_recording_brings_nothing(data: Path) -> None:
    (data / "torn.csv").write_text("call_id,start\n", encoding="utf-8")
    assert run("import", CAPTURES / "svwar.pcap", data / "torn.csv", "--data", data).exit_code == 2
    assert asked(data, "SELECT * FROM events") == []


def test_the_journal_comes_with_export_and_old_days_leave(data: Path) -> None:
    consumed(data, 40)
    (data / "ringfence.toml").write_text("[lake]\nkeep_days = 3660\n", encoding="utf-8")
    assert "40 events came" in run("export", "--data", data).output
    assert "0 events came" in run("export", "--data", data).output
    (data / "ringfence.toml").write_text("[lake]\nkeep_days = 1\n", encoding="utf-8")
    assert "0 events came, 4 files" in run("export", "--data", data).output
    assert list((data / "lake-keys").glob("*.key")) == []


def test_a_journal_of_another_day_is_brought_in_as_a_folder(data: Path) -> None:
    consumed(data, 30)
    assert "30 events came" in run("import", data / "journal", "--data", data).output


def test_numbers_are_tokens_and_a_known_one_can_be_asked_for(data: Path) -> None:
    consumed(data, 200)
    (data / "ringfence.toml").write_text("[lake]\nkeep_days = 3660\n", encoding="utf-8")
    run("export", "--data", data)
    rows = asked(data, "SELECT * FROM events")
    assert len(rows) == 200
    assert "+" not in json.dumps(rows)
    (count,) = asked(data, "SELECT count(*) AS n FROM events WHERE asserted = token('number', '+3225550000')")
    assert count["n"] == sum(event.asserted is not None for event in events(1, 200))
    source = token(KEY, "source", "198.51.100.23")
    assert {"source": source} in asked(data, "SELECT DISTINCT source FROM events")


def test_a_question_can_change_nothing_and_read_nothing_else(data: Path) -> None:
    consumed(data, 20)
    run("export", "--data", data)
    secret = data / "secret.csv"
    secret.write_text("a,b\n1,2\n", encoding="utf-8")
    for question in (
        f"COPY (SELECT 1) TO '{data}/out.csv'",
        f"SELECT * FROM read_csv('{secret}')",
        f"SELECT * FROM '{secret}'",
        "SET enable_external_access = true",
        "SELECT 1; SELECT 2",
        "CREATE TABLE t AS SELECT 1",
        "SELECT nonsense FROM events",
        f"ATTACH '{data}/new.duckdb'",
    ):
        refused = run("query", question, "--data", data)
        assert refused.exit_code == 2, question
    assert not (data / "out.csv").exists()


def test_erased_days_keep_their_tokens(data: Path) -> None:
    consumed(data, 50)
    (data / "ringfence.toml").write_text("[lake]\nkeep_days = 3660\n", encoding="utf-8")
    run("export", "--data", data)
    before = asked(data, "SELECT * FROM events ORDER BY time, sequence")
    assert "1 days are erased" in run("erase", "--from", "2026-01-01", "--to", "2027-01-01", "--yes", "--data", data).output
    assert asked(data, "SELECT * FROM events ORDER BY time, sequence") == before
    assert "erased" in run("show", "--data", data).output


def test_what_is_no_data_folder_is_refused_with_a_hint(tmp_path: Path) -> None:
    for command in (("export",), ("show",), ("query", "SELECT 1")):
        refused = run(*command, "--data", tmp_path / "none")
        assert refused.exit_code == 2
        assert "Hint" in refused.output


def test_watch_exports_when_it_is_due_and_says_so(data: Path) -> None:
    consumed(data, 30)
    (data / "ringfence.toml").write_text("[lake]\nkeep_days = 3660\n", encoding="utf-8")
    notes = Notes()

    async def kept() -> None:
        keeper = LakeKeeper(data, notes, keep_days=3_660, every_us=10, first_us=5)
        keeper.look(BEGIN)
        assert notes.events == []
        keeper.look(Micros(BEGIN + 5))
        for _ in range(6_000):
            if notes.events:
                break
            await asyncio.sleep(0.01)
        await keeper.stop()

    asyncio.run(kept())
    assert notes.events == ["lake.exported"]
    assert len(list(read_events(Lake(data / "lake", data / "lake-keys", KEY)))) == 30


def test_an_export_that_is_cut_off_is_made_up_for(data: Path) -> None:
    consumed(data, 30)
    (data / "ringfence.toml").write_text("[lake]\nkeep_days = 3660\n", encoding="utf-8")
    notes = Notes()

    async def cut() -> None:
        keeper = LakeKeeper(data, notes, keep_days=3_660, every_us=10, first_us=0)
        keeper.look(BEGIN)
        await asyncio.sleep(0.2)
        await keeper.stop()

    asyncio.run(cut())
    run("export", "--data", data)
    assert len(list(read_events(Lake(data / "lake", data / "lake-keys", KEY)))) == 30
    assert "lake.not-exported" not in notes.events


def test_where_no_history_is_kept_watch_exports_nothing(data: Path) -> None:
    async def kept() -> None:
        keeper = LakeKeeper(data, Notes(), keep_days=0, every_us=1, first_us=0)
        keeper.look(BEGIN)
        await keeper.stop()

    asyncio.run(kept())
    assert not (data / "lake").exists()
