"""`ringfence up` as a person meets it: started twice, killed, interrupted, on a folder it cannot use."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ports import free_port

_PATIENCE_S = 180.0


class Up:
    """`ringfence up` on a data folder with ports of its own; what it prints goes to a file."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.data.mkdir(mode=0o700)
        tcp = [free_port("127.0.0.1") for _ in range(3)]
        sip = free_port("127.0.0.1")
        (self.data / "ringfence.toml").write_text(
            f'[desk]\nlisten = "127.0.0.1:{tcp[0]}"\n[watch]\nhep = "127.0.0.1:{tcp[1]}"\n'
            f'[gate]\nsip = "127.0.0.1:{sip}"\n[mail]\nlisten = "127.0.0.1:{tcp[2]}"\n'
        )
        self.told = folder / "told"
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "ringfence.cli", "up", "--data", str(self.data)]
        environment = {**os.environ, "COLUMNS": "500"}
        environment.pop("RINGFENCE_DATABASE", None)
        with self.told.open("wb") as told:
            started = subprocess.Popen(command, stdout=told, stderr=subprocess.STDOUT, env=environment)
        self.running.append(started)
        return started

    def wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while "Ctrl-C ends everything" not in self.told.read_text():
            assert process.poll() is None, self.told.read_text()
            assert time.monotonic() < deadline, self.told.read_text()
            time.sleep(0.05)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    made = Up(tmp_path)
    yield made
    for process in made.running:
        if process.poll() is None:
            process.terminate()
            process.wait(_PATIENCE_S)


def test_a_second_start_is_refused_and_a_killed_one_is_followed_by_the_next(up: Up) -> None:
    first = up.start()
    up.wait_until_up(first)
    login = (up.data / "first-login").read_text().split()
    assert login[0] == "first"
    assert login[1] in up.told.read_text()
    second = up.start()
    assert second.wait(_PATIENCE_S) == 2
    assert "in use by another" in up.told.read_text()
    first.send_signal(signal.SIGKILL)
    first.wait()
    third = up.start()
    up.wait_until_up(third)
    assert (up.data / "first-login").read_text().split() == login
    third.send_signal(signal.SIGINT)
    assert third.wait(_PATIENCE_S) == 0
    assert "the next start goes on from there" in up.told.read_text()


@pytest.mark.parametrize("begun", ["up.lock", "desk.sqlite3", "logs"])
def test_an_interrupted_start_ends_quietly(up: Up, begun: str) -> None:
    process = up.start()
    deadline = time.monotonic() + _PATIENCE_S
    while not (up.data / begun).exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    assert process.wait(_PATIENCE_S) in (0, 1)
    assert "Traceback" not in up.told.read_text()


def test_a_database_that_cannot_be_written_is_named_and_nothing_is_left_running(up: Up) -> None:
    (up.data / "desk.sqlite3").mkdir()
    process = up.start()
    assert process.wait(_PATIENCE_S) == 2
    assert "Ringfence cannot start: the database:" in up.told.read_text()
    assert "Traceback" not in up.told.read_text()
