"""`ringfence simulate`: what a person types and gets."""

import socket
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from ringfence.cli.simulate import app


def test_playing_to_another_machine_is_refused() -> None:
    result = CliRunner().invoke(app, ["play", "--hep", "192.0.2.1:9060"])

    assert result.exit_code == 2
    assert "not this machine" in result.output


def test_a_missing_folder_of_captures_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["play", "--captures", str(tmp_path / "none")])

    assert result.exit_code == 2
    assert "No such file" in result.output


def test_records_come_with_the_files_that_explain_them(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["records", "--out", str(tmp_path / "calls.csv"), "--hours", "0.02"])

    assert result.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"calls.csv", "accounts.csv", "trunks.csv", "numbers.csv", "labels.csv"}


def test_the_same_seed_writes_the_same_records(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        CliRunner().invoke(app, ["records", "--out", str(tmp_path / name / "calls.csv"), "--hours", "0.02", "--seed", "4"])

    assert (tmp_path / "one" / "calls.csv").read_bytes() == (tmp_path / "two" / "calls.csv").read_bytes()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["records", "--out", str(tmp_path / "none" / "calls.csv"), "--hours", "0.02"])

    assert result.exit_code == 2
    assert "Hint" in result.output


def test_the_player_ends_cleanly_when_told_to() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as watch, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gate:
        watch.bind(("127.0.0.1", 0))
        gate.bind(("127.0.0.1", 0))  # hears and says nothing
        watch.settimeout(30)
        where = [f"127.0.0.1:{end.getsockname()[1]}" for end in (watch, gate)]
        player = subprocess.Popen(
            [sys.executable, "-m", "ringfence.cli", "simulate", "play", "--hep", where[0], "--sip", where[1]],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert watch.recv(65535).startswith(b"HEP3")
        player.terminate()
        said, _ = player.communicate(timeout=120)

    assert player.returncode == 0
    assert "packets mirrored" in said.splitlines()[-1]
    assert "Traceback" not in said
