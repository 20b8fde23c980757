"""Every kind of mistake in a rule is refused with its file, line, column, cause and hint."""

import pytest
from tests.unit.policy.minimal import RULE, files, only_problem

RULE_FILE = "rules/many-calls.yaml"


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "cause", "hint"),
    [
        # the form of the file
        (
            "says: More",
            "says: More: and",
            3,
            11,
            "not readable as YAML: mapping values are not allowed here",
            "a text that holds a colon",
        ),
        ("  calls: count()", "\tcalls: count()", 9, 1, "not readable as YAML: found character '\\t'", "indent with spaces"),
        (
            "cool_down: 1h",
            'cool_down: "1h',
            15,
            1,
            "not readable as YAML: found unexpected end of stream",
            "a quotation mark is not closed",
        ),
        ("source: ours", "source: &a ours", 4, 9, "an anchor or alias", "write the value out where it is needed"),
        ("source: ours", "source: !!str ours", 4, 9, "a tag", "write the value without !; every value is text here"),
        ("source: ours", "source: {a: {b: {c: {d: {e: {f: {g: h}}}}}}}", 4, 30, "nested deeper than 6 levels", ""),
        ("source: ours", "source: ours\nsource: theirs", 5, 1, "key 'source' stands twice", "it stands in line 4 already"),
        ("cool_down: 1h", "cool_down: 1h\n---\na: b", 15, 1, "a second document begins here", "a file holds one; remove the ---"),
        # keys and simple values
        ("severity: warn", "severty: warn", 12, 1, "unknown key 'severty'", "did you mean severity?"),
        ("cool_down: 1h\n", "", 1, 1, "required key 'cool_down' is missing", "add cool_down: …"),
        ("source: ours", "source:", 4, 1, "source is empty", "write its value, or remove the key if it is optional"),
        ("source: ours", "source: [ours]", 4, 9, "source must be a text", "write it on one line, or indented after >"),
        ("severity: warn", "severity: wran", 12, 11, "severity cannot be 'wran'", "did you mean warn?"),
        ("mode: report", "mode: block", 13, 7, "mode cannot be 'block'", "known are act, report, shadow"),
        (
            "cool_down: 1h",
            "cool_down: 1 hour",
            14,
            12,
            "cool_down: '1 hour' is no duration",
            "write a number and ms, s, min, h or d",
        ),
        ("cool_down: 1h", "cool_down: 0s", 14, 12, "cool_down must be longer than zero", ""),
        ("rule: many-calls", "rule: Many Calls", 1, 7, "'Many Calls' is no rule name", "write lower-case words joined by hyphens"),
        ("clause: spam", "clause: spm", 2, 9, "policy.md has no clause spm", "did you mean spam?"),
        (
            "clause: spam",
            "clause: malware",
            2,
            9,
            "policy.md has no clause malware",
            "a clause of the default policy: write it in policy.md",
        ),
        # on, per, subject, window
        ("on: attempt", "on: atempt", 5, 5, "on cannot be 'atempt'", "did you mean attempt?"),
        ("on: attempt where", "on: attempt if", 5, 13, "where is missing after the kind of event", "write on: attempt where …"),
        ("direction ==", "directon ==", 5, 19, "unknown field directon", "did you mean direction?"),
        ('"outbound"', '"outbond"', 5, 32, "direction is never 'outbond'", "did you mean outbound?"),
        ("per: account", "per: acount", 6, 6, "unknown field acount", "did you mean account?"),
        ("per: account", "per: status", 6, 6, "per needs text fields, status is number", "count by who did it: account, source …"),
        (
            "per: account",
            "per: [account, callee]",
            6,
            1,
            "whom is a finding per account, callee about?",
            "write subject: account or number",
        ),
        (
            "per: account",
            "per: account\nsubject: source",
            7,
            10,
            "subject source cannot be counted per account",
            "write per: source or destination",
        ),
        (
            "per: account",
            "per: account\nsubject: party",
            7,
            10,
            "subject party cannot be counted per account",
            "write per: party or root",
        ),
        ("1min rolling", "1min", 7, 9, "window '1min' says not how it moves", "write 1min rolling"),
        ("1min rolling", "one minute", 7, 9, "window: 'one' is no duration", "write a number and ms, s, min, h or d"),
        ("1min rolling", "30d rolling", 7, 9, "a rolling window of 30d needs a grain", "write 30d rolling by 1h"),
        ("1min rolling", "10ms rolling", 7, 9, "a window of 10ms cannot be kept", "at least 100ms"),
        ("1min rolling", "3650d rolling by 1d", 7, 9, "a window of 3650d rolling by 1d cannot be kept", "at most 400d"),
        ("1min rolling", "30d rolling by 1 d", 7, 9, "window '30d rolling by 1 d' says not how it moves", "write 30d rolling"),
        ("1min rolling", "30d rolling by 7d", 7, 24, "a window of 30d cannot move by 7d", "a grain divides the window"),
        (
            "1min rolling",
            "400d rolling by 1min",
            7,
            25,
            "a window of 400d cannot move by 1min",
            "a grain divides the window and is at",
        ),
        ("1min rolling", "30 rolling", 7, 9, "window: '30' is no duration", "write 30 and one of hour, day"),
        ("1min rolling", "day", 7, 12, "whose day? The window has no zone", 'write day in "UTC", or another zone'),
        ("1min rolling", "2 years in 'UTC'", 7, 9, "a window of 2 years in 'UTC' cannot be kept", "at most 400d"),
        ("1min rolling", "0 days in 'UTC'", 7, 9, "a window of no period", "write day"),
        ("1min rolling", 'day in "Europe/Brusels"', 7, 16, "'Europe/Brusels' is no time zone", "did you mean Europe/Brussels?"),
        ("1min rolling", 'day in "../UTC"', 7, 16, "'../UTC' is no time zone", "did you mean UTC?"),
        # measures
        ("count()", "cont()", 9, 10, "unknown measure function cont", "did you mean count?"),
        ("count()", "count(where=answered)", 9, 16, "count takes its filter without where=", "write count(filter)"),
        ("count()", "distinct(calee)", 9, 19, "unknown field calee", "did you mean callee?"),
        (
            "count()",
            "distinct(callee if answered)",
            9,
            37,
            "else is missing before )",
            "a choice has two sides: A if CONDITION else B",
        ),
        ("count()", "distinct(callee answered)", 9, 26, "distinct measures one thing", "write distinct(field, where=filter)"),
        ("count()", "sum(callee)", 9, 14, "sum needs a number, this is text", "distinct counts values"),
        ("count()", "count(", 9, 16, "it ends where a value is expected", "complete it"),
        (
            "calls: count()",
            "calls: count()\n  Other: count()",
            10,
            3,
            "'Other' is no name for a measure",
            "write a lower-case word; _ joins several",
        ),
        (
            "duration < 6s",
            "duration < 6",
            10,
            40,
            "a duration < a plain number",
            "write durations with their unit: 6s, 150ms, 5min, 2h",
        ),
        (
            "duration < 6s",
            "duration < 6sec",
            10,
            40,
            "6sec is neither a number nor a duration",
            "write a number and ms, s, min, h or d",
        ),
        ("duration < 6s", 'callee < "6"', 10, 36, "< compares numbers, these are text", "write == or !="),
        ("duration < 6s", "status == callee", 10, 39, "number == text: both sides must be of one type", ""),
        ("duration < 6s", "plan == None", 10, 37, "None is no value to compare with", "write is None or is not None"),
        ("duration < 6s", "status is None", 10, 29, "status is always set", "leave the question out"),
        ("duration < 6s", "status in (404)", 10, 43, "in needs a list of values", "write == for one value, commas between several"),
        ("duration < 6s", "status = 404", 10, 36, "= compares nothing", "write =="),
        (
            "duration < 6s",
            "callee",
            10,
            29,
            "a condition is needed, this is text",
            "compare it: is not None asks whether it is set",
        ),
        # when
        ("calls > 100", "cals > 100", 11, 7, "unknown measure cals", "did you mean calls?"),
        ("calls > 100", "duration > 100", 11, 18, "a duration > a plain number", "write durations with their unit"),
        ("calls > 100", "calls > 6s", 11, 15, "a plain number > a duration", "write durations with their unit"),
        ("calls > 100", "calls > 100 && short > 2", 11, 19, "&& is no operator here", "write and"),
        ("calls > 100", "calls > 10 %", 11, 18, "'%' may not stand here", "write a share as a fraction: 0.2 for 20 %"),
        ("calls > 100", "calls / 0 > 1", 11, 15, "division by zero", ""),
        ("calls > 100", "lambda", 11, 7, "lambda is not part of the language", "use and, or, not, if … else, comparisons"),
        ("calls > 100", "mean(calls) > 1", 11, 7, "mean(…) is not part of a condition", "measures are taken under measure"),
        ("calls > 100", "2 > 1", 11, 7, "compares two constants", "compare a field or a measure"),
        (
            "calls > 100 and short / calls > 0.5",
            "True",
            11,
            7,
            "names no measure, so it never changes",
            "compare a measure with a number",
        ),
        ("calls > 100", f"{'(' * 30}calls > 100{')' * 30}", 11, 31, "nested deeper than 24 levels", "split it over measures"),
    ],
)
def test_a_mistake_in_a_rule_is_refused_at_its_place(old: str, new: str, line: int, column: int, cause: str, hint: str) -> None:
    spoilt = RULE.replace(old, new, 1)
    assert spoilt != RULE
    problem = only_problem(files(rule=spoilt))
    assert (problem.file, problem.line, problem.column) == (RULE_FILE, line, column), problem
    assert problem.cause.startswith(cause)
    assert problem.hint.startswith(hint)
    assert bool(problem.hint) == bool(hint)


