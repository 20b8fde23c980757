"""What the carrier's packets make watch see is what its event stream says; and its files are read back as they were meant."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace
from typer.testing import CliRunner

from ringfence.cli.simulate import app
from ringfence.quality.judging import with_oddities
from ringfence.simulate.labelled.acts import Act, Complaint, Forgery, Noise
from ringfence.simulate.labelled.carrier import Carrier, Size
from ringfence.simulate.labelled.events import EMERGENCY, EventStream
from ringfence.simulate.labelled.packets import packets
from ringfence.simulate.pcap_reader import read
from ringfence.vocabulary.contracts import Event, EventKind, Reference
from ringfence.vocabulary.times import HOUR
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker
from ringfence.watch.sources.datagram import Datagram, PayloadKind

SEED = 3


def tracked(acts: Sequence[Act], reference: Reference) -> list[Event]:
    """Return what the tracker makes of the acts' packets."""
    tracker, defects = Tracker(Directory(reference)), Counter[object]()
    seen = [
        Datagram(p.time, p.time, PayloadKind.SIP, "udp", p.source, p.source_port, p.destination, p.destination_port, p.payload)
        for p in packets(acts)
    ]
    found = tracker.feed_all(seen, defects)  # type: ignore[arg-type]  # defects are counted, whatever they are
    return [*found, *tracker.advance(HOUR * 10**9)]  # type: ignore[arg-type]  # a moment long after


def signalled(event: Event) -> tuple[object, ...]:
    """Return what an edge can read of a call, without who answers for it."""
    return (
        *(event.kind, event.time, event.method, event.source, event.destination, event.caller, event.callee, event.target),
        *(event.domain, event.status, event.answered, event.duration_ms, event.ring_ms, event.released_by),
        *(event.asserted, event.diverted, event.user_agent),
    )


def test_packets_give_the_events_that_the_stream_gives() -> None:
    made = Carrier(SEED, Size(60, 1, abusers=14))
    acts = [act for act in made.acts() if not isinstance(act, Complaint)]  # these come from people, and in no packet
    reference = _with_emergency_numbers(made.reference)
    from_packets, from_stream = tracked(acts, reference), list(with_oddities(EventStream(_held(made)).of(acts)))
    assert len(from_stream) > 5_000
    by_call = [Counter((event.call_id, signalled(event)) for event in events) for events in (from_packets, from_stream)]
    assert by_call[0] == by_call[1]


def test_packets_and_stream_agree_on_who_answers_for_whatever_comes_from_a_known_address() -> None:
    made = Carrier(SEED, Size(60, 1, abusers=14))
    acts = [act for act in made.acts() if not isinstance(act, Complaint)]  # these come from people, and in no packet
    known = {party.account for party in made.parties if party.address is not None}
    addresses = {party.address for party in made.parties}  # a reseller answers for what its users have not proved
    seen = {(event.call_id, event.kind, event.status): event for event in tracked(acts, _with_emergency_numbers(made.reference))}
    compared = 0
    for event in EventStream(_held(made)).of(acts):
        other = seen[event.call_id, event.kind, event.status]
        if event.account in known:
            compared += 1
            assert (other.account, other.trunk, other.plan, other.direction) == (
                event.account,
                event.trunk,
                event.plan,
                event.direction,
            )
        elif event.source not in addresses:  # who is known by credentials answers once they were accepted
            assert event.account is None or other.account in (None, event.account)
    assert compared > 1_000


def test_a_capture_is_read_back_packet_by_packet(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["carrier", "--out", str(tmp_path), "--parties", "20", "--days", "1", "--seed", "4", "--capture"]
    )
    assert done.exit_code == 0, done.output
    made = Carrier(4, Size(20, 1))
    expected = [packet for packet in packets(made.acts()) if ":" not in packet.source + packet.destination]
    captured = [packet for packet in read(tmp_path / "capture.pcap") if ":" not in packet.source + packet.destination]
    assert [packet.payload for packet in captured] == [packet.payload for packet in expected]
    assert all(abs(ours.time - theirs.time) <= 2 for ours, theirs in zip(captured, expected, strict=True))


def test_records_hold_every_call_once_and_labels_name_known_accounts(tmp_path: Path) -> None:
    arguments = ["carrier", "--out", str(tmp_path), "--parties", "60", "--days", "3", "--abusers", "30", "--events"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    rows = rows_of(tmp_path / "records.csv")
    assert len({row["call_id"] for row in rows}) == len(rows) > 1_000
    assert [row["start"] for row in rows] == sorted(row["start"] for row in rows)
    accounts = {row["account"] for row in rows_of(tmp_path / "accounts.csv")}
    assert {row["account"] for row in rows} - {""} <= accounts
    labels = rows_of(tmp_path / "labels.csv")
    assert {row["subject"] for row in labels if row["subject_kind"] == "account"} <= accounts
    assert all(row["from"] < row["to"] for row in labels)
    assert (tmp_path / "events.jsonl").read_text(encoding="utf-8").count("\n") > 3_000


def test_a_folder_that_cannot_be_made_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    done = CliRunner().invoke(app, ["carrier", "--out", str(tmp_path / "taken"), "--parties", "20", "--days", "1"])
    assert done.exit_code == 2
    assert "taken" in done.output


def test_strangers_on_sessions_are_in_packets_alone() -> None:
    made = Carrier(9, Size(40, 1, abusers=14), wire=True)
    acts = list(made.acts())
    forged = [act for act in acts if isinstance(act, Forgery)]
    assert {act.method for act in forged} == {"BYE", "CANCEL", "REFER", "INVITE"}
    assert [act for act in acts if isinstance(act, Noise)]
    sent = {(packet.source, packet.time) for packet in packets(acts)}
    assert all((act.source, act.time) in sent for act in forged)
    assert all(act.source != act.call.source for act in forged)
    strangers = {
        act.source for act in acts if isinstance(act, Forgery | Noise) and (not isinstance(act, Noise) or act.party is None)
    }
    assert not [event for event in EventStream(_held(made)).of(acts) if event.source in strangers]


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def _held(made: Carrier) -> set[str]:
    return {number for party in made.parties for number in party.numbers}


def _with_emergency_numbers(reference: Reference) -> Reference:
    return replace(reference, lists={"emergency-numbers": tuple(EMERGENCY)})


def test_every_kind_of_event_is_there() -> None:
    kinds = {event.kind for event in Carrier(SEED, Size(60, 1, abusers=14)).events()}
    assert kinds == {
        EventKind.ATTEMPT,
        EventKind.ANSWER,
        EventKind.END,
        EventKind.REQUEST,
        EventKind.REGISTRATION,
        EventKind.MESSAGE,
        EventKind.COMPLAINT,
    }
