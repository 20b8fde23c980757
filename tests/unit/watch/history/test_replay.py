"""A replay of the journal finds what live watch told, over postings, crashes and a clock put back."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.conftest import ROOT, shared_data
from tests.unit.watch.calls.recordings import recorded
from tests.unit.watch.live.installation import KEY, PLAN, Installation, Notes, findings, plan_of, reference

from ringfence.policy import load, read_folder
from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import BroughtEntry, BroughtList, ExemptionLink, Finding, TrunkLink
from ringfence.vocabulary.times import HOUR, MINUTE, SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.history.replay import Replayed, as_it_was_judged, by_plan
from ringfence.watch.lake import Batch, Journal, JournalReader
from ringfence.watch.live import Judges
from ringfence.watch.sources.datagram import Datagram

FOUR = ROOT / "tests" / "bundles" / "four"
KNOWN = Directory(reference())
BEGIN = Micros(1_800_000_000 * SECOND)


def attack(name: str, begin: Micros) -> list[Datagram]:
    part = list(recorded(shared_data("sip-capture", "attack-tools", f"{name}.pcap")))
    return [_at(each, Micros(each.time - part[0].time + begin)) for each in part]


def _at(each: Datagram, time: Micros) -> Datagram:
    ends = (each.source, each.source_port, each.destination, each.destination_port)
    return Datagram(time, time, each.kind, each.transport, *ends, each.payload, agent=7)


def replayed(folder: Path, *, policy: str | None = None, counts: Replayed | None = None) -> list[Finding]:
    judges = Judges(plan_of, key=KEY, log=Notes())
    return list(as_it_was_judged(JournalReader(folder / "journal"), judges, policy=policy, counts=counts))


def test_a_replay_finds_what_live_watch_told(tmp_path: Path) -> None:
    live = Installation(tmp_path, now=BEGIN)
    now = live.play(attack("svcrack", BEGIN))
    now = live.play(attack("svwar", Micros(now + SECOND)))
    live.save()
    live.crash()
    live = Installation(tmp_path, now=now)
    live.play(attack("sipp_invite_flood", Micros(now + SECOND)))
    counts = Replayed()
    told = findings(tmp_path)
    assert replayed(tmp_path, counts=counts) == told
    assert {finding.rule for finding in told} >= {"register-brute-force", "sip-scan", "invite-flood"}
    assert (counts.policies, counts.begins_late) == ([PLAN.policy], False)
    live.crash()


def test_a_posting_in_the_middle_is_replayed_where_it_came_into_force(tmp_path: Path) -> None:
    live = Installation(tmp_path, now=BEGIN)
    stream = attack("svcrack", BEGIN)
    now = live.play(stream[: len(stream) // 2])
    live.pipeline.use(reference("b" * 64), now)
    live.play([_at(each, Micros(each.time + SECOND)) for each in stream[len(stream) // 2 :]])
    now = live.play(attack("svwar", Micros(now + MINUTE)))
    told = findings(tmp_path)
    assert {finding.policy for finding in told} == {PLAN.policy, "b" * 64}
    assert replayed(tmp_path) == told
    live.crash()


def test_a_clock_that_was_put_back_is_replayed_too(tmp_path: Path) -> None:
    live = Installation(tmp_path, now=BEGIN)
    live.play(attack("svcrack", BEGIN))
    live.play(attack("svcrack", Micros(BEGIN - HOUR)))
    told = findings(tmp_path)
    assert len(told) >= 2
    assert replayed(tmp_path) == told
    live.crash()


def test_what_was_brought_to_lists_meanwhile_is_replayed_from_where_it_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.unit.watch.live.installation.PLAN", _WITH_LIST)
    stream = attack("svwar", BEGIN)
    known = reference()
    live = Installation(tmp_path, now=BEGIN, known=known)
    now = live.play(stream)
    listed = BroughtList(entries=(BroughtEntry(entry=f"{stream[0].source}/32", valid_to=Micros(now + HOUR)),))
    live.pipeline.use(replace(known, brought={"reported-sources": listed}), now)
    now = live.play(attack("svwar", Micros(now + MINUTE)))
    live.save()
    live.crash()
    live = Installation(tmp_path, now=now, known=replace(known, brought={"reported-sources": listed}))
    live.play(attack("svwar", Micros(now + 2 * HOUR)))  # the entry is over
    told = findings(tmp_path)
    times = [finding.time for finding in told if finding.rule == "reported"]
    assert times
    assert all(now - HOUR < time <= now for time in times)
    assert min(times) > stream[-1].time
    assert replayed(tmp_path) == told
    live.crash()


def test_of_an_exempt_party_nothing_is_told_from_when_that_was_granted_until_it_ends_and_a_replay_tells_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.unit.watch.live.installation.PLAN", _WITH_LIST)
    stream = attack("svwar", BEGIN)
    known = reference(trunks=(TrunkLink(trunk="T1", account="A1", address=stream[0].source),))
    live = Installation(tmp_path, now=BEGIN, known=known)
    granted = Micros(live.play(stream) + SECOND)
    link = ExemptionLink(party="acme", clause="third-party-harm", valid_from=granted, valid_to=Micros(granted + HOUR))
    live.pipeline.use(replace(known, exemptions=(link,)), granted)
    live.play(attack("svwar", Micros(granted + MINUTE)))
    live.play(attack("svwar", Micros(granted + 2 * HOUR)))
    told = findings(tmp_path)
    times = [finding.time for finding in told if finding.rule == "counted"]
    assert any(time < granted for time in times)
    assert any(time > granted + HOUR for time in times)
    assert not any(granted <= time < granted + HOUR for time in times)
    assert replayed(tmp_path) == told
    live.crash()


_REPORTED = b"""rule: reported
clause: third-party-harm
says: A reported source asked.
source: ours
on: request where source in list("reported-sources")
per: source
window: 60s rolling
measure:
  requests: count()
