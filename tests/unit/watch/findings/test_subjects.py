import pytest
from tests.property.paired_rules import compare, measured, number, rule

from ringfence.policy.plan import Measure, MeasureFunction
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.findings import subject_fields, subject_of

EVENT = Event(
    kind=EventKind.REQUEST,
    time=Micros(0),
    call_id="1",
    account="acme",
    trunk="acme-1",
    caller="+3225550100",
    callee="+3225550199",
    source="203.0.113.9",
    destination="198.51.100.1",
    target="alice",
    domain="voice.example",
)


@pytest.mark.parametrize(
    ("kind", "key", "written"),
    [
        (SubjectKind.ACCOUNT, ("account",), "acme"),
        (SubjectKind.ACCOUNT, ("callee", "account"), "acme"),
        (SubjectKind.TRUNK, ("trunk",), "acme-1"),
        (SubjectKind.NUMBER, ("caller",), "+3225550100"),
        (SubjectKind.NUMBER, ("callee",), "+3225550199"),
        (SubjectKind.PAIR, ("callee", "caller"), "+3225550100,+3225550199"),
        (SubjectKind.SOURCE, ("source",), "203.0.113.9"),
        (SubjectKind.SOURCE, ("destination",), "198.51.100.1"),
        (SubjectKind.REGISTRATION, ("source", "target", "domain"), "alice@voice.example,203.0.113.9"),
        (SubjectKind.REGISTRATION, ("source", "target"), "alice,203.0.113.9"),
    ],
)
def test_a_subject_is_written_as_its_kind_says(kind: SubjectKind, key: tuple[str, ...], written: str) -> None:
    count = Measure("calls", MeasureFunction.COUNT)
    counted = rule("any", measures=(count,), when=compare(measured("calls"), ">", number(0)), key=key, subject=kind)
    fields = subject_fields(counted)
    assert fields is not None
    subject = subject_of(kind, fields, EVENT)
    assert (subject.kind, subject.id) == (kind, written)


@pytest.mark.parametrize(
    ("kind", "key"),
    [(SubjectKind.ACCOUNT, ("source",)), (SubjectKind.PAIR, ("caller",)), (SubjectKind.CAMPAIGN, ("account",))],
)
def test_a_key_that_leaves_the_subject_open_names_none(kind: SubjectKind, key: tuple[str, ...]) -> None:
    count = Measure("calls", MeasureFunction.COUNT)
    counted = rule("any", measures=(count,), when=compare(measured("calls"), ">", number(0)), key=key, subject=kind)
    assert subject_fields(counted) is None
