"""The watch command with `[watch] tails`: killed while others write, told what it can't read, started with what is wrong."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import shared_data
from tests.unit.watch.calls.recordings import recorded
from tests.unit.watch.live.installation import events, uninterrupted
from tests.unit.watch.live.live_process import Watch, prepared

from ringfence.cli.watch import HEALTH_FILE
from ringfence.simulate.hep import Capture, encode
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import Micros, from_iso
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.wire.cdr import HEADER

_PATIENCE_S = 60.0
_CALLS, _EACH = 400, 10
_BACKLOG = 12_000
"""More than is taken in a few turns."""


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    made = prepared(tmp_path / "data")
    yield made
    made.stop()


def follow(watch: Watch, *tails: str) -> None:
    path = watch.data / "ringfence.toml"
    path.write_text(path.read_text() + "tails = [" + ", ".join(tails) + "]\n")


def row(number: int) -> str:
    minute, second = divmod(number // 4, 60)
    moment = f"2026-03-02T09:{minute:02}:{second:02}"
    return f"c{number},{moment}Z,,{moment}.5Z,A1,,+3225551{number:04},,487,,\n"


def attempts(watch: Watch) -> list[str]:
    return [event.call_id for event in events(watch.data) if event.kind is EventKind.ATTEMPT]


def until(watch: Watch, count: int) -> list[str]:
    deadline = time.monotonic() + _PATIENCE_S
    while len(attempts(watch)) < count:
        assert time.monotonic() < deadline, (watch.data / "watch.log").read_text()
        time.sleep(0.05)
    return attempts(watch)


def until_logged(watch: Watch, text: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while text not in (watch.data / "watch.log").read_text():
        assert time.monotonic() < deadline, (watch.data / "watch.log").read_text()
        time.sleep(0.02)


def test_killed_again_and_again_while_another_process_appends_it_counts_each_record_once(watch: Watch, tmp_path: Path) -> None:
    calls, switch_log = tmp_path / "calls.csv", tmp_path / "security"
    follow(watch, f"'{calls}'", f"{{ path = '{switch_log}', format = 'asterisk-security' }}")
    watch.start()
    until_logged(watch, "no such file yet")
    text = f"{HEADER}\n" + "".join(row(number) for number in range(_CALLS))
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(calls), text, str(_EACH)])
    chance = random.Random(20_261_123)
    try:
        for _ in range(3):
            time.sleep(chance.uniform(0.05, 0.4))
            watch.kill()
            watch.start()
        assert writer.wait(_PATIENCE_S) == 0
    finally:
        writer.kill()
        writer.wait()
    with calls.open("a") as file:  # so that all before it is read when it is: nothing may be missing else, but all come again
        file.write(row(_CALLS))
    assert until(watch, _CALLS + 1) == [f"c{number}" for number in range(_CALLS + 1)]
    assert watch.end() == 0
    assert attempts(watch) == [f"c{number}" for number in range(_CALLS + 1)]
    found = watch.findings()
    assert [finding.rule for finding in found] == ["fan-out-dialler"]
    assert found == uninterrupted(watch.data)
    assert found[0].subject.id == "A1"
    assert found[0].party_path == ("acme",)
    first, second = json.loads((watch.data / HEALTH_FILE).read_bytes())["tails"]
    assert (first["path"], first["state"], first["behind"], first["unusable"]) == (str(calls), "follows", 0, 0)
    assert (second["path"], second["state"]) == (str(switch_log), "waits: no such file yet")


_WRITER = """
import sys, time
path, text, each = sys.argv[1], sys.argv[2], int(sys.argv[3])
place = 0
while place < len(text):
    with open(path, "a") as file:  # opened each time, as Asterisk does; rows are torn at any octet
        file.write(text[place : place + each * 37])
    place += each * 37
    time.sleep(0.01)
"""


def test_what_was_written_before_counts_before_signalling_of_now(watch: Watch, tmp_path: Path) -> None:
    calls = tmp_path / "calls.csv"
    calls.write_text(f"{HEADER}\n" + "".join(row(number) for number in range(_BACKLOG)))
    follow(watch, f"{{ path = '{calls}', from_start = true }}")
    watch.start()
    watch.send(_mirrored(list(recorded(shared_data("sip-capture", "attack-tools", "svcrack.pcap")))[:40]))
    until(watch, _BACKLOG)
    assert watch.end() == 0
    kinds = [event.kind for event in events(watch.data)]
    assert kinds.count(EventKind.REGISTRATION) == 20
    assert kinds.index(EventKind.REGISTRATION) > max(place for place, kind in enumerate(kinds) if kind is EventKind.ATTEMPT)
    (found,) = [finding for finding in watch.findings() if finding.rule == "fan-out-dialler"]
    assert found.time < from_iso("2026-03-03T00:00:00Z")  # at its own time, which signalling of now would have closed


def _mirrored(datagrams: list[Datagram]) -> list[bytes]:
    """Return HEP packets that an agent would send now."""
    now = Micros(time.time_ns() // 1000)
    return [
        encode(
            Capture(
                time=now,
                source=each.source,
                source_port=each.source_port,
                destination=each.destination,
                destination_port=each.destination_port,
                payload=each.payload,
                agent=7,
            )
        )
        for each in datagrams
    ]


def test_a_wrong_tail_stops_the_start(watch: Watch) -> None:
    follow(watch, "{ path = 'x.csv', timezone = 'Europe/Wien' }")
    with pytest.raises(AssertionError, match=r"watch\.tails\[0\]\.timezone: 'Europe/Wien' is unknown. Hint: write UTC"):
        watch.start()
    assert watch.end() == 2
