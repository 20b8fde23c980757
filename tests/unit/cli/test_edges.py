"""Everything of ours comes off the edges by one command, with no desk, no database and no feeds; an operator's own stays."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.unit.gate.htable_server import FOREIGN, HtableServer
from typer.testing import CliRunner, Result

from ringfence.cli.edges import app
from ringfence.feeds import FeedWriter

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
