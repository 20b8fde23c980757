"""What a version promises whoever it judges, and how far it trusts machines: two tables of bundle.toml. Both may be absent.

[due_process]
appeal_days = 183                       # how long a measure may be contested
appeal_by = ["party", "complainant"]    # who may contest what was decided
unconfirmed = "stays"                   # or "falls": a grave measure that no second person confirmed in time
sampled_percent = 10                    # how much of a bulk decision a second person looks at

[automation]                            # what standing orders may do within an hour before they stop and page a person
parties_per_hour = 50
numbers_per_hour = 5000
traffic_percent = 20                    # of all that watch sees, what was the traffic of those they acted against
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final

from ringfence.policy.problems import did_you_mean

Refuse = Callable[[str, str, str], None]
"""Reports a problem of a key: the key, the cause, the hint."""


class Standing(StrEnum):
    """Who may contest what was decided."""

    PARTY = "party"  # about whom it was decided
    COMPLAINANT = "complainant"  # whose complaint it was decided on


class Unconfirmed(StrEnum):
    """What becomes of a grave measure that no second person confirmed in time. Somebody is called either way."""

    STAYS = "stays"
    FALLS = "falls"


@dataclass(frozen=True, slots=True)
class DueProcess:
    """What whoever is judged by a version can rely on."""

    appeal_days: int = 183
    appeal_by: tuple[Standing, ...] = tuple(Standing)
    unconfirmed: Unconfirmed = Unconfirmed.STAYS
    sampled_percent: int = 10


@dataclass(frozen=True, slots=True)
class Budget:
    """What standing orders may do within an hour; `traffic_percent` of the events that watch sees."""

    parties_per_hour: int = 50
    numbers_per_hour: int = 5000
    traffic_percent: int = 20


DUE_PROCESS: Final = "due_process"
AUTOMATION: Final = "automation"
_RANGES: Final = {
    "appeal_days": (1, 3650),
    "sampled_percent": (0, 100),
    "parties_per_hour": (1, 1_000_000),
    "numbers_per_hour": (1, 100_000_000),
    "traffic_percent": (1, 100),
}


def read_due_process(table: Mapping[str, object], refuse: Refuse) -> DueProcess:
    """Return the table `due_process`, where it is there. What is wrong is reported and read as where it is absent."""
    stated, default = _stated(table, DUE_PROCESS, [each.name for each in fields(DueProcess)], refuse), DueProcess()
    by = stated.get("appeal_by", list(default.appeal_by))
    if not isinstance(by, list) or not by or not all(one in list(Standing) for one in by) or len(set(by)) != len(by):
        refuse("appeal_by", "appeal_by must list who may contest", 'write appeal_by = ["party", "complainant"], or one of them')
        by = list(default.appeal_by)
    miss = stated.get("unconfirmed", str(default.unconfirmed))
    if miss not in list(Unconfirmed):
        refuse("unconfirmed", f"unconfirmed cannot be {miss!r}", 'write "stays" or "falls"')
        miss = str(default.unconfirmed)
    return DueProcess(
        appeal_days=_whole(stated, "appeal_days", default.appeal_days, refuse),
        appeal_by=tuple(Standing(one) for one in by),
        unconfirmed=Unconfirmed(str(miss)),
        sampled_percent=_whole(stated, "sampled_percent", default.sampled_percent, refuse),
    )


def read_budget(table: Mapping[str, object], refuse: Refuse) -> Budget:
    """Return the table `automation`, where it is there."""
    names = [each.name for each in fields(Budget)]
    stated, default = _stated(table, AUTOMATION, names, refuse), Budget()
    return Budget(**{name: _whole(stated, name, getattr(default, name), refuse) for name in names})


def _stated(table: Mapping[str, object], name: str, known: list[str], refuse: Refuse) -> Mapping[str, object]:
    stated = table.get(name, {})
    if not isinstance(stated, dict):
        refuse(name, f"{name} must be a table", f"write [{name}] and its keys below it")
        return {}
    for key in stated:
        if key not in known:
            refuse(key, f"unknown key {key!r} of {name}", did_you_mean(key, known))
    return stated


def _whole(stated: Mapping[str, object], key: str, default: int, refuse: Refuse) -> int:
    value, (least, most) = stated.get(key, default), _RANGES[key]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        refuse(key, f"{key} must be a whole number from {least} to {most}", f"{key} = {default}, for example")
        return default
    return value
