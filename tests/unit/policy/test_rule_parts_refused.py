"""Every kind of mistake in what a rule counts by, measures, proposes and when is refused with its place, cause and hint."""

import pytest
from tests.unit.policy.minimal import RULE, files, only_problem, problems
from tests.unit.policy.whole import whole

from ringfence.policy import Problem, load

DAY = 'window: day in "UTC"'
WITHOUT_MEASURES = RULE[: RULE.index("window:")] + "when: length(caller) > 15\n" + RULE[RULE.index("severity:") :]


def with_key(line: str) -> str:
    """Return the rule with another key before its last two; the key stands in line 13."""
    return RULE.replace("mode: report", f"{line}\nmode: report")


@pytest.mark.parametrize(
    ("line", "at", "cause", "hint"),
    [
        # which events
        ("exempt: calls > 3", (13, 9), "unknown field calls", "did you mean caller?"),
        ("exempt: callee", (13, 9), "a condition is needed, this is text", "compare it"),
        ("passes: [answered]", (13, 9), "passes must be a text", "write it on one line"),
        ("reset: findings", (13, 8), "reset cannot be 'findings'", "did you mean finding?"),
        ("reset: fact when name == 'x'", (13, 13), "where is missing after the kind of event", "write reset: fact where …"),
        ("reset: [answer, answer where ring > 2s]", (13, 17), "answer stands twice under reset", "join the two conditions by or"),
        ("reset: []", (13, 8), "reset is an empty list", "name at least one"),
        (
            "once: call_id",
            (13, 7),
            "once must say what is the same, and within which time",
            "write once: {per: call_id, within: 10s}",
        ),
        ("once: {per: call_id}", (13, 7), "required key 'within' is missing", "add within: …"),
        ("once: {per: call_id, within: 10}", (13, 30), "within: '10' is no duration", "write a number and ms"),
        ("once: {per: call_id, within: 500d}", (13, 22), "once within more than 400 days cannot be kept", "at most 400d"),
        ("once: {per: 3, within: 60s}", (13, 13), "a constant is always the same", "name a field"),
        ("once: {per: calid, within: 60s}", (13, 13), "unknown field calid", "did you mean call_id?"),
        ("from: July", (13, 7), "from: 'July' names no moment", "write 2026-12-01"),
        ("until: 2026-02-30", (13, 8), "until: '2026-02-30' names no moment", "write 2026-12-01"),
        ("until: 2026-02-03T10:00:00", (13, 8), "until: '2026-02-03T10:00:00' names no moment", "write 2026-12-01"),
        ("from: 2026-07-01\nuntil: 2026-07-01", (14, 1), "until does not come after from: the rule would never hold", "until is"),
        # when it is looked at
        ("evaluate: daily", (13, 11), "evaluate cannot be 'daily'", "write each event, at close, or every 15min"),
        ("evaluate: every quarter", (13, 17), "'quarter' is no duration", "write a number and ms"),
        ("evaluate: every 100ms", (13, 17), "a round every 100ms is not kept", "possible are 1s to 1d"),
        ("evaluate: at close", (13, 11), "at the close of what? It needs one calendar window", 'write window: day in "UTC"'),
        ("silent_too: maybe", (13, 13), "silent_too cannot be 'maybe'", "write yes or no"),
        ("silent_too: yes", (13, 1), "who is silent gives no event to judge it at", "add evaluate: at close, or every 15min"),
        ("silent_too: yes\nevaluate: each event", (14, 11), "who is silent gives no event to judge it at", "write at close"),
        ("decide: after", (13, 9), "decide cannot be 'after'", "write before, or leave it out"),
        ("decide: before\nevaluate: every 15min", (14, 11), "a rule that decides before is looked at for each call", "leave"),
        # what it gives
        ("classifies: Bulk for 24h", (13, 13), "classifies cannot be 'Bulk for 24h'", "write a class and how long it holds"),
        ("classifies: bulk", (13, 13), "classifies cannot be 'bulk'", "write a class and how long it holds"),
        ("classifies: bulk for ever", (13, 22), "a class cannot hold for ever", "write a number and ms"),
        ("classifies: bulk for 500d", (13, 22), "a class cannot hold for 500d", "at most 400d"),
        ('classifies: "bulk" for 24h', (13, 20), "not readable as YAML", "a value that begins with a quotation mark ends with it"),
        ("points: many", (13, 9), "points cannot be 'many'", "write a number above zero, such as 5"),
        ("points: 0", (13, 9), "points cannot be '0'", "write a number above zero, such as 5"),
        ("clears: cals < 3", (13, 9), "unknown measure cals", "did you mean calls?"),
        ("clears: 3 < 5", (13, 9), "compares two constants", "compare a field or a measure"),
        ("minimum: none", (13, 10), "why is no least sample needed?", 'write minimum: none because "…"'),
        ("minimum: none because of us", (13, 10), "why is no least sample needed?", 'write minimum: none because "…"'),
        ("minimum: calls", (13, 10), "a condition is needed, this is number", "compare it with a number"),
        # what it proposes
        ("proposes: suspend", (13, 11), "proposes must be a list", "write proposes: and below it lines that begin with -"),
        ("proposes: []", (13, 11), "proposes must be a list", "write proposes: and below it lines"),
        ("proposes: [suspnd]", (13, 12), "'suspnd' is nothing to propose", "did you mean suspend?"),
        ("proposes: [throttle]", (13, 12), "'throttle' says not what throttle needs", "write throttle 1 call/s"),
        ("proposes: [throttle 0 calls/s]", (13, 21), "0 would mean nothing", "write a number above zero"),
        ("proposes: [cap 2.5 calls]", (13, 12), "'cap 2.5 calls' says not what cap needs", "write cap 5 calls"),
        ("proposes: [refuse 200]", (13, 12), "'refuse 200' says not what refuse needs", "write refuse, refuse 603, or refuse 603"),
        ("proposes: [refuse with regret]", (13, 12), "'refuse with regret' says not what refuse needs", "write refuse, refuse"),
        ("proposes: [retain the records]", (13, 30), "to be retained for how long?", "write retain the records for 730d"),
        ("proposes: [retain records until lifted]", (13, 26), "to be retained for how long?", "write retain the records for"),
        ("proposes: [share]", (13, 12), "'share' says not what share needs", "write share with other providers within 24h"),
        ("proposes: [review within 5days]", (13, 26), "'5days' is no duration", "write a number and ms"),
        ("proposes: [suspend after 5weeks notice]", (13, 26), "'5weeks' is no duration", "write a number and ms"),
        ("proposes: [end]", (13, 12), "'end' says not what end-calls needs", "write end calls"),
        ("proposes: [report]", (13, 12), "'report' says not what report needs", "write report every 14d"),
        ("proposes: [report every fortnight]", (13, 25), "'fortnight' is no duration", "write a number and ms"),
        ("proposes: [suspend until noon]", (13, 12), "'suspend until noon' says not what suspend needs", "write suspend"),
        ("proposes: [suspend until next fortnight in 'UTC']", (13, 31), "no clock has a next fortnight", "known are"),
        ("proposes: [suspend until next day in 'Utopia']", (13, 38), "'Utopia' is no time zone", ""),
        ("proposes: [suspend for 5 days]", (13, 12), "'suspend for 5 days' says not what suspend needs", "write suspend"),
        ("proposes: [suspend for 5days]", (13, 24), "'5days' is no duration", "write a number and ms"),
        ("proposes: [charge 1 USD per short / 0]", (13, 37), "division by zero", ""),
        ("proposes: [charge 1 USD per shrt]", (13, 29), "unknown measure shrt", "did you mean short?"),
        ("proposes: [charge 1 USD per short > 3]", (13, 29), "a charge per short > 3: how many are that? It is bool", "name"),
        ("proposes: [charge 0 USD per short]", (13, 19), "0 would mean nothing", "write a number above zero"),
        ("tiers: []", (11, 1), "when stands beside tiers", "state it in each of them"),
    ],
)
def test_a_mistake_is_refused_at_its_place(line: str, at: tuple[int, int], cause: str, hint: str) -> None:
    problem = problems(files(rule=with_key(line)))[0]
    if not line.startswith("tiers"):
        assert only_problem(files(rule=with_key(line))) == problem
    assert (problem.line, problem.column) == at, problem
    assert problem.cause.startswith(cause), problem
    assert problem.hint.startswith(hint), problem


