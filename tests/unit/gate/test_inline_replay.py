"""What the gate refuses and finds equals what watch makes of the same calls, however questions come together."""

from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.gate.inline_rules import CALLS_A_SECOND, FAN_OUT, plan_of, posted
from tests.unit.gate.orders import NOW
from tests.unit.gate.test_inline_rules import CALLER
from tests.unit.gate.test_redirect import request

from ringfence.gate.inline import RulesBefore
from ringfence.gate.inline.situations import Situation
from ringfence.gate.redirect.answers import question
from ringfence.gate.redirect.asks import ask_of
from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import AccountLink, EventKind, Finding, PartyLink, Reference, TrunkLink
from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Tracker
from ringfence.watch.engine import Engine
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.wire.sip import parse

SOURCES = ("198.51.100.10", "198.51.100.11", "203.0.113.9")
REFERENCE = Reference(
    time=NOW,
    policy="first",
    parties=(PartyLink(party="shop"),),
    accounts=(AccountLink(account="acme", party="shop"), AccountLink(account="bell", party="shop")),
    trunks=(
        TrunkLink(trunk="t1", account="acme", address=SOURCES[0]),
        TrunkLink(trunk="t2", account="bell", address=SOURCES[1]),
    ),
)
_GAPS_MS = (0, 42, 147, 399, 903, 31_003)
"""Multiples of seven: no two questions lie exactly a window apart, so a microsecond decides nothing."""
_CALLS = st.lists(
    st.tuples(st.sampled_from(_GAPS_MS), st.sampled_from(SOURCES), st.integers(0, 9), st.integers(0, 60)),
    max_size=80,
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    data = tmp_path_factory.mktemp("data")
    return data / "policies", plan_of(posted(data, CALLS_A_SECOND, FAN_OUT))


@settings(deadline=None, max_examples=40)
@given(calls=_CALLS, cuts=st.sets(st.integers(0, 80)))
def test_findings_equal_those_of_watch_and_refusals_a_plain_count(
    bundle: tuple[Path, Plan], calls: list[tuple[int, str, int, int]], cuts: set[int]
) -> None:
    policies, plan = bundle
    directory = Directory(REFERENCE)
    gate, watch = RulesBefore(policies, key=b"k"), Engine(plan, key=b"k", source="gate")
    gate.take(gate.prepare(REFERENCE, NOW), REFERENCE, directory)
    watch.know(directory)
    watch.begins(NOW)
    tracker, now = Tracker(directory), Micros(NOW + SECOND)
    refused, expected = set[str](), set[str]()
    waiting: list[tuple[Situation, Micros]] = []
    found: list[Finding] = []
    times: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, (gap, source, callee, call) in enumerate(calls):
        if gap or number in cuts:
            refused |= _judged(gate, waiting)
            waiting = []
        now = Micros(now + gap * MILLISECOND)
        octets = request(
            source=source, callee=f"+32255501{callee}", caller=CALLER, call_id=f"c{call}-{callee}", branch=f"z9hG4bK{number}"
        )
        events = tracker.feed(_datagram(octets, source, now), parse(octets))
        found += watch.step([event for event in events if event.kind is EventKind.ATTEMPT], now)
        asked = question(octets, parse(octets))
        assert asked is not None
        waiting.append((ask_of(asked, trusted=False, directory=directory, now=now), now))
        for event in events:
            if event.kind is EventKind.ATTEMPT:
                times[source].append((event.time, callee))
                if _is_refused(times[source], account=event.account):
                    expected.add(event.call_id)
    refused |= _judged(gate, waiting)
    told = gate.findings()
    names = {"calls-a-second", "fan-out-at-once"}
    assert [_said(one) for one in told] == [_said(one) for one in found if one.rule in names]
    assert refused == expected


def _datagram(octets: bytes, source: str, now: Micros) -> Datagram:
    return Datagram(now, now, PayloadKind.SIP, "udp", source, 5060, "192.0.2.50", 5060, octets)


def _judged(gate: RulesBefore, waiting: list[tuple[Situation, Micros]]) -> set[str]:
    if not waiting:
        return set()
    judged = gate.judge([situation for situation, _ in waiting], waiting[0][1])
    return {situation.ask.call_id for (situation, _), one in zip(waiting, judged, strict=True) if one is not None}


def _is_refused(times: list[tuple[int, int]], *, account: str | None) -> bool:
    now = times[-1][0]
    second = sum(now - time < SECOND for time, _ in times)
    callees = {callee for time, callee in times if now - time < 30 * SECOND}
    return (account is not None and second > 3) or len(callees) >= 6


def _said(finding: Finding) -> tuple[object, ...]:
    return (finding.rule, finding.subject, finding.measures, finding.thresholds, finding.evidence, finding.severity)
