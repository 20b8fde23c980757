"""The bundle as a whole: its files checked against each other, its version hash, its plan."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import blake2b
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from ringfence.policy.chains import check_findings
from ringfence.policy.classes import Outside
from ringfence.policy.clauses import ClauseText, clause_hint, fill_placeholders, read_clauses
from ringfence.policy.clocks import Clocks
from ringfence.policy.clocks_file import read_clocks
from ringfence.policy.documents import parse_document
from ringfence.policy.fees import Fees, read_fees
from ringfence.policy.ladder import Ladder
from ringfence.policy.ladder_file import read_ladder
from ringfence.policy.lists import ListRow, read_list, table_of
from ringfence.policy.packs import OWNED, Pack, joined, read_pack, shipped_hint
from ringfence.policy.plan import Plan, Table
from ringfence.policy.problems import START, BundleRefused, Mark, Report
from ringfence.policy.rules import Placed, giver_in, read_rule
from ringfence.policy.settings import Settings, read_settings

SETTINGS: Final = "bundle.toml"
TEXT: Final = "policy.md"
LADDER: Final = "ladder.yaml"
CLOCKS: Final = "clocks.yaml"
FEES: Final = "fees.yaml"

MAX_FILES: Final = 1000
MAX_FILE_BYTES: Final = 256 * 1024
MAX_LIST_BYTES: Final = 16 * 1024 * 1024

_RULE: Final = re.compile(r"rules/[^/]+\.ya?ml\Z")
_PACK: Final = re.compile(r"packs/(?P<name>[a-z]{2}(-[a-z0-9]{1,3})?)\.yaml\Z", re.ASCII)
_LIST: Final = re.compile(r"lists/(?P<name>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)\.csv\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Bundle:
    """One version of a policy. `hash` is its name for ever: the same content has the same hash wherever it is read.

    `text` is policy.md with its placeholders filled, `clauses` the same cut up, `lists` rows by the list's name: its own ones, and
    behind them those of its jurisdiction `packs`.
    """

    hash: str
    settings: Settings
    text: str
    clauses: tuple[ClauseText, ...]
    ladder: Ladder
    lists: Mapping[str, tuple[ListRow, ...]]
    plan: Plan
    clocks: Clocks
    packs: tuple[Pack, ...] = ()
    fees: Fees = field(default_factory=lambda: Fees({}))

    def clause(self, slug: str) -> ClauseText | None:
        """Return the clause's text, `None` where this policy has no such clause."""
        return next((clause for clause in self.clauses if clause.slug == slug), None)


def load(files: Mapping[str, bytes], *, posted: bool = False) -> Bundle:
    """Return the bundle that `files` (content by path, such as `rules/sip-scan.yaml`) make up.

    `tests/` and hidden files are left aside. What was `posted` is taken as it was: questions about what a rule leaves open, some
    of which may be younger than the posting, are not asked again.
    Raises `BundleRefused` with every problem that can be found at once.
    """
    report = Report()
    texts = _texts({path: content for path, content in files.items() if belongs(path)}, report)
    settings = read_settings(SETTINGS, texts[SETTINGS], report) if SETTINGS in texts else None
    text, clauses = _text(texts, settings, report)
    ladder, cited = read_ladder(LADDER, texts[LADDER], report) if LADDER in texts else (Ladder((), {}), {})
    lists = {match["name"]: read_list(match["name"], path, texts[path], report) for path in texts if (match := _LIST.match(path))}
    packs = _packs(texts, settings, report)
    lists |= joined(lists, packs)
    tables = {name: table_of(name, rows) for name, rows in sorted(lists.items())}
    placed = _rules(texts, tables, report, asking=not posted)
    clocks = read_clocks(CLOCKS, texts[CLOCKS], lists, packs, report) if CLOCKS in texts else Clocks({})
    fees = _fees(texts, clauses, Report() if posted else report)
    _check_citations(clauses, placed, cited, report)
    _check_names(placed, report)
    check_findings(placed, report)
    if report.problems or settings is None:
        raise BundleRefused(report.problems)
    version = canonical_hash(files)
    rules = tuple(sorted((item.rule for item in placed if item.rule), key=lambda rule: rule.name))
    plan = Plan(version, rules, tables, settings.bounds)
    return Bundle(version, settings, text, clauses, ladder, MappingProxyType(lists), plan, clocks, packs, fees)


def _fees(texts: Mapping[str, str], clauses: tuple[ClauseText, ...], report: Report) -> Fees:
    """Read the fees. What an older release posted without reading it makes no version unreadable: there, none are charged."""
    if FEES not in texts:
        return Fees({})
    fees, cited = read_fees(FEES, texts[FEES], report)
    _check_cited(FEES, clauses, cited, report)
    return fees


def _packs(texts: Mapping[str, str], settings: Settings | None, report: Report) -> tuple[Pack, ...]:
    """Read the packs that the settings name; each must be there, and no other."""
    present = {match["name"]: path for path in texts if (match := _PACK.match(path))}
    named = settings.packs if settings is not None else tuple(present)
    for name in named:
        if name not in present:
            report.add(SETTINGS, START, f"there is no pack {name}", f"write packs/{name}.yaml; {shipped_hint()}")
    for name, path in present.items():
        if name not in named:
            report.add(path, START, f"bundle.toml does not name pack {name}", f'add it to packs = ["{name}"], or remove the file')
    read = [read_pack(present[name], texts[present[name]], report) for name in named if name in present]
    return tuple(pack for pack in read if pack is not None)


