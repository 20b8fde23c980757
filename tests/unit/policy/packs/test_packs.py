"""Packs as part of a bundle: read, refused, hashed, joined to its lists."""

from datetime import date
from pathlib import Path

import pytest
from tests.unit.policy.minimal import RULE, SETTINGS, files, problems

from ringfence.policy import load, read_folder
from ringfence.policy.clocks import Clocks
from ringfence.policy.evaluation import Context, reading
from ringfence.policy.grammar import parse_expression
from ringfence.policy.packs import emergency_by_country, pack_files, told_to_others
from ringfence.policy.packs.shelf import SHIPPED
from ringfence.policy.terms import FieldScope
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import from_iso

PACK = """\
pack: be
country: BE
title: Belgium
review: 2027-06-30
sources:
  plan: the numbering plan
emergency:
  - {number: "112", source: plan}
  - {number: "101", source: plan, review: 2026-01-31}
"""


def bundle(*packs: str, **more: str) -> dict[str, bytes]:
    """Return the files of a small bundle that names packs; `more` are their texts, by name."""
    named = "".join(f'"{name}", ' for name in packs)
    found = files(settings=SETTINGS.replace("severability", f"packs = [{named}]\nseverability", 1))
    return found | {f"packs/{name}.yaml": text.encode() for name, text in more.items()}


def shipped(*packs: str) -> dict[str, bytes]:
    found = bundle(*packs)
    return found | {path: place.read_bytes() for path, place in pack_files(found["bundle.toml"], frozenset(found)).items()}


def test_a_bundle_takes_the_packs_that_it_names_from_those_that_ship(tmp_path: Path) -> None:
    for path, content in bundle("be", "us").items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    read = read_folder(tmp_path)
    assert read["packs/us.yaml"] == (SHIPPED / "us.yaml").read_bytes()
    assert [pack.country for pack in load(read).packs] == ["BE", "US"]


def test_a_bundles_own_pack_stands_in_place_of_the_one_that_ships(tmp_path: Path) -> None:
    for path, content in bundle("be", be=PACK).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (pack,) = load(read_folder(tmp_path)).packs
    assert pack.values == 2


def test_the_packs_are_part_of_the_version() -> None:
    assert load(bundle("be", be=PACK)).hash != load(bundle("be", be=PACK.replace("101", "100"))).hash


def test_a_pack_that_is_not_there_is_named_with_those_that_are() -> None:
    (problem,) = problems(bundle("fr"))
    assert (problem.file, problem.cause) == ("bundle.toml", "there is no pack fr")
    assert "be, gb, us" in problem.hint


def test_a_pack_that_nobody_names_is_refused() -> None:
    (problem,) = problems(files() | {"packs/be.yaml": PACK.encode()})
    assert (problem.file, problem.cause) == ("packs/be.yaml", "bundle.toml does not name pack be")


def test_packs_are_named_in_a_list() -> None:
    assert "must be a list" in problems(files(settings="packs = 3\n" + SETTINGS))[0].cause
    assert "named twice" in problems(bundle("be", "be", be=PACK))[0].cause


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("pack: be", "pack: bel", "'bel' is not the name of this file"),
        ("country: BE", "country: XX", "'XX' is no country with numbers"),
        ("2027-06-30", "soon", "review 'soon' is no date"),
        ("2026-01-31", "31/1/26", "review '31/1/26' is no date"),
        ("source: plan}", "source: law}", "no source law"),
        ('"112"', '"1 1 2"', "'1 1 2' is no number to dial"),
        ("emergency:", "urgency:", "unknown key 'urgency'"),
        ("  plan: the", "  - plan: the", "sources must map a word to what it stands for"),
        ("emergency:", "numbers:\n  - {ranges: +3290, kind: dear, source: plan}\nemergency:", "'dear' is no kind of number"),
        ("emergency:", "numbers:\n  - {ranges: +4490, kind: fixed, source: plan}\nemergency:", "'+4490' is no range of BE"),
        ("emergency:", "zones:\n  - {names: Europe/Bruges, source: plan}\nemergency:", "Europe/Bruges is no time zone"),
        ("emergency:", 'formats:\n  - {pattern: "(a", source: plan}\nemergency:', ") is missing"),
        ("emergency:", "regions:\n  - {region: FR-1, ranges: +321, source: plan}\nemergency:", "'FR-1' is no region of BE"),
        ("emergency:", "holidays:\n  - {name: A, on: someday, source: plan}\nemergency:", "on: 'someday' is none of"),
        ("emergency:", "holidays:\n  - {name: A, on: 01-01, where: BE-X, source: plan}\nemergency:", "no region BE-X"),
        ("emergency:", "holidays:\n  - {name: A, on: 01-01, first: soon, source: plan}\nemergency:", "first 'soon' is no year"),
        (
            "emergency:",
            "hours:\n  - {calls: sales, weekdays: 1-5, from: 08:00, to: 09:00, source: plan}\nemergency:",
            "no hours for 'sales'",
        ),
        (
            "emergency:",
            "hours:\n  - {calls: marketing, weekdays: 1-9, from: 08:00, to: 09:00, source: plan}\nemergency:",
            "BE: weekdays",
        ),
        (
            "emergency:",
            "hours:\n  - {calls: marketing, weekdays: 1-5, from: 08:00, to: 09:00, holidays: no, source: plan}\nemergency:",
            "holidays cannot be 'no'",
        ),
        ("  - {number", "  - nothing\n  - {number", "emergency holds something that is no entry"),
    ],
)
def test_a_wrong_value_is_refused_where_it_stands(old: str, new: str, cause: str) -> None:
    spoilt = PACK.replace(old, new, 1)
    found = problems(bundle("be", be=spoilt))
    assert any(problem.file == "packs/be.yaml" and cause in problem.cause for problem in found), found
    assert all(problem.hint or "kind" not in problem.cause for problem in found)


