"""Whose party a finding names: the sender's, where the finding is about the sender."""

import pytest
from tests.property.paired_rules import compare, field, measured, number, rule
from tests.property.plain_pairs import changed

from ringfence.policy.expressions import Call, Type
from ringfence.policy.plan import Measure, MeasureFunction, Plan, Rule
from ringfence.vocabulary.contracts import AccountLink, Event, EventKind, NumberLink, PartyLink, Reference
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine

NOW = Micros(1_767_225_600 * SECOND)
CALLS = Measure("calls", MeasureFunction.COUNT)
TWICE = compare(measured("calls"), ">=", number(2))
REFERENCE = Reference(
    time=NOW,
    parties=(PartyLink(party="acme"), PartyLink(party="other")),
    accounts=(AccountLink(account="acme", party="acme"), AccountLink(account="other", party="other")),
    numbers=(NumberLink(number="+3225550001", account="acme"), NumberLink(number="+3225550002", account="other")),
)


def paths(by: Rule, *callers: str) -> list[tuple[str, ...]]:
    engine = Engine(Plan("f" * 64, (by,)), key=b"", source="test")
    engine.know(Directory(REFERENCE))
    events = [
        Event(
            kind=EventKind.ATTEMPT, time=NOW, call_id=str(nth), account="acme", party_path=("acme",), source="192.0.2.7",
            destination="198.51.100.1", caller=caller,
        )
        for nth, caller in enumerate(callers)
    ]  # fmt: skip
    return [finding.party_path for finding in engine.step(events, NOW)]


def by(subject: SubjectKind, key: str) -> Rule:
    holder = Call("holder", (field("caller"),), Type.TEXT)
    whole = rule("whole", measures=(CALLS,), when=TWICE, key=("account",) if key == "holder" else (key,))
    return changed(whole, subject=subject, key=(holder,) if key == "holder" else whole.key, subject_parts=(0,))


@pytest.mark.parametrize(
    ("subject", "key", "caller", "path"),
    [
        (SubjectKind.ACCOUNT, "account", "+3225550001", ("acme",)),
        (SubjectKind.SOURCE, "source", "+3225550001", ("acme",)),
        (SubjectKind.SOURCE, "destination", "+3225550001", ()),  # whoever called it last is not whom the finding is about
        (SubjectKind.ACCOUNT, "holder", "+3225550001", ("acme",)),
        (SubjectKind.ACCOUNT, "holder", "+3225550002", ()),  # acme shows a number of another account: that one is meant
    ],
)
def test_a_finding_names_the_senders_party_where_it_is_about_the_sender(
    subject: SubjectKind, key: str, caller: str, path: tuple[str, ...]
) -> None:
    assert paths(by(subject, key), caller, caller) == [path]
