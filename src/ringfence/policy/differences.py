"""What differs between two versions of a policy: settings, text, rules, ladder, clocks, fees, lists; thing by thing, key by key."""

from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

from ringfence.policy.bundle import Bundle, belongs
from ringfence.policy.documents import Mapping, Node, Scalar, Sequence, parse_document
from ringfence.policy.durations import write_duration
from ringfence.policy.formatter import EXPRESSIONS
from ringfence.policy.ladder import Ladder, Step
from ringfence.policy.lists import ListRow
from ringfence.policy.problems import Report
from ringfence.policy.spacing import spaced
from ringfence.vocabulary.times import utc

Files = AnyMapping[str, bytes]
Thing = dict[str, str]
"""One clause, rule, list … : what it says by key."""


class Part(StrEnum):
    """A part of a bundle, in the order in which they are compared."""

    SETTINGS = "settings"
    TEXT = "text"
    RULES = "rules"
    LADDER = "ladder"
    CLOCKS = "clocks"
    FEES = "fees"
    LISTS = "lists"
    FILES = "files"  # those that are part of a version and not read further


class Fate(StrEnum):
    """What became of a thing."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Edit:
    """One key whose words differ. `None`: the key was not there."""

    key: str
    before: str | None
    after: str | None

    def shortened(self) -> "Edit":
        """Return it with those paragraphs alone that differ, where it has several."""
        if self.before is None or self.after is None:
            return self
        old, new = self.before.split("\n\n"), self.after.split("\n\n")
        codes = [code for code in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes() if code[0] != "equal"]
        before = "\n\n".join("\n\n".join(old[start:end]) for _, start, end, _, _ in codes if end > start)
        after = "\n\n".join("\n\n".join(new[start:end]) for _, _, _, start, end in codes if end > start)
        return Edit(self.key, before, after)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was. `edits` are the keys that differ; of what was added or removed, all."""

    part: Part
    name: str
    fate: Fate
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A bundle and the files it was read from."""

    bundle: Bundle
    files: Files


def compare(old: Version, new: Version) -> tuple[Difference, ...]:
    """Return every difference, in the order of `Part` and within a part of the names. Layout and comments make none."""
    found: list[Difference] = []
    for part in Part:
        before, after = _READERS[part](old), _READERS[part](new)
        for name in sorted({*before, *after}):
            edits = tuple(_edits(before.get(name, {}), after.get(name, {})))
            if name not in before:
                found.append(Difference(part, name, Fate.ADDED, edits))
            elif name not in after:
                found.append(Difference(part, name, Fate.REMOVED, edits))
            elif edits:
                found.append(Difference(part, name, Fate.CHANGED, edits))
    return tuple(found)


def _edits(before: Thing, after: Thing) -> Iterator[Edit]:
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield Edit(key, before.get(key), after.get(key))


def _settings(version: Version) -> dict[str, Thing]:
    settings = version.bundle.settings
    values = {each.name: getattr(settings, each.name) for each in fields(settings)}
    told = {name: ", ".join(value) if isinstance(value, tuple) else str(value) for name, value in values.items()}
    return {"bundle.toml": told}


def _text(version: Version) -> dict[str, Thing]:
    return {
        clause.slug: {"section": f"{clause.section} {clause.section_title}", "title": clause.title, "text": clause.body}
        for clause in version.bundle.clauses
    }


def _rules(version: Version) -> dict[str, Thing]:
    rules: dict[str, Thing] = {}
    for path, content in version.files.items():
        if path.startswith("rules/"):
            node = parse_document(path, content.decode("utf-8"), Report())
            told = dict(_flat("", "", node)) if node is not None else {}
            rules[told.pop("rule", path)] = told
    return rules


def _flat(name: str, kind: str, node: Node) -> Iterator[tuple[str, str]]:
    """Yield what a document says by key; the keys of a mapping within stand behind its own: `measure.calls`."""
    match node:
        case Scalar(value=value):
            yield name, spaced(value) if kind in EXPRESSIONS else " ".join(value.split())
        case Sequence(items=items) if all(isinstance(item, Scalar) for item in items):
            values = (value for item in items for _, value in _flat("", kind, item))
            yield name, "\n".join(values)
        case Sequence(items=items):
            for number, item in enumerate(items, start=1):
                yield from _flat(f"{name} {number}", kind, item)
        case Mapping(entries=entries):
            for key, inner in entries.items():
                below = kind if kind in ("measure", "window") else key
                yield from _flat(f"{name}.{key}" if name else key, below, inner)


def _ladder(version: Version) -> dict[str, Thing]:
    ladder = version.bundle.ladder
    clauses = dict.fromkeys((*ladder.strikes, *(step.clause for step in ladder.steps)))
    return {clause: _clause_of(ladder, clause) for clause in clauses}


def _clause_of(ladder: Ladder, clause: str) -> Thing:
    strikes = ladder.strikes.get(clause)
    told = {"strikes": f"weight {strikes.weight}, expires {write_duration(strikes.expires_us)}"} if strikes else {}
    return told | {f"{step.role} from strike {step.at}": _step(step) for step in ladder.of(clause)}


def _step(step: Step) -> str:
    marks = "".join(f", {word}" for word, on in (("standing", step.standing), ("grave", step.grave)) if on)
    return f"{step.text}{marks} (under {step.under})"


def _lists(version: Version) -> dict[str, Thing]:
    return {name: _entries(rows) for name, rows in version.bundle.lists.items()}


def _entries(rows: tuple[ListRow, ...]) -> Thing:
    told: dict[str, list[str]] = {}
    for row in rows:
        told.setdefault(row.entry, []).append(_row(row))
    return {entry: "\n".join(lines) for entry, lines in told.items()}


def _row(row: ListRow) -> str:
    moments = {"valid from": row.valid_from, "fetched": row.fetched}
    told = [f"{name} {value}" for name, value in (("expiry", row.expiry), ("review", row.review)) if value]
    told += [f"{name} {utc(moment).date()}" for name, moment in moments.items() if moment is not None]
    told += [f"{name} {value}" for name, value in row.columns.items() if value]
    return ", ".join([*told, f"source {row.source}"])


def _clocks(version: Version) -> dict[str, Thing]:
    return _entries_of("clocks.yaml", version)


def _fees(version: Version) -> dict[str, Thing]:
    return _entries_of("fees.yaml", version)


def _entries_of(file: str, version: Version) -> dict[str, Thing]:
    """Return what a file of entries by name says of each; a value that stands alone is its `value`."""
    content = version.files.get(file)
    node = parse_document(file, content.decode("utf-8").replace("\r\n", "\n"), Report()) if content is not None else None
    if not isinstance(node, Mapping):
        return {}
    return {name: {key or "value": told for key, told in _flat("", "", entry)} for name, entry in node.entries.items()}


_READ: Final = ("bundle.toml", "policy.md", "ladder.yaml", "clocks.yaml", "fees.yaml")


def _others(version: Version) -> dict[str, Thing]:
    """Return the files that nothing above tells of."""
    others = {path: content for path, content in version.files.items() if belongs(path) and path not in _READ and "/" not in path}
    return {path: {"content": content.decode("utf-8").replace("\r\n", "\n")} for path, content in others.items()}


_READERS: Final = {
    Part.SETTINGS: _settings,
    Part.TEXT: _text,
    Part.RULES: _rules,
    Part.LADDER: _ladder,
    Part.CLOCKS: _clocks,
    Part.FEES: _fees,
    Part.LISTS: _lists,
    Part.FILES: _others,
}
