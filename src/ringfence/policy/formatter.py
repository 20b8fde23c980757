"""`ringfence policy fmt`: a rule's file in its canonical form. Comments stay, meaning stays; done twice it is as done once.

Keys stand in the order of `ORDER`. Expressions have single spaces and double quotation marks, long ones are folded; texts filled.
A list of plain words stands between brackets, every other one line by line.
"""

import re
from dataclasses import dataclass
from typing import Final

from ringfence.policy.comments import Commented, Entry, commented
from ringfence.policy.documents import Mapping, Node, Scalar, Sequence, parse_document
from ringfence.policy.problems import START, BundleRefused, Report
from ringfence.policy.spacing import WIDTH, filled, spaced, wrapped

ORDER: Final = (
    "rule",
    "clause",
    "says",
    "source",
    "from",
    "until",
    "on",
    "per",
    "subject",
    "exempt",
    "passes",
    "once",
    "reset",
    "decide",
    "window",
    "measure",
    "minimum",
    "evaluate",
    "silent_too",
    "finds",
    "tiers",
    "when",
    "clears",
    "severity",
    "points",
    "proposes",
    "classifies",
    "mode",
    "cool_down",
)
"""The keys of a rule in the order in which they are read: what it is, of what, over which time, when, what follows."""

OF_A_TIER: Final = ("when", "clears", "says", "severity", "points", "proposes")
EXPRESSIONS: Final = frozenset({"on", "per", "exempt", "passes", "reset", "window", "measure", "minimum", "when", "clears"})
LINE_BY_LINE: Final = frozenset({"proposes", "tiers", "measure"})
"""Lists and mappings that never stand between brackets."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9_(+./][^\n]*\Z")
_ENDS_PLAIN: Final = re.compile(r":(\s|\Z)|\s#")
_WORD: Final = re.compile(r"[A-Za-z0-9_.+:/-]+( [A-Za-z0-9_.+/-]+)*\Z")


def format_rule(file: str, text: str) -> str:
    """Return the rule's file in its canonical form.

    Raises `BundleRefused` where it can't be read as YAML, holds no mapping, or would mean something else.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    report = Report()
    node = parse_document(file, text, report)
    if node is not None and not isinstance(node, Mapping):
        report.add(file, START, "a rule is a mapping", "begin with rule: and the rule's name")
    if report.problems or not isinstance(node, Mapping):
        raise BundleRefused(report.problems)
    written = _Writer().document(commented(text, node))
    if meaning(parse_document(file, written, Report())) != meaning(node):
        report.add(file, START, "it can't be laid out without changing what it means", "write it more plainly")
        raise BundleRefused(report.problems)
    return written


def meaning(node: Node | None, key: str = "") -> object:
    """Return what the formatter must keep: keys and values, whatever their order, spaces and quotation marks."""
    match node:
        case Scalar(value=value):
            return spaced(value) if key in EXPRESSIONS else " ".join(value.split())
        case Sequence(items=items):
            return tuple(meaning(item, key) for item in items)
        case Mapping(entries=entries):
            inner = {name: key if key in ("measure", "window", "once") else name for name in entries}
            return {name: meaning(value, "per" if key == "once" else inner[name]) for name, value in entries.items()}
        case None:
            return None


