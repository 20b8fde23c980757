"""Which rules of a bundle read signalling, and a copy of it that has no others."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ringfence.policy import load, read_folder
from ringfence.policy.plan import Plan, Rule
from ringfence.vocabulary.contracts import EventKind

_SIGNALLING: Final = frozenset({EventKind.REQUEST, EventKind.REGISTRATION, EventKind.MESSAGE, EventKind.ODDITY})
"""What signalling alone tells. Calls, of which records tell too, are no such thing, nor is what the desk tells."""


def of_signalling(plan: Plan) -> list[str]:
    """Return the names of the rules that read nothing but what signalling alone tells."""
    return sorted(rule.name for rule in plan.rules if _kinds(rule) <= _SIGNALLING)


def without_others(bundle: Path, folder: Path) -> tuple[int, int]:
    """Write the bundle with its signalling rules alone to a folder anew; return how many there are, and how many rules it had."""
    plan = load(read_folder(bundle)).plan
    names = of_signalling(plan)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bundle, folder, ignore=_not_of(names))
    return len(names), len(plan.rules)


def _kinds(rule: Rule) -> set[EventKind]:
    return {rule.on, *rule.also_on, *(measure.on for measure in rule.measures if measure.on is not None)}


def _not_of(names: Iterable[str]) -> "_Ignored":
    return _Ignored(frozenset(f"{name}.yaml" for name in names))


class _Ignored:
    """What is not copied: other rules, and all examples, which are no part of what is judged by."""

    def __init__(self, rules: frozenset[str]) -> None:
        self._rules = rules

    def __call__(self, folder: str, names: list[str]) -> set[str]:
        """Return which names of a folder are left out."""
        match Path(folder).name:
            case "rules":
                return set(names) - self._rules
            case "tests":
                return set(names)
            case _:
                return set()
