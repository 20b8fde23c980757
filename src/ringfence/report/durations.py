"""How long calls lasted, in a few classes, by plan."""

from typing import Final

from ringfence.vocabulary.contracts import Event

CLASSES: Final = (
    ("not answered", 0),
    ("under 6 s", 6),
    ("6 to 15 s", 15),
    ("15 to 30 s", 30),
    ("30 s to 1 min", 60),
    ("1 to 3 min", 180),
    ("3 to 10 min", 600),
    ("10 to 30 min", 1_800),
    ("30 min and more", 0),
)
"""Name, and the seconds below which a call belongs here, where it has not belonged before."""
MOST_PLANS: Final = 200

_MILLISECONDS: Final = 1_000


def empty() -> list[int]:
    """Return a count for each class."""
    return [0] * len(CLASSES)


def bucket_of(event: Event) -> int:
    """Return the place in `CLASSES` of a call that ended."""
    if not event.answered:
        return 0
    for place in range(1, len(CLASSES) - 1):
        if event.duration_ms < CLASSES[place][1] * _MILLISECONDS:
            return place
    return len(CLASSES) - 1


class PlanDurations:
    """All calls of the recording, by plan (`None` where none is known; plans beyond `MOST_PLANS` too)."""

    def __init__(self) -> None:
        self._plans: dict[str | None, list[int]] = {None: empty()}

    def take(self, event: Event) -> None:
        """Take in the end of a call."""
        plan = event.plan if event.plan in self._plans or len(self._plans) < MOST_PLANS else None
        self._plans.setdefault(plan, empty())[bucket_of(event)] += 1

    def others(self, plan: str | None, own: list[int]) -> list[int]:
        """Return the calls of `plan` (of the whole recording for `None`) that are not in `own`."""
        if plan is not None and plan in self._plans:
            return [max(0, all_ - mine) for all_, mine in zip(self._plans[plan], own, strict=True)]
        total = [sum(counts) for counts in zip(*self._plans.values(), strict=True)]
        return [max(0, all_ - mine) for all_, mine in zip(total, own, strict=True)]
