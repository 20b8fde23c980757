"""What is wrong with a bundle: each problem with its place, its cause and what would put it right."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches


class PolicyError(Exception):
    """A policy could not be used. `permanent`: trying again cannot help."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file: both numbers start at 1, the column counts characters."""

    line: int
    column: int


START = Mark(1, 1)
"""Where a problem of a whole file stands."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong at one place. `hint` says what to write instead; empty where nobody can know.

    `code` names the question that was left open (see `questions`); empty for a plain mistake.
    """

    file: str
    line: int
    column: int
    cause: str
    hint: str = ""
    code: str = ""

    @property
    def told(self) -> str:
        """Place, cause and code on one line."""
        code = f" [{self.code}]" if self.code else ""
        return f"{self.file}:{self.line}:{self.column}: {self.cause}{code}"

    def __str__(self) -> str:
        told = self.told
        return f"{told} ({self.hint})" if self.hint else told


class BundleRefused(PolicyError):
    """The bundle has `problems`, all that could be found at once, in the order of files and lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems), permanent=True)


@dataclass(slots=True)
class Report:
    """Collects the problems of one load."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, file: str, mark: Mark, cause: str, hint: str = "", *, code: str = "") -> None:
        """Note one problem; loading goes on to find the others."""
        self.problems.append(Problem(file, mark.line, mark.column, cause, hint, code))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint: the nearest of the `known` words, else all of them."""
    names = sorted(known)
    near = get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]}?"
    return f"known are {', '.join(names)}" if names else ""


def mark_at(text: str, index: int) -> Mark:
    """Return the line and column of the character at `index` of `text`."""
    before = text[: max(0, min(index, len(text)))]
    return Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def render(problem: Problem, files: Mapping[str, bytes]) -> str:
    """Return the problem as a terminal shows it: place and cause, the line with a caret under the column, the hint.

    >>> print(render(Problem("rules/a.yaml", 1, 7, "no such rule", "write one"), {"rules/a.yaml": b"rule: ?"}))
    rules/a.yaml:1:7: no such rule
        rule: ?
              ^
        hint: write one
    """
    told = [problem.told]
    lines = files.get(problem.file, b"").decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if problem.line <= len(lines) and (shown := _printable(lines[problem.line - 1])):
        told.append(f"    {shown}")
        told.append(f"    {' ' * (min(problem.column, len(shown) + 1) - 1)}^")
    if problem.hint:
        told.append(f"    hint: {problem.hint}")
    return "\n".join(told)


def _printable(line: str) -> str:
    """Return the line with every control character as one `·`: a bundle shall not steer the terminal it is shown on."""
    return "".join(" " if char == "\t" else "·" if unicodedata.category(char)[0] == "C" else char for char in line)
