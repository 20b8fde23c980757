"""Every kind of mistake in a bundle is refused with its file, line, column, cause and hint."""

import pytest
from tests.unit.policy.minimal import LADDER, LIST, RULE, SETTINGS, TEXT, files, only_problem, problems

from ringfence.policy import Problem, load
from ringfence.policy.plan import Bounds

RULE_FILE = "rules/many-calls.yaml"


def test_the_unspoilt_bundle_loads() -> None:
    bundle = load(files())
    assert [rule.name for rule in bundle.plan.rules] == ["many-calls"]
    assert bundle.plan.policy == bundle.hash


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "cause", "hint"),
    [
        ("do: notify", "do: notfy", 5, 11, "do cannot be 'notfy'", "did you mean notify?"),
        ("do: notify", "do: notify for 1h", 5, 7, "notify has no end", "leave out for … and until review …"),
        ("do: notify", "do: notify loudly", 5, 18, "notify takes nothing more, not 'loudly'", "write an action"),
        ("do: notify", "do: throttle 1 call/s", 5, 7, "throttle without an end", "write for 1h, or until review 7d"),
        (
            "do: notify",
            "do: throttle 0 calls/s for 1h",
            5,
            20,
            "throttle to '0 calls/s' is not understood",
            "write throttle 1 call/s for 24h",
        ),
        (
            "do: notify",
            "do: throttle 0 calls at once for 1h",
            5,
            20,
            "throttle to '0 calls at once' is not understood",
            "write throttle 1 call/s for 24h, throttle 10 calls at once",
        ),
        (
            "do: notify",
            "do: throttle for 1h",
            5,
            11,
            "throttle to '' is not understood",
            "write throttle 1 call/s for 24h, throttle 10 calls at once",
        ),
        ("do: notify", "do: end-calls", 5, 7, "end-calls without an end", "write for 1h"),
        (
            "do: notify",
            "do: deregister for 1h\n      standing: yes",
            6,
            7,
            "who is registered no more cannot call for help: a person decides",
            "leave out standing:",
        ),
        ("do: notify", "do: throttle 1 call/s for ever", 5, 33, "'ever' is no duration", "write a number and ms, s, min, h or d"),
        (
            "do: notify",
            "do: bar internatonal for 1d",
            5,
            15,
            "unknown class of calls 'internatonal'",
            "did you mean international?",
        ),
        ("do: notify", "do: refuse sources for 1d", 5, 18, "refuse cannot touch 'sources'", "did you mean source?"),
        ("do: notify", "do: suspend for 1d, silent", 5, 7, "suspend cannot be silent", "silent goes with refuse"),
        ("do: notify", "do: terminate", 5, 7, "ending a contract takes two persons", "add grave: yes"),
        ("do: notify", "do: NOTIFY", 5, 11, "do: 'NOTIFY' is not understood", "write an action"),
        ("grave: yes", "grave: true", 8, 14, "grave cannot be 'true'", "write yes or no"),
        (
            "grave: yes",
            "grave: yes\n      standing: yes",
            9,
            7,
            "a grave step takes two persons, a standing one none",
            "remove one",
        ),
        ("at: 3", "at: 1", 6, 7, "two steps for offender at strike 1", "give each its own number"),
        ("at: 3", "at: third", 6, 11, "at cannot be 'third'", "write a whole number from 1 to 99"),
        ("for: outsider", "for: outsidr", 9, 12, "for cannot be 'outsidr'", "did you mean outsider?"),
        (
            "for: outsider",
            "for: outsider\n      at: 2",
            10,
            7,
            "only an offender collects strikes, not the outsider",
            "leave out at:",
        ),
        (
            "refuse source for 1h, silent",
            "suspend for 1h",
            10,
            7,
            "an outsider has no contract to notify, ask or suspend",
            "write refuse",
        ),
        (
            "standing: yes",
            "standing: yes\n      under: preventon",
            12,
            7,
            "policy.md has no clause preventon",
            "did you mean technical-prevention?",
        ),
        ("expires: 180d", "expires: never", 2, 33, "expires: 'never' is no duration", "write a number and ms, s, min, h or d"),
        ("{weight: 1, expires: 180d}", "none", 2, 12, "strikes must say weight and expires", "write strikes: {weight: 1"),
        ("spam:", "spm:", 1, 1, "policy.md has no clause spm", "did you mean spam?"),
        ("  steps:", "  step:", 3, 3, "unknown key 'step'", "did you mean steps?"),
    ],
)
def test_a_mistake_in_the_ladder_is_refused_at_its_place(old: str, new: str, line: int, column: int, cause: str, hint: str) -> None:
    spoilt = LADDER.replace(old, new, 1)
    assert spoilt != LADDER
    told = [
        problem
        for problem in problems(files(ladder=spoilt))
        if (problem.file, problem.line, problem.column) == ("ladder.yaml", line, column) and problem.cause.startswith(cause)
    ]
    assert len(told) == 1, problems(files(ladder=spoilt))
    assert told[0].hint.startswith(hint)


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "cause", "hint"),
    [
        ('provider = "', "provider = ", 2, 12, "not readable as TOML: Invalid value", "check quotation marks"),
        ("provider =", "povider =", 2, 1, "unknown key 'povider'", "did you mean provider?"),
        ('provider = "Example Voice"\n', "", 1, 1, "required key 'provider' is missing", 'add provider = "…"'),
        ('"Example Voice"', "7", 2, 1, "provider must be a text of one line", 'write provider = "…"'),
        ('"BE"', '"Belgium"', 3, 1, "'Belgium' is no country", "write its two capital letters (ISO 3166)"),
        ('"UTC"', '"Mars/Olympus"', 5, 1, "unknown time zone 'Mars/Olympus'", "write UTC, or one such as Europe/Vienna"),
        ('["en"]', '["english"]', 6, 1, "'english' is no language", "write codes such as en or pt-BR"),
        ('["en"]', "[]", 6, 1, "languages must be a list of texts", 'write languages = ["…"]'),
        ("https://", "voice://", 7, 1, "policy_page is no web address", "write https://…"),
        ("abuse@voice.example", "abuse", 8, 1, "abuse_mailbox is no mail address", "write name@domain"),
        ("true", '"yes"', 10, 1, "severability must be true or false", "true: a struck clause leaves the others in force"),
        ('["page"]', '["pager"]', 13, 1, "unknown notice 'pager'", "did you mean page?"),
        ("notify", "notifies", 12, 2, "posting must say whom it notifies, and nothing else", "write [posting] and notify ="),
        ("[posting]", 'engine = "fast"\n\n[posting]', 12, 1, "engine must be a table", "write [engine]"),
        ("[posting]", "[engine]\nexact = 7\n\n[posting]", 13, 1, "unknown key 'exact' of engine", ""),
        ("[posting]", "[engine]\nexact_distinct = 7\n\n[posting]", 13, 1, "exact_distinct must be a whole number", "1000 for"),
        ("[posting]", '[engine]\nmemory = "1 GB"\n\n[posting]', 13, 1, "memory must be a size of 64 MiB or more", "write memory"),
        ("[posting]", '[engine]\nmemory = "63 MiB"\n\n[posting]', 13, 1, "memory must be a size of 64 MiB or more", "write memory"),
        ("[posting]", "[engine]\nmemory = 1\n\n[posting]", 13, 1, "memory must be a size of 64 MiB or more", "write memory"),
        ("[posting]", "[engine]\nexact_distinct = true\n\n[posting]", 13, 1, "exact_distinct must be a whole number", "1000 for"),
    ],
)
def test_a_mistake_in_the_settings_is_refused_at_its_place(
    old: str, new: str, line: int, column: int, cause: str, hint: str
) -> None:
    spoilt = SETTINGS.replace(old, new, 1)
    assert spoilt != SETTINGS
    told = [problem for problem in problems(files(settings=spoilt)) if problem.cause.startswith(cause)]
    assert [(problem.file, problem.line, problem.column) for problem in told] == [("bundle.toml", line, column)], told
    assert told[0].hint.startswith(hint)


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "cause", "hint"),
    [
        ("# 4 Prohibited use", "# Prohibited use", 6, 1, "a section without number and title", "write # 4 Prohibited use"),
        ("# 4 Prohibited use", "# 3 Prohibited use", 6, 1, "section 3 stands behind section 3", "number sections upwards"),
        ("# 3 Prevention\n", "\n", 3, 1, "a clause before the first section", "write # 1 General above it"),
        (" {#spam}", "", 8, 1, "a clause without a slug", "write ## Title {#slug}"),
        ("{#spam}", "{#technical-prevention}", 8, 1, "clause technical-prevention stands twice", "it stands in line 3 already"),
        ("Nobody may flood {{provider}} with calls.", "", 8, 1, "clause spam has no text", "write what it says below its heading"),
        ("flood {{provider}}", "flood {{provder}}", 9, 18, "unknown placeholder {{provder}}", "did you mean provider?"),
        ("flood {{provider}}", "flood {{provider", 9, 18, "{{ without its partner", "write {{provider}} or a single brace"),
    ],
)
def test_a_mistake_in_the_text_is_refused_at_its_place(old: str, new: str, line: int, column: int, cause: str, hint: str) -> None:
    spoilt = TEXT.replace(old, new, 1)
    assert spoilt != TEXT
    told = [problem for problem in problems(files(text=spoilt)) if problem.file == "policy.md"]
    assert [(problem.line, problem.column, problem.cause) for problem in told] == [(line, column, cause)]
    assert told[0].hint.startswith(hint)


