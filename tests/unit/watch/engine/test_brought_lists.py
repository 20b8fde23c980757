"""Rules read what peers and the operator bring to lists: from when it is told, in event time, however the stream is cut."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import ROOT

from ringfence.policy import load, read_folder, with_packs
from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import BroughtEntry, BroughtList, Event, EventKind, Finding, Reference
from ringfence.vocabulary.times import HOUR, SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine

START = Micros(1_700_000_000 * SECOND)
_RULE = """
rule: {name}
clause: third-party-harm
says: It was seen.
source: ours
on: attempt where {condition}
per: account
window: 24h rolling
measure:
  attempts: count()
when: attempts >= 1
severity: warn
mode: report
cool_down: 1s
finds: each time
minimum: none because "an example"
"""
CONDITIONS = {
    "by-entry": 'caller in list("numbers")',
    "by-prefix": 'caller in prefixes("numbers")',
    "by-network": 'source in list("networks")',
    "by-price": 'callee in prefixes("numbers") and lookup_prefix("numbers", "price", callee) > 1',
    "not-listed": 'caller not in prefixes("numbers")',
    "by-age": 'age(list("aged")) > 1h',
    "in-range": "not valid(callee)",
}
LISTS = {
    "numbers": b"entry,price,source,expiry,review\n+999,0.5,ours,,2027-06-30\n*,0,ours,,2027-06-30\n",
    "networks": b"entry,source,expiry,review\n198.51.100.7,ours,,2027-06-30\n",
    "aged": b"entry,source,expiry,review,fetched\n+999,ours,,2027-06-30,2023-11-16\n",
}


def plan() -> Plan:
    files = read_folder(ROOT / "tests" / "bundles" / "four")
    files = {path: content for path, content in files.items() if not path.startswith(("rules/", "tests/"))}
    files["bundle.toml"] = files["bundle.toml"].replace(b"[posting]", b'packs = ["be"]\n[posting]', 1)
    rules = {f"rules/{name}.yaml": _RULE.format(name=name, condition=told).encode() for name, told in CONDITIONS.items()}
    lists = {f"lists/{name}.csv": content for name, content in LISTS.items()}
    return load(with_packs(files | rules | lists)).plan


PLAN = plan()


def at(seconds: float) -> Micros:
    return Micros(START + round(seconds * SECOND))


def call(second: float, caller: str = "+3225550100", callee: str = "+3225550100", source: str = "203.0.113.9") -> Event:
    return Event(
        kind=EventKind.ATTEMPT,
        time=at(second),
        call_id=f"call-{second}",
        source=source,
        caller=caller,
        callee=callee,
        account="acme",
        direction="outbound",
    )


def known(**lists: BroughtList) -> Directory:
    return Directory(Reference(time=START, brought=lists))


def brought(entry: str, **values: str) -> BroughtList:
    return BroughtList(entries=(BroughtEntry(entry=entry, values=values),))


def engine() -> Engine:
    return Engine(PLAN, key=b"", source="test")


def names(findings: Sequence[Finding]) -> set[str]:
    return {finding.rule for finding in findings} - {"not-listed"}


@pytest.mark.parametrize(
    ("list_name", "entry", "values", "event", "rules"),
    [
        ("numbers", "+3225550100", {}, {}, {"by-entry", "by-prefix"}),
        ("numbers", "+32255", {"price": "2.5"}, {}, {"by-prefix", "by-price"}),
        ("networks", "203.0.113.0/24", {}, {}, {"by-network"}),
        ("networks", "2001:db8::/32", {}, {"source": "2001:db8:5::9"}, {"by-network"}),
        ("pack-ranges", "+32255", {"kind": "unallocated"}, {}, {"in-range"}),
    ],
)
def test_an_entry_counts_from_when_it_is_told_to_when_it_goes(
    list_name: str, entry: str, values: dict[str, str], event: dict[str, str], rules: set[str]
) -> None:
    judge = engine()
    judge.know(known())
    seen: list[set[str]] = []
    for second, lists in enumerate(({}, {list_name: brought(entry, **values)}, {})):
        judge.know(known(**lists))
        seen.append(names(judge.step([call(second * 10, **event)], at(second * 10))))
    assert seen == [set(), rules, set()]


def test_a_change_of_parties_alone_leaves_lists_as_they_are() -> None:
    judge, directory = engine(), known(numbers=brought("+3225550100"))
    judge.know(directory)
    judge.know(directory.changed(Reference(time=START, full=False)))
    assert names(judge.step([call(1)], at(1))) == {"by-entry", "by-prefix"}
    judge.know(directory.changed(Reference(time=START, full=False, brought={"numbers": BroughtList()})))
    assert names(judge.step([call(9)], at(9))) == set()


def test_the_age_of_a_list_is_that_of_what_was_brought() -> None:
    judge = engine()
    judge.know(known(aged=BroughtList(fetched=at(0))))
    found = [names(judge.step([call(second)], at(second))) for second in (1, 3601, 7201)]
    assert found == [set(), {"by-age"}, {"by-age"}]
    judge.know(known(aged=BroughtList(fetched=at(7202))))
    assert names(judge.step([call(7300)], at(7300))) == set()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 59), st.integers(0, 3)), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 59), st.integers(0, 59)), max_size=5),
    st.lists(st.integers(0, 60), max_size=5),
)
def test_entries_hold_over_their_spans_in_event_time_however_the_stream_is_cut(
    calls: list[tuple[int, int]], spans: list[tuple[int, int, int]], cuts: list[int]
) -> None:
    entries = tuple(
        BroughtEntry(entry=f"+32255501{who:02}", valid_from=at(begin * 60), valid_to=at(end * 60)) for who, begin, end in spans
    )
    events = [
        call(minute * 60 + place / 100, caller=f"+32255501{who:02}") for place, (minute, who) in enumerate(sorted(calls), start=1)
    ]
    judge = engine()
    judge.know(known(numbers=BroughtList(entries=entries)))
    edges = [0, *sorted(place % (len(events) + 1) for place in cuts), len(events)]
    found = [finding for begin, end in pairwise(edges) for finding in judge.step(events[begin:end], at(HOUR / SECOND))]
    held = {
        event.call_id
        for event in events
        if any(
            entry.entry == event.caller and entry.valid_from is not None and entry.valid_from <= event.time < (entry.valid_to or 0)
            for entry in entries
        )
    }
    assert {finding.evidence.sample[-1] for finding in found if finding.rule == "by-entry"} <= held
    if held:
        first = min(event.time for event in events if event.call_id in held)
        assert min(finding.time for finding in found if finding.rule == "by-entry") == first
    counted = [finding.measures["attempts"] for finding in found if finding.rule == "by-entry"]
    assert (counted[-1] if counted else 0) <= len(held)


def test_what_rules_lack_is_said_until_somebody_brings_it() -> None:
    files = read_folder(ROOT / "bundles" / "default")
    judge = Engine(load(files).plan, key=b"", source="test")
    now = Micros(1_790_000_000 * SECOND)
    lacks = judge.lacks(now)
    assert "the list reported-callers holds nothing" in lacks["reported-caller"]
    assert "caller-do-not-originate" not in lacks
    fresh = BroughtList(entries=(BroughtEntry(entry="+3225550100"),), fetched=now, fresh_until=Micros(now + HOUR))
    judge.know(Directory(Reference(time=now, brought={"reported-callers": fresh})))
    assert "reported-caller" not in judge.lacks(now)
    assert "was to be looked at again by" in judge.lacks(Micros(now + 2 * HOUR))["reported-caller"]
