"""The loader asks what a rule leaves open, each question by its code, and is content once the rule states it."""

import re
from pathlib import Path

import pytest
from tests.unit.policy.minimal import RULE, files, only_problem
from tests.unit.policy.whole import whole

from ringfence.policy import BundleRefused, load
from ringfence.policy.questions import Question

HEAD = "rule: many-calls\nclause: spam\n"
TAIL = "severity: warn\nmode: report\ncool_down: 1h\n"
SAYS = "says: Much of what this account sent was short.\nsource: ours\n"
CALLS = "on: end where direction == 'outbound'\nper: account\nwindow: 1h rolling\n"


def rule(measure: str, when: str, *, on: str = CALLS, says: str = SAYS, more: str = "") -> str:
    measures = "".join(f"  {line}\n" for line in measure.split("; "))
    return f"{HEAD}{says}{on}measure:\n{measures}when: {when}\n{more}{TAIL}"


SHARE = "calls: count(); short: count(answered and duration < 6s)"
RATIO = "short / calls > 0.5"


def asked(text: str) -> tuple[str, int, int]:
    """Return the code of the one question that the rule leaves open, and where it stands."""
    problem = only_problem(whole(text))
    assert problem.hint
    return problem.code, problem.line, problem.column


def content(text: str) -> bool:
    return len(load(whole(text)).plan.rules) == 1


def test_every_question_of_the_vocabulary_is_asked_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [question for question in Question if not re.search(rf'== \(?"{question}"', text)] == []


# minimum


def test_a_share_without_a_least_sample_is_asked_for_one() -> None:
    assert asked(rule(SHARE, RATIO)) == ("minimum", 11, 7)


@pytest.mark.parametrize("more", ["minimum: calls >= 100\n", 'minimum: none because "one call is enough here"\n'])
def test_the_least_sample_is_stated_or_said_not_to_be_needed(more: str) -> None:
    assert content(rule(SHARE, RATIO, more=more))


@pytest.mark.parametrize(
    "when",
    [
        f"calls > 100 and {RATIO}",
        f"{RATIO} and 20 <= short",
        f"calls >= 100 and ({RATIO} or short / calls < 0.1)",
        f'calls >= lookup("short-calls", "least", plan) and {RATIO}',
        f"calls == 100 and {RATIO}",
        "short > 0.5 * calls",
        "short / 20 > 0.5",
    ],
)
def test_a_condition_may_state_the_least_sample_itself(when: str) -> None:
    short_calls = "entry,least,source,expiry,review\n*,100,ours,,2027-06-30\n"
    assert len(load(whole(rule(SHARE, when), short_calls=short_calls)).plan.rules) == 1


@pytest.mark.parametrize(
    "when",
    [
        f"calls > 100 or {RATIO}",
        f"calls < 1000 and {RATIO}",
        f"calls >= 0 and {RATIO}",
        f"not calls > 100 and {RATIO}",
        f"(calls > 100 or short > 5) and {RATIO}",
        f"other > 100 and {RATIO}",
        f"calls - short > 0 and {RATIO}",
        "calls > 100 and short > 3 or short / calls > 0.5",
        "not short / calls < 0.5",
        "(short / calls if short > 3 else 0) > 0.5",
    ],
)
def test_what_bounds_nothing_from_below_is_no_least_sample(when: str) -> None:
    assert asked(rule(f"{SHARE}; other: count(on=answer)", when))[0] == "minimum"


def test_an_average_without_a_least_sample_is_asked_for_one() -> None:
    measures = "calls: count(); talk: mean(duration, where=answered)"
    assert asked(rule(measures, "talk < 30s")) == ("minimum", 11, 7)
    assert content(rule(measures, "talk < 30s and calls >= 20"))
    assert asked(rule("spread: deviation(ring)", "spread > 3s"))[0] == "minimum"


def test_each_tier_is_asked_at_its_own_place() -> None:
    tiers = f"tiers:\n  - when: calls > 3\n    severity: info\n  - when: {RATIO}\n    severity: act\n"
    text = rule(SHARE, "?").replace("when: ?\nseverity: warn\n", tiers)
    assert asked(text) == ("minimum", 14, 11)
    assert content(text.replace("tiers:", "minimum: calls > 50\ntiers:"))


# unanswered


@pytest.mark.parametrize(
    "measure",
    [
        "calls: count(); short: count(duration < 6s)",
        "calls: count(); short: count(6s >= duration)",
        "calls: count(); short: sum(cost, where=duration <= 3s)",
        "calls: count(); short: distinct(callee, where=not duration >= 6s)",
        "calls: count(); short: mean(duration)",
        "calls: count(); short: minimum(duration)",
    ],
)
def test_it_is_asked_whether_a_call_nobody_answered_is_a_short_one(measure: str) -> None:
    limit = "6s" if "(duration)" in measure else "6"
    assert asked(rule(measure, f"calls > 100 and short > {limit}"))[:2] == ("unanswered", 10)


