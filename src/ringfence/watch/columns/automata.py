"""Automata that read telephone numbers as words, and tell apart what an expression could tell apart."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from phonenumbers.tzdata import TIMEZONE_DATA

from ringfence.policy.patterns import Pattern
from ringfence.policy.tables import ELSE
from ringfence.vocabulary import numbering_plans
from ringfence.vocabulary.digit_patterns import UnknownPattern
from ringfence.watch.columns.kept import kept
from ringfence.watch.kernels.number_words import AS_TEXT, BEGIN, COLUMNS, ELSEWHERE
from ringfence.watch.kernels.numbers import LONGEST

Table = NDArray[np.uint16]
"""As `kernels.number_words` describes it."""

ALPHABET: Final = "+0123456789"
_MOST: Final = 1 << 16
"""States of a table, one more than there can be."""
_MOST_OF_PATTERNS: Final = 1 << 12
_SINK: Final = 0
_PLUS: Final = 1


def _itself(begun: frozenset[str]) -> Hashable:
    return begun


def of_plans() -> Table | None:
    """Return what tells apart all that numbering plans say of E.164 numbers; `None` where the library has plans of a new kind."""
    try:
        return kept("numbering-plans", f"{numbering_plans.stamp()}-{Path(__file__).stat().st_mtime_ns}", _of_plans)
    except UnknownPattern:
        return None


def of_patterns(texts: Sequence[str]) -> Table | None:
    """Return what tells apart texts that fit different ones of some patterns; `None` where that takes too many states.

    Texts that go on with another character than + or a digit are one class where none of the patterns may fit them.
    """
    patterns = [Pattern(text) for text in texts]
    of_numbers_alone = all(pattern.is_within(ALPHABET) for pattern in patterns)
    states = [tuple(pattern.start for pattern in patterns)]
    known = {states[0]: BEGIN}
    none = (False,) * len(patterns)
    classes = {none: 0}
    rows: list[list[int]] = [[_SINK] * COLUMNS]
    for state in states:  # which grows meanwhile
        fits = tuple(pattern.is_fit(own) for pattern, own in zip(patterns, state, strict=True))
        row = [classes.setdefault(fits, len(classes))]
        for character in ALPHABET:
            following = tuple(pattern.after(own, character) for pattern, own in zip(patterns, state, strict=True))
            if following not in known:
                known[following] = len(states) + BEGIN
                states.append(following)
            row.append(known[following])
        row.append(classes[none] if of_numbers_alone or not any(state) else AS_TEXT)
        rows.append(row)
        if len(states) > _MOST_OF_PATTERNS:
            return None
    return np.array(rows, np.uint16)


def of_lengths() -> Table:
    """Return what tells numbers of different lengths apart, the + not counted."""
    table = np.zeros((LONGEST + 2, COLUMNS), np.uint16)
    counts = np.arange(LONGEST + 1)
    table[1:, 0] = counts
    table[:, ELSEWHERE] = AS_TEXT
    table[1:, 2:ELSEWHERE] = np.minimum(counts + 1, LONGEST)[:, None] + BEGIN
    table[BEGIN, _PLUS] = BEGIN
    return table


def of_zones() -> Table | None:
    """Return what tells apart numbers that the library puts into different time zones by their first digits."""
    zones: dict[str, Hashable] = {f"+{prefix}": found for prefix, found in TIMEZONE_DATA.items()}
    return of_prefixes(zones, lambda begun: zones[max(begun, key=len)] if begun else None)


def of_prefixes(entries: Iterable[str], said: Callable[[frozenset[str]], Hashable] = _itself) -> Table | None:
    """Return what tells apart texts that begin with different entries; `None` where that takes too many states.

    An entry without + is also one for numbers with it. Texts are told apart for which `said` differs of the entries that they
    begin with; those that go on with neither + nor digit by themselves, where an entry does so too.
    """
    others = False
    trie: list[dict[int, int]] = [{}, {}]
    ended: list[set[str]] = [set(), set()]
    for entry in entries:
        others |= bool(set(entry) - set(ALPHABET)) and entry != ELSE
        if not entry or len(entry) > LONGEST or set(entry) - set(ALPHABET):
            continue  # no number begins with it
        for text in {entry, entry if entry.startswith("+") else f"+{entry}"}:
            state = BEGIN
            for character in text:
                symbol = 1 + ALPHABET.index(character)
                if symbol not in trie[state]:
                    trie[state][symbol] = len(trie)
                    trie.append({})
                    ended.append(set())
                state = trie[state][symbol]
            ended[state].add(entry)
        if len(trie) > _MOST // 2:
            return None
    table = _told_apart(trie, ended, said)
    table[:, ELSEWHERE] = AS_TEXT if others else table[:, 0]
    return table


def _told_apart(trie: list[dict[int, int]], ended: list[set[str]], said: Callable[[frozenset[str]], Hashable]) -> Table:
    """Return a trie's states, and behind them one for each class of entries that a number that has left the trie began with."""
    classes: dict[Hashable, int] = {said(frozenset()): 0}
    begun = [frozenset[str]()] * len(trie)
    for state, children in enumerate(trie):  # a state stands behind the one it follows
        begun[state] |= ended[state]
        classes.setdefault(said(begun[state]), len(classes))
        for child in children.values():
            begun[child] = begun[state]
    table = np.zeros((len(trie) + len(classes), COLUMNS), np.uint16)
    for state, children in enumerate(trie):
        table[state] = len(trie) + classes[said(begun[state])]
        table[state, 0] = classes[said(begun[state])]
        for symbol, child in children.items():
            table[state, symbol] = child
    for number in classes.values():
        table[len(trie) + number] = len(trie) + number
        table[len(trie) + number, 0] = number
    table[_SINK] = 0
    return table


def _of_plans() -> Table:
    made = numbering_plans.automaton()
    if len(made.said) + 2 > _MOST:
        raise UnknownPattern("more numbering plans than a table holds")
    # The sink and the beginning come first; behind them stand the automaton's states, whose own numbers begin with 0.
    # Of a text with other characters than a number's they say what they say of no number: the class 0, which is none.
    table = np.zeros((len(made.said) + 2, COLUMNS), np.uint16)
    table[BEGIN, _PLUS] = made.first + 2
    # What is said of a number without its national prefix says nothing of the digits that it begins with.
    classes = [AS_TEXT if facts is not None and facts.is_rewritten else number for number, facts in enumerate(made.facts)]
    table[2:, 0] = np.array(classes)[made.said]
    table[2:, 2:ELSEWHERE] = np.array(made.following) + 2
    return table
