"""The labelled carrier against the default policy: the dialler and the attackers are found, and nobody else."""

from pathlib import Path

import pytest
from tests.conftest import ROOT

from ringfence import policy
from ringfence.simulate import attacks, carrier, signalling
from ringfence.simulate.flows import Flow, Packet
from ringfence.simulate.provider import harbour_voice
from ringfence.vocabulary.contracts import Event, Finding
from ringfence.vocabulary.times import HOUR, MILLISECOND, MINUTE, SECOND, Micros, from_iso
from ringfence.watch.attribution import CsvFile, Directory
from ringfence.watch.attribution.files import read_reference
from ringfence.watch.calls import Tracker
from ringfence.watch.engine import Engine
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.wire import sip

EXAMPLES = ROOT / "examples"
BEGIN = from_iso("2026-03-02T09:00:00Z")


def played() -> list[tuple[Micros, Packet]]:
    """Eight minutes of the demo, every attack once."""
    flows = [signalling.flow(plan, "t") for plan in carrier.calls(harbour_voice(), seed=1, duration=Micros(8 * MINUTE))]
    timed = [(flow.start, flow) for flow in flows]
    for attack in attacks.ATTACKS:
        recording = attacks.recording(EXAMPLES / "captures" / attack.file)
        begin = int(attack.first_s * SECOND)
        timed += [(Micros(begin + flow.start), flow) for flow in attacks.flows(recording, attack.source, "t")]
    return sorted(_packets(timed), key=lambda packet: packet[0])


def _packets(timed: list[tuple[Micros, Flow]]) -> list[tuple[Micros, Packet]]:
    return [(Micros(BEGIN + start + packet.offset), packet) for start, flow in timed for packet in flow.packets]


def demo_directory() -> Directory:
    def file(name: str) -> CsvFile:
        path: Path = EXAMPLES / "demo" / name
        return CsvFile(name, path.read_bytes())

    reference, problems = read_reference(
        time=BEGIN, accounts=file("accounts.csv"), trunks=file("trunks.csv"), numbers=file("numbers.csv")
    )
    assert problems == []
    return Directory(reference)


@pytest.fixture(scope="module")
def tracked() -> tuple[list[Event], list[Finding]]:
    tracker = Tracker(demo_directory())
    bundle = policy.load(policy.read_folder(ROOT / "bundles" / "default"))
    engine = Engine(bundle.plan, key=b"", source="demo")
    engine.know(demo_directory())
    events: list[Event] = []
    findings: list[Finding] = []
    waiting: list[Event] = []
    for time, packet in played():
        message = sip.parse(packet.payload)
        assert message.defects == ()
        waiting += tracker.feed(datagram(time, packet), message)
        if len(waiting) >= 100:
            findings += engine.step(waiting, time)
            events += waiting
            waiting = []
    events += waiting + tracker.advance(Micros(BEGIN + 9 * HOUR))
    return events, findings


def datagram(time: Micros, packet: Packet) -> Datagram:
    return Datagram(
        time=time,
        arrival=Micros(time + MILLISECOND),
        kind=PayloadKind.SIP,
        transport="udp",
        source=packet.source,
        source_port=packet.source_port,
        destination=packet.destination,
        destination_port=packet.destination_port,
        payload=packet.payload,
        agent=2010,
    )


def test_the_dialler_and_the_attackers_are_found_and_nobody_else(tracked: tuple[list[Event], list[Finding]]) -> None:
    _, findings = tracked

    flooded = "442079460000"  # the number that one of them calls again and again: found as such
    attackers = {harbour_voice().dialler, "203.0.113.66", "198.51.100.23", "203.0.113.67", "198.51.100.99"}
    assert {finding.subject.id for finding in findings if finding.subject.kind != "registration"} == attackers | {flooded}
    assert {(finding.rule, finding.subject.id) for finding in findings} >= {
        ("fan-out-dialler", harbour_voice().dialler),
        ("sip-scan", "203.0.113.66"),
        ("sip-scan", "198.51.100.23"),
        ("register-brute-force", "203.0.113.67"),
        ("invite-flood", "198.51.100.99"),
    }


def test_all_of_them_are_found_within_half_a_minute(tracked: tuple[list[Event], list[Finding]]) -> None:
    _, findings = tracked

    first: dict[str, Micros] = {}
    for finding in findings:
        if finding.subject.kind != "number":
            first.setdefault(finding.subject.id, finding.time)
    assert max(first.values()) - BEGIN < 30 * SECOND


def test_each_call_is_tracked_once_with_the_outcome_that_was_planned(tracked: tuple[list[Event], list[Finding]]) -> None:
    events, _ = tracked
    plans = {
        f"{plan.call_id}-t@{plan.source}": plan for plan in carrier.calls(harbour_voice(), seed=1, duration=Micros(8 * MINUTE))
    }

    ends = [event for event in events if event.kind == "end" and event.call_id in plans]
    assert len(ends) == len(plans)
    for event in ends:
        plan = plans[event.call_id]
        assert event.status == {"answered": 200, "busy": 486, "no-answer": 480, "cancelled": 487, "unallocated": 404}[plan.outcome]
        assert (event.caller, event.callee) == (plan.caller, plan.callee)
