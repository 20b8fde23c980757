"""Rounds and closes without events: those in which nothing can change are passed over, all others are looked at."""

from collections.abc import Iterable

import pytest
from tests.property.paired_rules import compare, field, measured, number, rule, text
from tests.property.plain_pairs import changed

from ringfence.policy.expressions import Arithmetic, Call, Comparison, Connective, Expression, Literal, Lookup, Type
from ringfence.policy.plan import Calendar, Evaluation, Measure, MeasureFunction, Plan, Rolling, Row, Rule, Table, Unit
from ringfence.vocabulary.contracts import AccountLink, Event, EventKind, Finding, NumberLink, PartyLink, Reference, TrunkLink
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, HOUR, MINUTE, SECOND, Micros, from_iso, iso
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine

LATER = from_iso("2060-01-01T00:00:00Z")
SILENCE = Measure("silence", MeasureFunction.SINCE)
CALLS = Measure("calls", MeasureFunction.COUNT)
DAYS = Calendar("day", Unit.DAY, "UTC")


def rounds(when: Expression, *measures: Measure, every: int = SECOND, **parts: object) -> Rule:
    base = rule("rounds", measures=measures, when=when)
    return changed(base, **{"windows": (), "evaluation": Evaluation.EVERY, "every_us": Micros(every), **parts})


def engine(rule: Rule, *tables: Table) -> Engine:
    return Engine(Plan("f" * 64, (rule,), {table.name: table for table in tables}), key=b"", source="test")


def at(moment: str, **told: object) -> Event:
    told = {"kind": EventKind.ATTEMPT, "call_id": moment, "account": "acme", **told}
    return Event(time=from_iso(f"{moment}Z"), **told)  # type: ignore[arg-type]  # fields


def times(findings: Iterable[Finding]) -> list[str]:
    return [iso(finding.time)[:19] for finding in findings]


def links(*accounts: str, **told: object) -> Directory:
    made = tuple(AccountLink(account=name, party=f"{name}-party", **told) for name in accounts)  # type: ignore[arg-type]  # fields
    return Directory(Reference(time=LATER, accounts=made))


def test_one_record_of_another_century_does_not_make_it_walk_through_all_seconds_between() -> None:
    silent = engine(rounds(compare(measured("silence"), ">", number(DAY)), SILENCE))
    found = silent.step([at("1970-01-02T00:00:00"), at("2026-01-01T00:00:00"), at("2026-01-03T00:00:00")], LATER)
    assert times(found) == ["1970-01-03T00:00:01", "2026-01-02T00:00:01"]


def test_a_looked_up_limit_is_reached_in_time() -> None:
    limits = Table("limits", (Row("slow", {"wait": "3h"}), Row("*", {"wait": "1h"})))
    limit = Lookup("limits", "wait", (field("plan"),), prefix=False, type=Type.NUMBER)
    silent = engine(rounds(Comparison(">=", measured("silence"), limit), SILENCE), limits)
    found = silent.step(
        [at("1970-01-02T00:00:00", plan="slow"), at("1970-01-02T00:30:00", account="b"), at("2026-01-01T00:00:00")], LATER
    )
    assert times(found) == ["1970-01-02T01:30:00", "1970-01-02T03:00:00"]


def test_a_window_that_empties_is_seen_at_the_round_after_it_does() -> None:
    few = compare(measured("calls"), "<", number(2))
    running = engine(rounds(few, CALLS, windows=(Rolling("window", Micros(DAY)),)))
    found = running.step([at("1970-01-02T00:00:00.5"), at("1970-01-02T06:00:00"), at("2026-01-01T00:00:00")], LATER)
    assert times(found) == ["1970-01-02T00:00:01", "1970-01-03T00:00:01"]


def test_what_is_said_of_times_in_another_way_is_looked_at_each_round() -> None:
    twice = compare(Arithmetic("*", measured("silence"), number(2)), ">", number(3 * HOUR))
    running = engine(rounds(twice, SILENCE, every=MINUTE))
    assert times(running.step([at("2026-01-01T00:00:00"), at("2026-01-02T00:00:00")], LATER)) == ["2026-01-01T01:31:00"]


def test_who_is_silent_is_looked_at_as_long_as_the_reference_has_it() -> None:
    begins, ends = from_iso("2025-12-31T00:00:30Z"), from_iso("2026-06-01T00:00:00Z")
    none = rounds(compare(measured("calls"), "<", number(1)), CALLS, windows=(DAYS,), silent_too=True)
    running = engine(none)
    running.know(links("late", valid_from=begins, valid_to=ends))
    found = running.step([at("1970-01-01T00:00:00"), at("2026-12-01T00:00:00")], LATER)
    assert [(finding.subject.id, iso(finding.time)[:19]) for finding in found] == [("late", "2025-12-31T00:00:31")]


