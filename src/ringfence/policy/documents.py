"""YAML as a tree that remembers where everything stands. Only what a bundle needs: text, lists and mappings with text keys.

Every scalar stays text; the reader of a key says what it must be. So `no`, `1e3` or `2026-01-01` never turn into something
else behind an author's back. Anchors, aliases, tags and further documents are refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ringfence.policy.problems import START, Mark, Report, mark_at

MAX_DEPTH: Final = 6


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text and where it stands: `source[start:end]` is how it was written."""

    value: str
    source: str = field(repr=False)
    start: int
    end: int
    style: str | None = None

    @property
    def mark(self) -> Mark:
        """Where the value starts."""
        return mark_at(self.source, self.start)

    def at(self, offset: int) -> Mark:
        """Return where the character `offset` of the value stands in the file, also in folded and quoted text."""
        place = self.start
        if self.style in ("|", ">"):
            line_end = self.source.find("\n", place)
            place = line_end + 1 if line_end >= 0 else place
        elif self.style is not None:
            place += 1
        for index, char in enumerate(self.value[:offset]):
            place = self._after(char, place, run=index > 0 and self.value[index - 1].isspace())
        return mark_at(self.source, self._before(offset, place))

    def _after(self, char: str, place: int, *, run: bool) -> int:
        """Return the place behind `char` of the value, searched from `place` on. `run`: white space stands before it too."""
        if not char.isspace():
            found = self.source.find(char, place, self.end)
            return found + 1 if found >= 0 else place
        if self.style == '"' and self.source.startswith("\\", place):
            return min(place + 2, self.end)
        while not run and place < self.end and self.source[place].isspace():  # a fold: line end and indentation in one
            place += 1
        return place

    def _before(self, offset: int, place: int) -> int:
        """Return the place of character `offset` itself: behind indentation, quotes and backslashes."""
        if offset < len(self.value) and not self.value[offset].isspace():
            found = self.source.find(self.value[offset], place, self.end)
            return found if found >= 0 else place
        return min(place, self.end)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple["Node", ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys in the order written. `keys` tells where each stands."""

    entries: dict[str, "Node"]
    keys: dict[str, Mark]
    mark: Mark


Node = Scalar | Sequence | Mapping


class _Refused(Exception):
    """The document cannot be read any further."""

    def __init__(self, index: int, cause: str, hint: str = "") -> None:
        super().__init__(cause)
        self.index, self.cause, self.hint = index, cause, hint


@dataclass(slots=True)
class _Composer:
    """Builds nodes from the parser's events; collects duplicate keys instead of stopping at them."""

    file: str
    text: str
    report: Report

    def document(self) -> Node | None:
        """Return the only document's node, `None` where there is none."""
        events = iter(YAML(typ="safe", pure=True).parse(self.text))
        node = None
        for event in events:
            if isinstance(event, DocumentStartEvent):
                if node is not None:
                    raise _Refused(event.start_mark.index, "a second document begins here", "a file holds one; remove the ---")
                node = self._node(next(events), events, 0)
        return node

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:  # noqa: ANN401  # ruamel's events are untyped
        index: int = event.start_mark.index
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor is not None):
            raise _Refused(index, "an anchor or alias", "write the value out where it is needed")
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag is not None:
            raise _Refused(index, "a tag", "write the value without !; every value is text here")
        if depth > MAX_DEPTH:
            raise _Refused(index, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, ScalarEvent):
            return Scalar(event.value, self.text, index, event.end_mark.index, event.style)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(index, events, depth)
        if isinstance(event, MappingStartEvent):
            return self._mapping(index, events, depth)
        raise _Refused(index, "something that is neither text nor list nor mapping")

    def _sequence(self, index: int, events: Iterator[Any], depth: int) -> Sequence:
        items = []
        while not isinstance(event := next(events), SequenceEndEvent):
            items.append(self._node(event, events, depth + 1))
        return Sequence(tuple(items), mark_at(self.text, index))

    def _mapping(self, index: int, events: Iterator[Any], depth: int) -> Mapping:
        entries: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        while not isinstance(event := next(events), MappingEndEvent):
            key = self._node(event, events, depth + 1)
            if not isinstance(key, Scalar):
                raise _Refused(event.start_mark.index, "a key that is a list or a mapping", "write a word before the colon")
            value = self._node(next(events), events, depth + 1)
            if key.value in entries:
                first = keys[key.value]
                self.report.add(self.file, key.mark, f"key {key.value!r} stands twice", f"it stands in line {first.line} already")
                continue
            entries[key.value] = value
            keys[key.value] = key.mark
        return Mapping(entries, keys, mark_at(self.text, index))


def parse_document(file: str, text: str, report: Report) -> Node | None:
    """Return the file's tree, or `None` where it is empty or so broken that a problem was reported instead."""
    try:
        node = _Composer(file, text, report).document()
    except _Refused as refused:
        report.add(file, mark_at(text, refused.index), refused.cause, refused.hint)
        return None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = mark_at(text, mark.index) if mark is not None else START
        report.add(file, place, f"not readable as YAML: {error.problem or error.context}", _yaml_hint(str(error.problem)))
        return None
    except YAMLError as error:
        index = getattr(error, "position", 0)
        report.add(file, mark_at(text, index), "not readable as YAML: a character that may not stand in it", "remove it")
        return None
    if node is None or (isinstance(node, Scalar) and not node.value):
        report.add(file, START, "the file is empty", "write its keys, or remove the file")
        return None
    return node


def _yaml_hint(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "a text that holds a colon and a space needs quotation marks around it"
    if "character '\\t'" in problem:
        return "indent with spaces"
    if "unexpected end of stream" in problem:
        return "a quotation mark is not closed"
    if "found '<scalar>'" in problem:
        return "a value that begins with a quotation mark ends with it: leave the marks away, or put them around the whole"
    if "block end" in problem:
        return "check the indentation and the quotation marks of this line and the one before"
    return "check brackets, quotation marks and indentation"
