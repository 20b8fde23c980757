"""Ringfence's own processes on a data folder of a test, started as `ringfence up` starts them."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ringfence.cli.processes import Process, Supervisor, inherited_environment

PREPARE: Final = """
import sys
from pathlib import Path
from ringfence.cli.configuration import installation_key
from ringfence.desk.site.prepare import prepare
installation_key(Path(sys.argv[1]))
prepare(Path(sys.argv[1]), parties=Path(sys.argv[2]))
"""
LIFT: Final = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from ringfence.desk.site.process import configure
configure(Path(sys.argv[1]))
from ringfence.desk.actor import Actor, ActorKind, StaffRole
from ringfence.desk.decisions.services import Why
from ringfence.desk.enforcement.services import lift_order
actor = Actor(ActorKind.PERSON, "analyst", frozenset({StaffRole.ANALYST}))
lift_order(order_id=sys.argv[2], why=Why(public="a test's lift"), actor=actor, now=datetime.now(UTC))
"""
RUN_DEADLINE_S: Final = 60.0


class Installation:
    """A data folder with worker, gate and watch at work on it."""

    def __init__(self, data: Path, *, configuration: str, parties: Path) -> None:
        self.data = data
        data.mkdir(mode=0o700)
        (data / "ringfence.toml").write_text(configuration)
        self._environment = inherited_environment(RINGFENCE_DATA=str(data), PYTHONUNBUFFERED="1")
        self._environment.pop("RINGFENCE_DATABASE", None)
        self._python(PREPARE, str(data), str(parties))
        processes = [Process(name, [name, "--data", str(data)]) for name in ("worker", "gate", "watch")]
        self._supervisor = Supervisor(processes, data / "logs", self._environment)

    def start(self) -> None:
        """Start the processes and wait until watch and gate say that they live, and the gate has heard from the desk."""
        self._supervisor.start()
        self.wait("watch and gate are at work", lambda: self.health("watch") and self.health("gate").get("generation", 0) > 0)

    def stop(self) -> None:
        """End the processes."""
        self._supervisor.stop()

    def lift(self, order: str) -> None:
        """Lift an order as a person at the desk does."""
        self._python(LIFT, str(self.data), order)

    def health(self, name: str) -> dict[str, Any]:
        """Return what a process says of itself; empty before it has."""
        path = self.data / f"{name}-health.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def rows(self, question: str, *values: str) -> list[tuple[Any, ...]]:
        """Return rows of the desk's database."""
        connection = sqlite3.connect(f"file:{self.data / 'desk.sqlite3'}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(question, values).fetchall()
        finally:
            connection.close()

    def wait(self, what: str, holds: Callable[[], object], seconds: float = 120.0) -> None:
        """Wait until `holds` gives something true. Fails with the processes' last words, or where one of them died."""
        deadline = time.monotonic() + seconds
        while not holds():
            died = self._supervisor.check()
            assert not died, f"{died}\n{self._words()}"
            assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}\n{self._words()}"
            time.sleep(0.02)

    def _words(self) -> str:
        return "\n".join(f"-- {name}\n{self._supervisor.last_words(name)}" for name in ("worker", "gate", "watch"))

    def _python(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            env={**self._environment, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=RUN_DEADLINE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
