"""Automata over numbers tell apart what the functions of expressions do, and no two numbers that these tell apart are one class."""

import random
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.vocabulary.test_numbering_plans import SEED, anything, examples, mutated

from ringfence.policy.number_facts import NumberFacts
from ringfence.policy.patterns import Pattern
from ringfence.policy.plan import Row, Table
from ringfence.policy.tables import Entries
from ringfence.watch.columns import NumberCodes, TextHashes, automata
from ringfence.watch.columns.kept import kept
from ringfence.watch.columns.numbers import number_word
from ringfence.watch.kernels import number_words
from ringfence.watch.kernels.numbers import NO_NUMBER

UNSET = np.uint64(77)
HASHES = TextHashes(b"k")
PLAIN = ["", "+", "0", "112", "4420", "+4420", "0032470123456", "+32470123456", "1234567890123456", "+123456789012345"]


def keys(texts: list[str | None], table: NDArray[np.uint16]) -> list[int]:
    words = NumberCodes().of(texts)
    words[words >= 0xF << 60] = NO_NUMBER
    hashes = np.array([HASHES[text] for text in texts], np.uint64)
    found = np.empty(len(texts), np.uint64)
    number_words.classify(words, hashes, table, UNSET, found)
    return found.tolist()


def begun() -> list[str]:
    """Texts of which some begin as numbers do, and all go on otherwise within sixteen characters."""
    chance = random.Random(SEED)
    leads = [number[: chance.randrange(16)] for number in tried()[::7]]
    return [f"{lead}{chance.choice('-a *€.')}{chance.choice(('', '1', 'lice', '+' * 20))}" for lead in leads]


def keys_of_words(texts: list[str], table: NDArray[np.uint16]) -> list[int]:
    words = np.array([number_word(text) for text in texts], np.uint64)
    found = np.empty(len(texts), np.uint64)
    number_words.classify(words, np.array([HASHES[text] for text in texts], np.uint64), table, UNSET, found)
    return found.tolist()


def tried() -> list[str]:
    chance = random.Random(SEED)
    numbers = [*examples(), *PLAIN[3:]]
    numbers += [next(each) for each in (mutated(chance), anything(chance)) for _ in range(3_000)]
    return [number for number in numbers if len(number) <= 16]


def test_numbers_of_one_class_are_the_same_to_numbering_plans() -> None:
    table, facts = automata.of_plans(), NumberFacts()
    assert table is not None
    numbers = tried()
    told: dict[int, object] = {}
    for number, key in zip(numbers, keys(list(numbers), table), strict=True):
        said = facts.country(number), facts.kind(number), facts.valid(number), facts.possible(number)
        assert told.setdefault(key, said) == said, number
    assert len(told) > 900


@pytest.mark.parametrize("texts", [["[+][0-9]{7,15}"], ["[+]?[0-9]{6,20}", "[+]32.*", "0+[1-9]*"], [".*[^0-9]"], ["(1|12|123){3}"]])
def test_numbers_of_one_class_fit_the_same_patterns(texts: list[str]) -> None:
    table = automata.of_patterns(texts)
    assert table is not None
    patterns, numbers = [Pattern(text) for text in texts], [*tried()[::9], "123123", "112123", "12"]
    told: dict[int, object] = {}
    for number, key in zip(numbers, keys(list(numbers), table), strict=True):
        fits = [pattern.fits(number) for pattern in patterns]
        assert told.setdefault(key, fits) == fits, number


def test_a_pattern_with_too_many_states_has_no_automaton() -> None:
    assert automata.of_patterns(["[0-9]*1" + "[0-9]" * 14]) is None


def test_numbers_of_one_class_begin_with_the_same_entries() -> None:
    entries = ["+32", "+3247", "+324701", "32470", "00", "0032", "1", "+1", "*", "", "alice", "+44", "+3247012345678901"]
    table = automata.of_prefixes(entries)
    assert table is not None
    rows = Entries(Table("list", tuple(Row(entry, {}, None, None) for entry in entries)))
    numbers = [*tried()[::5], "+3247", "+32470", "0032", "32470123", "+32470123"]
    told: dict[int, object] = {}
    for number, key in zip(numbers, keys(list(numbers), table), strict=True):
        row = rows.longest(number, 0)
        assert told.setdefault(key, row) == row, number
    assert len(told) > 9


def test_numbers_of_one_class_are_equally_long() -> None:
    numbers = tried()
    lengths = [len(number.removeprefix("+")) for number in numbers]
    classes = keys(list(numbers), automata.of_lengths())
    assert len(set(zip(lengths, classes, strict=True))) == len(set(lengths)) == len(set(classes))


def test_what_is_no_number_is_told_apart_by_its_text() -> None:
    found = keys(["alice", "bob", "alice", None, "", "+32 470"], automata.of_lengths())
    assert found == [HASHES["alice"], HASHES["bob"], HASHES["alice"], int(UNSET), HASHES[""], HASHES["+32 470"]]


def test_texts_that_numbering_plans_know_nothing_of_are_all_one() -> None:
    plans, zones, facts = automata.of_plans(), automata.of_zones(), NumberFacts()
    assert plans is not None
    assert zones is not None
    texts = begun()
    assert set(keys_of_words(texts, plans)) == set(keys(["0"], plans))
    assert {(facts.country(text), facts.kind(text), facts.valid(text), facts.zones(text)) for text in texts} == {
        (None, None, False, ())
    }
    assert len(set(keys_of_words(texts, zones))) < len(texts) / 4


