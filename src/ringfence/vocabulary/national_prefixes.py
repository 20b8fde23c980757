"""National prefixes within international numbers, taken away digit by digit as `phonenumbers` does: +44 (0)20 … is +44 20 ….

Its pattern is matched as Python's `re` does, the first alternative that leads on being preferred, by threads in the order of
preference (Pike 2007, Cox "Regular Expression Matching: the Virtual Machine Approach"). Each carries what it would leave of the
number, as a state of the patterns that the rest is held against.
"""

import re
from typing import Final, NamedTuple

from ringfence.vocabulary.digit_patterns import DIGITS, Node, Positions, UnknownPattern, parsed


class Left(NamedTuple):
    """What would be left of a number: the state of its digits, and how many there are."""

    state: int
    digits: int


NOTHING: Final = Left(Positions.BEGIN, 0)


class Thread(NamedTuple):
    """At instruction `place`; `left` is made of what the groups hold, `group` is open, `is_captured` tells of the last group."""

    place: int
    left: Left = NOTHING
    group: int = 0
    is_captured: bool = False


class Stripping(NamedTuple):
    """What is known after some digits: threads that may yet match, the preferred first, and what the best of the others left."""

    threads: tuple[Thread, ...] = ()
    left: Left | None = None


class _Instruction(NamedTuple):
    """`kind`: `digit` (one of the class `operand`), `split` (go on behind it, else at `operand`), `jump`, `open`, `close` or `end`.

    A group's number is the `operand` of those that open and close it.
    """

    kind: str
    operand: int = 0


class NationalPrefix:
    """The pattern of a plan's national prefix, and the rule that says what becomes of a number that has it (`\\1`: of a group)."""

    def __init__(self, pattern: str, rule: str, positions: Positions) -> None:
        """Raise `UnknownPattern` where something is not understood."""
        tree, self._groups = parsed(pattern)
        self._program: list[_Instruction] = []
        self._write(tree)
        self._rule = _rule_of(rule)
        self._positions = positions
        numbers = [token for token in self._rule if token > 0]
        if numbers != sorted(set(numbers)) or any(number > self._groups for number in numbers):
            raise UnknownPattern(rule)

    @property
    def start(self) -> Stripping:
        """What is known before any digit."""
        return self._settled([Thread(0)], None)

    def after(self, known: Stripping) -> tuple[Stripping, ...]:
        """Return what is known after each next digit."""
        steps = []
        rest = None if known.left is None else self._positions.after(known.left.state)
        for digit in DIGITS:
            on = [
                thread._replace(place=thread.place + 1, left=self._fed(thread, digit))
                for thread in known.threads
                if self._takes(thread, digit)
            ]
            left = None if rest is None or known.left is None else Left(rest[digit], known.left.digits + 1)
            steps.append(self._settled(on, left))
        return tuple(steps)

    def at_end(self, known: Stripping) -> Left | None:
        """Return what is left of a number that ends here; `None` where it has no prefix."""
        ended = [thread._replace(place=thread.place + 1) for thread in known.threads if self._is_at(thread, "end")]
        return self._settled(ended, known.left).left

    def _is_at(self, thread: Thread, kind: str) -> bool:
        return thread.place < len(self._program) and self._program[thread.place].kind == kind

    def _takes(self, thread: Thread, digit: int) -> bool:
        return self._is_at(thread, "digit") and bool(self._program[thread.place].operand >> digit & 1)

    def _fed(self, thread: Thread, digit: int) -> Left:
        left = thread.left
        return Left(self._positions.after(left.state)[digit], left.digits + 1) if thread.group in self._rule[-1:] else left

    def _settled(self, threads: list[Thread], left: Left | None) -> Stripping:
        """Let threads go on to where they need a digit or the end. One that has matched makes an end of those behind it."""
        waiting: list[Thread] = []
        seen: set[int] = set()
        stack = threads[::-1]
        while stack:
            thread = stack.pop()
            if thread.place in seen:
                continue
            seen.add(thread.place)
            if thread.place == len(self._program):
                return Stripping(tuple(waiting), thread.left if self._rule and thread.is_captured else NOTHING)
            kind, operand = self._program[thread.place]
            on = thread._replace(place=thread.place + 1)
            if kind in ("digit", "end"):
                waiting.append(thread)
            elif kind == "split":
                stack += [thread._replace(place=operand), on]
            elif kind == "jump":
                stack.append(thread._replace(place=operand))
            elif kind == "open":
                stack.append(on._replace(group=operand, left=self._begun(on.left, operand)))
            else:
                stack.append(on._replace(group=0, is_captured=thread.is_captured or operand == self._groups))
        return Stripping(tuple(waiting), left)

    def _begun(self, left: Left, group: int) -> Left:
        """Return what is left where the group that the rule keeps begins: the digits that the rule puts before it."""
        if group not in self._rule[-1:]:
            return left
        state = left.state
        for token in self._rule[:-1]:
            state = self._positions.after(state)[-token]
        return Left(state, len(self._rule) - 1)

    def _write(self, node: Node) -> None:
        if node.kind == "one":
            self._program.append(_Instruction("digit", node.digits))
        elif node.kind == "end":
            self._program.append(_Instruction("end"))
        elif node.kind == "group" and node.left is not None:
            self._program.append(_Instruction("open", node.group))
            self._write(node.left)
            self._program.append(_Instruction("close", node.group))
        elif node.left is not None and node.right is not None:
            self._write_two(node.kind, node.left, node.right)

    def _write_two(self, kind: str, left: Node, right: Node) -> None:
        if kind == "then":
            self._write(left)
            self._write(right)
            return
        split = len(self._program)
        self._program.append(_Instruction("split"))
        self._write(left)
        jump = len(self._program)
        self._program.append(_Instruction("jump"))
        self._program[split] = _Instruction("split", len(self._program))
        self._write(right)
        self._program[jump] = _Instruction("jump", len(self._program))


def _rule_of(rule: str) -> tuple[int, ...]:
    """Return the rule's tokens: literal digits d as -d, and behind them one group by its number. Nothing where there is no rule."""
    if not rule:
        return ()
    found = re.fullmatch(r"([1-9]?[0-9]*)\\([1-9])", rule, re.ASCII)
    if found is None:
        raise UnknownPattern(rule)
    return (*(-int(digit) for digit in found[1]), int(found[2]))