@pytest.mark.parametrize(
    "condition",
    [
        "answered and duration < 6s",
        "not answered or duration < 6s",
        "0s < duration <= 6s",
        "duration < 6s and status == 200",
        "duration == 0s",
        "duration <= 0s",
        "duration >= 6s",
    ],
)
def test_it_is_stated_whether_a_call_nobody_answered_is_a_short_one(condition: str) -> None:
    assert content(rule(f"calls: count(); short: count({condition})", "short > 100"))


def test_the_rules_own_filter_may_state_it_for_all_its_measures() -> None:
    measures = "calls: count(); short: count(duration < 6s); talk: mean(duration)"
    when = "calls > 100 and (short > 5 or talk < 6s)"
    assert content(rule(measures, when, on=CALLS.replace("where", "where answered and")))
    assert content(rule(measures, when, on=CALLS.replace("end where direction == 'outbound'", "answer")))


def test_it_is_asked_in_a_filter_and_in_a_condition_on_one_call() -> None:
    assert asked(rule("calls: count()", "calls > 100", on=CALLS.replace("where", "where duration < 6s and"))) == (
        "unanswered",
        5,
        15,
    )
    assert asked(rule("calls: count()", "calls > 100", more="exempt: duration < 1s\n")) == ("unanswered", 11, 9)
    single = f"{HEAD}{SAYS}on: end\nper: account\nwhen: duration < 6s\n{TAIL}"
    assert asked(single) == ("unanswered", 7, 7)
    assert content(single.replace("duration < 6s", "answered and duration < 6s"))


# denominator


def test_a_share_over_two_kinds_of_events_names_both() -> None:
    measures = "calls: count(); sent: count(on=message)"
    assert asked(rule(measures, "calls > 50 and sent / calls > 2")) == ("denominator", 11, 27)
    assert content(rule(measures.replace("count();", "count(on=end);"), "calls > 50 and sent / calls > 2"))
    assert content(rule(measures.replace("message", "end"), "calls > 50 and sent / calls > 2"))
    assert asked(rule(measures, "calls > 50", more="proposes: [charge 1 USD per sent / calls]\n"))[0] == "denominator"


def test_a_rule_on_two_kinds_says_which_a_share_is_taken_of() -> None:
    on = CALLS.replace("end where direction == 'outbound'", "[end, message]")
    measures = "all: count(); sent: count(on=message)"
    assert asked(rule(measures, "all > 50 and sent / all > 0.5", on=on))[0] == "denominator"
    assert content(rule(measures.replace("count();", "count(on=end);"), "all > 50 and sent / all > 0.5", on=on))
    assert content(rule("all: count(); long: count(ring > 20s)", "all > 50 and long / all > 0.5", on=on))


# boundary


@pytest.mark.parametrize(
    ("says", "when", "column"),
    [
        ("More than a hundred calls came.", "calls >= 100", 7),
        ("It made over 100 calls.", "100 <= calls", 15),
        ("It made at least 100 calls.", "calls > 100", 15),
        ("It made 100 calls or more.", "calls > 100", 25),
        ("It made 100 outbound calls or more.", "calls > 100", 34),
        ("Fewer than five calls came.", "calls <= 5", 7),
        ("At most five calls came.", "calls < 5", 7),
        ("At most five calls came.", "not calls >= 5", 7),
        ("More than a fifth were short.", "calls > 9 and short / calls >= 0.2", 7),
        ("15 percent or more were short.", "calls > 9 and short / calls > 0.15", 18),
    ],
)
def test_words_and_condition_take_the_limit_itself_the_same_way(says: str, when: str, column: int) -> None:
    assert asked(rule(SHARE, when, says=f"says: {says}\nsource: ours\n")) == ("boundary", 3, column)


@pytest.mark.parametrize(
    ("says", "when"),
    [
        ("More than a hundred calls came.", "calls > 100"),
        ("At least 100 calls came, over 100 in all.", "calls >= 100 and short > 100"),
        ("More than 90 calls came.", "calls >= 100"),
        ("Within over an hour hardly any call was answered.", "calls >= 1"),
        ("It made no more than 100 calls.", "calls > 100"),
        ("Mehr als 100 Anrufe.", "calls >= 100"),
    ],
)
def test_words_that_agree_or_speak_of_something_else_are_taken(says: str, when: str) -> None:
    assert content(rule(SHARE, when, says=f"says: {says}\nsource: ours\n"))


def test_words_are_held_against_filters_too() -> None:
    assert asked(rule(SHARE, "calls > 9", says="says: Many calls of 6 s or less.\nsource: ours\n")) == ("boundary", 3, 25)
    assert content(rule(SHARE, "calls > 9", says="says: Many calls under six seconds.\nsource: ours\n"))