@pytest.mark.parametrize(
    ("old", "new", "line", "cause", "hint"),
    [
        ("entry,source,expiry", "entry,source", 1, "column expiry is missing", "the header needs entry, source, expiry, review"),
        ("review,note", "review,review", 1, "column 'review' stands twice or is no name", "write lower-case words, each once"),
        (",our own monitor", "", 2, "4 values for 5 columns", "quote a value that holds a comma"),
        ("2027-06-30", "next June", 2, "review 'next June' is no date", "write it as 2027-06-30"),
        ("2027-06-30", "", 2, "'192.0.2.7' has neither expiry nor review", "write a date as 2027-06-30 in one of the two"),
        ("operations", "", 2, "'192.0.2.7' has no source", "say who vouches for it"),
        (
            "192.0.2.7",
            "192.0.2.7/24",
            2,
            "'192.0.2.7/24' is no address or network",
            "write 192.0.2.7 or 192.0.2.0/24, host bits zero",
        ),
        ("192.0.2.7", '"192.0.2.7', 3, "not readable as CSV: unexpected end of data", "check quotation marks"),
    ],
)
def test_a_mistake_in_a_list_is_refused_at_its_line(old: str, new: str, line: int, cause: str, hint: str) -> None:
    spoilt = LIST.replace(old, new, 1)
    assert spoilt != LIST
    problem = only_problem(files(list=spoilt))
    assert problem == Problem("lists/protected-sources.csv", line, 1, cause, hint)


