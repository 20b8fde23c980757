"""What rules find through tallies: silent subjects, billing cycles, periods gone by, rules over findings, charges, bounds."""

import pytest
from tests.property.paired_rules import ATTEMPT, END, compare, field, measured, number, rule, text
from tests.property.plain_pairs import changed
from tests.unit.watch.tallies.tallied_rules import CALLS, DAYS, LATER, MONTH, at, engine, few, many, past, replace_when, told

from ringfence.policy.expressions import Arithmetic, Connective, Past
from ringfence.policy.plan import (
    Calendar,
    Evaluation,
    Measure,
    MeasureFunction,
    Once,
    Plan,
    Proposal,
    ProposalKind,
    Rolling,
    Rule,
    Tier,
    Unit,
)
from ringfence.vocabulary.contracts import (
    AccountLink,
    Charge,
    Event,
    EventKind,
    NumberLink,
    PartyLink,
    Reference,
    RulingLink,
)
from ringfence.vocabulary.severity import Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, HOUR, SECOND, Micros, from_iso, iso
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine, Limits, RuleUnmeasurable


def test_who_was_silent_all_month_is_found_when_it_closes() -> None:
    numbers = tuple(NumberLink(number=f"+322555010{digit}", account="acme") for digit in range(3))
    gone = NumberLink(number="+3225550109", account="acme", valid_to=from_iso("2026-01-20T00:00:00Z"))
    accounts = (AccountLink(account="acme", party="acme-group"),)
    parties = (PartyLink(party="acme-group", parent="reseller"), PartyLink(party="reseller"))
    directory = Directory(Reference(time=LATER, numbers=(*numbers, gone), accounts=accounts, parties=parties))
    idle = few(2, silent_too=True, key=(field("caller"),), subject=SubjectKind.NUMBER)
    running = engine(idle)
    running.know(directory)
    events = [at("2026-01-03T10:00", caller="+3225550100"), at("2026-01-04T10:00", caller="+3225550100")]
    assert running.step([*events, at("2026-01-05T10:00", caller="+3225550101")], LATER) == []
    found = running.step([at("2026-02-01T00:00", caller="+3225550102")], LATER)
    assert told(found) == [("few", "+3225550101", "2026-02-01T00:00"), ("few", "+3225550102", "2026-02-01T00:00")]
    assert [finding.measures for finding in found] == [{"calls": 1.0}, {"calls": 0.0}]
    assert found[1].party_path == ("reseller", "acme-group")
    assert (iso(found[0].window.start), iso(found[0].window.end)) == ("2026-01-01T00:00:00.000000Z", "2026-02-01T00:00:00.000000Z")
    again = running.pass_time(from_iso("2026-03-01T00:00:00Z"))
    assert told(again) == [("few", f"+322555010{digit}", "2026-03-01T00:00") for digit in range(3)]


def test_a_recording_that_ends_within_a_period_does_not_close_it() -> None:
    assert engine(few(2)).step([at("2026-01-31T23:59:59")], LATER) == []


def test_a_period_in_breach_is_found_each_time_it_closes() -> None:
    days = [at(f"2026-01-{day:02}T12:00") for day in (1, 2, 3, 5)]
    found = engine(few(9, windows=(DAYS,))).step([*days, at("2026-01-06T00:00")], LATER)
    assert [iso(finding.time)[:10] for finding in found] == ["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-06"]


def test_a_billing_cycle_begins_on_the_accounts_own_day() -> None:
    accounts = (AccountLink(account="late", party="p", billing_day=20), AccountLink(account="acme", party="p"))
    running = engine(few(9, windows=(Calendar("cycle", Unit.BILLING_CYCLE, "UTC"),)))
    running.know(Directory(Reference(time=LATER, accounts=accounts)))
    events = [at("2026-01-05T00:00", account="late"), at("2026-01-05T00:00"), at("2026-01-25T00:00", account="late")]
    found = running.step([*events, at("2026-03-01T00:00")], LATER)
    assert told(found) == [
        ("few", "late", "2026-01-20T00:00"),
        ("few", "acme", "2026-02-01T00:00"),
        ("few", "late", "2026-02-20T00:00"),
    ]


def test_two_bad_months_in_any_six_are_a_rule_over_findings() -> None:
    of_few = compare(field("rule"), "==", text("few"))
    strikes = many("strikes", 2, Calendar("half", Unit.MONTH, "UTC", 6), on=EventKind.FINDING, where=of_few)
    months = ["2026-01-05", "2026-02-05", "2026-02-06", "2026-02-07", "2026-05-05", "2026-06-05"]
    events = [at(f"{day}T12:00") for day in months]
    found = engine(few(3), strikes).step(events, LATER)
    assert told(found) == [
        ("few", "acme", "2026-02-01T00:00"),
        ("few", "acme", "2026-06-01T00:00"),
        ("strikes", "acme", "2026-06-01T00:00"),
    ]
    assert found[2].evidence.sample == (found[0].id, found[1].id)