@pytest.mark.parametrize(
    ("per", "at", "cause", "hint"),
    [
        ("[account, prefix(callee, 6)]", (6, 16), "'prefix(callee' ends within its parentheses", "put quotation marks around it"),
        ("{by: account}", (6, 6), "per must be an expression or a list of them", "write per: account"),
        ("duration", (6, 6), "per needs text fields, duration is number", "count by who did it"),
        ("length(caller)", (6, 6), "per needs a text, this is number", "count by who did it"),
        ("\"'x'\"", (6, 7), "per counts by a constant", "name a field"),
        (
            "user_agent",
            (6, 6),
            "user_agent is whatever a sender writes: keys without bound",
            "count it instead: distinct(user_agent)",
        ),
        ("[account, 'prefix(user_agent, 9)']", (6, 17), "user_agent is whatever a sender writes", "count it instead"),
        ("rollup(account)", (6, 13), "only a party can be rolled up", "write rollup(party)"),
        ("[account, account]", (6, 1), "per counts by one thing twice, or by too many", "name each once, at most 6"),
        ("content", (6, 1), "no kind of subject is counted per content", "possible are account per account"),
        (
            "callee\nsubject: range",
            (7, 10),
            "subject range cannot be counted per callee",
            "write per: prefix(…) or without_last(…)",
        ),
        ("callee\nsubject: campaign", (7, 10), "subject campaign cannot be counted per callee", 'look it up: lookup("list"'),
        ("callee\nsubject: somebody", (7, 10), "subject cannot be 'somebody'", "known are"),
        ('holder("x" if calee else caller)', (6, 20), "unknown field calee", "did you mean callee?"),
    ],
)
def test_a_key_that_cannot_be_is_refused(per: str, at: tuple[int, int], cause: str, hint: str) -> None:
    problem = only_problem(files(rule=RULE.replace("per: account", f"per: {per}")))
    assert (problem.line, problem.column) == at, problem
    assert problem.cause.startswith(cause), problem
    assert problem.hint.startswith(hint), problem


