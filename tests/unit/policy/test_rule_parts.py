"""Everything that a rule's file can say arrives in the plan as it was meant."""

import pytest
from tests.unit.policy.minimal import RULE, files
from tests.unit.policy.whole import WHOLE, whole

from ringfence.policy import load
from ringfence.policy.expressions import Arithmetic, Call, Comparison, Field, Literal, Lookup, MeasureValue, PastValue, Type
from ringfence.policy.plan import (
    Calendar,
    Evaluation,
    Measure,
    MeasureFunction,
    Once,
    Proposal,
    ProposalKind,
    Release,
    Reset,
    Rolling,
    Rule,
    Unit,
)
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.severity import Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, HOUR, MINUTE, SECOND, Micros, from_iso

OUTBOUND = Comparison("==", Field("direction", Type.TEXT), Literal("outbound", Type.TEXT))
ANSWERED = Field("answered", Type.BOOL)


def rule_of(text: str) -> Rule:
    (rule,) = load(whole(text)).plan.rules
    return rule


def changed(old: str, new: str) -> Rule:
    assert old in RULE
    (rule,) = load(files(rule=RULE.replace(old, new, 1))).plan.rules
    return rule


def measure(text: str) -> Measure:
    head = "window: 1min rolling"
    return changed("window: 1min rolling\nmeasure:\n", f"{head}\nmeasure:\n  extra: {text}\n").measures[0]


def test_each_kind_of_event_has_its_own_filter() -> None:
    rule = rule_of(WHOLE.replace("  - message where direction", '  - message where account != "x" and direction'))
    assert (rule.on, rule.where, rule.also_on) == (EventKind.ATTEMPT, OUTBOUND, (EventKind.MESSAGE,))
    assert rule.where_of(EventKind.ATTEMPT) == OUTBOUND
    assert rule.where_of(EventKind.MESSAGE) == rule.also_where[0] != OUTBOUND
    assert rule.where_of(EventKind.END) is None