@dataclass(slots=True)
class _Writer:
    """Writes entries, each on lines that end with a line feed."""

    def document(self, document: Commented) -> str:
        head = [f"{comment}\n" for comment in document.head]
        head += ["\n"] if head else []
        body = self._mapping(document.entries, 0, ORDER)
        return "".join([*head, body, *(f"{comment}\n" for comment in document.tail)])

    def _mapping(self, entries: list[Entry], indent: int, order: tuple[str, ...] | None) -> str:
        if order is not None:
            entries = sorted(entries, key=lambda entry: order.index(entry.key) if entry.key in order else len(order))
        return "".join(self._entry(entry, f"{_key(entry.key)}:", entry.key or "", indent) for entry in entries)

    def _entry(self, entry: Entry, opening: str, kind: str, indent: int) -> str:
        """Write one entry: the comments above, `opening` and the value, the comments below."""
        margin = " " * indent
        before = "".join(f"{margin}{comment}\n" for comment in entry.before)
        after = "".join(f"{margin}{comment}\n" for comment in entry.after)
        return f"{before}{self._value(entry, opening, kind, indent)}{after}"

    def _value(self, entry: Entry, opening: str, kind: str, indent: int) -> str:
        margin, beside = " " * indent, f"  # {'; '.join(comment[1:].strip() for comment in entry.beside)}" if entry.beside else ""
        node = entry.node
        if isinstance(node, Scalar):
            return self._scalar(f"{margin}{opening}", node.value, kind, indent + 2, beside)
        flow = None if entry.entries and _has_comments(entry.entries) else _flow(node, kind)
        if flow is not None and indent + len(opening) + 1 + len(flow) <= WIDTH:
            return f"{margin}{opening} {flow}{beside}\n"
        entries = entry.entries or _unheld(node, entry)
        if isinstance(node, Mapping):
            inner = self._named(entries, kind, indent + 2, OF_A_TIER if kind == "tiers" else None)
            if opening == "-":
                first = inner[indent + 2 :] if not beside else f"{beside.strip()}\n{inner}"
                return f"{margin}- {first}"
            return f"{margin}{opening}{beside}\n{inner}"
        items = "".join(self._entry(item, "-", kind, indent + 2) for item in entries)
        return f"{margin}{opening}{beside}\n{items}"

    def _named(self, entries: list[Entry], kind: str, indent: int, order: tuple[str, ...] | None) -> str:
        if kind in ("measure", "window", "once"):
            inner = "per" if kind == "once" else kind
            return "".join(self._entry(entry, f"{_key(entry.key)}:", inner, indent) for entry in entries)
        return self._mapping(entries, indent, order)

    def _scalar(self, opening: str, value: str, kind: str, indent: int, beside: str) -> str:
        text = spaced(value) if kind in EXPRESSIONS else " ".join(value.split())
        plain = _plain(text)
        if len(opening) + 1 + len(plain) <= WIDTH and "\n" not in plain:
            return f"{opening} {plain}{beside}\n"
        room = WIDTH - indent
        lines = wrapped(text, room) if kind in EXPRESSIONS else filled(text.split(), room)
        return f"{opening} >{beside}\n" + "".join(f"{' ' * indent}{line}\n" for line in lines)


def _has_comments(entries: list[Entry]) -> bool:
    return any(entry.before or entry.beside or entry.after or _has_comments(entry.entries) for entry in entries)


def _unheld(node: Node, parent: Entry) -> list[Entry]:
    """Return the entries of a collection that stood between brackets and must stand line by line."""
    if isinstance(node, Mapping):
        found = [Entry(key, value, 0, 0, parent) for key, value in node.entries.items()]
    elif isinstance(node, Sequence):
        found = [Entry(None, item, 0, 0, parent) for item in node.items]
    else:
        found = []
    return found


def _flow(node: Node, kind: str) -> str | None:
    """Return a collection of plain words between brackets; `None` where one of them needs a line of its own."""
    if isinstance(node, Scalar):
        text = " ".join(node.value.split())
        return text if _WORD.match(text) and len(text) <= WIDTH else None
    if kind in LINE_BY_LINE:
        return None
    if isinstance(node, Sequence):
        items = [_flow(item, "") for item in node.items]
        return f"[{', '.join(item for item in items if item is not None)}]" if items and None not in items else None
    if kind != "once":
        return None
    parts = {key: _flow(value, "") for key, value in node.entries.items()}
    return f"{{{', '.join(f'{key}: {part}' for key, part in parts.items())}}}" if None not in parts.values() else None


def _key(key: str | None) -> str:
    return _plain(key or "")


def _plain(text: str) -> str:
    """Return the text as YAML reads it back as it is: between quotation marks where it must."""
    if _PLAIN.match(text) and not _ENDS_PLAIN.search(text) and text == text.strip():
        return text
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"