@pytest.mark.parametrize("others", [[], ["+32-"], ["12a", "sip:1"]])
def test_texts_of_one_class_begin_with_the_same_entries(others: list[str]) -> None:
    entries = ["+32", "+3247", "324701", "00", "0032", "1", "+1", "*", "+44", "+3247012345678901", *others]
    table = automata.of_prefixes(entries)
    assert table is not None
    rows = Entries(Table("list", tuple(Row(entry, {}, None, None) for entry in entries)))
    texts = [*begun(), "+32-", "+32-7", "12a", "12", "32470-1", "+32470-1", "sip:1@a", "1", "*", "*1", "-"]
    found = keys_of_words(texts, table)
    told: dict[int, object] = {}
    for text, key in zip(texts, found, strict=True):
        row = rows.longest(text, 0)
        assert told.setdefault(key, row) == row, text
    assert (len(set(found)) < 20) is not bool(others)


@pytest.mark.parametrize(
    ("texts", "is_few"),
    [(["[+][0-9]{7,15}"], True), (["[+]?[0-9]{6,20}", "0+[1-9]*"], True), (["12(3|.*)"], False), (["[0-9]*[a-z]*"], False)],
)
def test_texts_of_one_class_fit_the_same_patterns(texts: list[str], is_few: bool) -> None:
    table = automata.of_patterns(texts)
    assert table is not None
    patterns, tried_ones = [Pattern(text) for text in texts], [*begun(), "12", "123", "12a", "12-a", "1a", "1234567", "1234567a"]
    found = keys_of_words(tried_ones, table)
    told: dict[int, object] = {}
    for text, key in zip(tried_ones, found, strict=True):
        fits = [pattern.fits(text) for pattern in patterns]
        assert told.setdefault(key, fits) == fits, text
    assert (len(set(found)) < 9) is is_few


def test_texts_that_a_pattern_can_fit_no_more_are_one_class() -> None:
    table = automata.of_patterns(["12(3|.*)"])
    assert table is not None
    first, second, fitting, other = keys_of_words(["7-1", "812-34", "12-1", "12-2"], table)
    assert first == second
    assert fitting != other


def test_texts_are_as_long_as_they_are() -> None:
    texts = begun()
    assert keys_of_words(texts, automata.of_lengths()) == [HASHES[text] for text in texts]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("17-1", 0xE390 << 48),
        ("alice", 0xE << 60),
        ("+a", 0xE1 << 56),
        ("123456789012345a", 0xE3456789AB234567),
        ("1234567890123456a", NO_NUMBER),
        ("++1", NO_NUMBER),
        ("1+a", NO_NUMBER),
        ("12345678901234567", NO_NUMBER),
        (None, NO_NUMBER),
        ("", 0),
    ],
)
def test_a_word_holds_what_a_text_begins_with(text: str | None, word: int) -> None:
    assert f"{number_word(text):x}" == f"{word:x}"


def test_a_list_of_very_many_prefixes_has_no_automaton() -> None:
    assert automata.of_prefixes(f"+{number}" for number in range(100_000, 160_000)) is None


@pytest.mark.parametrize("way", [number_words.FIRST, number_words.WITHOUT_LAST, number_words.LAST])
@pytest.mark.parametrize("count", [1, 3, 8, 15, 16, 40])
def test_parts_of_numbers_are_hashed_as_texts_are(way: int, count: int) -> None:
    texts: list[str | None] = [*PLAIN, None, "alice"]
    words = NumberCodes().of(texts)
    words[words >= 0xF << 60] = NO_NUMBER
    found, others = HASHES.of_parts(words, way, count)
    assert others == 3
    expected = [HASHES[part(text, way, count)] if text not in ("", None, "alice") else 0 for text in texts]
    assert found.tolist() == expected


def part(text: str | None, way: int, count: int) -> str | None:
    assert text is not None
    bare = text.removeprefix("+")
    if way == number_words.FIRST:
        return text[: len(text) - len(bare) + count]
    if way == number_words.LAST:
        return bare[len(bare) - count :] if count <= len(bare) else None
    return text[: len(text) - count] if count < len(bare) else None


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY nonsense", None])
def test_a_kept_automaton_that_is_damaged_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes | None
) -> None:
    monkeypatch.setattr("ringfence.watch.columns.kept.folder_of", lambda _: tmp_path)
    made: list[int] = []

    def make() -> NDArray[np.uint16]:
        made.append(1)
        return automata.of_lengths()

    for _ in range(2):
        assert (kept("lengths", "1", make) == automata.of_lengths()).all()
    assert len(made) == 1
    (file,) = tmp_path.iterdir()
    if damage is None:
        out_of_bounds = automata.of_lengths()
        out_of_bounds[3, 4] = 1_000
        np.save(file, out_of_bounds)
    else:
        file.write_bytes(damage)
    assert (kept("lengths", "1", make) == automata.of_lengths()).all()
    assert len(made) == 2
    kept("lengths", "2", make)
    assert len(made) == 3


def test_where_nothing_can_be_kept_an_automaton_is_made_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.watch.columns.kept.folder_of", lambda _: None)
    assert (kept("lengths", "1", automata.of_lengths) == automata.of_lengths()).all()


def test_numbers_of_one_class_are_in_the_same_zones() -> None:
    plans, zones, facts = automata.of_plans(), automata.of_zones(), NumberFacts()
    assert plans is not None
    assert zones is not None
    numbers = tried()
    told: dict[object, object] = {}
    for number, key in zip(numbers, zip(keys(list(numbers), plans), keys(list(numbers), zones), strict=True), strict=True):
        assert told.setdefault(key, facts.zones(number)) == facts.zones(number), number
    assert len(set(told.values())) > 150


def test_a_number_with_its_national_prefix_is_told_apart_by_its_text() -> None:
    plans = automata.of_plans()
    assert plans is not None
    assert keys(["+4402079460000", "+442079460000"], plans)[0] == HASHES["+4402079460000"]
