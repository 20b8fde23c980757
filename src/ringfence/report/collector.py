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
from ringfence.report.following import Bounds, Following, Known
from ringfence.report.looking import Looking, Sight
from ringfence.report.names import HashSet, Names
from ringfence.report.profiles import ITEM_LIMITS, Profile, Texts, profile_of
from ringfence.report.rates import RateDeck
from ringfence.report.registrations import Registrations
from ringfence.report.rows import BatchRows, Called, keys_of, subject_keys
from ringfence.report.series import Track
from ringfence.report.spending import AllSpent, Spending
from ringfence.vocabulary.contracts import Event, EventKind, Finding, Subject
from ringfence.vocabulary.severity import Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.columns import ColumnBatch, ListedEvents, NumberCodes, TextHashes
from ringfence.watch.columns.happened import HappenedEvents
from ringfence.watch.columns.records import Wholes
from ringfence.watch.engine import Reads
from ringfence.watch.findings import subject_fields

MOST_GROUPS: Final = 200
"""Rule and subject pairs that are shown with pictures. Findings of later pairs are counted by rule."""
MOST_FINDINGS: Final = 50
"""Findings of one group that are listed. Later ones are counted."""
MOST_DISTINCT: Final = 100_000
"""Accounts and addresses told apart when they are counted."""
MOST_PAIRS: Final = 2_000
"""Pairs of source and user in the table of registrations."""
MOST_PAIR_TEXTS: Final = 20_000
"""Pairs whose texts are remembered for subjects' own tables."""
MOST_AGENTS: Final = 4_096
"""Names of user agents that are remembered."""
SAMPLE_CALLS: Final = 3
"""Calls of one group that are shown step by step."""

_KIND, _ACCOUNT, _PLAN, _ATTESTATION = (attrgetter(name) for name in ("kind", "account", "plan", "attestation"))
_GRAVEST: Final = {Severity.ACT: 0, Severity.WARN: 1, Severity.INFO: 2}
_SOURCES: Final = ("source",)
_FOLLOWED: Final = ((SubjectKind.ACCOUNT, ("account",)), (SubjectKind.SOURCE, _SOURCES))
"""Followed whatever the rules are about."""
_OWN: Final = Bounds(fewest=256, items=1 << 16, values=1 << 17, item_limits=ITEM_LIMITS)
_FURTHER: Final = Bounds(fewest=128, items=1 << 14, values=1 << 15, room=5_000_000, item_limits=ITEM_LIMITS)
"""How much is remembered of accounts and of sources, and of each further kind of subject that rules bring: a policy has many."""
_READ: Final = frozenset({"account", "source", "plan", "user_agent", "attestation", "call_id"})
_STEP: Final = 1 << 14  # columns of this many events stay in the processor's cache


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


class Totals:
    """What the whole recording held."""

    def __init__(self) -> None:
        self.events: Final[Counter[EventKind]] = Counter()
        self.first: Micros | None = None
        self.last: Micros | None = None
        self.accounts: Final = HashSet(MOST_DISTINCT)
        self.sources: Final = HashSet(MOST_DISTINCT)
        self.attributed = self.planned = self.attested = 0
        self.findings: Final[Counter[str]] = Counter()
        """By rule."""
        self.is_partial = False
        """Events went by that nobody counted, or only some of their kinds."""

    def take(self, batch: BatchRows) -> None:
        """Count the events that rows tell."""
        self.events.update(batch.counted())
        first, last = Micros(int(batch.rows.times.min())), Micros(int(batch.until.max()))
        self.first = first if self.first is None else min(first, self.first)
        self.last = last if self.last is None else max(last, self.last)
        accounts, sources = batch.column("account"), batch.column("source")
        self.accounts.add(accounts)
        self.sources.add(sources)
        weights = batch.weights()
        self.attributed += int(weights[accounts != 0].sum())
        self.planned += int(weights[(accounts != 0) & (batch.rows.plans != 0)].sum())
        self.attested += int(weights[batch.column("attestation") != 0].sum())

    def tally(self, events: Sequence[Event]) -> None:
        """Count events as far as that takes no time: those of call records in columns have no objects to look at."""
        if isinstance(events, HappenedEvents):
            self.events.update(events.kinds_told())
            self.attributed += events.with_account()
            self.planned += events.with_plan()
            self.attested += events.with_attestation()
            return
        if not isinstance(events, list):
            self.is_partial = True
            return
        self.events.update(map(_KIND, events))
        self.attributed += len(events) - list(map(_ACCOUNT, events)).count(None)
        self.planned += len(events) - list(map(_PLAN, events)).count(None)
        self.attested += len(events) - list(map(_ATTESTATION, events)).count(None)


