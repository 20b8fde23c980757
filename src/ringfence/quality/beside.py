"""Several plans as one, so that one engine reads the traffic once for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Final, TypeVar

from msgspec.structs import replace as with_fields

from ringfence.policy.expressions import Literal, Type
from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import Finding

_MARK: Final = "--"
"""Stands in no rule's name: its words are joined by single hyphens."""

_Part = TypeVar("_Part")


def beside(plans: Sequence[Plan]) -> Plan:
    """Return one plan with the rules of all, each under a name of its own; rules that read findings read those of their plan."""
    rules = [
        replace(_renamed(rule, {other.name: f"{other.name}{_MARK}{nth}" for other in plan.rules}), name=f"{rule.name}{_MARK}{nth}")
        for nth, plan in enumerate(plans)
        for rule in plan.rules
    ]
    return Plan(plans[0].policy, tuple(sorted(rules, key=lambda rule: rule.name)), plans[0].lists)


def apart(finding: Finding) -> tuple[int, Finding]:
    """Return to which of the plans a finding belongs, and the finding as that plan alone would have named its rule."""
    name, _, nth = finding.rule.rpartition(_MARK)
    return int(nth), with_fields(finding, rule=name)


def plain(rule: str) -> str:
    """Return the rule's name in its own plan."""
    return rule.rpartition(_MARK)[0]


def _renamed(part: _Part, names: Mapping[str, str]) -> _Part:
    """Return a tree of dataclasses with every text literal that is a rule's name changed."""
    if isinstance(part, Literal):
        renamed = part.type is Type.TEXT and part.value in names
        return replace(part, value=names[str(part.value)]) if renamed else part
    if isinstance(part, tuple):
        return tuple(_renamed(each, names) for each in part)  # type: ignore[return-value]  # a tuple stays one
    if is_dataclass(part) and not isinstance(part, type):
        changed = {
            field.name: new for field in fields(part) if (new := _renamed(old := getattr(part, field.name), names)) is not old
        }
        return replace(part, **changed) if changed else part
    return part
