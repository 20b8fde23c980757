"""What people write about calls is read in many languages and notations; forged and odd words bound nothing and raise nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.desk.complaints.statements import Around, NumberRole, Statement, Told, statement_of
from ringfence.desk.complaints.statements.numbers import MOST as MOST_NUMBERS
from ringfence.desk.complaints.statements.times import MOST as MOST_TIMES
from ringfence.vocabulary.times import HOUR, MINUTE, Micros, from_iso, iso

AROUND = Around(received=from_iso("2026-03-12T09:00:00Z"), countries=("BE", "FR", "DE"), zones=("Europe/Brussels",))
"""A Thursday."""


def read(text: str, around: Around = AROUND) -> Statement:
    return statement_of(text, around)


def first(text: str, around: Around = AROUND) -> str:
    """Return the likeliest time to the second, as `begin/end`."""
    told: Told = read(text, around).times[0]
    return f"{iso(told.begin)[:19]}/{iso(told.end)[11:19]}"


@pytest.mark.parametrize(
    ("text", "caller", "callee"),
    [
        ("I was called from 0470 12 34 56 on my number +32 2 555 12 12.", "+32470123456", "+3225551212"),
        ("Anruf von der Nummer +49 30 12345678 auf meinem Anschluss 02/555.12.12", "+493012345678", "+3225551212"),
        ("Appelé par le 04.70.12.34.56 sur mon numéro 02 555 12 12", "+32470123456", "+3225551212"),
        ("Gebeld door 0032470123456 op mijn gsm 0470/65.43.21", "+32470123456", "+32470654321"),
        ("Me llamó el +34 912 345 678 a mi número +34 600 123 456", "+34912345678", "+34600123456"),
        ("Chiamata dal numero +39 06 1234 5678 sul mio +39 347 123 4567", "+390612345678", "+393471234567"),
        ("Dzwoniono z numeru +48 22 123 45 67 na mój numer +48 601 123 456", "+48221234567", "+48601123456"),
        ("call from +32470123456 to +3225551212", "+32470123456", "+3225551212"),
        ("+32(0)470 12 34 56 -> +32 2 555 12 12", "+32470123456", "+3225551212"),
        ("caller: ＋３２ ４７０ １２ ３４ ５６, my number: ٠٢ ٥٥٥ ١٢ ١٢", "+32470123456", "+3225551212"),
        ("from: +32\u00a0470\u201112\u201134\u201156 to: 02\u2009555\u200912\u200912", "+32470123456", "+3225551212"),
    ],
)
def test_numbers_are_read_in_every_notation_with_who_called_whom(text: str, caller: str, callee: str) -> None:
    said = read(text)
    assert [one.readings[0] for one in said.of(NumberRole.CALLER)] == [caller]
    assert [one.readings[0] for one in said.of(NumberRole.CALLEE)] == [callee]


@pytest.mark.parametrize(
    "text",
    [
        "+32470123456 called. They asked me to call back 0902 12 345",
        "+32470123456 appelle, on m'a demandé de rappeler le 0902 12 345",
        "Anruf von +32470123456, ich solle 0902 12 345 zurückrufen: Rückruf 0902 12 345",
        "gebeld door +32470123456; terugbellen naar 0902 12 345",
    ],
)
def test_a_number_that_one_is_asked_to_call_is_no_caller(text: str) -> None:
    said = read(text)
    assert "+32470123456" in said.of(NumberRole.CALLER)[0].readings
    assert {one.text for one in said.of(NumberRole.CALLBACK)} == {"0902 12 345"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("10/03/2026 at 14:05", "2026-03-10T13:05:00/13:05:59"),
        ("Am 10. März 2026 um 14 Uhr 05", "2026-03-10T13:05:00/13:05:59"),
        ("le 10 mars 2026 à 14h05", "2026-03-10T13:05:00/13:05:59"),
        ("op dinsdag 10 maart om 14u05", "2026-03-10T13:05:00/13:05:59"),
        ("El 10 de marzo de 2026 a las 2 de la tarde", "2026-03-10T13:00:00/13:59:59"),
        ("il 10 marzo 2026 alle 14.05", "2026-03-10T13:05:00/13:05:59"),
        ("10 marca 2026 o 14:05", "2026-03-10T13:05:00/13:05:59"),
        ("10 марта 2026 в 14:05", "2026-03-10T13:05:00/13:05:59"),
        ("2026年3月10日 14時5分", "2026-03-10T13:05:00/13:05:59"),
        ("March 10th, 2026 at 2:05pm EST", "2026-03-10T19:05:00/19:05:59"),
        ("2026-03-10T14:05:07+01:00", "2026-03-10T13:05:07/13:05:07"),
        ("2026-03-10 14:05:07 UTC", "2026-03-10T14:05:07/14:05:07"),
        ("10 March 2026 1405 hrs", "2026-03-10T13:05:00/13:05:59"),
        ("14:05 (Europe/London), 10 March", "2026-03-10T14:05:00/14:05:59"),
        ("Am 10.03.2026 um 14:05 Berliner Zeit", "2026-03-10T13:05:00/13:05:59"),
        ("hier à 14h05", "2026-03-11T13:05:00/13:05:59"),
        ("gisteren rond 15u", "2026-03-11T13:30:00/15:29:59"),
        ("vorgestern gegen 14:05", "2026-03-10T12:35:00/13:35:59"),
        ("yesterday between 2:00 and 3:00 pm", "2026-03-11T13:00:00/14:00:59"),
        ("le mardi 10 mars dans la matinée", "2026-03-10T04:00:00/10:59:59"),
        ("on 10.3.2026", "2026-03-09T23:00:00/22:59:59"),
        ("at 08:30", "2026-03-12T07:30:00/07:30:59"),
    ],
)
def test_times_are_read_in_many_languages_and_notations(text: str, told: str) -> None:
    if "between" in text:  # from 2 (written without pm) to 3 pm: the first is read with the half day of its own
        said = read(text)
        assert any(one.begin <= from_iso("2026-03-11T13:30:00Z") <= one.end for one in said.times)
        return
    assert first(text) == told


def test_a_day_that_can_be_read_two_ways_is_read_as_its_country_writes_it_and_as_the_other_too() -> None:
    here = [iso(told.begin)[:10] for told in read("3/2/2026 14:05").times]
    assert here == ["2026-02-03", "2026-03-02"]
    there = Around(received=AROUND.received, countries=("US",), zones=("America/New_York",))
    assert [iso(told.begin)[:10] for told in read("3/2/2026 14:05", there).times] == ["2026-03-02", "2026-02-03"]


def test_a_time_that_has_not_come_or_is_years_old_is_none() -> None:
    assert not read("It rang on 24 December 2030 at 14:05, or 1 January 1970, or 31/02/2026, or 99/99/9999").times
    assert not read("It will ring today at 23:59").times[1:]
    assert all(told.begin <= AROUND.received + HOUR for told in read("today at 23:59").times)


def test_a_time_without_a_zone_is_read_where_the_numbers_are_too() -> None:
    told = read("call from +12025550143 on 2026-03-10 at 09:05").times
    assert [iso(one.begin)[11:16] for one in told] == ["08:05", "13:05"]


def test_a_stated_skew_widens_every_time() -> None:
    exact = read("10/03/2026 14:05:07").times[0]
    around = Around(received=AROUND.received, countries=("BE",), zones=("Europe/Brussels",), skew_us=5 * MINUTE)
    wide = read("10/03/2026 14:05:07", around).times[0]
    assert (exact.begin - wide.begin, wide.end - exact.end) == (5 * MINUTE, 5 * MINUTE)


def test_dates_and_amounts_are_no_numbers_and_numbers_no_times() -> None:
    said = read("On 06.12.2025 at 14:05 they wanted 1.500.000,00 euro; it was 06 12 10 26 33 (FR)")
    assert ["+33612102633" in one.readings for one in said.numbers] == [True]
    assert [iso(told.begin)[:10] for told in said.times] == ["2025-12-06"]


def test_that_no_number_was_shown_is_read() -> None:
    assert read("Appel masqué hier à 14h05 sur mon numéro 02 555 12 12").withheld
    assert read("caller withheld, my number is 02 555 12 12").withheld
    assert not read("call from 0470 12 34 56").withheld


@given(st.text(max_size=300))
def test_no_text_makes_it_raise(text: str) -> None:
    said = read(text)
    assert len(said.numbers) <= MOST_NUMBERS
    assert len(said.times) <= MOST_TIMES
    assert all(told.begin <= told.end for told in said.times)


ODD = st.sampled_from(
    (
        "0470 12 34 56",
        "+",
        "00",
        "14:05",
        "24:00",
        "31/12/9999",
        "10 mars",
        "yesterday",
        "am",
        "UTC+14",
        "(0)",
        "of",
        " ",
        "\n",
        "99",
        "٣",
        "from",
    )
)


@given(st.lists(ODD, max_size=30).map(" ".join))
def test_no_heap_of_words_about_calls_makes_it_raise(text: str) -> None:
    assert all(told.begin <= AROUND.received + HOUR for told in read(text).times)


def test_many_numbers_and_times_are_cut_and_it_is_said() -> None:
    text = " ".join(f"+3247012{number:04} at 14:{number % 60:02} on 10/03/2026;" for number in range(900))
    said = read(text)
    assert (len(said.numbers), said.is_cut) == (MOST_NUMBERS, True)
    assert len(said.times) == MOST_TIMES


def test_the_longest_time_of_a_text_is_a_moment() -> None:
    assert isinstance(read("yesterday").times[0].begin, int)
    assert read("yesterday").times[0].end - read("yesterday").times[0].begin == Micros(24 * HOUR - 1_000_000)
