"""A rule explained: in words that a customer understands, with every number and where it comes from."""

import re
from collections.abc import Iterator

import pytest
from tests.policies.promises import FEATURES, FOLDERS, bundle_of
from tests.unit.policy.minimal import RULE, files

from ringfence.policy import load
from ringfence.policy.explained import explain
from ringfence.policy.expressions import Comparison, Literal, Type
from ringfence.policy.functions import FUNCTIONS
from ringfence.policy.plan import Rule
from ringfence.policy.trees import parts
from ringfence.policy.wording import FUNCTIONS as PHRASES
from ringfence.policy.wording import QUESTIONS, condition_in_words


def rule_of(text: str) -> Rule:
    return load(files(rule=text)).plan.rules[0]


def told(rule: Rule) -> str:
    return "\n".join(f"{section.title}: {' '.join(section.lines)}" for section in explain(rule))


def test_a_rule_is_told_section_by_section() -> None:
    assert told(rule_of(RULE)) == (
        "What it finds: More than a hundred calls in a minute.\n"
        "What is looked at: Attempts to call, where it is outbound.\n"
        "For whom: Counted apart for each account. A finding is about the account.\n"
        "Over which time: The last minute before each moment.\n"
        "What is measured: “calls” is the number of attempts to call. “short” is the number of attempts to call for which it was"
        " answered and its length is less than 6 seconds.\n"
        "When it is found: Each time something counts. If “calls” is more than 100 and the share of “short” in “calls” is more than"
        " 50 %: somebody should look (warn). After a finding there is no other of the same kind for 1 hour.\n"
        "What follows: A case is opened for a person.\n"
        "Where the numbers come from: 100: the limit of “calls”. 50 %: the limit of the share of “short” in “calls”."
        " 6 seconds: the limit of its length. ours"
    )


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ("1h rolling", "The last hour before each moment."),
        ("30d rolling by 1d", "The last 30 days, moving on by 1 day at a time."),
        ('day in "Europe/Brussels"', "Each calendar day, which begins at midnight in Europe/Brussels."),
        ('6 months in "UTC"', "The last 6 calendar months in UTC, the present one included."),
        ('billing cycle in "UTC"', "Each billing cycle of the account, which begins at midnight in UTC."),
        ('hour in "UTC"', "Each calendar hour in UTC."),
    ],
)
def test_each_kind_of_window_is_told(window: str, words: str) -> None:
    assert f"Over which time: {words}\n" in told(rule_of(RULE.replace("1min rolling", window)))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("not answered and ring < 15s", "it was not answered and the time it rang is less than 15 seconds"),
        ("not (answered or status in (404, 410))", "it was not answered and the SIP status is neither 404 nor 410"),
        ("plan is None or plan == 'a' and answered", "the plan is not known or (the plan is a and it was answered)"),
        ('direction is None or direction != "inbound"', "it is not inbound"),  # people take what nobody knows for another anyway
        ('answered and (plan is None or plan != "a")', "it was answered and the plan is not a"),
        ('plan is None or plan != "a" or answered', "the plan is not a or it was answered"),
        ("not duration <= 1.5s", "its length is more than 1500 milliseconds or is not known"),
        ('country(callee) in ("BE", "NL")', "the country of the called number is BE or NL"),
        ("not valid(caller)", "the caller is no number that its numbering plan assigns"),
        ("duration / 1min > 5", "its length in minutes is more than 5"),
        ("ring + duration == 0s", "the time it rang plus its length is 0 seconds"),
        ('(caller if answered else callee) != "x"', "the caller if it was answered, otherwise the called number is not x"),
        ('hour("UTC") < 8', "the hour in UTC is less than 8"),
        ("200 <= status < 300", "the SIP status is at least 200 and the SIP status is less than 300"),
        ("length(caller) > 15", "how many digits the caller has is more than 15"),
        ('time >= date("2026-07-01")', "its time is at least 2026-07-01 00:00:00 UTC"),
    ],
)
def test_a_condition_is_a_clause(condition: str, words: str) -> None:
    rule = rule_of(RULE.replace('on: attempt where direction == "outbound"', f"on: end where {condition}"))
    assert rule.where is not None
    assert condition_in_words(rule.where).replace("the account's plan", "the plan") == words


def promised() -> Iterator[Rule]:
    for folder in (*FOLDERS, *FEATURES):
        yield from bundle_of(folder).plan.rules


def test_a_promise_is_told_without_the_signs_of_a_program() -> None:
    for rule in promised():
        check_words(rule)


def check_words(rule: Rule) -> None:
    sections = {section.title: " ".join(section.lines) for section in explain(rule)}
    assert sections["What it finds"] == rule.says
    assert sections["Where the numbers come from"].endswith(rule.source)
    for title in ("What is looked at", "What is measured", "When it is found"):
        assert not re.search(r"[<>=]=|\b(?:where|None|True|False)=|_", re.sub(r"written as \S+", "", sections.get(title, "")))
    for measure in rule.measures:
        assert f"“{measure.name.replace('_', ' ')}” is " in sections["What is measured"]


def test_every_number_that_a_promise_compares_with_stands_among_those_whose_origin_is_told() -> None:
    for rule in promised():
        check_numbers(rule)


def check_numbers(rule: Rule) -> None:
    numbers = next(section.lines for section in explain(rule) if section.title == "Where the numbers come from")
    conditions = [*(tier.when for tier in rule.tiers), rule.minimum, *(measure.where for measure in rule.measures)]
    compared = [part for part in parts(*conditions) if isinstance(part, Comparison)]
    with_number = {
        part for part in compared for side in (part.left, part.right) if isinstance(side, Literal) and side.type is Type.NUMBER
    }
    assert bool(with_number) == any(": the limit of " in line for line in numbers)


def test_every_function_has_its_words() -> None:
    assert {*PHRASES, *QUESTIONS, "min", "max"} == set(FUNCTIONS)


def test_what_a_rule_proposes_weighs_and_classifies_is_told() -> None:
    more = "points: 5\nproposes:\n  - charge 0.01 USD per short\n  - suspend until lifted\nclassifies: bulk for 24h\n"
    text = told(rule_of(RULE + more))
    assert (
        "What follows: A case is opened for a person. Proposed: charge 0.01 USD times “short”. Proposed: suspend until lifted."
        " It weighs 5 points. The traffic is held to be of the class bulk for 1 day.\n"
    ) in text


def test_a_rule_tells_what_it_leaves_out_and_when_it_holds() -> None:
    more = (
        'exempt: callee == "112"\npasses: diverted is not None\nreset: fact where name == "paid"\n'
        "once: {per: [call_id], within: 10s}\nfrom: 2026-07-01\nuntil: 2026-08-01T00:00:00+02:00\n"
    )
    assert (
        "What is looked at: Attempts to call, where it is outbound. Left out where the called number is 112."
        " Counted, but never found, where the number that sent it on is known. Those with the same call id within 10 seconds count"
        " once. All that was counted is forgotten at one of the facts told from outside where what is told is paid."
        " From 2026-07-01 00:00:00 UTC on. Until 2026-07-31 22:00:00 UTC.\n"
    ) in told(rule_of(RULE + more))
