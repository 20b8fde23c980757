"""Recorded attacks: read whole, moved to documentation addresses, new each time."""

import json
from collections import Counter
from pathlib import Path

import pytest
from tests.conftest import ROOT

from ringfence.simulate import attacks, pcap_reader, sip_text
from ringfence.simulate.attacks import ATTACKS
from ringfence.simulate.pcap_reader import CaptureRefused
from ringfence.simulate.provider import EDGE_ADDRESS

CAPTURES = ROOT / "examples" / "captures"
NAMES = sorted(path.name for path in CAPTURES.glob("*.pcap"))


@pytest.mark.parametrize("name", NAMES)
def test_the_reader_counts_what_tshark_counts(name: str) -> None:
    truth = json.loads((CAPTURES / f"{name}.gt.json").read_text(encoding="utf-8"))
    packets = list(pcap_reader.read(CAPTURES / name))

    methods = Counter(method for packet in packets if (method := sip_text.method(packet.payload)) is not None)
    statuses = Counter(str(status) for packet in packets if (status := sip_text.status(packet.payload)))
    assert len(packets) == truth["sip_messages"]
    assert methods == truth["methods"]
    assert statuses == truth["status"]
    assert packets[0].time == round(truth["first"] * 1_000_000)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.file)
def test_no_address_of_the_recording_is_left(attack: attacks.Attack) -> None:
    packets = attacks.recording(CAPTURES / attack.file)
    flows = attacks.flows(packets, attack.source, "r1")

    played = [packet for flow in flows for packet in flow.packets]
    assert len(played) == len(packets)
    assert {packet.source for packet in played} <= {attack.source, EDGE_ADDRESS}
    assert not any(b"127.0.0." in packet.payload for packet in played)


def test_bodies_keep_their_stated_length_when_addresses_grow() -> None:
    for flow in attacks.flows(attacks.recording(CAPTURES / "svwar_invite.pcap"), "198.51.100.23", "r1"):
        for packet in flow.packets:
            body = packet.payload.partition(b"\r\n\r\n")[2]
            assert (sip_text.header(packet.payload, "Content-Length") or "").strip() == str(len(body))


def test_two_rounds_share_no_call_id_and_no_branch() -> None:
    packets = attacks.recording(CAPTURES / "sipp_invite_flood.pcap")
    first, second = (attacks.flows(packets, "198.51.100.99", salt) for salt in ("a", "b"))

    assert len(first) == 300
    assert not {flow.call_id for flow in first} & {flow.call_id for flow in second}
    assert not {sip_text.header(flow.packets[0].payload, "Via") for flow in first} & {
        sip_text.header(flow.packets[0].payload, "Via") for flow in second
    }


def test_a_file_that_is_no_capture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(b"call_id,start\n")

    with pytest.raises(CaptureRefused, match="no pcap file"):
        attacks.recording(path)


def test_a_torn_capture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes((CAPTURES / "svwar.pcap").read_bytes()[:-7])

    with pytest.raises(CaptureRefused):
        attacks.recording(path)


def test_a_missing_capture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureRefused, match="No such file"):
        attacks.recording(tmp_path / "none.pcap")