def test_a_list_of_ones_own_may_not_be_called_like_what_packs_hold() -> None:
    (problem,) = problems(files() | {"lists/pack-zones.csv": b"entry,source,expiry,review\n"})
    assert "names that begin with pack- are for what packs hold" in problem.cause


def test_values_are_overdue_from_the_day_after_their_review() -> None:
    (pack,) = load(bundle("be", be=PACK)).packs
    assert not pack.freshness(date(2026, 1, 31)).overdue
    (overdue,) = pack.freshness(date(2026, 2, 1)).overdue
    assert (overdue[0], overdue[1].entry) == ("emergency-numbers", "101")
    assert len(pack.freshness(date(2027, 7, 1)).overdue) == 2
    assert pack.freshness(date(2026, 1, 1)).due == date(2026, 1, 31)


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.yaml")))
def test_every_value_that_ships_has_a_source_and_a_day_of_review(name: str) -> None:
    (pack,) = load(shipped(name)).packs
    rows = [row for rows in pack.lists.values() for row in rows]
    assert pack.values == len(rows) > 40
    assert all(row.source and row.review for row in rows)
    assert pack.unknown


def test_an_emergency_number_is_one_where_it_is_and_nowhere_else() -> None:
    own = "entry,country,source,expiry,review\n112,ZZ,a,,2027-01-01\n110,DE,a,,2027-01-01\n102,BE,a,,2027-01-01\n"
    rows = load(bundle("be", be=PACK) | {"lists/emergency-numbers.csv": own.encode()}).lists
    found = emergency_by_country(rows["emergency-numbers"], date(2026, 1, 1))
    assert found == {"BE": ("112", "101"), "DE": ("112", "110"), "ZZ": ("112",)}  # the pack's word on its country counts
    assert told_to_others(rows, "BE", date(2026, 1, 1))["emergency-numbers"] == ("112", "101")
    assert told_to_others(rows, "FR", date(2026, 1, 1))["emergency-numbers"] == ("112",)


def test_what_packs_alone_hold_is_not_told_to_other_processes() -> None:
    told = told_to_others(load(shipped("us")).lists, "US", date(2026, 1, 1))
    assert set(told) == {"protected-sources", "emergency-numbers", "protected-callees", "do-not-originate"}


ALL = load(shipped("be", "gb", "us"))


def value(text: str, callee: str, at: str = "2026-03-10T12:00:00Z", caller: str | None = None) -> object:
    event = Event(kind=EventKind.ATTEMPT, time=from_iso(at), call_id="", callee=callee, caller=caller)
    return reading(parse_expression(text, FieldScope(ALL.plan.lists)).expression, Context(ALL.plan.lists))(event)