def test_the_column_is_right_in_folded_literal_and_quoted_text() -> None:
    folded = "when: >\n  calls > 100\n  and   shrt > 5\n"
    literal = "when: |\n  calls > 100\n    and shrt > 5\n"
    plain = "when: calls > 100\n    and\n    shrt > 5\n"
    double = 'when: "calls > 100 and\n  shrt > 5"\n'
    single = "when: 'calls > 100 and shrt > 5'\n"
    for written in (folded, literal, plain, double, single):
        rule = RULE.replace("when: calls > 100 and short / calls > 0.5\n", written)
        problem = only_problem(files(rule=rule))
        line = next(number for number, text in enumerate(rule.split("\n"), start=1) if "shrt" in text)
        assert (problem.line, problem.column) == (line, rule.split("\n")[line - 1].index("shrt") + 1), written
        assert (problem.cause, problem.hint) == ("unknown measure shrt", "did you mean short?")


def test_escapes_and_doubled_quotes_do_not_shift_the_column() -> None:
    rule = RULE.replace(
        'on: attempt where direction == "outbound"', 'on: "attempt where direction == \\"outbound\\" and plam is None"'
    )
    assert (only_problem(files(rule=rule)).line, only_problem(files(rule=rule)).column) == (5, 50)
    assert rule.split("\n")[4][49:53] == "plam"