def test_each_tiers_words_are_held_against_its_own_condition() -> None:
    second = "  - {when: calls >= 9, severity: act, says: Over 9 calls.}\n"
    tiers = f"tiers:\n  - {{when: calls > 3, severity: info, says: Over 3 calls.}}\n{second}"
    text = rule(SHARE, "?").replace("when: ?\nseverity: warn\n", tiers)
    assert asked(text) == ("boundary", 13, 45)


# default


@pytest.mark.parametrize(
    ("measure", "when", "line"),
    [
        ("calls: count()", 'calls > lookup("limits", "most", plan)', 10),
        ("calls: count()", 'calls > 100 + 2 * lookup("limits", "most", plan, direction)', 10),
        ('calls: count(answered and duration < 1s * lookup("limits", "most", plan))', "calls > 5", 9),
    ],
)
def test_a_table_of_limits_says_what_holds_for_everybody_else(measure: str, when: str, line: int) -> None:
    limits = "entry,most,source,expiry,review\ngold,100,ours,,2027-06-30\n"
    bundle = whole(rule(measure, when).replace(CALLS, CALLS.replace(" where direction == 'outbound'", "")), limits=limits)
    problem = only_problem(bundle)
    assert (problem.code, problem.line) == ("default", line)
    assert len(load(bundle | {"lists/limits.csv": f"{limits}*,50,ours,,2027-06-30\n".encode()}).plan.rules) == 1


def test_a_choice_may_say_what_holds_for_everybody_else() -> None:
    limits = "entry,most,source,expiry,review\ngold,100,ours,,2027-06-30\n"
    choice = '(lookup("limits", "most", plan) if plan in list("limits") else 50)'
    assert len(load(whole(rule("calls: count()", f"calls > {choice}"), limits=limits)).plan.rules) == 1


# fetched


def test_a_list_whose_age_is_asked_says_when_it_was_fetched() -> None:
    text = rule("calls: count()", 'calls > 5 and age(list("short-calls")) > 31d')
    assert content(text)
    without = "entry,source,expiry,review\n+3225550100,ours,,2027-06-30\n"
    problem = only_problem(whole(text, short_calls=without))
    assert (problem.code, problem.line, problem.column) == ("fetched", 10, 21)


# the questions that are asked while a rule is read


def test_a_measure_without_a_window_is_asked_over_which_time() -> None:
    assert asked(
        RULE.replace("window: 1min rolling\n", "")
        .replace("  short: count(answered and duration < 6s)\n", "")
        .replace(" and short / calls > 0.5", "")
    ) == ("window", 8, 10)


def test_a_calendar_window_is_asked_whose_clock() -> None:
    assert asked(RULE.replace("1min rolling", "6 months")) == ("zone", 7, 17)
    assert content(RULE.replace("1min rolling", '6 months in "UTC"'))


def test_a_composite_key_is_asked_whom_a_finding_is_about() -> None:
    assert asked(RULE.replace("per: account", "per: [account, callee]")) == ("subject", 6, 1)
    assert content(RULE.replace("per: account", "per: [account, callee]\nsubject: account"))


def test_a_charge_is_asked_what_it_is_taken_for() -> None:
    assert asked(RULE.replace("mode:", "proposes: [charge 0.5 EUR]\nmode:")) == ("quantity", 13, 12)


def test_no_question_can_be_switched_off() -> None:
    assert only_problem(files(rule=RULE + "ignore: minimum\n")).cause == "unknown key 'ignore'"


def test_a_posted_version_is_not_asked_again() -> None:
    bundle = whole(rule(SHARE, RATIO))
    assert only_problem(bundle).code == "minimum"
    assert load(bundle, posted=True).plan.rules[0].minimum is None
    spoilt = whole(rule(SHARE, "short / cals > 0.5"))
    with pytest.raises(BundleRefused, match="unknown measure cals"):
        load(spoilt, posted=True)


IDLE = """\
rule: few-calls
clause: spam
says: Fewer than two calls came in a day.
source: ours
on: attempt
per: account
window: day in "UTC"
measure:
  calls: count()
evaluate: at close
when: calls < 2
severity: info
mode: report
cool_down: 1h
"""


def test_a_condition_that_holds_on_nothing_is_asked_whether_the_silent_are_meant() -> None:
    problem = only_problem(files(rule=IDLE))
    assert (problem.code, problem.line) == ("nothing", 11)
    assert problem.cause == "it holds where calls is 0: is whoever gave nothing at all meant too?"
    for answer in ("yes", "no"):
        assert load(files(rule=f"{IDLE}silent_too: {answer}\n")).plan.rules[0].silent_too == (answer == "yes")


@pytest.mark.parametrize(
    ("old", "new"),
    [("calls < 2", "calls >= 2"), ("when: calls < 2", "minimum: calls >= 1\nwhen: calls < 2")],
)
def test_where_something_must_have_come_the_silent_are_not_asked_about(old: str, new: str) -> None:
    said = IDLE.replace(old, new).replace("Fewer than two calls came", "This was counted")
    assert load(files(rule=said)).plan.rules
