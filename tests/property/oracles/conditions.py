"""What an expression over measures means, number by number. Walks the tree by its fields alone."""

from collections.abc import Mapping
from math import isnan, nan
from operator import add, eq, ge, gt, le, lt, mul, ne, sub
from typing import Any

_COMPARE = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_COMPUTE = {"+": add, "-": sub, "*": mul}


def meaning(tree: Any, measures: Mapping[str, float]) -> float | bool:  # noqa: ANN401 - any tree of that shape will do
    """Return the value of `tree`, whose nodes are told apart by the names of their classes."""
    kind = type(tree).__name__
    if kind == "Literal":
        return tree.value  # type: ignore[no-any-return]  # the tree is duck-typed
    if kind == "MeasureValue":
        return measures[tree.name]
    if kind == "Choice":
        return meaning(tree.then if meaning(tree.condition, measures) else tree.otherwise, measures)
    if kind == "Negation":
        return not meaning(tree.operand, measures)
    if kind == "Connective":
        truths = [bool(meaning(operand, measures)) for operand in tree.operands]
        return all(truths) if tree.operator == "and" else any(truths)
    left = meaning(tree.left, measures)
    if kind == "Membership":
        return not isnan(left) and (left in [option.value for option in tree.options]) != tree.negated
    right = meaning(tree.right, measures)
    if kind == "Comparison":
        return not isnan(left) and not isnan(right) and bool(_COMPARE[tree.operator](left, right))
    if tree.operator == "/":
        return left / right if right != 0 else nan
    return float(_COMPUTE[tree.operator](left, right))
