"""The worker is killed at any line, again and again, while findings come in: nothing is lost, nothing done twice.

On SQLite, and on a database of its own in the PostgreSQL that RINGFENCE_TEST_DATABASE names.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from tests.unit.desk.scene import finding, write_bundle

from ringfence.feeds import FeedWriter
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.contracts import OrderChange
from ringfence.vocabulary.times import Micros

DATABASE = f"killed_{os.getpid()}"
FINDINGS = 300
KILLS = 6
_PATIENCE_SECONDS = 480.0

PREPARE = """
import sys
from pathlib import Path
from ringfence.desk.site.prepare import prepare
login = prepare(Path(sys.argv[1]), bundle=Path(sys.argv[2]))
assert login is not None and len(login.password) >= 12
assert prepare(Path(sys.argv[1]), bundle=Path(sys.argv[2])) is None
"""

COUNT = """
import sys
from pathlib import Path
from ringfence.desk.site.process import configure
configure(Path(sys.argv[1]))
import json
from ringfence.desk.audit import services as audit
from ringfence.desk.actor import system
from ringfence.desk.audit.models import Entry
from ringfence.desk.cases.models import Case, JoinedFinding
from ringfence.desk.decisions.models import Decision
from ringfence.desk.detections.models import Finding
from ringfence.desk.enforcement.models import Order
from ringfence.desk.outbox.models import Message
while audit.seal(actor=system("test")):
    pass
verified = audit.verify(actor=system("test"))
verbs = {}
for verb in Entry.objects.values_list("verb", flat=True):
    verbs[verb] = verbs.get(verb, 0) + 1
print(json.dumps({
    "findings": Finding.objects.count(), "cases": Case.objects.count(), "joined": JoinedFinding.objects.count(),
    "decisions": Decision.objects.count(), "orders": Order.objects.count(), "written": Order.objects.exclude(written=None).count(),
    "messages": Message.objects.exclude(topic="acceptance.remind").count(),  # that one waits for two weeks
    "broken": verified.broken, "sealed": verified.sealed, "verbs": verbs,
}))
"""


CREATE = """
import sys
from ringfence.desk.site.settings import _postgresql
import psycopg
named = _postgresql(sys.argv[1])
words = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
with psycopg.connect(**{name: named[word] for name, word in words.items() if named[word]}, autocommit=True) as connection:
    connection.execute(f"CREATE DATABASE {sys.argv[2]}")
"""


def environment() -> dict[str, str]:
    more = {"RINGFENCE_STANDING_ORDERS_PER_HOUR": "100000", "DJANGO_SETTINGS_MODULE": "ringfence.desk.site.settings"}
    server = os.environ.get("RINGFENCE_TEST_DATABASE")
    if server:
        more["RINGFENCE_DATABASE"] = urlsplit(server)._replace(path=f"/{DATABASE}").geturl()
    return {**os.environ, **more}


@pytest.fixture
def database() -> None:
    """A database of this test's own, where it runs on PostgreSQL; it ends with the server."""
    server = os.environ.get("RINGFENCE_TEST_DATABASE")
    if server:
        subprocess.run([sys.executable, "-c", CREATE, server, DATABASE], check=True, env=environment())


def run(script: str, *arguments: Path) -> str:
    command = [sys.executable, "-W", "error", "-c", script, *map(str, arguments)]
    return subprocess.run(command, env=environment(), check=True, capture_output=True, text=True).stdout


def start_worker(data: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "ringfence.cli", "worker", "--data", str(data)], env=environment())


def ordered(data: Path) -> set[str]:
    """The ids of all orders that the feed has told edges to place."""
    changes = [msgspec.json.decode(record.payload, type=OrderChange) for record in records_after(data / "feeds" / "orders")]
    return {order.scope.value for change in changes for order in change.upserts}


@pytest.mark.usefixtures("database")
def test_a_worker_killed_again_and_again_does_everything_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "installation.key").write_bytes(bytes(range(32)))
    run(PREPARE, data, write_bundle(tmp_path / "bundle"))
    policy = next(path.name for path in (data / "policies").iterdir())
    begun = time.time_ns() // 1000
    sources = [f"203.0.113.{index % 250}" if index < 250 else f"192.0.2.{index - 250}" for index in range(FINDINGS)]
    found = [finding(policy, source, time=Micros(begun + index)) for index, source in enumerate(sources)]
    feed = FeedWriter(data / "feeds" / "findings")
    moments = random.Random(7)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    share = FINDINGS // (KILLS + 1)
    worker = start_worker(data)
    for kill in range(KILLS):
        before = len(ordered(data))
        for one in found[kill * share : (kill + 1) * share]:
            feed.append([msgspec.json.encode(one)])
        goal = before + moments.randrange(1, share // 2)
        while len(ordered(data)) < goal and time.monotonic() < deadline:
            time.sleep(moments.uniform(0.001, 0.01))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker = start_worker(data)
    feed.append([msgspec.json.encode(one) for one in found[KILLS * share :]])
    while len(ordered(data)) < FINDINGS and time.monotonic() < deadline:
        time.sleep(0.05)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0
    feed.close()
    assert ordered(data) == set(sources)
    counted = msgspec.json.decode(run(COUNT, data))
    verbs = counted.pop("verbs")
    assert {verb: verbs.get(verb) for verb in ("recorded", "opened", "joined-finding", "decided", "ordered")} == dict.fromkeys(
        ("recorded", "opened", "joined-finding", "decided", "ordered"), FINDINGS
    )
    assert counted.pop("sealed") >= 5 * FINDINGS
    everything_once = dict.fromkeys(("findings", "cases", "joined", "decisions", "orders", "written"), FINDINGS)
    assert counted == {**everything_once, "messages": 0, "broken": None}


def test_a_second_worker_on_the_same_folder_refuses_to_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "installation.key").write_bytes(bytes(32))
    holder = FeedWriter(data / "feeds" / "orders")
    second = subprocess.run(
        [sys.executable, "-m", "ringfence.cli", "worker", "--data", str(data)],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    holder.close()
    assert second.returncode == 2
    assert "another process" in second.stderr
