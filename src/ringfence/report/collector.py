"""Looks on while a recording is judged, in one pass, and remembers what the report shows."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, NamedTuple

from ringfence.policy import Bundle
from ringfence.policy.evaluation import Context
from ringfence.policy.plan import Rule
from ringfence.report.calls import Calls
from ringfence.report.durations import PlanDurations
from ringfence.report.names import Names
from ringfence.report.profiles import Profile, Profiles
from ringfence.report.rates import RateDeck
from ringfence.report.registrations import Registrations
from ringfence.report.spending import Spending
from ringfence.report.tracks import RuleTracks, Track
from ringfence.vocabulary.contracts import Event, EventKind, Finding, Subject
from ringfence.vocabulary.severity import Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.findings import subject_fields

MOST_GROUPS: Final = 200
"""Rule and subject pairs that are shown with pictures. Findings of later pairs are counted by rule."""
MOST_FINDINGS: Final = 50
"""Findings of one group that are listed. Later ones are counted."""
MOST_DISTINCT: Final = 100_000
"""Accounts and addresses told apart when they are counted."""
MOST_PAIRS: Final = 2_000
"""Pairs of source and user in the table of registrations."""
SAMPLE_CALLS: Final = 3
"""Calls of one group that are shown step by step."""

_KIND, _ACCOUNT, _PLAN, _ATTESTATION = (attrgetter(name) for name in ("kind", "account", "plan", "attestation"))
_GRAVEST: Final = {Severity.ACT: 0, Severity.WARN: 1, Severity.INFO: 2}
_FOLLOWED: Final = ((SubjectKind.ACCOUNT, ("account",)), (SubjectKind.SOURCE, ("source",)))
"""Followed whatever the rules are about."""


class GroupKey(NamedTuple):
    """A rule's name and whom its findings are about."""

    rule: str
    subject: Subject


@dataclass(slots=True)
class Group:
    """The findings of one rule about one subject: the first `MOST_FINDINGS`, and how many there were."""

    rule: Rule
    subject: Subject
    findings: list[Finding] = field(default_factory=list)
    count: int = 0
    sample: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Totals:
    """What the whole recording held."""

    events: Counter[EventKind] = field(default_factory=Counter)
    first: Micros | None = None
    last: Micros | None = None
    accounts: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    attributed: int = 0
    planned: int = 0
    attested: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    """By rule."""
    is_partial: bool = False
    """Events went by that nobody counted, or only some of their kinds."""

    def take(self, event: Event) -> None:
        """Count an event."""
        self.events[event.kind] += 1
        if self.first is None or event.time < self.first:
            self.first = event.time
        if self.last is None or event.time > self.last:
            self.last = event.time
        if event.source is not None and len(self.sources) < MOST_DISTINCT:
            self.sources.add(event.source)
        if event.account is not None:
            self.attributed += 1
            self.planned += event.plan is not None
            if len(self.accounts) < MOST_DISTINCT:
                self.accounts.add(event.account)
        self.attested += event.attestation is not None

    def tally(self, events: Sequence[Event]) -> None:
        """Count events as far as that takes no time: those that are columns have no objects to look at."""
        if not isinstance(events, list):
            self.is_partial = True
            return
        self.events.update(map(_KIND, events))
        self.attributed += len(events) - list(map(_ACCOUNT, events)).count(None)
        self.planned += len(events) - list(map(_PLAN, events)).count(None)
        self.attested += len(events) - list(map(_ATTESTATION, events)).count(None)