def _rules(texts: Mapping[str, str], tables: Mapping[str, Table], report: Report, *, asking: bool) -> list[Placed]:
    """Read every rule, after what each may name in the others: the classes that they give."""
    nodes = {path: parse_document(path, texts[path], report) for path in sorted(texts) if _RULE.match(path)}
    givers = tuple(giver for node in nodes.values() if (giver := giver_in(node)) is not None)
    outside = Outside(tables, givers, asking)
    return [read_rule(path, node, report, outside) for path, node in nodes.items()]


def belongs(path: str) -> bool:
    """Tell whether a file at `path` is part of the version: neither under `tests/` nor hidden."""
    parts = PurePosixPath(path).parts
    return bool(parts) and parts[0] != "tests" and not any(part.startswith(".") for part in parts)


def canonical_hash(files: Mapping[str, bytes]) -> str:
    """Return the version's name: BLAKE2b-256 in hexadecimal over paths and contents, in the order of the paths.

    Line ends count as one however they are written, and lengths stand before contents so that no two bundles read alike.
    """
    digest = blake2b(digest_size=32)
    for path in sorted(path for path in files if belongs(path)):
        content = _one_line_end(files[path])
        name = path.encode("utf-8", "surrogatepass")
        digest.update(b"%d:%s%d:%s" % (len(name), name, len(content), content))
    return digest.hexdigest()


def _one_line_end(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _texts(files: Mapping[str, bytes], report: Report) -> dict[str, str]:
    """Return the files that can be read as text, by path; the others, unknown and missing ones are problems."""
    texts: dict[str, str] = {}
    if len(files) > MAX_FILES:
        report.add(min(files), START, f"{len(files)} files, more than {MAX_FILES}", "is this the bundle's folder?")
        return texts
    for path in (SETTINGS, TEXT, LADDER):
        if path not in files:
            report.add(path, START, f"{path} is missing", "every bundle has bundle.toml, policy.md and ladder.yaml")
    if not any(_RULE.match(path) for path in files):
        report.add("rules", START, "no rule", "write at least one file such as rules/sip-scan.yaml")
    for path, content in files.items():
        text = _decoded(path, content, report) if _known(path, report) else None
        if text is not None:
            texts[path] = text
    return texts


def _known(path: str, report: Report) -> bool:
    fixed = (SETTINGS, TEXT, LADDER, CLOCKS, FEES)
    if (match := _LIST.match(path)) is not None and match["name"].startswith(OWNED):
        report.add(path, START, f"names that begin with {OWNED} are for what packs hold", "give the list another name")
        return False
    if path in fixed or _RULE.match(path) or _LIST.match(path) or _PACK.match(path):
        return True
    near = get_close_matches(path, fixed, n=1)
    hint = (
        f"did you mean {near[0]}?"
        if near
        else "rules are rules/NAME.yaml, lists lists/NAME.csv, packs packs/NAME.yaml; move the rest elsewhere"
    )
    report.add(path, START, "this file is no part of a bundle", hint)
    return False


def _decoded(path: str, content: bytes, report: Report) -> str | None:
    limit = MAX_LIST_BYTES if _LIST.match(path) else MAX_FILE_BYTES
    if len(content) > limit:
        report.add(path, START, f"{len(content)} bytes, more than {limit}", "split the file")
        return None
    content = _one_line_end(content)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        mark = Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        report.add(path, mark, f"byte 0x{content[error.start]:02x} is not UTF-8", "save the file as UTF-8")
        return None
    if text.startswith("\ufeff"):
        report.add(path, START, "a byte order mark", "save the file as UTF-8 without it")
        return None
    return text


def _text(texts: dict[str, str], settings: Settings | None, report: Report) -> tuple[str, tuple[ClauseText, ...]]:
    """Return the filled text and its clauses. While the settings have problems the placeholders stay unfilled."""
    if TEXT not in texts:
        return "", ()
    text = texts[TEXT]
    if settings is not None:
        text = fill_placeholders(TEXT, text, settings.placeholders(), report)
    return text, read_clauses(TEXT, text, report)


def _check_citations(clauses: tuple[ClauseText, ...], placed: list[Placed], cited: dict[str, Mark], report: Report) -> None:
    """Every clause that a rule or the ladder cites stands in the text."""
    if not clauses:
        return  # the missing text was reported; without it every citation would be wrong
    present = {clause.slug for clause in clauses}
    _check_cited(LADDER, clauses, cited, report)
    for item in placed:
        if item.clause is not None and item.clause not in present:
            report.add(item.file, item.mark("clause"), f"policy.md has no clause {item.clause}", clause_hint(item.clause, clauses))


def _check_cited(file: str, clauses: tuple[ClauseText, ...], cited: dict[str, Mark], report: Report) -> None:
    present = {clause.slug for clause in clauses}
    for slug, mark in cited.items() if clauses else ():
        if slug not in present:
            report.add(file, mark, f"policy.md has no clause {slug}", clause_hint(slug, clauses))


def _check_names(placed: list[Placed], report: Report) -> None:
    """Every rule has a name of its own: findings and decisions cite it."""
    first: dict[str, Placed] = {}
    for item in placed:
        if item.name is None:
            continue
        if item.name in first:
            other = first[item.name]
            hint = f"{other.file} line {other.mark('rule').line} has it already"
            report.add(item.file, item.mark("rule"), f"a second rule named {item.name}", hint)
        first.setdefault(item.name, item)
