"""policy.md: the text people read, cut into its clauses.

# 4 Prohibited use                          a section: number and title
## Automatic dialling {#auto-dialing}       a clause: title and slug
Text of the clause in Markdown …
"""

import re
from dataclasses import dataclass
from typing import Final

from ringfence.policy.markdown import to_html
from ringfence.policy.problems import START, Mark, Report, did_you_mean, mark_at
from ringfence.vocabulary.clauses import CLAUSES

_SECTION: Final = re.compile(r"#[ \t]+([0-9]{1,3})[ \t]+(\S.*?)[ \t]*\Z")
_CLAUSE: Final = re.compile(r"##[ \t]+(\S.*?)[ \t]*\{#([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\}[ \t]*\Z", re.ASCII)
_PLACEHOLDER: Final = re.compile(r"\{\{([^{}\n]*)\}\}")


@dataclass(frozen=True, slots=True)
class ClauseText:
    """One clause: `body` is its text in Markdown with every placeholder filled, without the heading."""

    slug: str
    title: str
    section: int
    section_title: str
    body: str

    @property
    def html(self) -> str:
        """The body as safe HTML, without the heading."""
        return to_html(self.body)


@dataclass(slots=True)
class _Heading:
    slug: str
    title: str
    section: tuple[int, str]
    mark: Mark
    lines: list[str]


def fill_placeholders(file: str, text: str, values: dict[str, str], report: Report) -> str:
    """Return `text` with each `{{name}}` replaced by its value; unknown names go to `report`."""

    def value_of(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name not in values:
            report.add(file, mark_at(text, match.start()), f"unknown placeholder {{{{{name}}}}}", did_you_mean(name, values))
        return values.get(name, match[0])

    filled = _PLACEHOLDER.sub(value_of, text)
    for match in re.finditer(r"\{\{|\}\}", _PLACEHOLDER.sub(lambda found: "\0" * len(found[0]), text)):
        report.add(file, mark_at(text, match.start()), f"{match[0]} without its partner", "write {{provider}} or a single brace")
    return filled


def read_clauses(file: str, text: str, report: Report) -> tuple[ClauseText, ...]:
    """Return the clauses in the order of the text. `text` has its placeholders filled."""
    headings: list[_Heading] = []
    section: tuple[int, str] | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        mark = Mark(number, 1)
        if line.startswith("## "):
            heading = _clause_heading(file, line, mark, section, report)
            if heading is not None:
                headings.append(heading)
        elif line.startswith("# "):
            section = _section_heading(file, line, mark, section, report)
        elif headings:
            headings[-1].lines.append(line)
    if not headings:
        report.add(file, START, "no clause in the text", "write a section as # 1 General, a clause as ## Scope {#scope}")
    _check_unique(file, headings, report)
    return tuple(_clause(file, heading, report) for heading in headings)


def _section_heading(file: str, line: str, mark: Mark, last: tuple[int, str] | None, report: Report) -> tuple[int, str] | None:
    match = _SECTION.match(line)
    if match is None:
        report.add(file, mark, "a section without number and title", "write # 4 Prohibited use")
        return last
    section = (int(match[1]), match[2])
    if last is not None and section[0] <= last[0]:
        report.add(file, mark, f"section {section[0]} stands behind section {last[0]}", "number sections upwards")
    return section


def _clause_heading(file: str, line: str, mark: Mark, section: tuple[int, str] | None, report: Report) -> _Heading | None:
    match = _CLAUSE.match(line)
    if match is None:
        report.add(file, mark, "a clause without a slug", "write ## Title {#slug}, the slug in lower-case words joined by hyphens")
        return None
    if section is None:
        report.add(file, mark, "a clause before the first section", "write # 1 General above it")
        return None
    return _Heading(match[2], match[1], section, mark, [])


def _check_unique(file: str, headings: list[_Heading], report: Report) -> None:
    first: dict[str, Mark] = {}
    for heading in headings:
        if heading.slug in first:
            hint = f"it stands in line {first[heading.slug].line} already"
            report.add(file, heading.mark, f"clause {heading.slug} stands twice", hint)
        first.setdefault(heading.slug, heading.mark)


def _clause(file: str, heading: _Heading, report: Report) -> ClauseText:
    body = "\n".join(heading.lines).strip("\n")
    if not body.strip():
        report.add(file, heading.mark, f"clause {heading.slug} has no text", "write what it says below its heading")
    return ClauseText(heading.slug, heading.title, heading.section[0], heading.section[1], body)


def clause_hint(slug: str, clauses: tuple[ClauseText, ...]) -> str:
    """Return what to do about a cited clause that the text lacks."""
    present = {clause.slug for clause in clauses}
    near = did_you_mean(slug, present)
    if near.startswith("did you mean"):
        return near
    known = "a clause of the default policy: " if slug in CLAUSES else ""
    return f"{known}write it in policy.md as ## Title {{#{slug}}}, or cite another"
