"""Patterns of digits as numbering plans write them, many of them held against one number at once.

choice   = sequence {"|" sequence}
sequence = {part ["?" | "{" number ["," number] "}"]} ["$"]
part     = digit | "\\d" | "[" {digit | digit "-" digit} "]" | "(" ["?:"] choice ")"
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

DIGITS: Final = range(10)
ALL_DIGITS: Final = (1 << 10) - 1
"""The class of all digits: bit d stands for the digit d."""


class UnknownPattern(ValueError):
    """The pattern holds something that the grammar lacks."""


class Node(NamedTuple):
    """`kind`: `empty`, `end` (of the number), `one` (digit of the class `digits`), `then`, `or`, `group` (number `group`)."""

    kind: str
    digits: int = 0
    left: "Node | None" = None
    right: "Node | None" = None
    group: int = 0


EMPTY: Final = Node("empty")


def parsed(text: str) -> tuple[Node, int]:
    """Return the pattern as a tree, repetitions written out, and how many groups it captures. Raises `UnknownPattern`."""
    reader = _Reader(text)
    node = reader.choice()
    if reader.place != len(text):
        raise UnknownPattern(text)
    return node, reader.groups


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.groups = 0

    def choice(self) -> Node:
        node = self._sequence()
        while self._takes("|"):
            node = Node("or", left=node, right=self._sequence())
        return node

    def _takes(self, token: str) -> bool:
        found = self.text.startswith(token, self.place)
        self.place += len(token) * found
        return found

    def _sequence(self) -> Node:
        node = EMPTY
        while self.place < len(self.text) and self.text[self.place] not in "|)":
            part = self._repeated(self._part())
            node = part if node is EMPTY else Node("then", left=node, right=part)
        return node

    def _part(self) -> Node:
        if self._takes("(?:"):
            return self._closed(self.choice())
        if self._takes("("):
            self.groups += 1
            number = self.groups
            return Node("group", left=self._closed(self.choice()), group=number)
        if self._takes("\\d"):
            return Node("one", ALL_DIGITS)
        if self._takes("$"):
            return Node("end")
        if self._takes("["):
            return Node("one", self._class())
        return Node("one", 1 << self._digit())

    def _closed(self, node: Node) -> Node:
        if not self._takes(")"):
            raise UnknownPattern(self.text)
        return node

    def _digit(self) -> int:
        found = self.text[self.place : self.place + 1]
        if not (found.isascii() and found.isdigit()):
            raise UnknownPattern(self.text)
        self.place += 1
        return int(found)

    def _class(self) -> int:
        digits = 0
        while not self._takes("]"):
            first = self._digit()
            last = self._digit() if self._takes("-") else first
            digits |= sum(1 << digit for digit in range(first, last + 1))
        return digits

    def _repeated(self, node: Node) -> Node:
        if self._takes("?"):
            return Node("or", left=node, right=EMPTY)
        if not self._takes("{"):
            return node
        counts, closed, _ = self.text[self.place :].partition("}")
        least, comma, most = counts.partition(",")
        most = most if comma else least
        if not closed or not (least + most).isdigit() or not least or not most or node.kind == "group":
            raise UnknownPattern(self.text)
        self.place += len(counts) + 1
        return _times(node, int(least), int(most))


def _times(node: Node, least: int, most: int) -> Node:
    """Write a repetition out: x{2,4} is xx(x(x)?)?."""
    whole = EMPTY
    for _ in range(most - least):
        whole = Node("or", left=node if whole is EMPTY else Node("then", left=node, right=whole), right=EMPTY)
    for _ in range(least):
        whole = node if whole is EMPTY else Node("then", left=node, right=whole)
    return whole


class Positions:
    """Patterns as one automaton of their positions (Glushkov 1961). A state is the set of positions that the last digit matched.

    State `BEGIN` is that before any digit. `of` gives, for each pattern, the set of positions at which it is fulfilled.
    """

    BEGIN: Final = 1

    def __init__(self) -> None:
        self._follow = [0]
        self._classes = [0]
        self._holding = [0] * len(DIGITS)
        self._known: dict[tuple[str, bool], int] = {}
        self._steps: dict[int, tuple[int, ...]] = {}

    def add(self, pattern: str, *, whole: bool = True) -> int:
        """Add a pattern and return its positions: a number fits it when its state has one of them.

        It fits the whole number, or where not `whole` its beginning. Raises `UnknownPattern`.
        """
        if (pattern, whole) not in self._known:
            tree, _ = parsed(pattern)
            empty, first, last = self._place(tree)
            self._follow[0] |= first
            if not whole:
                rest = self._new(ALL_DIGITS)
                self._lead(last | rest, rest)
                last |= rest
            self._known[pattern, whole] = last | (self.BEGIN if empty else 0)
            self._steps.clear()
        return self._known[pattern, whole]

    def after(self, state: int) -> tuple[int, ...]:
        """Return the states that follow for each digit."""
        steps = self._steps.get(state)
        if steps is None:
            reachable = 0
            for position in _bits(state):
                reachable |= self._follow[position]
            steps = self._steps[state] = tuple([reachable & holding for holding in self._holding])
        return steps

    def _new(self, digits: int) -> int:
        number = len(self._follow)
        self._follow.append(0)
        for digit in DIGITS:
            if digits >> digit & 1:
                self._holding[digit] |= 1 << number
        return 1 << number

    def _place(self, node: Node) -> tuple[bool, int, int]:
        """Number the node's positions; return whether it may take nothing, and with which positions it begins and ends."""
        if node.kind == "one":
            position = self._new(node.digits)
            return False, position, position
        if node.kind == "empty" or node.left is None:
            if node.kind == "end":
                raise UnknownPattern("$")
            return True, 0, 0
        empty, first, last = self._place(node.left)
        if node.right is None:
            return empty, first, last
        other_empty, other_first, other_last = self._place(node.right)
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


def _bits(mask: int) -> Iterator[int]:
    """Yield the places of the ones of `mask`."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