@pytest.mark.parametrize(
    ("measure", "column", "cause", "hint"),
    [
        ("run()", 14, "a run of what?", "write run(filter)"),
        ("peak()", 15, "peak needs the span whose fullest is meant", "write peak(60s)"),
        ("peak(60)", 15, "peak needs the span whose fullest is meant", "write peak(60s)"),
        ("peak(2d)", 15, "a peak of 2d cannot be kept", "at most 1d"),
        ("peak(60s, answered)", 20, "peak measures one thing", "write peak(field, where=filter)"),
        ("mean()", 15, "mean needs a value", "write mean(field)"),
        ("mean(where=answered)", 15, "mean needs a value", "write mean(field)"),
        ("mean(3)", 15, "mean of a constant is always the same", "name a field, or write count()"),
        ("mean(caller)", 15, "mean needs a number, this is text", "distinct counts values"),
        ("most(answered)", 15, "most of two values, true and false", "write count(filter)"),
        ("count(answered, wher=x)", 26, "unknown argument wher", "did you mean where?"),
        ("count(answered, on=attemt)", 29, "on cannot be 'attemt'", "did you mean attempt?"),
        ("count(answered, over=hour)", 31, "unknown window hour", "known are window"),
        ("count(on=end, on=end)", 24, "on= stands twice", "join conditions by and or or"),
        ("sum(ring, where=answered, where=answered)", 36, "where= stands twice", "join conditions by and or or"),
        ("count(same=3)", 21, "a constant never changes", "write same=content, or leave it out"),
        ("concurrent(same=caller)", 21, "concurrent calls need not be the same", "write concurrent(filter)"),
        ("concurrent(on=end)", 10, "calls alone are concurrent", "leave on= out"),
        ("since(over=window)", 10, "since looks back without a window", "leave over= out"),
        ("gap(answered", 22, ") is missing before the end", ""),
        ("sum(ring,", 19, "it ends where a value is expected", "complete it"),
    ],
)
def test_a_measure_that_cannot_be_is_refused(measure: str, column: int, cause: str, hint: str) -> None:
    problem = only_problem(files(rule=RULE.replace("calls: count()", f"calls: {measure}")))
    assert (problem.line, problem.column) == (9, column), problem
    assert problem.cause.startswith(cause), problem
    assert problem.hint.startswith(hint), problem


@pytest.mark.parametrize(
    ("window", "at", "cause", "hint"),
    [
        ("{}", (7, 9), "window names 0 windows", "name one to 8, or split the rule"),
        ("{Hour: 1h rolling}", (7, 10), "'Hour' is no name for a window", "write a lower-case word"),
        ("{hour: 1h rolling, other: 1d rolling}", (9, 10), "count over which window?", "write over= and one of hour, other"),
        ("{hour: {a: b}}", (7, 16), "hour must be a text", "write it on one line"),
    ],
)
def test_named_windows_that_cannot_be_are_refused(window: str, at: tuple[int, int], cause: str, hint: str) -> None:
    problem = problems(files(rule=RULE.replace("1min rolling", window)))[0]
    assert (problem.line, problem.column) == at, problem
    assert problem.cause.startswith(cause), problem
    assert problem.hint.startswith(hint), problem


