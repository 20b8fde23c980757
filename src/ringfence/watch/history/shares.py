"""A plan shared out among processes: by rules, so that each finds what the whole would, and nothing is counted by two."""

from collections.abc import Iterable
from dataclasses import replace

from ringfence.policy.plan import Plan, Rule
from ringfence.policy.strata import readers


def shared_out(plan: Plan, most: int) -> list[Plan]:
    """Return the plan as up to `most` plans of the same version that together have its rules.

    Rules that read other rules' findings stay with them. Several conditions over the same events are spread evenly.
    """
    groups = sorted(_bound(plan.rules), key=len, reverse=True)
    parts: list[list[Rule]] = [[] for _ in range(max(1, min(most, len(groups))))]
    for group in groups:
        min(parts, key=len).extend(group)
    return [replace(plan, rules=tuple(sorted(part, key=lambda rule: rule.name))) for part in parts]


def _bound(rules: Iterable[Rule]) -> list[list[Rule]]:
    """Return the rules in groups that read no findings of each other."""
    every = list(rules)
    group = {rule.name: {rule.name} for rule in every}
    for name, read in readers(every).items():
        for other in read:
            joined = group[name] | group[other]
            for member in joined:
                group[member] = joined
    return [[rule for rule in every if rule.name in names] for names in {min(g): g for g in group.values()}.values()]
