"""The generated hour as call records in the generic layout, with what is true about each account beside it."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from ringfence.simulate.carrier import CallPlan
from ringfence.simulate.profiles import STATUS, Outcome
from ringfence.simulate.provider import Provider
from ringfence.vocabulary.times import MILLISECOND, Micros, iso

COLUMNS: Final = (
    "call_id",
    "start",
    "answer",
    "end",
    "account",
    "caller",
    "callee",
    "source_ip",
    "status",
    "released_by",
    "attestation",
    "trunk",
    "direction",
    "ring_ms",
)
"""The generic layout's own columns, then three of its optional ones."""


def write_records(plans: Iterable[CallPlan], path: Path, *, begin: Micros) -> int:
    """Write the calls in the order given, the hour beginning at `begin`; return how many. Raises `OSError`."""
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for plan in plans:
            writer.writerow(_row(plan, begin))
            written += 1
    return written


def write_labels(provider: Provider, path: Path) -> None:
    """Write what each account really does: `account,conduct`, conduct being `dialler` or `ordinary`. Raises `OSError`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("account", "conduct"))
        writer.writerows(_labels(provider))


def _labels(provider: Provider) -> Iterator[Sequence[str]]:
    return ((account.name, "dialler" if account.name == provider.dialler else "ordinary") for account in provider.accounts)


def _row(plan: CallPlan, begin: Micros) -> Sequence[object]:
    start = Micros(begin + plan.offset)
    ringing_ended = Micros(start + plan.setup_us + plan.ring_us)
    answered = plan.outcome is Outcome.ANSWERED
    return (
        f"{plan.call_id}@{plan.source}",
        iso(start),
        iso(ringing_ended) if answered else "",
        iso(Micros(ringing_ended + plan.talk_us)),
        plan.account.name,
        plan.caller,
        plan.callee,
        plan.source,
        STATUS[plan.outcome],
        plan.released_by,
        "",
        plan.account.trunk.name,
        "outbound",
        plan.ring_us // MILLISECOND,
    )
