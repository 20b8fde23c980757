"""The supervisor starts again what dies, gives up where that cannot help, and ends what it started."""

import os
import signal
import time
from pathlib import Path

import pytest

from ringfence.cli.processes import Process, ProcessRefused, Supervisor, inherited_environment


def until(supervisor: Supervisor, word: str) -> str:
    """Check until a line says `word`."""
    for _ in range(500):
        for line in supervisor.check():
            if word in line:
                return line
        time.sleep(0.02)
    raise AssertionError(f"nothing said {word}")


def pid_of(supervisor: Supervisor, process: Process) -> int:
    """Return the process's id, once it runs."""
    while process.running is None:
        supervisor.check()
        time.sleep(0.02)
    return process.running.pid


def test_what_ends_with_a_failure_is_started_again_and_said(tmp_path: Path) -> None:
    doctor = Process("doctor", ["doctor", "--data", str(tmp_path / "missing")])
    supervisor = Supervisor([doctor], tmp_path / "logs", inherited_environment())
    supervisor.start()
    assert "exit code 1" in until(supervisor, "doctor ended")
    until(supervisor, "doctor ended")
    supervisor.stop()
    assert doctor.deaths == 2
    assert "MISSING" in (tmp_path / "logs" / "doctor.log").read_text()


def test_a_refused_start_ends_the_trying_with_the_last_words(tmp_path: Path) -> None:
    supervisor = Supervisor([Process("doctor", ["doctor", "--unknown-option"])], tmp_path / "logs", inherited_environment())
    supervisor.start()
    with pytest.raises(ProcessRefused, match="unknown-option"):
        until(supervisor, "never")
    supervisor.stop()


def test_a_killed_process_is_started_again_and_all_end_together(tmp_path: Path) -> None:
    port = 20000 + os.getpid() % 20000
    play = ["simulate", "play", "--hep", f"127.0.0.1:{port}", "--sip", f"127.0.0.1:{port + 1}"]
    player = Process("player", play)
    supervisor = Supervisor([player], tmp_path / "logs", inherited_environment())
    supervisor.start()
    os.kill(pid_of(supervisor, player), signal.SIGKILL)
    assert "SIGKILL" in until(supervisor, "player ended")
    second = pid_of(supervisor, player)
    supervisor.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


def test_a_log_is_set_aside_while_its_process_goes_on_writing(tmp_path: Path) -> None:
    doctor = Process("doctor", ["doctor", "--data", str(tmp_path / "missing")])
    supervisor = Supervisor([doctor], tmp_path / "logs", inherited_environment(), log_bytes=100)
    supervisor.start()
    until(supervisor, "doctor ended")
    until(supervisor, "doctor ended")
    supervisor.check()
    supervisor.stop()
    log = tmp_path / "logs" / "doctor.log"
    assert "MISSING" in log.with_suffix(".log.1").read_text()
    assert log.stat().st_size <= 100
