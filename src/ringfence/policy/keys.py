"""Reading a mapping's keys: what must stand there, what may, and a problem with a hint for everything else."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from ringfence.policy.documents import Mapping, Node, Scalar, Sequence
from ringfence.policy.durations import DURATION_HINT, parse_duration
from ringfence.policy.problems import Mark, Report, did_you_mean
from ringfence.policy.questions import LeftOpen, Question
from ringfence.policy.tokens import ExpressionRefused
from ringfence.vocabulary.times import Micros

Choice = TypeVar("Choice", bound=StrEnum)
Read = TypeVar("Read")

MAX_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Keys:
    """One mapping of one file. Every getter returns `None` where it reported a problem or the key is absent."""

    file: str
    node: Mapping
    report: Report

    def check(self, *, required: Collection[str], optional: Collection[str] = ()) -> None:
        """Report each unknown key and each required one that is missing."""
        known = {*required, *optional}
        missing = [key for key in required if key not in self.node.entries]
        for key, mark in self.node.keys.items():
            if key in known:
                continue
            hint = did_you_mean(key, known)
            self.report.add(self.file, mark, f"unknown key {key!r}", hint)
            missing = [name for name in missing if hint != did_you_mean(name, [name])]  # told once, where it is misspelt
        for key in missing:
            self.report.add(self.file, self.node.mark, f"required key {key!r} is missing", f"add {key}: …")

    def mark(self, key: str) -> Mark:
        """Where the key stands; where the mapping stands if the key is absent."""
        return self.node.keys.get(key, self.node.mark)

    def refuse(self, mark: Mark, cause: str, hint: str = "") -> None:
        """Report a problem of this file."""
        self.report.add(self.file, mark, cause, hint)

    def ask(self, mark: Mark, question: Question, cause: str, hint: str) -> None:
        """Report that the file leaves a question open."""
        self.report.add(self.file, mark, cause, hint, code=str(question))

    def value_mark(self, key: str) -> Mark:
        """Where the key's value stands; where the key does if the value is no text."""
        node = self.node.entries.get(key)
        return node.mark if isinstance(node, Scalar) else self.mark(key)

    def scalar(self, key: str) -> Scalar | None:
        """Return the key's text with its place."""
        node = self.node.entries.get(key)
        if node is None:
            return None
        return self.scalar_of(key, node)

    def scalar_of(self, key: str, node: Node) -> Scalar | None:
        """Return `node` as a text that isn't empty or overlong."""
        if not isinstance(node, Scalar):
            self.refuse(node.mark, f"{key} must be a text", "write it on one line, or indented after >")
        elif not node.value.strip():
            self.refuse(self.mark(key), f"{key} is empty", "write its value, or remove the key if it is optional")
        elif len(node.value) > MAX_TEXT:
            self.refuse(node.mark, f"{key} is longer than {MAX_TEXT} characters")
        else:
            return node
        return None

    def text(self, key: str) -> str | None:
        """Return the key's text with single spaces."""
        node = self.scalar(key)
        return " ".join(node.value.split()) if node else None

    def choice(self, key: str, kinds: type[Choice]) -> Choice | None:
        """Return the key's value as one of a closed list."""
        node = self.scalar(key)
        if node is None:
            return None
        return self.choose(key, kinds, node.value, node.mark)

    def choose(self, key: str, kinds: type[Choice], value: str, mark: Mark) -> Choice | None:
        """Return `value` as one of a closed list."""
        try:
            return kinds(value)
        except ValueError:
            self.refuse(mark, f"{key} cannot be {value!r}", did_you_mean(value, [str(kind) for kind in kinds]))
            return None

    def duration(self, key: str) -> Micros | None:
        """Return the key's value as a length of time above zero."""
        node = self.scalar(key)
        if node is None:
            return None
        length = parse_duration(node.value)
        if length is None:
            self.refuse(node.mark, f"{key}: {node.value!r} is no duration", DURATION_HINT)
        elif length <= 0:
            self.refuse(node.mark, f"{key} must be longer than zero")
        else:
            return length
        return None

    def flag(self, key: str) -> bool:
        """Return whether the key says `yes`; absent is no."""
        node = self.scalar(key)
        if node is None:
            return False
        if node.value not in ("yes", "no"):
            self.refuse(node.mark, f"{key} cannot be {node.value!r}", "write yes or no")
        return node.value == "yes"

    def texts(self, key: str) -> tuple[Scalar, ...] | None:
        """Return one text, or a list of texts, as a tuple."""
        node = self.node.entries.get(key)
        if node is None:
            return None
        nodes: Iterable[Node] = node.items if isinstance(node, Sequence) else (node,)
        read = [self.scalar_of(key, item) for item in nodes]
        if not read:
            self.refuse(node.mark, f"{key} is an empty list", "name at least one")
        return tuple(item for item in read if item) if read and all(read) else None

    def expression(self, scalar: Scalar, read: Callable[[str], Read], *, offset: int = 0) -> Read | None:
        """Return what `read` makes of the text from `offset` on; report its refusal where the cause stands in the file."""
        try:
            return read(scalar.value[offset:])
        except ExpressionRefused as refused:
            mark = scalar.at(offset + refused.offset)
            if isinstance(refused, LeftOpen):
                self.ask(mark, refused.question, refused.cause, refused.hint)
            else:
                self.refuse(mark, refused.cause, refused.hint)
            return None