def test_findings_pass_through_any_number_of_strata_in_one_step() -> None:
    first = many("c-first", 2, Rolling("window", Micros(10 * SECOND)))
    second = many("b-second", 2, DAYS, on=EventKind.FINDING, where=compare(field("rule"), "==", text("c-first")))
    third = many("a-third", 1, DAYS, on=EventKind.FINDING, where=compare(field("rule"), "==", text("b-second")))
    seconds = (0, 1, 30, 31, 60)
    events = [at(f"2026-01-01T00:00:{second:02}" if second < 60 else "2026-01-01T00:01:00") for second in seconds]
    whole = engine(third, second, first).step(events, LATER)
    assert [finding.rule for finding in whole] == ["c-first", "c-first", "b-second", "a-third"]
    cut = engine(third, second, first)
    assert [finding for event in events for finding in cut.step([event], LATER)] == whole


def test_a_rule_reads_no_findings_of_a_clause_that_a_court_struck_and_reads_them_again_afterwards() -> None:
    first = many("c-first", 1, DAYS, cool_down_us=Micros(0))
    second = many("b-second", 1, DAYS, on=EventKind.FINDING, where=compare(field("rule"), "==", text("c-first")))
    second = changed(second, clause="another", cool_down_us=Micros(0))
    running = engine(first, second)
    until = from_iso("2026-01-01T12:00:00Z")
    ruling = RulingLink(ruling=1, clause=first.clause, valid_to=until)
    running.know(Directory(Reference(time=Micros(0), rulings=(ruling,))))
    events = [at("2026-01-01T11:00:00"), at("2026-01-01T13:00:00", account="other")]
    found = running.step(events, LATER)
    assert [(one.rule, one.subject.id) for one in found if one.rule == "b-second"] == [("b-second", "other")]


def test_a_class_given_by_a_finding_is_in_force_for_its_time() -> None:
    giver = changed(many("bulk", 2, Rolling("window", Micros(10 * SECOND))), classifies="bulk-caller", class_us=Micros(HOUR))
    since = Measure(
        "given", MeasureFunction.SINCE, on=EventKind.FINDING, where=compare(field("traffic_class"), "==", text("bulk-caller"))
    )
    in_force = compare(measured("given"), "<", number(HOUR))
    reader = changed(rule("classed", measures=(since,), when=in_force), windows=())
    events = [at(f"2026-01-01T0{moment}") for moment in ("0:00:00", "0:00:01", "0:00:02", "0:59:00", "1:00:02", "2:00:00")]
    found = engine(giver, reader).step(events, LATER)
    assert told(found) == [("bulk", "acme", "2026-01-01T00:00"), ("classed", "acme", "2026-01-01T00:00")]
    assert found[1].time == events[2].time
    assert found[0].classifies == "bulk-caller"


def test_what_a_tier_proposes_and_charges_stands_in_its_finding() -> None:
    short = Measure("short", MeasureFunction.COUNT, where=compare(field("duration"), "<=", number(6 * SECOND)))
    charge = Proposal(
        ProposalKind.CHARGE, "charge 0.01 USD per short - 2", 0.01, "USD", Arithmetic("-", measured("short"), number(2))
    )
    notify = Proposal(ProposalKind.NOTIFY, "notify the account's owner")
    share = compare(measured("short"), ">=", number(4))
    tiers = (
        Tier(compare(measured("short"), ">=", number(3)), Severity.INFO, says="Three.", points=0.5),
        Tier(share, Severity.ACT, proposes=(notify, charge), points=2.0, thresholds={"short": 4.0}),
    )
    tiered = changed(rule("surcharge", on=END, measures=(short,), when=share), windows=(DAYS,), tiers=tiers, classifies="dialler")
    events = [at(f"2026-01-01T00:00:0{second}", kind=END, call=str(second)) for second in range(4)]
    first, second = engine(tiered).step(events, LATER)
    assert (first.tier, first.says, first.points, first.severity) == (0, "Three.", 0.5, Severity.INFO)
    assert (first.proposes, first.charge) == ((), None)
    assert (second.tier, second.says, second.points, second.severity) == (1, "surcharge was measured.", 2.0, Severity.ACT)
    assert second.proposes == ("notify the account's owner", "charge 0.01 USD per short - 2")
    assert second.charge == Charge(amount=0.01, currency="USD", quantity=2.0)
    assert second.classifies == "dialler"
    assert len({first.id, second.id}) == 2