def test_a_window_that_nothing_is_measured_over_is_refused() -> None:
    rule = RULE.replace("window: 1min rolling", "window: {hour: 1h rolling, day: 1d rolling}")
    rule = rule.replace("count()", "count(over=hour)").replace("duration < 6s)", "duration < 6s, over=hour)")
    problem = only_problem(files(rule=rule))
    assert (problem.line, problem.cause) == (7, "no measure is taken over window day")
    alone = WITHOUT_MEASURES.replace("severity:", "window: 1h rolling\nseverity:")
    assert only_problem(files(rule=alone)).cause == "no measure is taken over the window"


def test_earlier_periods_are_those_of_a_calendar_window() -> None:
    rule = RULE.replace("calls > 100 and short / calls > 0.5", "calls > 2 * before(calls)")
    problem = only_problem(files(rule=rule))
    assert (problem.line, problem.column, problem.cause) == (11, 26, "calls has no periods gone by: its window rolls")


@pytest.mark.parametrize("kind", ["end", "answer", "finding", "complaint"])
def test_what_is_over_cannot_be_decided_before(kind: str) -> None:
    rule = WITHOUT_MEASURES.replace("attempt", kind).replace("mode:", "decide: before\nmode:")
    problem = only_problem(files(rule=rule))
    assert (problem.line, problem.cause) == (5, f"{kind} comes too late to decide before")


def test_an_outcome_cannot_be_decided_before() -> None:
    rule = RULE.replace("direction ==", "answered and direction ==").replace("mode:", "decide: before\nmode:")
    assert only_problem(files(rule=rule)).cause == "answered is known too late to decide before"


@pytest.mark.parametrize(
    ("key", "asked"), [("exempt", "ring > 30s"), ("passes", "status == 200"), ("minimum", "answered and calls > 1")]
)
def test_an_outcome_of_the_call_itself_is_known_too_late_wherever_it_is_asked(key: str, asked: str) -> None:
    problem = only_problem(files(rule=RULE.replace("mode:", f"{key}: {asked}\ndecide: before\nmode:")))
    assert (problem.line, problem.column, problem.hint) == (14, 1, "measure it: what is over counts there")
    assert problem.cause.endswith("is known too late to decide before")


@pytest.mark.parametrize("per", ["source", "[caller, callee]", "[account, callee]\nsubject: account", "prefix(caller, 7)"])
def test_who_is_silent_must_be_known_from_elsewhere(per: str) -> None:
    rule = RULE.replace("window: 1min rolling", f"evaluate: at close\nsilent_too: yes\n{DAY}").replace(
        "per: account", f"per: {per}"
    )
    problem = only_problem(files(rule=rule))
    assert (problem.cause, problem.hint[:22]) == ("nobody can list who is silent", "count per one of accou")


@pytest.mark.parametrize(
    ("when", "clears", "both"),
    [
        ("calls > 100", "calls < 200", "150"),
        ("calls >= 100", "calls <= 100", "100"),
        ("calls < 100", "calls > 50", "75"),
        ("calls > 100 and short > 5", "short < 15", "10"),
        ("calls - short > 100", "120 >= calls - short", "110"),
    ],
)
def test_what_clears_does_not_hold_while_the_condition_does(when: str, clears: str, both: str) -> None:
    rule = RULE.replace("calls > 100 and short / calls > 0.5", when).replace("mode:", f"clears: {clears}\nmode:")
    problem = only_problem(files(rule=rule))
    assert (problem.line, problem.column, problem.cause) == (13, 9, f"clears holds while when does, at {both} for one")


@pytest.mark.parametrize(
    ("when", "clears"),
    [
        ("calls > 100", "calls < 50"),
        ("calls > 100", "calls <= 100"),
        ("calls >= 100", "calls < 100"),
        ("calls > 100", "short < 300"),
        ("calls > 100 or short > 5", "short < 15"),
        ("calls > 100", "calls < 200 and short < 5"),
        ("calls > 100", "calls != 3"),
        ("calls < 5", "calls > 5"),
    ],
)
def test_what_clears_is_taken_where_it_leaves_room_or_is_about_something_else(when: str, clears: str) -> None:
    rule = RULE.replace("More than a hundred", "Many").replace("calls > 100 and short / calls > 0.5", when)
    rule = rule.replace("mode:", f"clears: {clears}\nmode:")
    assert load(files(rule=rule)).plan.rules[0].tiers[0].clears is not None


