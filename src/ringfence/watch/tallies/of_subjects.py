"""When something last happened to a rule's subject, whatever else its key holds: which classes of traffic are in force."""

from collections import OrderedDict
from collections.abc import Iterable
from math import nan
from typing import Final

from ringfence.policy.plan import Rule
from ringfence.watch.tallies.keys import KeyParts

_MOMENT_OCTETS: Final = 300
"""About what a moment takes, as measured."""

Moment = tuple[int, KeyParts, int]
"""A measure's place, the subject's parts of the key, and when."""


class OfSubjects:
    """The measures of `rule` that are kept for its subject. At most `most` moments are held, none for longer than `kept_us`."""

    def __init__(self, rule: Rule, *, kept_us: int, most: int) -> None:
        self.asked: Final = tuple((at, measure.name) for at, measure in enumerate(rule.measures) if measure.of_subject)
        self._places: Final = rule.subject_parts
        self._kept_us: Final = kept_us
        self._most: Final = most
        self._room = most
        self._newest: OrderedDict[tuple[int, KeyParts], int] = OrderedDict()
        self.forgotten = 0

    def subject(self, parts: tuple[str | float | bool | None, ...]) -> KeyParts | None:
        """Return the parts that name the subject; `None` where one is unset."""
        named = tuple(parts[place] for place in self._places)
        return None if any(part is None or part != part for part in named) else tuple(part for part in named if part is not None)

    def take(self, place: int, subject: KeyParts, time: int) -> None:
        """Note that an event of a measure came for a subject."""
        newest = self._newest
        newest[place, subject] = time
        newest.move_to_end((place, subject))
        self._bound(time)

    def _bound(self, time: int) -> None:
        newest = self._newest
        while newest and (len(newest) > self._room or next(iter(newest.values())) <= time - self._kept_us):
            _, gone = newest.popitem(last=False)
            self.forgotten += gone > time - self._kept_us

    def hold(self, octets: int, time: int) -> None:
        """Take no more than this from now on."""
        self._room = max(min(octets // _MOMENT_OCTETS, self._most), 1)
        self._bound(time)

    @property
    def octets(self) -> int:
        """About what it takes."""
        return len(self._newest) * _MOMENT_OCTETS

    def values(self, parts: KeyParts, time: int) -> dict[str, float]:
        """Return what each of the measures comes to for a key at a moment."""
        subject = self.subject(parts)
        if subject is None:
            return {}
        found = ((name, self._newest.get((at, subject))) for at, name in self.asked)
        return {name: nan if newest is None else float(time - newest) for name, newest in found}

    @property
    def moments(self) -> list[Moment]:
        """All that is held, the longest ago first."""
        return [(place, subject, time) for (place, subject), time in self._newest.items()]

    def fill(self, moments: Iterable[Moment]) -> None:
        """Hold these alone."""
        self._newest = OrderedDict(((place, tuple(subject)), time) for place, subject, time in moments)
