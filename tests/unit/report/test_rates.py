"""Rate decks: read row by row, asked by the longest prefix, and added up to what calls cost."""

import pytest
from tests.unit.report.scene import attempt, judged, outcome, report, rows, walk, words

from ringfence.report import Given, Read, read_rates
from ringfence.report.rates import NOT_INTERNATIONAL, UNLISTED, Rate, RateDeck
from ringfence.report.unjudged import unjudged
from ringfence.vocabulary.contracts import EventKind
from ringfence.vocabulary.times import SECOND
from ringfence.watch.attribution import CsvFile
from ringfence.watch.columns import NumberCodes

DECK = """\
prefix,class,price_per_minute,currency
44,Britain fixed,0.01,GBP
+447,Britain mobile,0.02,GBP
0044870,Britain shared cost,0.085,gbp
882,Satellite,6.5,USD
"""


def deck(text: str = DECK) -> RateDeck:
    made, problems = read_rates(CsvFile("rates.csv", text.encode()))
    assert problems == []
    return made


def rate_of(made: RateDeck, number: str | None) -> Rate:
    return made.rates[int(made.of(NumberCodes().of([number]))[0])]


@pytest.mark.parametrize(
    ("number", "rate"),
    [
        ("+441632960000", Rate("Britain fixed", 10_000, "GBP")),
        ("+447700900000", Rate("Britain mobile", 20_000, "GBP")),
        ("+448701234567", Rate("Britain shared cost", 85_000, "GBP")),
        ("+882161234567", Rate("Satellite", 6_500_000, "USD")),
        ("+32255512345", UNLISTED),
        ("+4", UNLISTED),
        ("112", NOT_INTERNATIONAL),
        ("alice", NOT_INTERNATIONAL),
        ("+44²", NOT_INTERNATIONAL),
        (None, NOT_INTERNATIONAL),
    ],
)
def test_the_longest_prefix_decides(number: str | None, rate: Rate) -> None:
    assert rate_of(deck(), number) == rate


@pytest.mark.parametrize(
    ("row", "column", "cause"),
    [
        ("4x,Class,0.01,GBP", "prefix", "is no beginning of a number"),
        (",Class,0.01,GBP", "prefix", "is no beginning of a number"),
        ("1234567890123456,Class,0.01,GBP", "prefix", "is no beginning of a number"),
        ("43,,0.01,GBP", "class", "empty"),
        ("43,Class,cheap,GBP", "price_per_minute", "is no price"),
        ("43,Class,-1,GBP", "price_per_minute", "is no price"),
        ("43,Class,nan,GBP", "price_per_minute", "is no price"),
        ("43,Class,1e9,GBP", "price_per_minute", "is no price"),
        ("43,Class,0.01,", "currency", "is no currency"),
        ("43,Class,0.01,£", "currency", "is no currency"),
        ("43,Class", None, "2 values under 4 columns"),
        ('43,"Class,0.01,GBP', None, "quotation mark"),
        ("44,Again,0.01,GBP", "prefix", "stands twice"),
    ],
)
def test_a_row_that_cannot_be_used_costs_itself_alone(row: str, column: str | None, cause: str) -> None:
    made, (problem,) = read_rates(CsvFile("rates.csv", f"{DECK}{row}\n41,Switzerland,0.03,CHF\n".encode()))
    assert (problem.file, problem.line, problem.column) == ("rates.csv", 6, column)
    assert cause in problem.cause
    assert problem.hint
    assert rate_of(made, "+41441234567") == Rate("Switzerland", 30_000, "CHF")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "the header lacks prefix, class"),
        ("code,name\n43,x\n", "the header lacks prefix, class"),
        ("prefix,class\n", "no rows"),
    ],
)
def test_a_deck_that_cannot_be_used_says_what_its_first_line_must_be(text: str, cause: str) -> None:
    _, problems = read_rates(CsvFile("rates.csv", text.encode()))
    assert (problems[0].line, problems[0].column) == (1, None)
    assert cause in problems[0].cause
    assert "prefix,class" in problems[0].hint


def test_decks_of_spreadsheets_have_semicolons_and_decimal_commas() -> None:
    made = deck("\ufeffPrefix;Class;Price_per_minute;Currency\r\n43;Österreich, fest;0,015;EUR\r\n")
    assert rate_of(made, "+4312345678") == Rate("Österreich, fest", 15_000, "EUR")


def test_prices_may_be_left_out() -> None:
    made = deck("class,prefix\nA,43\n")
    assert rate_of(made, "+431") == Rate("A")
    assert not made.has_prices


def test_calls_are_added_up_by_class_with_what_their_minutes_cost() -> None:
    events = []
    for number, (callee, seconds) in enumerate(
        [
            ("+441632960000", 90),
            ("+441632960001", 30),
            ("+447700900000", 60),
            ("+448701234567", 0),
            ("+32255512345", 60),
            ("112", 5),
        ]
    ):
        started = attempt(number, callee, at=number * SECOND)
        events += [started, outcome(EventKind.END, started, after=seconds * SECOND, duration_ms=seconds * 1_000)]
    html = report(judged(events, rates=deck()), Read(), Given(rates=deck()))
    table = rows(html)
    assert ["Britain fixed", "2", "2", "2", "0.01 GBP", "0.02 GBP"] in table
    assert ["Britain mobile", "1", "1", "1", "0.02 GBP", "0.02 GBP"] in table
    assert ["Britain shared cost", "1", "0", "0", "0.085 GBP", "0.00 GBP"] in table
    assert ["in no class of the rate deck", "1", "1", "1", "–", "–"] in table
    assert ["no international number", "1", "1", "0.1", "–", "–"] in table
    assert "come to 0.04 GBP, without minimum charges or rounding" in words(html)
    assert "no rate deck was given" not in words(html)


def test_a_subject_shows_its_classes_and_without_a_deck_its_countries_and_why() -> None:
    with_deck = report(judged(walk(400), rates=deck()), Read(), Given(rates=deck()))
    assert ["Britain fixed", "400", "100", "5", "0.01 GBP", "0.05 GBP"] in rows(with_deck)
    assert with_deck.count("<strong>Destinations by price class</strong>") == 2  # the subject's, and everybody's
    without = report(judged(walk(400)), Read())
    assert "Destinations by price class" not in without
    assert "no rate deck was given, which --rates takes" in words(without).replace("  ", " ")
    assert ["destinations by price class, and what the calls cost", "no rate deck was given"] in [row[:2] for row in rows(without)]


def test_what_the_deck_does_not_tell_could_not_be_judged() -> None:
    priceless = deck("prefix,class\n44,Britain\n")
    collector = judged([attempt(1, "+441632960000", at=0), attempt(2, "+32255512345", at=1)], rates=priceless)
    said = {line.what: line.why for line in unjudged(collector, Read(), Given(rates=priceless))}
    assert said["what the calls cost"] == "the rate deck tells no prices"
    assert said["destinations by price class, and what the calls cost"].startswith(
        "1 attempt went to numbers that begin with no prefix"
    )


def test_thousands_of_classes_take_no_memory_without_end() -> None:
    many = deck("prefix,class\n" + "".join(f"44{number:04},class {number}\n" for number in range(1_000)))
    collector = judged([attempt(number, f"+44{number:04}55555", at=number) for number in range(1_000)], rates=many)
    assert collector.spending is not None
    assert sum(spent.attempts for spent in collector.spending.classes.values()) == 1_000
    assert len(collector.spending.classes) == 401
    html = report(collector, Read(), Given(rates=many))
    assert "341 further classes with fewer attempts are not listed" in words(html)