def test_a_finding_charges_once() -> None:
    rule = RULE.replace("mode:", "proposes:\n  - charge 1 USD per calls\n  - review\n  - charge 2 USD per short\nmode:")
    problem = only_problem(files(rule=rule))
    assert (problem.line, problem.column, problem.cause) == (16, 5, "a second charge for one finding")


def test_a_charge_for_a_time_says_in_what_it_is_counted() -> None:
    rule = RULE.replace("calls: count()", "calls: count()\n  talk: sum(duration)")
    rule = rule.replace("mode:", "proposes: [charge 1 USD per talk]\nmode:")
    problem = only_problem(files(rule=rule))
    assert (problem.cause, problem.hint) == ("a charge per talk: of which length?", "write talk / 1min for minutes")


TIERS = RULE[: RULE.index("when:")] + "tiers:\n{}mode: report\ncool_down: 1h\n"


@pytest.mark.parametrize(
    ("tiers", "at", "cause", "hint"),
    [
        ("  - calls > 3\n", (12, 5), "a tier is a mapping", "write - when: …"),
        ("  - when: calls > 3\n", (12, 5), "required key 'severity' is missing", "add severity: …"),
        ("  - when: calls > 3\n    severity: act\n    mode: act\n", (14, 5), "unknown key 'mode'", "known are clears"),
        ("  - when: cals > 3\n    severity: act\n", (12, 11), "unknown measure cals", "did you mean calls?"),
        ("  - when: calls > 3\n    severity: act\n    proposes: [suspnd]\n", (14, 16), "'suspnd' is nothing to propose", "did"),
    ],
)
def test_a_mistake_in_a_tier_is_refused_at_its_place(tiers: str, at: tuple[int, int], cause: str, hint: str) -> None:
    problem = only_problem(files(rule=TIERS.replace("{}", tiers)))
    assert (problem.line, problem.column) == at, problem
    assert problem.cause.startswith(cause), problem
    assert problem.hint.startswith(hint), problem


def test_what_belongs_to_each_tier_does_not_stand_beside_them() -> None:
    rule = TIERS.replace("{}", "  - {when: calls > 3, severity: act}\n").replace("mode:", "points: 3\nmode:")
    problem = only_problem(files(rule=rule))
    assert (problem.line, problem.cause, problem.hint) == (13, "points stands beside tiers", "state it in each of them")


def test_too_many_tiers_proposals_or_measures_are_refused() -> None:
    tiers = "".join(f"  - {{when: calls > {n}, severity: act}}\n" for n in range(13))
    assert only_problem(files(rule=TIERS.replace("{}", tiers))).cause == "more than 12 tiers"
    proposes = "proposes:\n" + "  - review\n" * 13
    assert only_problem(files(rule=with_key(proposes.rstrip()))).cause == "more than 12 proposals"
    measures = "".join(f"  m{n}: count()\n" for n in range(31))
    assert (
        only_problem(files(rule=RULE.replace("  calls: count()\n", f"  calls: count()\n{measures}"))).cause
        == "more than 32 measures"
    )


def test_a_kind_of_event_stands_once() -> None:
    rule = RULE.replace('on: attempt where direction == "outbound"', "on: [attempt, 'attempt where answered']")
    problem = only_problem(files(rule=rule))
    assert (problem.line, problem.column, problem.cause) == (5, 15, "attempt stands twice under on")


@pytest.mark.parametrize(
    ("expression", "column", "cause", "hint"),
    [
        ('callee in list("short-cals")', 31, "unknown list short-cals", "did you mean short-calls?"),
        ('lookup("short-calls", "mst", plan) > 3s', 38, "list short-calls has no column mst", "did you mean most?"),
    ],
)
def test_lists_and_columns_that_are_not_there_are_refused(expression: str, column: int, cause: str, hint: str) -> None:
    rule = RULE.replace("count()", f"count({expression})")
    found = [each for each in problems(whole(rule)) if each.line == 9]
    assert [(each.column, each.cause, each.hint) for each in found] == [(column, cause, hint)]


def test_a_question_shows_its_code() -> None:
    rule = RULE.replace("1min rolling", "day")
    problem = only_problem(files(rule=rule))
    assert problem == Problem(
        "rules/many-calls.yaml", 7, 12, "whose day? The window has no zone", 'write day in "UTC", or another zone', "zone"
    )
    assert str(problem).startswith("rules/many-calls.yaml:7:12: whose day? The window has no zone [zone] (write")