def test_two_keys_of_one_subject_at_one_moment_are_two_findings() -> None:
    blast = many("blast", 2, DAYS, key=(field("account"), field("content")), subject_parts=(0,))
    events = [at("2026-01-01T00:00:00", content=content) for content in ("a", "b", "a", "b")]
    found = engine(blast).step(events, LATER)
    assert [finding.key for finding in found] == [{"content": "a"}, {"content": "b"}]
    assert len({finding.id for finding in found}) == 2


def test_a_flood_of_keys_pushes_out_those_idle_for_longest_and_says_so() -> None:
    bounded = engine(many("many", 3, DAYS, key=(field("caller"),), subject=SubjectKind.NUMBER), limits=Limits(events=100, keys=3))
    first = [at(f"2026-01-01T00:00:0{second}", caller="+1") for second in range(2)]
    flood = [at("2026-01-01T00:01:00", caller=f"+{number}") for number in range(2, 6)]
    later = [at(f"2026-01-01T00:02:0{second}", caller="+1") for second in range(3)]
    (finding,) = bounded.step([*first, *flood, *later], LATER)
    assert finding.measures == {"calls": 3.0}
    assert finding.approximate is not None
    assert "so far" in finding.approximate
    assert bounded.losses["many"].events >= 2
    assert bounded.live_keys == 3


def test_one_key_cannot_hold_more_than_its_rule_may() -> None:
    callees = Measure("callees", MeasureFunction.DISTINCT, field("callee"))
    base = rule("wide", measures=(callees,), when=compare(measured("callees"), ">", number(11)))
    wide = changed(base, windows=(DAYS,))
    bounded = engine(wide, limits=Limits(events=10, keys=10))
    calls = [at(f"2026-01-01T00:{number:02}", callee=str(number)) for number in range(30)]
    assert bounded.step(calls, LATER) == []
    assert bounded.live_events <= 10
    assert bounded.losses["wide"].events == 21  # one entry says how many events the day had


def test_ended_calls_leave_also_where_the_end_bears_another_key() -> None:
    talking = Measure("talking", MeasureFunction.CONCURRENT)
    base = rule("talking", measures=(talking,), when=compare(measured("talking"), ">=", number(2)))
    concurrent = changed(base, windows=())
    begun = [at("2026-01-01T00:00", call="a"), at("2026-01-01T00:01", call="a"), at("2026-01-01T00:02", call="b")]
    ended = [at("2026-01-01T00:03", kind=END, call="a", account=None), at("2026-01-01T00:04", call="c")]
    found = engine(concurrent).step([*begun, *ended], LATER)
    assert [iso(finding.time)[:16] for finding in found] == ["2026-01-01T00:02", "2026-01-01T00:04"]


def test_a_clock_far_in_the_future_does_not_keep_it_counting_periods() -> None:
    running = engine(few(2, windows=(Calendar("hour", Unit.HOUR, "UTC"),)), many("other", 2, DAYS))
    running.step([at("2026-01-01T00:00")], Micros(1 << 62))
    assert len(running.step([Event(kind=ATTEMPT, time=Micros(1 << 61), call_id="x", account="b")], Micros(1 << 62))) == 1


def test_idle_keys_of_long_windows_are_given_back() -> None:
    running = engine(
        many("many", 3, Rolling("window", Micros(30 * DAY), Micros(DAY)), key=(field("caller"),), subject=SubjectKind.NUMBER)
    )
    running.step([at("2026-01-01T00:00", caller=f"+{number}") for number in range(1000)], LATER)
    assert running.live_keys == 1000
    running.step([at("2026-02-05T00:00", caller="+1")], LATER)
    assert running.live_keys == 1


@pytest.mark.parametrize(
    ("odd", "cause"),
    [
        (few(2, windows=(Rolling("window", Micros(DAY)),)), "one calendar window"),
        (
            changed(rule("odd", measures=(CALLS,), when=past(Past.BEFORE, 1)), windows=(Rolling("w", Micros(DAY)),)),
            "periods gone by",
        ),
        (changed(rule("odd", measures=(CALLS,), when=past(Past.USUAL, 1)), windows=(MONTH,)), "the hour, the day or the week"),
        (changed(rule("odd", measures=(), when=compare(field("status"), ">", number(1))), evaluation=Evaluation.CLOSE), "calendar"),
        (changed(few(2), evaluation=Evaluation.EVERY), "how often"),
    ],
)
def test_what_cannot_be_measured_stops_the_start(odd: Rule, cause: str) -> None:
    with pytest.raises(RuleUnmeasurable, match=cause):
        engine(odd)


