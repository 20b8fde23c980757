"""The watch command as a process: killed at any moment, told to end, started where it cannot work."""

import random
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
from ringfence.watch.sources.datagram import Datagram

_NAMES = ("svcrack", "svwar", "sipp_calls", "sipp_invite_flood", "svwar_invite")


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    made = prepared(tmp_path / "data")
    yield made
    made.stop()


def _traffic() -> list[Datagram]:
    return [each for name in _NAMES for each in recorded(shared_data("sip-capture", "attack-tools", f"{name}.pcap"))]


def _mirrored(datagrams: list[Datagram]) -> list[bytes]:
    """Return HEP packets that an agent would send now."""
    now = time.time_ns() // 1000
    return [
        encode(
            Capture(
                time=now,  # type: ignore[arg-type]  # whole microseconds
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


def test_killed_again_and_again_it_tells_each_finding_once(watch: Watch) -> None:
    chance = random.Random(20_261_123)
    traffic = _traffic()
    size = 40
    kills = set(chance.sample(range(2, len(traffic) // size), 4))
    watch.start()
    for number in range(len(traffic) // size + 1):
        watch.send(_mirrored(traffic[number * size : (number + 1) * size]))
        time.sleep(chance.uniform(0.005, 0.06))
        if number in kills:
            watch.kill()
            watch.start()
            watch.send(_mirrored(traffic[number * size : (number + 1) * size]))  # as senders without an answer do
    time.sleep(0.2)
    watch.kill()
    watch.start()
    assert watch.end() == 0
    found = watch.findings()
    assert found == uninterrupted(watch.data)
    assert len({finding.id for finding in found}) == len(found) >= 2
    attempts = [event.call_id for event in events(watch.data) if event.kind is EventKind.ATTEMPT]
    assert len(set(attempts)) == len(attempts) >= 200


def test_asked_to_end_it_consumes_what_it_holds(watch: Watch) -> None:
    watch.start()
    watch.pause()
    watch.send(_mirrored(_traffic()[:92]))
    assert watch.end() == 0  # told to end while all of it still lies in the socket
    assert len([event for event in events(watch.data) if event.kind is EventKind.REGISTRATION]) == 46
    assert [finding.rule for finding in watch.findings()] == ["register-brute-force"]
    assert b'"messages":92' in (watch.data / HEALTH_FILE).read_bytes()


def test_what_comes_while_it_starts_waits_and_is_consumed(watch: Watch) -> None:
    watch.start(until="watch.starting")
    watch.send(_mirrored(_traffic()[:92]))
    watch.wait_for("watch.listening")
    assert watch.end() == 0
    assert len([event for event in events(watch.data) if event.kind is EventKind.REGISTRATION]) == 46


def test_its_log_names_nobody(watch: Watch) -> None:
    watch.start()
    watch.send(_mirrored(_traffic()[:300]))
    time.sleep(0.1)
    watch.end()
    log = (watch.data / "watch.log").read_text()
    assert "watch.health" in log
    for secret in ("127.0.0.77", "15551230000", "friendly-scanner", "Digest"):
        assert secret not in log


def test_a_busy_port_is_said_and_not_tried_again(watch: Watch, tmp_path: Path) -> None:
    watch.start()
    second = prepared(tmp_path / "second")
    (second.data / "ringfence.toml").write_text(f'[watch]\nhep = "127.0.0.1:{watch.port}"\n')
    with pytest.raises(AssertionError, match="another process listens there"):
        second.start()
    assert second.end() == 2


def test_a_second_watch_on_one_folder_is_refused(watch: Watch) -> None:
    watch.start()
    second = Watch(watch.data, watch.port)
    with pytest.raises(AssertionError, match="another process writes this feed"):
        second.start()
    assert second.end() == 2
