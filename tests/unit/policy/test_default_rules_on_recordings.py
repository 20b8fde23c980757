"""The default rules on recordings of scanners and of ordinary calls, as a watch would see them."""

from pathlib import Path

import pytest
from tests.conftest import shared_data

from ringfence.policy import load, read_folder
from ringfence.vocabulary.contracts import Finding, Reference
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.times import MINUTE, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker
from ringfence.watch.engine import Engine
from ringfence.watch.sources import pcap
from ringfence.watch.wire import sip

EARLIEST = ("fan-out-dialler", "invite-flood", "register-brute-force", "sip-scan")
"""Rules of which one finds each attack, before any other looks at a longer time."""
BUNDLE = load(read_folder(Path(__file__).resolve().parents[3] / "bundles" / "default"))


def found(capture: Path) -> tuple[Micros, list[Finding]]:
    """Return the capture's first moment, and what the default rules find in it."""
    tracker = Tracker(Directory(Reference(time=Micros(0))))
    engine = Engine(BUNDLE.plan, key=b"", source=capture.name)
    findings: list[Finding] = []
    first = now = Micros(0)
    with capture.open("rb") as file:
        for datagram in pcap.read(file):
            first, now = first or datagram.time, datagram.time
            findings += engine.step(tracker.feed(datagram, sip.parse(datagram.payload)), now)
    later = Micros(now + 5 * MINUTE)
    findings += engine.step(tracker.advance(later), later)
    return first, findings + engine.step([], Micros(later + MINUTE))


@pytest.mark.parametrize(
    ("capture", "rule", "source", "milliseconds", "measures"),
    [
        ("svwar", "sip-scan", "127.0.0.1", 22, {"refused": 5, "refusals": 5, "served": 0}),
        ("svwar_invite", "sip-scan", "127.0.0.1", 22, {"refused": 5, "refusals": 5, "served": 0}),
        ("svcrack", "register-brute-force", "127.0.0.1", 103, {"failures": 10, "successes": 0, "users": 1}),
        ("sipp_invite_flood", "invite-flood", "127.0.0.99", 267, {"attempts": 41, "callees": 1}),
    ],
)
def test_an_attack_is_found_once_within_a_third_of_a_second(
    capture: str, rule: str, source: str, milliseconds: int, measures: dict[str, float]
) -> None:
    first, findings = found(shared_data("sip-capture", "attack-tools", f"{capture}.pcap"))
    findings = [finding for finding in findings if finding.rule in EARLIEST]
    assert [(finding.rule, finding.subject.id, (finding.time - first) // 1000) for finding in findings] == [
        (rule, source, milliseconds)
    ]
    assert measures.items() <= findings[0].measures.items()


@pytest.mark.parametrize("capture", ["sipp_calls", "svmap"])
def test_ordinary_calls_and_a_single_question_lead_to_no_measure(capture: str) -> None:
    findings = found(shared_data("sip-capture", "attack-tools", f"{capture}.pcap"))[1]
    assert [finding for finding in findings if finding.mode is Mode.ACT or finding.severity is Severity.ACT] == []