minimum: none because "it is reported"
when: requests >= 1
severity: warn
mode: report
cool_down: 1s
"""
_COUNTED = (
    _REPORTED.replace(b"rule: reported", b"rule: counted")
    .replace(b'source in list("reported-sources")', b"account is not None")
    .replace(b"per: source", b"per: account")
)
_LISTED = b"entry,source,expiry,review\n240.0.0.1,ours,,2027-06-30\n"


def _with_list() -> Plan:
    files = {path: content for path, content in read_folder(FOUR).items() if not path.startswith("tests/")}
    made = load(
        files | {"rules/reported.yaml": _REPORTED, "rules/counted.yaml": _COUNTED, "lists/reported-sources.csv": _LISTED}
    ).plan
    return Plan(PLAN.policy, made.rules, made.lists)


_WITH_LIST = _with_list()


def test_any_bundle_can_judge_the_journal(tmp_path: Path) -> None:
    live = Installation(tmp_path, now=BEGIN)
    live.play(attack("svcrack", BEGIN))
    live.crash()
    told = findings(tmp_path)
    scans = Plan("c" * 64, tuple(rule for rule in PLAN.rules if rule.name == "sip-scan"))
    assert list(by_plan(JournalReader(tmp_path / "journal"), scans, KNOWN, key=KEY)) == []
    assert list(by_plan(JournalReader(tmp_path / "journal"), PLAN, KNOWN, key=KEY)) == told


@pytest.mark.parametrize("policy", [None, PLAN.policy])
def test_a_journal_whose_beginning_is_gone_says_so(tmp_path: Path, policy: str | None) -> None:
    live = Installation(tmp_path, now=BEGIN)
    live.play(attack("svcrack", BEGIN))
    live.crash()
    told = findings(tmp_path)
    _shortened(tmp_path / "journal")
    counts = Replayed()
    found = replayed(tmp_path, policy=policy, counts=counts)
    assert [replace(each, short_until=None) for each in found] == (
        [] if policy is None else [replace(each, short_until=None) for each in told]
    )
    assert all(each.short_until is not None for each in found)
    assert counts.begins_late


def _shortened(folder: Path) -> None:
    """Let the first batch of the journal, which names the version, have been deleted as too old."""
    kept = [batch for _, batch in JournalReader(folder).after()]
    for path in folder.glob("*.seg"):
        path.unlink()
    journal = Journal(folder, segment_bytes=1)
    for batch in [Batch(now=kept[0].now, found=0, observed=0), *kept[1:]]:
        journal.append(batch)
    (folder / f"{1:016}.seg").unlink()
    journal.close()


def test_an_empty_journal_has_nothing_to_replay(tmp_path: Path) -> None:
    assert replayed(tmp_path) == []