class Collector:
    """An observer of a recording judged by `bundle`, with bounded memory, whatever the input.

    Followed are, for each rule, the series of up to 2,000 keys; for each kind of subject that a rule has, up to 5,000 subjects with
    at most 150,000 dots in all; the last 12,000 calls; 50,000 addresses; 2,000 registering pairs; 200 groups of up to 50 findings.
    Together that stays under some 250 MB with the default rules. Who was quiet longest gives way first, those with findings last;
    what gave way is counted and said. A time series has at most 120 bins: they widen as it grows.
    """

    def __init__(self, bundle: Bundle, *, closely: bool = True, rates: RateDeck | None = None) -> None:
        """With `closely` false only findings are looked at: enough for a table, and no time is spent on events.

        With `rates` calls are added up by price class.
        """
        self._closely = closely
        self.bundle: Final = bundle
        self.totals: Final = Totals()
        self.names: Final = Names()
        self.calls: Final = Calls()
        self.durations: Final = PlanDurations()
        self.registrations: Final = Registrations(MOST_PAIRS)
        self.spending: Final = Spending(rates) if rates is not None else None
        self.groups: Final[dict[GroupKey, Group]] = {}
        context = Context(bundle.plan.lists)
        self.tracks: Final = {rule.name: RuleTracks(rule, context) for rule in bundle.plan.rules}
        self._by_kind = {
            kind: tuple(tracks for tracks in self.tracks.values() if kind in (tracks.rule.on, *tracks.rule.also_on))
            for kind in EventKind
        }
        followed = {*_FOLLOWED, *((rule.subject, fields) for rule in bundle.plan.rules if (fields := subject_fields(rule)))}
        self._profiles = {(kind, fields): Profiles(kind, fields, rates) for kind, fields in sorted(followed)}

    @property
    def looks_at_events(self) -> bool:
        """Tell whether more than findings is looked at."""
        return self._closely

    def take(self, events: Sequence[Event], found: Sequence[Finding]) -> None:
        """Take in a batch of events, in their order, and the findings that came of them."""
        profiles = tuple(self._profiles.values())
        if not self._closely:
            self.totals.tally(events)
        for event in events if self._closely else ():
            self.totals.take(event)
            self.names.take(event)
            self.calls.take(event)
            if event.kind is EventKind.END:
                self.durations.take(event)
            elif event.kind is EventKind.REGISTRATION:
                self.registrations.take(event)
            if self.spending is not None:
                self.spending.take(event)
            for followed in profiles:
                followed.take(event)
            for tracks in self._by_kind[event.kind]:
                tracks.take(event)
        for finding in found:
            self._found(finding)
        for followed in profiles:
            followed.shrink()
        for tracks in self.tracks.values():
            tracks.shrink()

    def track(self, group: Group) -> Track | None:
        """Return the series of the group's subject; `None` where it was let go."""
        return self.tracks[group.rule.name].of(group.subject)

    def profile(self, group: Group) -> Profile | None:
        """Return what the group's subject did; `None` where it was let go."""
        profiles = self._profiles.get((group.subject.kind, subject_fields(group.rule) or ()))
        return profiles.of(group.subject) if profiles is not None else None

    @property
    def given_up(self) -> int:
        """How many subjects were let go to bound memory."""
        return sum(profiles.given_up for profiles in self._profiles.values())

    def _found(self, finding: Finding) -> None:
        self.totals.findings[finding.rule] += 1
        key = GroupKey(finding.rule, finding.subject)
        group = self.groups.get(key)
        if group is None:
            if len(self.groups) >= MOST_GROUPS:
                return
            rule = self.tracks[finding.rule].rule
            group = self.groups[key] = Group(rule, finding.subject)
            self.tracks[finding.rule].keep(finding.subject)
            if (profiles := self._profiles.get((finding.subject.kind, subject_fields(rule) or ()))) is not None:
                profiles.keep(finding.subject)
        group.count += 1
        if len(group.findings) < MOST_FINDINGS:
            group.findings.append(finding)
        for call_id in finding.evidence.sample:
            if len(group.sample) < SAMPLE_CALLS and call_id not in group.sample:
                self.calls.keep(call_id)
                if self.calls.of(call_id):
                    group.sample.append(call_id)


def ordered(groups: Iterable[Group]) -> list[Group]:
    """Return groups, the gravest first, then those with the earliest finding."""
    return sorted(
        groups, key=lambda group: (_GRAVEST[group.rule.severity], group.findings[0].time, group.rule.name, group.subject.id)
    )