@pytest.mark.parametrize(
    ("callee", "at", "may"),
    [
        ("+32470123456", "2026-03-10T18:59:00Z", True),
        ("+32470123456", "2026-03-10T19:00:00Z", False),
        ("+32470123456", "2026-03-15T12:00:00Z", False),  # a Sunday
        ("+32470123456", "2026-05-14T12:00:00Z", False),  # Ascension Day
        ("+447400123456", "2026-03-10T08:00:00Z", True),  # the library knows no zone of mobile numbers: the pack does
        ("+447400123456", "2026-03-15T08:30:00Z", False),  # Sundays begin at nine
        ("+447400123456", "2026-04-03T07:30:00Z", False),  # so does Good Friday
        ("+442079460018", "2026-04-06T07:30:00Z", False),  # Easter Monday, in England
        ("+441312345678", "2026-04-06T07:30:00Z", True),  # and not in Scotland
        ("+447400123456", "2026-04-06T07:30:00Z", True),  # where a mobile is nobody can tell
        ("+12125551212", "2026-03-10T12:00:00Z", True),  # New York, 08:00
        ("+13055551212", "2026-03-11T00:30:00Z", False),  # Florida stops at 20:00
        ("+12125551212", "2026-03-11T00:30:00Z", True),
        ("+15125551212", "2026-03-15T16:30:00Z", False),  # Texas begins at noon on Sundays
        ("+15125551212", "2026-03-15T17:30:00Z", True),
        ("+14015551212", "2026-07-03T15:00:00Z", False),  # Rhode Island: no calls on the day that 4 July is observed
        ("+18005551212", "2026-03-10T17:00:00Z", False),  # 07:00 in Hawaii
        ("+18005551212", "2026-03-10T19:00:00Z", True),  # allowed everywhere, 08:00 in the Aleutians too
    ],
)
def test_marketing_calls_have_the_hours_of_the_place_that_is_called(callee: str, at: str, may: bool) -> None:
    assert value('calling_hours("marketing-hours", callee)', callee, at) is may


@pytest.mark.parametrize(
    ("dialled", "caller", "helps"),
    [
        ("101", "+3225551212", True),
        ("110", "+3225551212", False),
        ("999", "+3225551212", False),
        ("999", "+442079460018", True),
        ("911", "+12125551212", True),
        ("911", "+442079460018", False),
        ("112", "+12125551212", False),
    ],
)
def test_digits_call_for_help_in_their_own_country(dialled: str, caller: str, helps: bool) -> None:
    assert value("emergency(callee, caller)", dialled, caller=caller) is helps


@pytest.mark.parametrize(
    ("number", "valid", "kind"),
    [
        ("+3225551212", True, "fixed"),
        ("+32470123456", True, "mobile"),
        ("+3290512345", True, "premium_rate"),
        ("+3270245245", True, "premium_rate"),
        ("+3278151515", True, "shared_cost"),
        ("+443301234567", True, "company"),
        ("+449012345678", True, "premium_rate"),
        ("+12125551212", True, "fixed_or_mobile"),
        ("+19115551212", False, None),
        ("+13705551212", False, None),
    ],
)
def test_numbers_are_what_their_countrys_pack_says(number: str, valid: bool, kind: str | None) -> None:
    assert value("valid(callee)", number) is valid
    if kind is not None:
        assert value("number_type(callee)", number) == kind


def test_nobody_calls_from_numbers_that_packs_name() -> None:
    never = ["+32112", "+3290512345", "+449098765432", "+19115551212", "+19005551212"]
    assert [value('callee in prefixes("do-not-originate")', number) for number in never] == [True] * 5
    assert value('callee in prefixes("do-not-originate")', "+3225551212") is False


def test_a_clock_knows_the_holidays_of_a_pack() -> None:
    clocks = """\
calendars:
  office: {zone: Europe/Brussels, hours: {mon-fri: "09:00-17:00"}, holidays: be}
  glasgow: {zone: Europe/London, hours: {mon-fri: "09:00-17:00"}, holidays: gb-sct}
clocks:
  answer: {rule: ours, due: 8h business, calendar: office, missed: page lead}
  reply: {rule: ours, due: 8h business, calendar: glasgow, missed: page lead}
"""
    read: Clocks = load(shipped("be", "gb") | {"clocks.yaml": clocks.encode()}).clocks
    office, glasgow = read.clocks["answer"].calendar, read.clocks["reply"].calendar
    assert office is not None
    assert glasgow is not None
    assert [office.is_business_day(date(2026, 7, day)) for day in (20, 21)] == [True, False]
    assert [glasgow.is_business_day(date(2026, 11, day)) for day in (27, 30)] == [True, False]
    assert not glasgow.is_business_day(date(2026, 12, 25))  # the whole kingdom's days are the region's too


def test_a_rule_may_ask_of_the_place_that_is_called() -> None:
    rule = RULE.replace('direction == "outbound"', 'not local_time(callee, "08:00", "20:00") or public_holiday(callee)')
    assert load(files(rule=rule)).plan.rules


@pytest.mark.parametrize("written", ['"8"', '"24:01"', "8", "callee"])
def test_a_time_of_day_is_written_out(written: str) -> None:
    rule = RULE.replace('direction == "outbound"', f'local_time(callee, {written}, "20:00")')
    (problem,) = problems(files(rule=rule))
    assert "time of day" in problem.cause