class Collector:
    """An observer of a recording judged by `bundle`, with bounded memory, whatever the input.

    Of each kind of subject that a rule has up to 2,048 are followed, those that do most and those with findings, fewer where rules
    draw many lines of each and of kinds other than accounts and sources (see `Bounds`);
    the last 20,000 events are looked through for sample calls; 2,000 registering pairs; 200 groups of up to 50 findings. What gave
    way is counted and said. A time series has at most 120 bins: they widen as it grows.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        closely: bool = True,
        rates: RateDeck | None = None,
        hashes: TextHashes | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        """With `closely` false only findings are looked at: enough for a table, and no time is spent on events.

        With `rates` calls are added up by price class. Batches of columns must be hashed by `hashes`, as the engine's are.
        """
        self._closely = closely
        self._deck = rates
        self._hashes = hashes if hashes is not None else TextHashes(b"")
        self.bundle: Final = bundle
        self.totals: Final = Totals()
        self.calls: Final = Calls(self._hashes)
        self.durations: Final = PlanDurations()
        self.registrations: Final = Registrations(MOST_PAIRS)
        self.groups: Final[dict[GroupKey, Group]] = {}
        context = Context(bundle.plan.lists)
        self.rules: Final = {rule.name: Looking(rule, self._hashes) for rule in bundle.plan.rules}
        self._sight = Sight(self.rules.values(), context, self._hashes)
        self._all_spent = AllSpent(rates) if rates is not None else None
        self._texts = Texts(NumberCodes())
        subjects = {*_FOLLOWED, *((rule.subject, fields) for rule in bundle.plan.rules if (fields := subject_fields(rule)))}
        self._following = {
            (kind, fields): Following(
                [looking for looking in self.rules.values() if _is_about(looking.rule, kind, fields)],
                bounds or (_OWN if (kind, fields) in _FOLLOWED else _FURTHER),
            )
            for kind, fields in sorted(subjects)
            if closely
        }
        self.names: Final = Names(self._hashes, self._texts, self._source)

    @property
    def looks_at_events(self) -> bool:
        """Tell whether more than findings is looked at."""
        return self._closely

    def reads(self, others: Reads) -> tuple[Reads, Wholes | None]:
        """Return what is read of columns, that of the engine (`others`) included, and that attempts must tell whole calls."""
        if not self._closely:
            return others, None
        fields = _READ.union(*(fields for _, fields in self._following))
        reads = Reads(others.hashes, others.kinds | {EventKind.ATTEMPT}, others.fields | fields, others.numbers)
        return reads, Wholes(self._texts.numbers, frozenset({"caller", "callee"}))

    def take(self, events: Sequence[Event], found: Sequence[Finding]) -> None:
        """Take in a batch of events, in their order, and the findings that came of them."""
        batch = events if isinstance(events, ColumnBatch) else ListedEvents(events)
        begin = Micros(int(batch.times[0])) if len(batch) else Micros(0)
        groups = [(self._found(finding, begin), finding) for finding in found]  # first: more is then held of whom they are about
        if self._closely:
            for first in range(0, len(batch), _STEP):
                self._look_at(batch[first : first + _STEP])
        else:
            self.totals.tally(events)
        for group, finding in groups:
            if group is not None:
                self._sample(group, finding)

    def track(self, group: Group) -> Track | None:
        """Return the series of the group's subject; `None` where it was let go."""
        following, keys = self._followed(group.subject, group.rule)
        tracks = (following.track(key, group.rule.name) for key in keys) if following is not None else ()
        return next((track for track in tracks if track is not None), None)

    def profile(self, group: Group) -> Profile | None:
        """Return what the group's subject did; `None` where it was let go."""
        following, keys = self._followed(group.subject, group.rule)
        known = (following.known(key) for key in keys) if following is not None else ()
        return next((profile_of(each, self._texts, self._deck) for each in known if each is not None), None)

    @property
    def spending(self) -> Spending | None:
        """All calls by price class; `None` without rates."""
        return self._all_spent.spending() if self._all_spent is not None else None

    @property
    def given_up(self) -> int:
        """How many subjects were let go to bound memory."""
        return sum(following.given_up for following in self._following.values())

    @property
    def octets(self) -> int:
        """What remembering subjects takes at most; of those with findings there are two hundred in all."""
        return sum(following.octets for following in self._following.values())

    def _look_at(self, batch: ColumnBatch) -> None:
        read = BatchRows(batch, self._hashes, self._texts, self._deck)
        self.totals.take(read)
        self.calls.take(batch)
        self.durations.take(read.rows, read.answered)
        if self._all_spent is not None:
            self._all_spent.take(read.rows, read.answered)
        self._learn_texts(read)
        seen = self._sight.of(batch)
        looked = {name: looking.at(seen) for name, looking in self.rules.items()}
        for (_, fields), following in self._following.items():
            rows = read.about(keys_of(read, fields), Called.of(fields), callers=fields == _SOURCES)
            following.take(rows, read.answered, [looked[looking.rule.name] for looking in following.rules])

    def _learn_texts(self, read: BatchRows) -> None:
        self.names.take_receivers(read.receivers())
        for key, event in read.registered():
            self.registrations.take(event)
            if len(self._texts.pairs) < MOST_PAIR_TEXTS:
                self._texts.learn_pair(key, event)
        for hashed, place in read.new_agents(self._texts.agents):
            if len(self._texts.agents) < MOST_AGENTS:
                self._texts.agents[hashed] = read.batch[place].user_agent or ""

    def _source(self, key: int) -> Known | None:
        following = self._following.get((SubjectKind.SOURCE, _SOURCES))
        return following.known(key) if following is not None else None

    def _followed(self, subject: Subject, rule: Rule) -> tuple[Following | None, list[int]]:
        """Return where a rule's subject is followed, and which keys it may have there."""
        fields = subject_fields(rule) or ()
        following = self._following.get((subject.kind, fields))
        return following, subject_keys(subject, fields, self._hashes) if following is not None else []

    def _found(self, finding: Finding, begin: Micros) -> Group | None:
        """Take in a finding about a subject that is followed from `begin` on, if it is not yet; `None` where there are too many."""
        self.totals.findings[finding.rule] += 1
        key = GroupKey(finding.rule, finding.subject)
        group = self.groups.get(key)
        if group is None:
            if len(self.groups) >= MOST_GROUPS:
                return None
            group = self.groups[key] = Group(self.rules[finding.rule].rule, finding.subject)
            self._keep(group, begin)
        group.count += 1
        if len(group.findings) < MOST_FINDINGS:
            group.findings.append(finding)
        return group

    def _sample(self, group: Group, finding: Finding) -> None:
        """Keep calls that a finding names, if they are still known."""
        for call_id in finding.evidence.sample:
            if len(group.sample) < SAMPLE_CALLS and call_id not in group.sample:
                self.calls.keep(call_id)
                if self.calls.of(call_id):
                    group.sample.append(call_id)

    def _keep(self, group: Group, begin: Micros) -> None:
        following, keys = self._followed(group.subject, group.rule)
        if following is not None:
            for key in keys:
                following.keep(key, begin if len(keys) == 1 else None)
        sources = self._following.get((SubjectKind.SOURCE, _SOURCES))
        if sources is not None and group.subject.kind is SubjectKind.SOURCE:
            sources.keep(self._hashes[group.subject.id], begin)


def _is_about(rule: Rule, kind: SubjectKind, fields: tuple[str, ...]) -> bool:
    return rule.subject is kind and subject_fields(rule) == fields


def ordered(groups: Iterable[Group]) -> list[Group]:
    """Return groups, the gravest first, then those with the earliest finding."""
    return sorted(
        groups, key=lambda group: (_GRAVEST[group.rule.severity], group.findings[0].time, group.rule.name, group.subject.id)
    )
