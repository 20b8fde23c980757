"""fees.yaml: what identifying and restricting abuse costs whoever caused it, each entry under the clause that allows it.

investigation:
  per: 15 min                 # or hour, number, incident
  amount: 25.00 EUR
  clause: cost-recovery
  most: 500.00 EUR            # together for one decision
  waiver: lead                # who may waive it
  with: [suspend, terminate]  # decisions of these actions propose it; none: only by hand
"""

import re
from collections.abc import Mapping as Table
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from ringfence.policy.documents import Mapping, Scalar, Sequence, parse_document
from ringfence.policy.keys import Keys
from ringfence.policy.ladder import StepAction
from ringfence.policy.problems import START, Mark, Report

_AMOUNT: Final = re.compile(r"(?P<amount>[0-9]{1,9}(\.[0-9]{2})?) (?P<currency>[A-Z]{3})\Z", re.ASCII)
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z", re.ASCII)
_WAIVERS: Final = ("analyst", "lead")


class Per(StrEnum):
    """What the amount is charged for; a part that has begun counts whole."""

    QUARTER = "15 min"
    HOUR = "hour"
    NUMBER = "number"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class Fee:
    """One entry. `most` `None`: without a cap. `waiver`: which role may waive it. `actions` propose it."""

    name: str
    per: Per
    amount: Decimal
    currency: str
    clause: str
    most: Decimal | None
    waiver: str
    actions: frozenset[str]

    def of(self, units: int) -> Decimal:
        """Return what so many units come to, its cap heeded."""
        whole = self.amount * units
        return whole if self.most is None else min(whole, self.most)


@dataclass(frozen=True, slots=True)
class Fees:
    """All fees of a version by name; none where it has no fees.yaml."""

    fees: Table[str, Fee]


def read_fees(file: str, text: str, report: Report) -> tuple[Fees, dict[str, Mark]]:
    """Return the fees that can be read, and where each clause is cited; every problem is reported."""
    node = parse_document(file, text, report)
    if node is None:
        return Fees({}), {}
    if not isinstance(node, Mapping):
        report.add(file, START, "fees.yaml maps names to fees", "begin with a name and a colon, such as investigation:")
        return Fees({}), {}
    found, cited = dict[str, Fee](), dict[str, Mark]()
    for name, inner in node.entries.items():
        if not _NAME.match(name):
            report.add(file, node.keys[name], f"{name!r} is no name", "small letters, digits and hyphens")
        if not isinstance(inner, Mapping):
            report.add(file, inner.mark, f"{name} says nothing", "write its keys below it")
            continue
        keys = Keys(file, inner, report)
        fee = _fee(name, keys)
        if fee is not None:
            found[name] = fee
            cited.setdefault(fee.clause, keys.value_mark("clause"))
    return Fees(found), cited


def _fee(name: str, keys: Keys) -> Fee | None:
    keys.check(required=("per", "amount", "clause"), optional=("most", "waiver", "with"))
    per, amount, clause = keys.choice("per", Per), _amount(keys, "amount"), keys.text("clause")
    most = _amount(keys, "most")
    if amount is not None and most is not None and (most[1] != amount[1] or most[0] < amount[0]):
        keys.refuse(keys.value_mark("most"), "most is less than amount, or in another currency", "write a cap in the same currency")
    waiver = keys.text("waiver") or "lead"
    if waiver not in _WAIVERS:
        keys.refuse(keys.value_mark("waiver"), f"waiver cannot be {waiver!r}", f"write {' or '.join(_WAIVERS)}")
    actions = _actions(keys)
    if per is None or amount is None or clause is None:
        return None
    return Fee(name, per, amount[0], amount[1], clause, most[0] if most else None, waiver, actions)


def _amount(keys: Keys, key: str) -> tuple[Decimal, str] | None:
    scalar = keys.scalar(key)
    if scalar is None:
        return None
    match = _AMOUNT.match(scalar.value)
    if match is None:
        keys.refuse(scalar.mark, f"{key}: {scalar.value!r} is no amount", "write 25.00 EUR")
        return None
    return Decimal(match["amount"]), match["currency"]


def _actions(keys: Keys) -> frozenset[str]:
    node = keys.node.entries.get("with")
    items = node.items if isinstance(node, Sequence) else () if node is None else (node,)
    known, found = {str(kind) for kind in StepAction}, set[str]()
    for item in items:
        if isinstance(item, Scalar) and item.value in known:
            found.add(item.value)
        else:
            keys.refuse(item.mark, "with must list actions of the ladder", f"one of {', '.join(sorted(known))}")
    return frozenset(found)