def test_windows_are_rolling_with_a_grain_or_by_the_calendar() -> None:
    assert rule_of(WHOLE).windows == (
        Rolling("hour", HOUR),
        Rolling("month", Micros(30 * DAY), DAY),
        Calendar("half_year", Unit.MONTH, "Europe/Brussels", 6),
    )


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("100ms rolling", Rolling("window", Micros(SECOND // 10))),
        ("6h rolling by 15min", Rolling("window", Micros(6 * HOUR), Micros(15 * MINUTE))),
        ("day in 'UTC'", Calendar("window", Unit.DAY, "UTC")),
        ('hour in "Asia/Kolkata"', Calendar("window", Unit.HOUR, "Asia/Kolkata")),
        ('2 weeks in "UTC"', Calendar("window", Unit.WEEK, "UTC", 2)),
        ('billing cycle in "UTC"', Calendar("window", Unit.BILLING_CYCLE, "UTC")),
        ('3 billing cycles in "UTC"', Calendar("window", Unit.BILLING_CYCLE, "UTC", 3)),
        ('4 quarters in "UTC"', Calendar("window", Unit.QUARTER, "UTC", 4)),
        ('year in "UTC"', Calendar("window", Unit.YEAR, "UTC")),
    ],
)
def test_a_window_alone_needs_no_name(text: str, window: Rolling | Calendar) -> None:
    rule = changed("1min rolling", text)
    assert rule.windows == (window,)
    assert {measure.window for measure in rule.measures} == {"window"}


def test_a_measure_names_its_window_its_kind_and_what_must_stay_the_same() -> None:
    measures = {measure.name: measure for measure in rule_of(WHOLE).measures}
    assert measures["calls"] == Measure("calls", MeasureFunction.COUNT, on=EventKind.ATTEMPT, window="hour")
    message = Comparison("==", Field("kind", Type.TEXT), Literal("message", Type.TEXT))
    callee, content = Field("callee", Type.TEXT), Field("content", Type.TEXT)
    assert measures["blast"] == Measure("blast", MeasureFunction.DISTINCT, callee, message, window="hour", same=content)
    assert measures["busiest"] == Measure("busiest", MeasureFunction.PEAK, where=ANSWERED, window="hour", length_us=MINUTE)
    assert measures["quiet"] == Measure("quiet", MeasureFunction.SINCE, where=ANSWERED, on=EventKind.END)
    assert measures["live"] == Measure("live", MeasureFunction.CONCURRENT)
    assert [measures[name].function for name in ("row", "spacing", "newest")] == [
        MeasureFunction.RUN,
        MeasureFunction.GAP,
        MeasureFunction.LAST,
    ]


def test_a_measure_is_taken_of_any_expression() -> None:
    measures = {measure.name: measure for measure in rule_of(WHOLE).measures}
    assert isinstance(measures["spread"].value, Call)
    assert isinstance(measures["minutes"].value, Arithmetic)
    assert measures["spread"].field is None
    assert measures["newest"].field == "price"


@pytest.mark.parametrize("function", ["sum", "mean", "maximum", "minimum", "deviation", "first", "last", "most", "distinct"])
def test_every_function_of_a_value_takes_a_filter_and_a_kind(function: str) -> None:
    read = measure(f"{function}(ring, where=answered, on=end, over=window)")
    assert read == Measure("extra", MeasureFunction(function), Field("ring", Type.NUMBER), ANSWERED, EventKind.END, "window")


def test_the_key_is_made_of_expressions_and_says_where_the_subject_stands() -> None:
    rule = rule_of(WHOLE)
    assert (rule.key, rule.subject, rule.subject_parts) == (
        (Field("account", Type.TEXT), Field("callee", Type.TEXT)),
        SubjectKind.ACCOUNT,
        (0,),
    )


@pytest.mark.parametrize(
    ("per", "subject", "parts"),
    [
        ("prefix(caller, 7)", SubjectKind.RANGE, (0,)),
        ("without_last(caller, 2)", SubjectKind.RANGE, (0,)),
        ("holder(caller)", SubjectKind.ACCOUNT, (0,)),
        ("party", SubjectKind.PARTY, (0,)),
        ("root", SubjectKind.PARTY, (0,)),
        ("rollup(party)", SubjectKind.PARTY, (0,)),
        ("[callee, caller]", SubjectKind.PAIR, (1, 0)),
        ("[target, source]", SubjectKind.REGISTRATION, (0, 1)),
        ("[target, domain, source]", SubjectKind.REGISTRATION, (0, 1, 2)),
        ("[content, callee, caller]\nsubject: pair", SubjectKind.PAIR, (2, 1)),
        ("[caller, callee]\nsubject: number", SubjectKind.NUMBER, (0,)),
        ("[callee, 'rollup(party)']\nsubject: party", SubjectKind.PARTY, (1,)),
        ("['prefix(callee, 4)', account]\nsubject: account", SubjectKind.ACCOUNT, (1,)),
        ('caller if direction == "outbound" else callee\nsubject: number', SubjectKind.NUMBER, (0,)),
        ('lookup("customers", "campaign", caller)\nsubject: campaign', SubjectKind.CAMPAIGN, (0,)),
    ],
)
def test_the_subject_follows_or_is_stated(per: str, subject: SubjectKind, parts: tuple[int, ...]) -> None:
    customers = "entry,campaign,source,expiry,review\n+3225550100,a,ours,,2027-06-30\n"
    bundle = whole(RULE.replace("per: account", f"per: {per}"), customers=customers)
    (rule,) = load(bundle).plan.rules
    assert (rule.subject, rule.subject_parts) == (subject, parts)
    assert rule.rollup == ("rollup" in per)


def test_what_is_not_counted_not_found_forgotten_or_counted_once() -> None:
    rule = rule_of(WHOLE)
    assert rule.exempt is not None
    assert rule.passes is not None
    explained = Comparison("==", Field("name", Type.TEXT), Literal("explained", Type.TEXT))
    assert rule.reset == (Reset(EventKind.FACT, explained),)
    assert rule.once == Once((Field("call_id", Type.TEXT),), Micros(10 * SECOND))


def test_several_events_may_reset() -> None:
    rule = changed("mode: report", "reset:\n  - answer\n  - fact where name == 'explained'\nmode: report")
    assert [reset.on for reset in rule.reset] == [EventKind.ANSWER, EventKind.FACT]
    assert rule.reset[0].where is None


def test_dates_begin_in_utc_unless_they_say_their_zone() -> None:
    rule = rule_of(WHOLE)
    assert rule.from_us == from_iso("2026-07-01T00:00:00Z")
    assert rule.until_us == from_iso("2027-06-30T22:00:00Z")


def test_tiers_have_their_own_condition_words_weight_and_hysteresis() -> None:
    first, second = rule_of(WHOLE).tiers
    assert (first.severity, first.points, first.says) == (Severity.WARN, 2.5, None)
    assert first.thresholds == {"calls": 100.0, "short / calls": 0.5}
    assert first.clears is not None
    assert (second.severity, second.points, second.says) == (Severity.ACT, 0.0, "It has not got any better.")
    assert any(isinstance(part, PastValue) for part in _sides(second.when))


def _sides(expression: object) -> list[object]:
    found: list[object] = [expression]
    for name in ("operands", "left", "right"):
        value = getattr(expression, name, ())
        for part in value if isinstance(value, tuple) else (value,):
            found += _sides(part)
    return found


def test_proposals_are_read_as_far_as_machines_need_them() -> None:
    first, second = rule_of(WHOLE).tiers
    assert first.proposes[0] == Proposal(ProposalKind.NOTIFY, "notify the customer")
    charge = first.proposes[1]
    assert (charge.kind, charge.amount, charge.currency) == (ProposalKind.CHARGE, 0.01, "USD")
    assert isinstance(charge.quantity, Call)
    throttle, refuse, suspend, cap, end, report = second.proposes
    assert (throttle.number, throttle.release, throttle.release_us) == (1.0, Release.TIME, DAY)
    assert (refuse.number, refuse.release, refuse.release_unit, refuse.release_zone) == (603.0, Release.BOUNDARY, Unit.DAY, "UTC")
    assert (suspend.release, suspend.text) == (Release.MANUAL, "suspend until lifted by the regulator")
    assert (cap.number, cap.release) == (5.0, Release.CLEARED)
    assert (end.kind, end.release) == (ProposalKind.END_CALLS, None)
    assert (report.kind, report.every_us) == (ProposalKind.REPORT, 14 * DAY)


@pytest.mark.parametrize(
    ("line", "proposal"),
    [
        ("notify", Proposal(ProposalKind.NOTIFY, "notify")),
        ("queue", Proposal(ProposalKind.QUEUE, "queue")),
        ("reclaim", Proposal(ProposalKind.RECLAIM, "reclaim")),
        ("review", Proposal(ProposalKind.REVIEW, "review")),
        ("refuse", Proposal(ProposalKind.REFUSE, "refuse")),
        ("throttle 0.5 calls/s", Proposal(ProposalKind.THROTTLE, "throttle 0.5 calls/s", number=0.5)),
        ("bar international until lifted", Proposal(ProposalKind.BAR, "bar international until lifted", release=Release.MANUAL)),
        ("demand  proof of consent", Proposal(ProposalKind.DEMAND, "demand proof of consent")),
        ('announce "please wait until noon"', Proposal(ProposalKind.ANNOUNCE, 'announce "please wait until noon"')),
        ("reclassify 'bulk'", Proposal(ProposalKind.RECLASSIFY, "reclassify 'bulk'")),
        ('refuse 603 with "where to object"', Proposal(ProposalKind.REFUSE, 'refuse 603 with "where to object"', number=603.0)),
        ("review within 5d", Proposal(ProposalKind.REVIEW, "review within 5d", within_us=Micros(5 * DAY))),
        (
            "share with other providers within 24h",
            Proposal(ProposalKind.SHARE, "share with other providers within 24h", within_us=DAY),
        ),
        (
            "retain the records for 730d",
            Proposal(ProposalKind.RETAIN, "retain the records for 730d", release=Release.TIME, release_us=Micros(730 * DAY)),
        ),
        (
            "suspend after 30d notice until lifted",
            Proposal(
                ProposalKind.SUSPEND,
                "suspend after 30d notice until lifted",
                release=Release.MANUAL,
                notice_us=Micros(30 * DAY),
            ),
        ),
        (
            'suspend until next billing cycle in "UTC"',
            Proposal(
                ProposalKind.SUSPEND,
                'suspend until next billing cycle in "UTC"',
                release=Release.BOUNDARY,
                release_unit=Unit.BILLING_CYCLE,
                release_zone="UTC",
            ),
        ),
        (
            "charge 10 EUR per calls",
            Proposal(ProposalKind.CHARGE, "charge 10 EUR per calls", amount=10.0, currency="EUR", quantity=MeasureValue("calls")),
        ),
    ],
)
def test_every_kind_of_proposal_can_be_written(line: str, proposal: Proposal) -> None:
    assert changed("mode: report", f"proposes:\n  - {line}\nmode: report").tiers[0].proposes == (proposal,)


@pytest.mark.parametrize(
    ("text", "evaluation", "every"),
    [
        ("each event", Evaluation.EVENT, None),
        ("at close", Evaluation.CLOSE, None),
        ("every 15min", Evaluation.EVERY, 15 * MINUTE),
    ],
)
def test_a_rule_says_when_it_is_looked_at(text: str, evaluation: Evaluation, every: int | None) -> None:
    rule = changed("window: 1min rolling", f'evaluate: {text}\nwindow: day in "UTC"')
    assert (rule.evaluation, rule.every_us) == (evaluation, every)


def test_the_silent_are_looked_at_too() -> None:
    rule = changed("window: 1min rolling", 'evaluate: at close\nsilent_too: yes\nwindow: month in "UTC"')
    assert rule.silent_too


def test_a_rule_decides_before_and_gives_a_class() -> None:
    rule = rule_of(WHOLE)
    assert (rule.before, rule.classifies, rule.class_us) == (True, "bulk-caller", DAY)
    assert changed("mode: report", "classifies: '\"bulk-caller\" for 7d'\nmode: report") == changed(
        "mode: report", "classifies: bulk-caller for 7d\nmode: report"
    )


def test_a_rule_without_measures_judges_each_event_alone() -> None:
    start, end = RULE.index("window:"), RULE.index("when:")
    text = (RULE[:start] + RULE[end:]).replace("calls > 100 and short / calls > 0.5", "length(caller) > 15 or not valid(caller)")
    rule = rule_of(text)
    assert (rule.windows, rule.measures, rule.window_us) == ((), (), 0)
    assert rule.tiers[0].thresholds == {"length(caller)": 15.0}


def test_a_condition_may_hang_on_the_time_alone() -> None:
    start, end = RULE.index("window:"), RULE.index("when:")
    text = (RULE[:start] + RULE[end:]).replace("calls > 100 and short / calls > 0.5", 'age(list("short-calls")) > 31d')
    assert rule_of(text).measures == ()


def test_a_least_sample_that_is_not_needed_is_said_with_its_reason() -> None:
    assert changed("mode: report", 'minimum: none because "the limit is a hundred calls"\nmode: report').minimum is None
    assert changed("mode: report", "minimum: short > 10\nmode: report").minimum is not None


def test_the_plan_holds_what_rules_look_up() -> None:
    plan = load(whole()).plan
    table = plan.lists["short-calls"]
    assert [(row.entry, row.values) for row in table.rows] == [("call-centre", {"most": "3s"}), ("*", {"most": "6s"})]
    assert table.rows[0].from_us == from_iso("2026-01-01T00:00:00Z")
    assert table.rows[0].until_us == from_iso("2027-07-01T00:00:00Z")
    assert (table.rows[1].from_us, table.rows[1].until_us) == (None, None)
    assert table.fetched_us == from_iso("2026-01-15T00:00:00Z")
    short = next(measure for measure in plan.rules[0].measures if measure.name == "short")
    assert any(isinstance(part, Lookup) for part in _sides(short.where))
    assert plan.lists["protected-sources"].fetched_us is None
