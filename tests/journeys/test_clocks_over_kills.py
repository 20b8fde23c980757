"""A clock runs out while nobody is there: what the policy says follows once, after any number of kills, over holidays too."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.shifted import ShiftedClock
from tests.unit.desk.scene import write_bundle

from ringfence.cli.processes import inherited_environment

pytestmark = pytest.mark.needs("cc")

PATIENCE_S = 180.0
THURSDAY = datetime(2026, 4, 2, 15, 0, tzinfo=UTC)
CLOCKS = """calendars:
  office:
    zone: UTC
    hours: {mon-fri: "09:00-17:00"}
    holidays: closed
clocks:
  traceback-answer:
    rule: "four hours of business, as the contract has it"
    due: 4h business
    calendar: office
    missed: escalate lead
    pauses: [waiting-for-authority]
"""
CLOSED = "entry,source,expiry,review\n2026-04-03,this test,,2030-01-01\n2026-04-06,this test,,2030-01-01\n"
PREPARE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from ringfence.cli.configuration import installation_key
from ringfence.desk.site.prepare import prepare
installation_key(Path(sys.argv[1]))
prepare(Path(sys.argv[1]), bundle=Path(sys.argv[2]))
from ringfence.desk.actor import system
from ringfence.desk.cases.models import Case
from ringfence.desk.clocks.services import Owed, start
now = datetime.now(UTC)
case = Case.objects.create(subject_kind="party", subject_id="shop", role="offender", opened=now, latest=now)
owed = Owed(clock="traceback-answer", about=("traceback", "1"), what="Answer 1", case=case.id)
row = start(owed=owed, actor=system("test"), now=now)
print(row.due.isoformat())
"""
LOOK = """
import json, sys
from pathlib import Path
from ringfence.desk.site.process import configure
configure(Path(sys.argv[1]))
from ringfence.desk.audit.models import Entry
from ringfence.desk.decisions.models import Alarm
verbs = list(Entry.objects.filter(verb__in=("clock-missed", "escalated")).order_by("id").values_list("verb", flat=True))
print(json.dumps({"verbs": verbs, "alarms": list(Alarm.objects.filter(kind="clock").values_list("text", flat=True))}))
"""
NOTE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from ringfence.desk.site.process import configure
configure(Path(sys.argv[1]))
from ringfence.desk.actor import system
from ringfence.desk.audit.services import Act, record
record(acts=[Act(verb="looked", about=("test", ""))], actor=system("test"), now=datetime.now(UTC))
"""
UNSEALED = """
import sys
from pathlib import Path
from ringfence.desk.site.process import configure
configure(Path(sys.argv[1]))
from ringfence.desk.audit.models import Entry
print(Entry.objects.filter(seal__isnull=True).count())
"""


class Desk:
    """A data folder whose worker is started and killed in a time of its own."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.data = folder / "data"
        self.data.mkdir(mode=0o700)
        self.clock = ShiftedClock(folder, stack, begins=THURSDAY)
        settings = {"DJANGO_SETTINGS_MODULE": "ringfence.desk.site.settings", "PYTHONPATH": os.pathsep.join(sys.path)}
        self._environment = inherited_environment(**settings, **self.clock.environment)
        self._environment.pop("RINGFENCE_DATABASE", None)
        self._worker: subprocess.Popen[bytes] | None = None
        stack.callback(self.kill)

    def python(self, script: str, *arguments: Path) -> str:
        command = [sys.executable, "-c", script, str(self.data), *map(str, arguments)]
        return subprocess.run(command, env=self._environment, check=True, capture_output=True, text=True).stdout

    def work(self) -> None:
        """Start the worker, and wait until it is at work."""
        before = self._orders()
        command = [sys.executable, "-m", "ringfence.cli", "worker", "--data", str(self.data)]
        self._worker = subprocess.Popen(command, env=self._environment)
        deadline = time.monotonic() + PATIENCE_S
        while self._orders() == before:
            assert self._worker.poll() is None, "the worker ended"
            assert time.monotonic() < deadline, "the worker did not start"
            time.sleep(0.02)

    def _orders(self) -> int:
        """Octets of the orders feed: a worker that starts writes the whole table."""
        return sum(path.stat().st_size + path.stat().st_mtime_ns for path in (self.data / "feeds" / "orders").glob("*"))

    def work_a_while(self) -> None:
        """Wait until the worker has sealed an entry that was made now: it has then looked at all clocks since."""
        self.python(NOTE)
        deadline = time.monotonic() + PATIENCE_S
        while self.python(UNSEALED).strip() != "0":
            assert time.monotonic() < deadline, "the worker does nothing"

    def kill(self) -> None:
        if self._worker is not None:
            self._worker.send_signal(signal.SIGKILL)
            self._worker.wait()
            self._worker = None

    def look(self) -> dict[str, Any]:
        return dict(json.loads(self.python(LOOK)))


def test_a_clock_that_ran_out_while_the_worker_was_dead_does_what_the_policy_says_once(tmp_path: Path) -> None:
    with ExitStack() as stack:
        desk = Desk(tmp_path, stack)
        bundle = write_bundle(tmp_path / "bundle", **{"clocks.yaml": CLOCKS, "lists/closed.csv": CLOSED})
        due = datetime.fromisoformat(desk.python(PREPARE, bundle).strip())
        assert due.replace(second=0, microsecond=0) == datetime(2026, 4, 7, 11, 0, tzinfo=UTC), (
            "two hours on Thursday, two on Tuesday"
        )
        desk.work()
        desk.clock.travel(datetime(2026, 4, 7, 10, 30, tzinfo=UTC) - desk.clock.now())  # Good Friday and Easter Monday don't count
        desk.work_a_while()
        assert desk.look() == {"verbs": [], "alarms": []}
        desk.kill()
        desk.clock.travel(timedelta(days=3))
        for _ in range(3):  # killed again as soon as it is there: before, between or after
            desk.work()
            desk.kill()
        desk.work()
        deadline = time.monotonic() + PATIENCE_S
        while len(desk.look()["alarms"]) < 1:
            assert time.monotonic() < deadline, "nobody was paged"
        desk.work_a_while()
        seen = desk.look()
        assert seen["verbs"] == ["clock-missed", "escalated"]
        (alarm,) = seen["alarms"]
        assert "For lead: Answer 1 missed: due 2026-04-07 11:00 UTC" in alarm
