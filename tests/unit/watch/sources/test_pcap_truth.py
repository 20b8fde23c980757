"""Every capture with a ground truth beside it gives the same messages, methods, statuses and Call-IDs."""

import json
from collections import Counter
from pathlib import Path

import pytest
from tests.conftest import SHARED_DATA, shared_data

from ringfence.watch.sources.pcap import CaptureCounts, read
from ringfence.watch.wire.sip import parse

FOLDER = SHARED_DATA / "sip-capture"
TRUTHS = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.gt.json")) or ["absent"]


@pytest.mark.parametrize("truth_file", TRUTHS)
def test_a_capture_gives_the_counts_of_its_ground_truth(truth_file: str) -> None:
    truth_path = shared_data("sip-capture", *Path(truth_file).parts)
    truth = json.loads(truth_path.read_text(encoding="utf-8"))
    counts = CaptureCounts()
    methods: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    transports: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    agents: Counter[str] = Counter()
    call_ids = set()
    with truth_path.with_name(truth["file"]).open("rb") as file:
        for datagram in read(file, counts):
            message = parse(datagram.payload)
            transports[datagram.transport] += 1
            sources[datagram.source] += 1
            call_ids.add(message.call_id)
            agents.update([message.user_agent] if message.user_agent else [])
            if message.is_request:
                methods[message.method or ""] += 1
            else:
                statuses[str(message.status)] += 1
    assert counts.frames == truth["frames"]
    assert counts.messages == truth["sip_messages"]
    assert (methods, statuses, transports) == (truth["methods"], truth["status"], truth["transport"])
    assert len(call_ids) == truth["call_ids"]
    assert sources == truth["src_ips"]
    assert agents == truth["user_agents"]
    assert not counts.defects
