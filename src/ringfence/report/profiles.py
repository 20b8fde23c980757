"""What one subject did in a recording, whatever rule looks at it: whom it called, how long, who registered."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

from ringfence.report.durations import bucket_of, empty
from ringfence.report.rates import RateDeck
from ringfence.report.registrations import Registrations
from ringfence.report.spending import Spending
from ringfence.vocabulary.contracts import Event, EventKind, Subject
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.findings import subject_of

MOST_PROFILES: Final = 5_000
"""Subjects of one kind that are followed. Beyond, the one that was quiet longest gives way, those with findings last."""
MOST_POINTS: Final = 2_400
"""Dots of one raster. A fuller one keeps every second, then every fourth dot …"""
MOST_POINTS_IN_ALL: Final = 150_000
"""Dots of all rasters of one kind of subject, some 25 MB."""
MOST_PREFIXES: Final = 400
"""Beginnings of numbers told apart for one subject; later ones count as one."""
PREFIX_LENGTH: Final = 8
"""How much of a number tells its country and its type: + and seven digits."""
MOST_COUNTERPARTS: Final = 64
OTHER: Final = ""
"""The beginning under which those beyond `MOST_PREFIXES` are counted."""


class Point(NamedTuple):
    """One attempt at a number, or one request for a user."""

    time: Micros
    number: str


class Raster:
    """Points in time and number, thinned evenly when they get many: `every` n-th is kept."""

    __slots__ = ("every", "points", "seen")

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.every = 1
        self.seen = 0

    def add(self, time: Micros, number: str) -> None:
        """Take in a point."""
        if self.seen % self.every == 0:
            self.points.append(Point(time, number))
            if len(self.points) > MOST_POINTS:
                self.points = self.points[::2]
                self.every *= 2
        self.seen += 1


class Profile:
    """One subject. `dialled` are its attempts' callees, `asked` the users it sent other requests for.

    `spending` is there where rates are known.
    """

    __slots__ = (
        "agents",
        "answered",
        "asked",
        "attempts",
        "dialled",
        "durations",
        "plan",
        "prefixes",
        "registrations",
        "spending",
        "statuses",
    )

    def __init__(self, rates: RateDeck | None = None) -> None:
        self.attempts = 0
        self.answered = 0
        self.plan: str | None = None
        self.dialled = Raster()
        self.asked = Raster()
        self.prefixes: dict[str, int] = {}  # plain ones: a subject is made often
        self.durations = empty()
        self.registrations = Registrations(MOST_COUNTERPARTS)
        self.statuses: dict[int, int] = {}
        self.agents: dict[str, int] = {}
        self.spending = Spending(rates) if rates is not None else None

    def take(self, event: Event, other: str | None) -> None:
        """Take in an event of the subject. `other` is the number at the call's other end."""
        if self.spending is not None:
            self.spending.take(event)
        match event.kind:
            case EventKind.ATTEMPT:
                self._attempt(event, other)
            case EventKind.ANSWER:
                self.answered += 1
            case EventKind.END:
                self.durations[bucket_of(event)] += 1
                self.statuses[event.status] = self.statuses.get(event.status, 0) + 1
            case EventKind.REQUEST if event.method != "INVITE":
                self.asked.add(event.time, event.target or "")
                self.statuses[event.status] = self.statuses.get(event.status, 0) + 1
            case EventKind.REGISTRATION:
                self.registrations.take(event)

    def _attempt(self, event: Event, other: str | None) -> None:
        self.attempts += 1
        self.plan = event.plan
        number = other or ""
        self.dialled.add(event.time, number)
        prefix = number[:PREFIX_LENGTH]
        if prefix not in self.prefixes and len(self.prefixes) >= MOST_PREFIXES:
            prefix = OTHER
        self.prefixes[prefix] = self.prefixes.get(prefix, 0) + 1
        if event.user_agent is not None and (event.user_agent in self.agents or len(self.agents) < MOST_COUNTERPARTS):
            self.agents[event.user_agent] = self.agents.get(event.user_agent, 0) + 1

    @property
    def held(self) -> int:
        """How many points it remembers."""
        return len(self.dialled.points) + len(self.asked.points)


class Profiles:
    """The subjects that `fields` of events name. Where these are the called side, callers are their counterparts."""

    def __init__(self, kind: SubjectKind, fields: Sequence[str], rates: RateDeck | None = None) -> None:
        self._kind = kind
        self._fields = tuple(fields)
        self._rates = rates
        self._is_called = not {"callee", "target", "destination"}.isdisjoint(fields) and "caller" not in fields
        self._profiles: OrderedDict[Subject, Profile] = OrderedDict()
        self._kept: set[Subject] = set()
        self.given_up = 0

    def take(self, event: Event) -> None:
        """Take in an event, where it names a subject."""
        for name in self._fields:
            if getattr(event, name) is None:
                return
        subject = subject_of(self._kind, self._fields, event)
        profile = self._profiles.get(subject)
        if profile is None:
            profile = self._profiles[subject] = Profile(self._rates)
        else:
            self._profiles.move_to_end(subject)
        profile.take(event, event.caller if self._is_called else event.callee)

    def keep(self, subject: Subject) -> None:
        """Let the subject go last: something was found about it."""
        self._kept.add(subject)

    def of(self, subject: Subject) -> Profile | None:
        """Return what was seen of `subject`; `None` where it was let go or never seen."""
        return self._profiles.get(subject)

    def shrink(self) -> None:
        """Let go what is over the bounds. Called after each batch."""
        held = sum(profile.held for profile in self._profiles.values())
        while len(self._profiles) > MOST_PROFILES or (held > MOST_POINTS_IN_ALL and len(self._profiles) > 1):
            subject = next((each for each in self._profiles if each not in self._kept), next(iter(self._profiles)))
            held -= self._profiles.pop(subject).held
            self.given_up += 1