def test_two_rules_of_one_name_are_refused() -> None:
    bundle = files() | {"rules/other.yaml": RULE.encode()}
    cause, hint = "a second rule named many-calls", "rules/many-calls.yaml line 1 has it already"
    assert only_problem(bundle) == Problem("rules/other.yaml", 1, 7, cause, hint)


def test_a_byte_that_is_not_utf8_is_refused_where_it_stands() -> None:
    bundle = files() | {RULE_FILE: RULE.encode().replace(b"source: ours", b"source: \xc3\xa9 o\xffurs")}
    cause, hint = "byte 0xff is not UTF-8", "save the file as UTF-8"
    assert problems(bundle) == [Problem(RULE_FILE, 4, 12, cause, hint)]


def test_a_byte_order_mark_is_refused() -> None:
    bundle = files() | {RULE_FILE: b"\xef\xbb\xbf" + RULE.encode()}
    assert only_problem(bundle) == Problem(RULE_FILE, 1, 1, "a byte order mark", "save the file as UTF-8 without it")


def test_an_oversized_file_is_refused() -> None:
    bundle = files(rule=RULE + "#" * 262_144)
    cause = f"{len(RULE) + 262_144} bytes, more than 262144"
    assert only_problem(bundle) == Problem(RULE_FILE, 1, 1, cause, "split the file")


def test_a_file_that_belongs_nowhere_is_refused() -> None:
    near = only_problem(files() | {"clock.yaml": b"a: b"})
    assert near == Problem("clock.yaml", 1, 1, "this file is no part of a bundle", "did you mean clocks.yaml?")
    far = only_problem(files() | {"notes.txt": b""})
    assert (far.file, far.cause) == ("notes.txt", "this file is no part of a bundle")


def test_each_missing_file_is_named() -> None:
    found = problems({})
    assert [problem.cause for problem in found] == [
        "bundle.toml is missing",
        "ladder.yaml is missing",
        "policy.md is missing",
        "no rule",
    ]
    assert all(problem.hint and (problem.line, problem.column) == (1, 1) for problem in found)


def test_an_empty_rule_and_a_rule_that_is_a_list_are_refused() -> None:
    empty = only_problem(files(rule="# nothing\n"))
    assert empty == Problem(RULE_FILE, 1, 1, "the file is empty", "write its keys, or remove the file")
    listed = only_problem(files(rule="- a\n"))
    assert listed == Problem(RULE_FILE, 1, 1, "a rule is a mapping", "begin with rule: and the rule's name")


def test_clocks_and_fees_may_be_absent_but_must_be_readable() -> None:
    assert (
        load(files() | {"fees.yaml": b"investigation: {per: 15 min, amount: 25 EUR, clause: technical-prevention}\n"}).hash
        != load(files()).hash
    )
    problem = only_problem(files() | {"clocks.yaml": b"a: [b\n"})
    assert (problem.file, problem.hint) == ("clocks.yaml", "check brackets, quotation marks and indentation")


def test_all_problems_of_all_files_are_told_at_once_in_order() -> None:
    spoilt = files(
        settings=SETTINGS.replace("provider =", "povider ="),
        ladder=LADDER.replace("notify", "notfy"),
        rule=RULE.replace("calls > 100", "cals > 100").replace("6s", "6").replace("severity: warn\n", ""),
    )
    places = [(problem.file, problem.line) for problem in problems(spoilt)]
    assert places == sorted(places)
    assert places == [("bundle.toml", 1), ("bundle.toml", 2), ("ladder.yaml", 5), (RULE_FILE, 1), (RULE_FILE, 10), (RULE_FILE, 11)]


def test_memory_and_how_many_values_are_counted_exactly_are_the_bundles_to_say() -> None:
    stated = SETTINGS + '\n[engine]\nexact_distinct = 2000\nmemory = "256 MiB"\n'
    assert load(files(settings=stated)).plan.bounds == Bounds(memory_bytes=256 << 20, exact_distinct=2_000)
    assert load(files()).plan.bounds == Bounds(memory_bytes=1 << 30, exact_distinct=16_384)
