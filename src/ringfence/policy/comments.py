"""A document with its comments, each held by the entry that it speaks of, so that entries can be put into another order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.events import ScalarEvent

from ringfence.policy.documents import Mapping, Node, Scalar, Sequence

_COMMENT: Final = re.compile(r"(?:(?<=\s)|\A)#[^\n]*")
_HEADER: Final = re.compile(r"[>|][-+0-9]*[ \t]+(#[^\n]*)")


@dataclass(slots=True)
class Entry:
    """One key with its value, or (`key` is `None`) one item of a list. `entries` are those of a block below it.

    `before` are the comments on lines of their own above it, `beside` those at its line's end, `after` those below it that stand
    as far to the right as it does.
    """

    key: str | None
    node: Node
    start: int
    column: int
    parent: "Entry | None"
    entries: list["Entry"] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Commented:
    """A whole document: `head` stands above a blank line before the first entry, `tail` at the file's end."""

    entries: list[Entry]
    head: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)


def commented(text: str, root: Mapping) -> Commented:
    """Return the document that `text` is, read as `root`, with its comments."""
    found = Commented([])
    found.entries = list(_entries(text, root, None))
    order = list(_flat(found.entries))
    for start, comment in _comments(text):
        line_start = text.rfind("\n", 0, start) + 1
        own_line = not text[line_start:start].strip()
        earlier = [entry for entry in order if entry.start < start]
        later = next((entry for entry in order if entry.start > start), None)
        if not own_line and earlier:
            earlier[-1].beside.append(comment)
        else:
            _place(found, comment, start - line_start, earlier[-1] if earlier else None, later)
    if found.entries and found.entries[0].before:
        _split_head(found, text)
    return found


def _place(found: Commented, comment: str, column: int, earlier: Entry | None, later: Entry | None) -> None:
    """Give a comment on a line of its own to the entry below it, or to the one above that it stands as far to the right as."""
    holder = earlier
    while holder is not None and holder.column > column:
        holder = holder.parent
    if later is not None and (holder is None or column <= later.column):
        later.before.append(comment)
    elif holder is not None and column > 0:
        holder.after.append(comment)
    else:
        found.tail.append(comment)


def _split_head(found: Commented, text: str) -> None:
    """Leave at the file's head what a blank line parts from the first entry."""
    first = found.entries[0]
    above = text[: first.start].split("\n")
    last_blank = max((number for number, line in enumerate(above[:-1]) if not line.strip()), default=-1)
    parted = sum(1 for line in above[: last_blank + 1] if line.strip().startswith("#"))
    found.head, first.before = first.before[:parted], first.before[parted:]


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Yield place and text of each comment: a `#` after white space that is in no scalar, or behind the mark of a folded one."""
    place = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        if not isinstance(event, ScalarEvent):
            continue
        start, end = event.start_mark.index, event.end_mark.index
        for match in _COMMENT.finditer(text, place, start):
            yield match.start(), match[0].rstrip()
        if event.style in (">", "|") and (header := _HEADER.match(text, start, end)):
            yield header.start(1), header[1].rstrip()
        place = end
    for match in _COMMENT.finditer(text, place):
        yield match.start(), match[0].rstrip()


def _entries(text: str, node: Node, parent: Entry | None) -> Iterator[Entry]:
    """Yield what stands in a mapping or list of block style; a flow collection, between brackets, is one value."""
    if isinstance(node, Mapping) and not _is_flow(text, node):
        for key, value in node.entries.items():
            mark = node.keys[key]
            start = _index(text, mark.line, mark.column)
            yield _entry(text, key, value, start, parent)
    elif isinstance(node, Sequence) and not _is_flow(text, node):
        for item in node.items:
            start = text.rfind("-", 0, _start(text, item))
            yield _entry(text, None, item, start, parent)


def _entry(text: str, key: str | None, node: Node, start: int, parent: Entry | None) -> Entry:
    entry = Entry(key, node, start, start - text.rfind("\n", 0, start) - 1, parent)
    entry.entries = list(_entries(text, node, entry))
    return entry


def _start(text: str, node: Node) -> int:
    return node.start if isinstance(node, Scalar) else _index(text, node.mark.line, node.mark.column)


def _is_flow(text: str, node: Mapping | Sequence) -> bool:
    return text[_index(text, node.mark.line, node.mark.column)] in "{["


def _index(text: str, line: int, column: int) -> int:
    place = 0
    for _ in range(line - 1):
        place = text.index("\n", place) + 1
    return place + column - 1


def _flat(entries: list[Entry]) -> Iterator[Entry]:
    for entry in entries:
        yield entry
        yield from _flat(entry.entries)