def test_hours_of_the_day_are_looked_at_each_round_where_subjects_are_silent() -> None:
    hour = Call("hour", (Literal("UTC", Type.TEXT),), Type.NUMBER)
    night = Connective("and", (compare(measured("calls"), "<", number(1)), compare(hour, ">=", number(22))))
    running = engine(rounds(night, CALLS, every=HOUR, windows=(DAYS,), silent_too=True))
    running.know(links("a"))
    found = running.step([at("2026-01-01T00:00:00", account=None), at("2026-01-02T12:00:00", account=None)], LATER)
    assert times(found) == ["2026-01-01T23:00:00"]


def test_a_close_looks_at_the_keys_that_had_something_in_its_period() -> None:
    few = compare(measured("calls"), "<", number(9))
    hours = Calendar("hour", Unit.HOUR, "UTC")
    closing = changed(rule("closing", measures=(CALLS, SILENCE), when=few), windows=(hours,), evaluation=Evaluation.CLOSE)
    found = engine(closing).step([at("1970-01-02T00:10:00"), at("2026-01-01T00:00:00")], LATER)
    assert times(found) == ["1970-01-02T01:00:00"]


ACCOUNTS = (
    AccountLink(account="big", party="group", plan="wholesale"),
    AccountLink(account="small", party="group", plan="retail"),
    AccountLink(account="other", party="alone", plan="retail"),
)
REFERENCE = Directory(
    Reference(
        time=LATER,
        accounts=ACCOUNTS,
        parties=(PartyLink(party="group"), PartyLink(party="alone")),
        numbers=(NumberLink(number="+3225550100", account="big"), NumberLink(number="+33155501000", account="other")),
        trunks=(TrunkLink(trunk="big-1", account="big", user="u"), TrunkLink(trunk="other-1", account="other", user="v")),
    )
)
WHOLESALE = compare(field("plan"), "==", text("wholesale"))
OUTBOUND = compare(field("direction"), "==", text("outbound"))
BELGIAN = compare(Call("prefix", (field("caller"), Literal(2.0, Type.NUMBER)), Type.TEXT), "==", text("+32"))


@pytest.mark.parametrize(
    ("where", "key", "subject", "found"),
    [
        (WHOLESALE, field("account"), SubjectKind.ACCOUNT, ["big"]),
        (Connective("and", (OUTBOUND, WHOLESALE)), field("account"), SubjectKind.ACCOUNT, ["big"]),
        (Connective("or", (OUTBOUND, WHOLESALE)), field("account"), SubjectKind.ACCOUNT, ["big", "other", "small"]),
        (OUTBOUND, field("account"), SubjectKind.ACCOUNT, ["big", "other", "small"]),
        (compare(field("plan"), "==", text("retail")), field("party"), SubjectKind.PARTY, ["alone", "group"]),
        (compare(field("trunk"), "==", text("big-1")), field("trunk"), SubjectKind.TRUNK, ["big-1"]),
        (BELGIAN, field("caller"), SubjectKind.NUMBER, ["+3225550100"]),
    ],
)
def test_of_the_silent_those_are_meant_that_pass_what_the_reference_tells(
    where: Expression, key: Expression, subject: SubjectKind, found: list[str]
) -> None:
    none = changed(
        rule("none", measures=(CALLS,), when=compare(measured("calls"), "<", number(1))),
        windows=(DAYS,),
        silent_too=True,
        evaluation=Evaluation.CLOSE,
        where=where,
        key=(key,),
        subject=subject,
    )
    running = engine(none)
    running.know(REFERENCE)
    findings = running.step([at("2026-01-01T12:00:00", account=None), at("2026-01-02T00:00:00", account=None)], LATER)
    assert [finding.subject.id for finding in findings] == found


def test_an_exempt_subject_is_not_missed() -> None:
    none = changed(
        rule("none", measures=(CALLS,), when=compare(measured("calls"), "<", number(1))),
        windows=(DAYS,),
        silent_too=True,
        evaluation=Evaluation.CLOSE,
        exempt=Connective("or", (WHOLESALE, OUTBOUND)),
    )
    running = engine(none)
    running.know(REFERENCE)
    findings = running.step([at("2026-01-01T12:00:00", account=None), at("2026-01-02T00:00:00", account=None)], LATER)
    assert [finding.subject.id for finding in findings] == ["other", "small"]