def test_conditions_of_several_measures_may_read_the_event_too() -> None:
    condition = Connective("and", (compare(measured("calls"), ">=", number(2)), compare(field("callee"), "==", text("b"))))
    mixed = changed(rule("mixed", measures=(CALLS,), when=condition), windows=(DAYS,))
    events = [at(f"2026-01-01T00:00:0{second}", callee=callee) for second, callee in enumerate("baab")]
    (finding,) = engine(mixed).step(events, LATER)
    assert finding.time == events[3].time


@pytest.mark.parametrize("counted", ["x", "nobody"])
def test_what_once_has_seen_is_bounded_too(counted: str) -> None:
    some = Measure("calls", MeasureFunction.COUNT, where=compare(field("callee"), "==", text(counted)))
    rare = rule("rare", measures=(some,), when=compare(measured("calls"), ">=", number(1000)))
    once = changed(rare, windows=(DAYS,), once=Once((field("caller"),), HOUR))
    bounded = engine(once, limits=Limits(events=100, keys=10))
    events = [
        at(f"2026-01-01T00:{second // 60:02}:{second % 60:02}", caller=str(second), callee="x" if second % 50 == 0 else "y")
        for second in range(1_000)
    ]
    assert bounded.step(events, LATER) == []
    assert bounded.live_events <= 100
    assert bounded.losses["rare"].events > 800


def test_more_silent_subjects_than_there_is_room_for_stop_nothing() -> None:
    accounts = tuple(AccountLink(account=f"a{number}", party="p") for number in range(9))
    running = engine(few(2, silent_too=True, cool_down_us=HOUR), limits=Limits(events=100, keys=3))
    running.know(Directory(Reference(time=LATER, accounts=accounts)))
    unknown = [at("2026-01-03T10:00", account=name) for name in ("x", "y", "z")]
    assert running.step(unknown, LATER) == []
    found = running.pass_time(from_iso("2026-02-01T00:00:00Z"))
    assert {finding.subject.id for finding in found} >= {account.account for account in accounts}
    assert running.live_keys <= 3


def test_beyond_a_stated_number_of_values_a_count_is_estimated_and_says_how_well() -> None:
    callees = Measure("callees", MeasureFunction.DISTINCT, value=field("callee"))
    wide = many("wide", 12_000, DAYS, measures=(callees,))
    wide = changed(wide, tiers=(replace_when(wide, compare(measured("callees"), ">=", number(12_000))),))
    calls = [at("2026-01-03T10:00", call=str(n), callee=f"+1202555{n:04d}") for n in range(13_500)]
    exact = engine(wide, limits=Limits(exact_distinct=20_000)).step(calls, LATER)
    assert [finding.measures["callees"] for finding in exact] == [12_000.0]
    assert exact[0].approximate is None
    assert exact[0].evidence.errors == {}
    (found,) = engine(wide, limits=Limits(exact_distinct=2_000)).step(calls, LATER)
    bound = found.evidence.errors["callees"]
    assert 0.03 < bound < 0.07
    assert abs(found.evidence.events - found.measures["callees"]) <= 2 * bound * found.measures["callees"]
    assert found.approximate == f"callees is about 12,000 ± {100 * bound:.2g} %, from a sample"
    parts = engine(wide, limits=Limits(exact_distinct=2_000))
    one_by_one = [each for start in range(0, len(calls), 700) for each in parts.step(calls[start : start + 700], LATER)]
    assert one_by_one == [found]


def test_a_key_that_stays_below_that_number_is_counted_as_without_it() -> None:
    callees = Measure("callees", MeasureFunction.DISTINCT, value=field("callee"))
    wide = changed(many("wide", 1, Rolling("w", Micros(10 * SECOND))), measures=(callees,))
    wide = changed(wide, tiers=(replace_when(wide, compare(measured("callees"), ">=", number(40))),), cool_down_us=SECOND)
    calls = [
        at(f"2026-01-03T10:{n // 60:02d}:{n % 60:02d}", call=f"{n}-{m}", callee=f"{n % 7}-{m}")
        for n in range(300)
        for m in range(8)
    ]
    whole = Engine(Plan("f" * 64, (wide,)), key=b"", source="test", limits=Limits(exact_distinct=10_000), compiled=False)
    small = Engine(Plan("f" * 64, (wide,)), key=b"", source="test", limits=Limits(exact_distinct=56), compiled=False)
    found = whole.step(calls, LATER)
    assert found
    assert small.step(calls, LATER) == found
