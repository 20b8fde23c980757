"""Two versions side by side: what differs is told, and nothing else."""

import pytest
from tests.unit.policy.minimal import FILES, LADDER, LIST, RULE, SETTINGS, TEXT, files

from ringfence.policy import load
from ringfence.policy.differences import Difference, Edit, Fate, Part, Version, compare
from ringfence.policy.formatter import format_rule


def version(spoilt: dict[str, bytes]) -> Version:
    return Version(load(spoilt), spoilt)


def changed(**parts: str) -> tuple[Difference, ...]:
    return compare(version(files()), version(files(**parts)))


def test_a_version_and_itself_differ_in_nothing() -> None:
    assert changed() == ()


def test_layout_comments_and_the_order_of_keys_make_no_difference() -> None:
    untidy = RULE.replace("calls > 100 and short", "calls>100   and short").replace("mode: report\n", "")
    untidy = "# why\nmode: report\n" + untidy
    assert format_rule("rules/many-calls.yaml", untidy) != untidy
    assert changed(rule=untidy) == ()


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            {"settings": SETTINGS.replace('jurisdiction = "BE"', 'jurisdiction = "NL"')},
            Difference(Part.SETTINGS, "bundle.toml", Fate.CHANGED, (Edit("jurisdiction", "BE", "NL"),)),
        ),
        (
            {"text": TEXT.replace("Nobody may flood", "Nobody shall flood")},
            Difference(
                Part.TEXT,
                "spam",
                Fate.CHANGED,
                (Edit("text", "Nobody may flood Example Voice with calls.", "Nobody shall flood Example Voice with calls."),),
            ),
        ),
        (
            {"rule": RULE.replace("calls: count()", "calls: count(answered)").replace("cool_down: 1h", "cool_down: 2h")},
            Difference(
                Part.RULES,
                "many-calls",
                Fate.CHANGED,
                (Edit("measure.calls", "count()", "count(answered)"), Edit("cool_down", "1h", "2h")),
            ),
        ),
        (
            {"ladder": LADDER.replace("expires: 180d", "expires: 90d").replace("do: notify", "do: ask")},
            Difference(
                Part.LADDER,
                "spam",
                Fate.CHANGED,
                (
                    Edit("strikes", "weight 1, expires 180d", "weight 1, expires 90d"),
                    Edit("offender from strike 1", "notify (under spam)", "ask (under spam)"),
                ),
            ),
        ),
    ],
)
def test_what_differs_is_told_by_its_key(parts: dict[str, str], expected: Difference) -> None:
    assert changed(**parts) == (expected,)


def test_a_rule_that_is_new_or_gone_is_told_whole() -> None:
    added = files() | {"rules/other.yaml": RULE.replace("rule: many-calls", "rule: other-calls").encode()}
    (new,) = compare(version(files()), version(added))
    assert (new.part, new.name, new.fate) == (Part.RULES, "other-calls", Fate.ADDED)
    assert Edit("window", None, "1min rolling") in new.edits
    (gone,) = compare(version(added), version(files()))
    assert (gone.name, gone.fate) == ("other-calls", Fate.REMOVED)
    assert Edit("window", "1min rolling", None) in gone.edits


def test_rows_of_a_list_are_told_by_their_entries() -> None:
    path = "lists/protected-sources.csv"
    rows = LIST.replace("2027-06-30", "2028-06-30") + "192.0.2.8,operations,,2027-06-30,another\n"
    (found,) = compare(version(files()), version(files() | {path: rows.encode()}))
    assert (found.part, found.name, found.fate) == (Part.LISTS, "protected-sources", Fate.CHANGED)
    assert found.edits == (
        Edit(
            "192.0.2.7",
            "review 2027-06-30, note our own monitor, source operations",
            "review 2028-06-30, note our own monitor, source operations",
        ),
        Edit("192.0.2.8", None, "review 2027-06-30, note another, source operations"),
    )


def test_tiers_are_told_one_by_one_and_lists_line_by_line() -> None:
    tiers = "tiers:\n  - {when: calls > 100, severity: warn}\n  - {when: calls > 200, severity: act, proposes: [notify, queue]}\n"
    rule = RULE.replace("when: calls > 100 and short / calls > 0.5\nseverity: warn\n", tiers)
    stricter = rule.replace("calls > 200", "calls > 150").replace("[notify, queue]", "[notify, suspend]")
    (found,) = compare(version(files(rule=rule)), version(files(rule=stricter)))
    assert found.edits == (
        Edit("tiers 2.when", "calls > 200", "calls > 150"),
        Edit("tiers 2.proposes", "notify\nqueue", "notify\nsuspend"),
    )


def test_a_long_text_is_shortened_to_the_paragraphs_that_differ() -> None:
    edit = Edit("text", "one\n\ntwo\n\nthree", "one\n\n2\n\nthree\n\nfour")
    assert edit.shortened() == Edit("text", "two", "2\n\nfour")
    assert Edit("text", None, "a\n\nb").shortened() == Edit("text", None, "a\n\nb")


def test_fees_are_compared_by_what_they_are_for() -> None:
    with_fees = files() | {"fees.yaml": b"review: {per: incident, amount: 10 EUR, clause: technical-prevention}\n"}
    (found,) = compare(
        version(with_fees),
        version(with_fees | {"fees.yaml": b"review: {per: incident, amount: 20 EUR, clause: technical-prevention}\n"}),
    )
    assert (found.part, found.name, found.edits) == (
        Part.FEES,
        "review",
        (Edit("amount", "10 EUR", "20 EUR"),),
    )


def test_the_minimal_bundle_has_every_part() -> None:
    assert {path.split("/")[0] for path in FILES} == {"bundle.toml", "policy.md", "ladder.yaml", "rules", "lists"}
