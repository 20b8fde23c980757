"""Patterns of `matches`: regular expressions that take time in proportion to the text, whatever both are.

    choice   = sequence {"|" sequence}
    sequence = {part ["*" | "+" | "?" | "{" number ["," [number]] "}"]}
    part     = character | "." | "[" ["^"] {character | character "-" character} "]" | "(" choice ")"

A pattern must fit the whole text; `^` before it and `$` behind it change nothing. What it accepts means what it means in Python's
`re`. It is turned into the automaton of its positions (Glushkov 1961), whose states are made while texts are read.
"""

from dataclasses import dataclass
from typing import Final

MOST_CHARACTERS: Final = 200
MOST_POSITIONS: Final = 256
"""Single characters to match, repetitions written out."""
SEEN_CHARACTERS: Final = 256
"""How much of a text a pattern sees."""

_MOST_STATES: Final = 4096
_DEEPEST: Final = 20
_SPECIAL: Final = frozenset("*+?{}()|[]^$\\")


class PatternRefused(ValueError):
    """The pattern is wrong at character `offset`."""

    def __init__(self, offset: int, cause: str, hint: str = "") -> None:
        super().__init__(cause)
        self.offset, self.cause, self.hint = offset, cause, hint


@dataclass(frozen=True, slots=True)
class _Characters:
    """The characters of a class, or all others."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def holds(self, character: str) -> bool:
        return any(first <= character <= last for first, last in self.ranges) != self.negated

    def is_within(self, alphabet: str) -> bool:
        return not self.negated and all(
            chr(code) in alphabet for first, last in self.ranges for code in range(ord(first), ord(last) + 1)
        )


_ANY: Final = _Characters((), negated=True)


@dataclass(frozen=True, slots=True)
class _Node:
    """`kind`: `empty`, `one` (characters), `then`, `or` (left, right), `many` (left, any number of times)."""

    kind: str
    characters: _Characters | None = None
    left: "_Node | None" = None
    right: "_Node | None" = None


_EMPTY: Final = _Node("empty")


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.depth = 0

    def whole(self) -> _Node:
        if len(self.text) > MOST_CHARACTERS:
            raise PatternRefused(MOST_CHARACTERS, f"a pattern of more than {MOST_CHARACTERS} characters")
        self.place = 1 if self.text.startswith("^") else 0
        node = self._choice()
        if self.text[self.place :] not in ("", "$"):
            raise self._unexpected()
        return node

    def _peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def _unexpected(self) -> PatternRefused:
        found = self._peek()
        hints = {
            "": "it ends too early",
            ")": "no ( before it",
            "^": "a pattern fits the whole text: ^ stands at its start or nowhere",
            "$": "a pattern fits the whole text: $ stands at its end or nowhere",
            "\\": "write [0-9] for a digit, and [.] for a full stop",
        }
        return PatternRefused(
            self.place, f"{found or 'the end'} is not expected in a pattern", hints.get(found, f"write [{found}] for the character")
        )

    def _choice(self) -> _Node:
        node = self._sequence()
        while self._peek() == "|":
            self.place += 1
            node = _Node("or", left=node, right=self._sequence())
        return node

    def _sequence(self) -> _Node:
        node = _EMPTY
        while self._peek() not in ("", "|", ")") and self.text[self.place :] != "$":
            node = _joined(node, self._repeated(self._part()))
        return node

    def _part(self) -> _Node:
        found = self._peek()
        if found == "(":
            return self._group()
        if found == "[":
            return _Node("one", self._class())
        if found in _SPECIAL:
            raise self._unexpected()
        self.place += 1
        return _Node("one", _ANY if found == "." else _Characters(((found, found),)))

    def _group(self) -> _Node:
        self.place += 1
        self.depth += 1
        if self._peek() == "?":
            raise PatternRefused(self.place, "(? is not part of a pattern", "groups are plain, and nothing looks ahead or back")
        if self.depth > _DEEPEST:
            raise PatternRefused(self.place, f"nested deeper than {_DEEPEST} levels")
        node = self._choice()
        if self._peek() != ")":
            raise PatternRefused(self.place, ") is missing", "close the group")
        self.place += 1
        self.depth -= 1
        return node

    def _class(self) -> _Characters:
        start = self.place
        end = self.text.find("]", start + 1)
        inside = self.text[start + 1 : end]
        negated = inside.startswith("^")
        inside = inside[negated:]
        if end < 0 or not inside:
            raise PatternRefused(start, "a class of characters without any", "write them between [ and ]: [0-9]")
        ranges: list[tuple[str, str]] = []
        place = 0
        while place < len(inside):
            first = inside[place]
            is_range = inside[place + 1 : place + 2] == "-" and place + 2 < len(inside)
            last = inside[place + 2] if is_range else first
            if last < first or first == "\\":
                raise PatternRefused(start + 1 + negated + place, "no such range of characters", "write [0-9], [a-z]")
            ranges.append((first, last))
            place += 3 if is_range else 1
        self.place = end + 1
        return _Characters(tuple(ranges), negated)

    def _repeated(self, node: _Node) -> _Node:
        start = self.place
        found = self._peek()
        if found not in ("*", "+", "?", "{"):
            return node
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(found) or self._counts()
        self.place += found != "{"
        if self._peek() in ("*", "+", "?", "{"):
            raise PatternRefused(self.place, "a repetition of a repetition", "put the inner one between parentheses")
        if most is not None and most < least:
            raise PatternRefused(start, "a repetition that ends before it begins", "write {2,4}")
        if max(least, most or 0) * _positions(node) > MOST_POSITIONS:
            raise PatternRefused(start, f"more than {MOST_POSITIONS} characters to match", "repeat less")
        return _times(node, least, most)

    def _counts(self) -> tuple[int, int | None]:
        start = self.place
        end = self.text.find("}", start)
        least, comma, most = self.text[start + 1 : end].partition(",")
        if (
            end < 0
            or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in (least, most) if part)
            or not (least or most)
        ):
            raise PatternRefused(start, "{ counts a repetition", "write {3}, {3,5} or {3,}")
        self.place = end + 1
        return int(least or 0), int(most) if most else None if comma else int(least)


def _positions(node: _Node | None) -> int:
    return 0 if node is None else (node.kind == "one") + _positions(node.left) + _positions(node.right)


def _joined(left: _Node, right: _Node) -> _Node:
    return right if left is _EMPTY else _Node("then", left=left, right=right)


def _times(node: _Node, least: int, most: int | None) -> _Node:
    """Write a repetition out: x{2,4} is xx(x(x)?)?."""
    tail = _EMPTY if most is not None else _Node("many", left=node)
    for _ in range((most or 0) - least):
        tail = _Node("or", left=_joined(node, tail) if tail is not _EMPTY else node, right=_EMPTY)
    whole = _EMPTY
    for _ in range(least):
        whole = _joined(whole, node)
    return tail if whole is _EMPTY else whole if tail is _EMPTY else _joined(whole, tail)


class Pattern:
    """A pattern, ready to be held against texts. Raises `PatternRefused`."""

    def __init__(self, text: str) -> None:
        self.text: Final = text
        self._characters: list[_Characters] = []
        self._follow: list[int] = []
        tree = _Reader(text).whole()
        if _positions(tree) > MOST_POSITIONS:
            raise PatternRefused(0, f"more than {MOST_POSITIONS} characters to match", "repeat less")
        self._takes_nothing, first, self._last = self._place(tree)
        self._start = len(self._follow)
        self._follow.append(first)
        self._states: dict[tuple[int, str], int] = {}

    def is_within(self, alphabet: str) -> bool:
        """Tell whether all characters of a text that it fits are certainly among these."""
        return all(each.is_within(alphabet) for each in self._characters)

    def fits(self, text: str) -> bool:
        """Tell whether it fits the whole of `text`, or of its first 256 characters."""
        state = self.start
        for character in text[:SEEN_CHARACTERS]:
            state = self.after(state, character)
            if state == 0:
                return False
        return self.is_fit(state)

    @property
    def start(self) -> int:
        """The state before any character. States are for those who make automata of patterns; 0 is that of texts that can't fit."""
        return 1 << self._start

    def after(self, state: int, character: str) -> int:
        """Return the state that a character leads to."""
        following = self._states.get((state, character))
        return self._step(state, character) if following is None else following

    def is_fit(self, state: int) -> bool:
        """Tell whether a text that ends in the state fits."""
        return bool(state & self._last) or (self._takes_nothing and state == self.start)

    def _step(self, state: int, character: str) -> int:
        """Return the positions that `character` leads to, and remember it."""
        reachable = 0
        for position in _bits(state):
            reachable |= self._follow[position]
        following = 0
        for position in _bits(reachable):
            if self._characters[position].holds(character):
                following |= 1 << position
        if len(self._states) >= _MOST_STATES:
            self._states.clear()
        self._states[(state, character)] = following
        return following

    def _place(self, node: _Node) -> tuple[bool, int, int]:
        """Number the node's positions; return whether it may take nothing, and with which positions it begins and ends."""
        if node.kind == "empty":
            return True, 0, 0
        if node.characters is not None:
            position = 1 << len(self._characters)
            self._characters.append(node.characters)
            self._follow.append(0)
            return False, position, position
        empty, first, last = self._place(node.left or _EMPTY)
        if node.kind == "many":
            self._lead(last, first)
            return True, first, last
        other_empty, other_first, other_last = self._place(node.right or _EMPTY)
        if node.kind == "or":
            return empty or other_empty, first | other_first, last | other_last
        self._lead(last, other_first)
        return (
            empty and other_empty,
            first | other_first if empty else first,
            last | other_last if other_empty else other_last,
        )

    def _lead(self, last: int, first: int) -> None:
        for position in _bits(last):
            self._follow[position] |= first


def _bits(mask: int) -> list[int]:
    """Return the places of the ones of `mask`."""
    places = []
    while mask:
        lowest = mask & -mask
        places.append(lowest.bit_length() - 1)
        mask ^= lowest
    return places
