"""Everything of ours comes off the edges by one command, with no desk, no database and no feeds; an operator's own stays."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT
from tests.unit.gate.htable_server import FOREIGN, HtableServer
from typer.testing import CliRunner, Result

from ringfence.cli.bundles import loaded
from ringfence.cli.edges import app
from ringfence.feeds import FeedWriter
from ringfence.gate.edges.emergency import WRITINGS
from ringfence.policy.packs import emergency_by_country
from ringfence.watch.attribution import EMERGENCY_LIST

FIRST, SECOND, THIRD = (f"{number:032x}" for number in (1, 2, 3))


def run(server: HtableServer, data: Path, *arguments: str) -> Result:
    """Run the command beside the server that it talks to."""

    async def both() -> Result:
        async with server:
            edge = f'[[gate.edges]]\nkind = "kamailio"\nname = "edge-1"\nurl = "http://127.0.0.1:{server.port}/RPC"\n'
            (data / "ringfence.toml").write_text(edge, encoding="utf-8")
            return await asyncio.to_thread(CliRunner().invoke, app, [arguments[0], "--data", str(data), *arguments[1:]])

    return asyncio.run(both())


def holding() -> HtableServer:
    server = HtableServer()
    for place, order in enumerate((FIRST, SECOND, THIRD)):
        server.table[f"source:203.0.113.{place}"] = (order, 600)
    server.table["source:203.0.113.99"] = (FOREIGN, 600)
    return server


def test_one_command_takes_all_of_ours_away(tmp_path: Path) -> None:
    server = holding()
    result = run(server, tmp_path, "clear")
    assert (result.exit_code, result.output) == (0, "edge-1: 3 taken away, 0 left\n")
    assert server.table == {"source:203.0.113.99": (FOREIGN, 600)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ringfence.toml"]


class KeepsOne(HtableServer):
    """It says that it deleted, and did not."""

    def _delete(self, table: str, key: str) -> str | Exception:
        return "Ok. Key deleted." if key.endswith(".1") else super()._delete(table, key)


def test_what_an_edge_does_not_let_go_is_named(tmp_path: Path) -> None:
    server = KeepsOne()
    server.table = holding().table
    result = run(server, tmp_path, "clear")
    assert (result.exit_code, len(server.table)) == (1, 2)
    assert result.output == "edge-1: 2 taken away, 1 left: edge-1: source:203.0.113.1 was deleted but is still there\n"


def test_one_lost_command_leaves_nothing_behind(tmp_path: Path) -> None:
    server = holding()
    lost: list[str] = []

    def loses_one(method: str, _parameters: list[Any]) -> bytes | None:
        if method != "htable.delete" or lost:
            return None
        lost.append(method)
        return b""

    server.spoil = loses_one
    result = run(server, tmp_path, "clear")
    assert (result.exit_code, result.output, lost) == (0, "edge-1: 3 taken away, 0 left\n", ["htable.delete"])


def test_a_silent_edge_is_told_of(tmp_path: Path) -> None:
    server = holding()
    server.spoil = lambda _method, _parameters: b""
    result = run(server, tmp_path, "clear")
    assert (result.exit_code, "edge-1: 0 taken away, 0 left: " in result.output) == (1, True)


def test_it_shows_what_stands(tmp_path: Path) -> None:
    result = run(holding(), tmp_path, "list")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        f"edge-1\tsource:203.0.113.{place}\t{order}" for place, order in enumerate((FIRST, SECOND, THIRD))
    ]


def test_a_running_gate_is_not_fought_with(tmp_path: Path) -> None:
    server = holding()
    gate = FeedWriter(tmp_path / "feeds" / "receipts")
    result = run(server, tmp_path, "clear")
    gate.close()
    assert (result.exit_code, len(server.table)) == (2, 4)
    assert "end it first" in result.output


@pytest.mark.parametrize("command", ["list", "clear"])
def test_an_edge_that_is_not_configured_is_refused_with_those_that_are(tmp_path: Path, command: str) -> None:
    result = run(holding(), tmp_path, command, "--edge", "edge-9")
    assert (result.exit_code, "names edge-1" in result.output) == (2, True)


@pytest.mark.parametrize("kind", sorted(WRITINGS))
@pytest.mark.parametrize("country", ["BE", "GB", "US"])
def test_the_numbers_for_help_that_an_edge_is_given_are_those_of_the_policy_and_no_others(kind: str, country: str) -> None:
    bundle = ROOT / "bundles" / "default"
    done = CliRunner().invoke(app, ["emergency", str(bundle), "--for", kind, "--country", country])
    assert done.exit_code == 0
    pattern = re.search(r"[=(]((?:[0-9]+\|)*[0-9]+)", done.output)
    assert pattern is not None
    known = emergency_by_country(loaded(bundle).lists[EMERGENCY_LIST], datetime.now(UTC).date())
    assert set(pattern[1].split("|")) == set(known[country])
    assert len(known[country]) > 1


def test_a_file_that_says_other_numbers_than_the_policy_is_told_of(tmp_path: Path) -> None:
    command = ["emergency", str(ROOT / "bundles" / "default"), "--for", "kamailio", "--country", "BE"]
    line = CliRunner().invoke(app, command).output
    file = tmp_path / "kamailio-local.cfg"
    file.write_text(f"#!define WORKERS 4\n{line}", encoding="utf-8")
    assert CliRunner().invoke(app, [*command, "--check", str(file)]).exit_code == 0
    file.write_text(line.replace("112|", ""), encoding="utf-8")
    done = CliRunner().invoke(app, [*command, "--check", str(file)])
    assert (done.exit_code, line.strip() in done.output) == (1, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--for", "webhook", "--country", "BE"], "no edge of kind 'webhook'"),
        (["--for", "kamailio", "--country", "be"], "no number for help in 'be'"),
        (["--for", "kamailio", "--country", "BE", "--check", "/nowhere/x.cfg"], "/nowhere/x.cfg"),
    ],
)
def test_what_cannot_be_written_is_said_with_a_hint(options: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["emergency", str(ROOT / "bundles" / "default"), *options])
    assert done.exit_code == 2
    assert said in done.output
    assert "Hint:" in done.output
