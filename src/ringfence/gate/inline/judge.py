"""Questions in, what rules say of each out: every call is counted once, refused or not, as watch counts attempts."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from msgspec import structs

from ringfence.gate.inline.selected import EACH, Selected, refusal, selected
from ringfence.gate.inline.situations import Situation, attempt_of
from ringfence.gate.reasons import rule_refusal
from ringfence.policy import PolicyError, load
from ringfence.policy.folder import read_folder
from ringfence.policy.plan import Rule
from ringfence.vocabulary.contracts import Event, EventKind, Finding, Reference, Verdict
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.engine import Engine, RuleUnmeasurable

SOURCE: Final = "gate"
KEPT_US: Final = 32 * SECOND
"""For so long a call that is asked about again (another branch, or with credentials) is the same call: 64 times T1."""
MAX_KEPT: Final = 65_536
MOST_FINDINGS: Final = 100_000
"""That wait to be written. Beyond it they are dropped and counted: the disk has refused for long."""

_LOG: Final = structlog.get_logger("gate.rules")


@dataclass(frozen=True, slots=True)
class Judged:
    """What a rule that decides before says of a request; `subject` is of which kind the rule's subject is."""

    verdict: Verdict
    subject: SubjectKind


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended, as `Event` says it."""

    status: int = 0
    answered: bool = False
    duration_ms: int = 0
    ring_ms: int = 0
    released_by: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An engine for a posted version, and what it decides by."""

    policy: str
    engine: Engine
    selected: Selected


class RulesBefore:
    """Judges questions by the posted version's rules. `policies` holds posted bundles by their hashes, `key` is the installation's.

    `prepare` may run in another thread; the rest is for the loop.
    """

    def __init__(self, policies: Path, *, key: bytes, verifies: bool = False, ends: bool = False) -> None:
        """`verifies`: questions say what their signed identities came to. `ends`: who asks about a call also tells how it ended."""
        self._policies = policies
        self._verifies = verifies
        self._ends = ends
        self._under_way: OrderedDict[tuple[str, str | None], Event] = OrderedDict()
        self._key = key
        self._prepared: Prepared | None = None
        self._rules: dict[str, Rule] = {}
        self._directory: Directory | None = None
        self._struck: frozenset[str] = frozenset()
        self._held = False
        self._unusable: str | None = None
        self._calls: OrderedDict[_Call, tuple[Micros, Judged | None]] = OrderedDict()
        self._clock = Micros(0)
        self._found: list[Finding] = []
        self.refused = 0
        self.dropped = 0

    @property
    def active(self) -> bool:
        """Tell whether any rule is judged by."""
        return bool(self._rules)

    def prepare(self, reference: Reference | None, now: Micros) -> Prepared | None:
        """Return an engine where a version is posted that is not in force here; its windows begin now, and its findings say so."""
        policy = None if reference is None else reference.policy
        if policy is None or policy == self._unusable or (self._prepared is not None and self._prepared.policy == policy):
            return None
        try:
            chosen = selected(
                load(read_folder(self._policies / policy), posted=True).plan, verifies=self._verifies, ends=self._ends
            )
            engine = Engine(chosen.plan, key=self._key, source=SOURCE)
            engine.prepare()
        except (PolicyError, RuleUnmeasurable, OSError) as error:
            self._unusable = policy
            _LOG.error("the posted policy cannot be used; the version before stays in force", policy=policy, cause=str(error))
            return None
        engine.begins(now)
        return Prepared(policy, engine, chosen)

    def take(self, prepared: Prepared | None, reference: Reference | None, directory: Directory) -> None:
        """Judge by this from now on: another version, where one was prepared, and what the desk told."""
        if prepared is not None:
            self._prepared = prepared
            self._rules = {rule.name: rule for rule in prepared.selected.plan.rules}
            self._calls.clear()
            _LOG.info("rules decide before", policy=prepared.policy, rules=prepared.selected.names)
        if reference is not None:
            self._struck, self._held = frozenset(reference.struck), reference.automation_held
        if self._prepared is not None and (prepared is not None or directory is not self._directory):
            self._prepared.engine.know(directory)
        self._directory = directory

    def judge(self, situations: Sequence[Situation], now: Micros) -> list[Judged | None]:
        """Return what rules say of each request, `None` for "nothing". Only INVITEs are judged, and each call counts once."""
        if self._prepared is None or not self._rules:
            return [None] * len(situations)
        self._forget(now)
        events: dict[_Call, Event] = {}
        calls = [_call(situation) for situation in situations]
        for situation, call in zip(situations, calls, strict=True):
            if call is not None and call not in self._calls and call not in events:
                self._clock = Micros(max(self._clock + 1, now))  # each at a moment of its own: a finding's time names its question
                events[call] = attempt_of(situation, self._clock)
        if events:
            said = self._step(self._prepared.engine, list(events.values()))
            for call, event in events.items():
                self._calls[call] = (now, said.get(event.time))
                self._begun(call, event)
        judged = [self._calls[call][1] if call is not None else None for call in calls]
        self.refused += sum(each is not None for each in judged)
        while len(self._calls) > MAX_KEPT:
            self._calls.popitem(last=False)
        return judged

    def _begun(self, call: "_Call", attempt: Event) -> None:
        if self._ends:
            self._under_way[call[0], call[1]] = attempt
            if len(self._under_way) > MAX_KEPT:
                self._under_way.popitem(last=False)

    def ended(self, call_id: str, tag: str | None, now: Micros, outcome: "Outcome | None" = None) -> None:
        """Take in that a call is over, or was refused here: rules count it no more as under way, and read how it ended."""
        attempt = self._under_way.pop((call_id, tag), None)
        if attempt is None or self._prepared is None:
            return
        self._clock = Micros(max(self._clock + 1, now))
        told = outcome or Outcome()
        end = structs.replace(
            attempt,
            kind=EventKind.END,
            time=self._clock,
            status=told.status,
            answered=told.answered,
            duration_ms=told.duration_ms,
            ring_ms=told.ring_ms,
            released_by=told.released_by,
        )
        self._step(self._prepared.engine, [end])

    def findings(self) -> list[Finding]:
        """Return what was found since the last call, to be told to the desk."""
        found, self._found = self._found, []
        return found

    def give_back(self, findings: Sequence[Finding]) -> None:
        """Take back what could not be written."""
        self._keep([*findings, *self._found], anew=True)

    def health(self) -> dict[str, object]:
        """Return what is decided by, what is not and why, and how often it refused."""
        chosen = None if self._prepared is None else self._prepared.selected
        return {
            "policy": None if self._prepared is None else self._prepared.policy,
            "decides": [] if chosen is None else chosen.names,
            "leaves_to_watch": {} if chosen is None else chosen.why_not,
            "refused": self.refused,
            "held": self._held,
            "findings_dropped": self.dropped,
        }

    def _step(self, engine: Engine, events: list[Event]) -> dict[Micros, Judged]:
        said: dict[Micros, Judged] = {}
        found = []
        for finding in engine.step(events, self._clock):
            if finding.clause in self._struck or (self._directory is not None and self._directory.silences(finding)):
                continue
            if not finding.rule.endswith(EACH):
                found.append(finding)
            elif not self._held and finding.time not in said:
                judged = self._judged(finding)
                if judged is not None:
                    said[finding.time] = judged
        self._keep(found)
        return said

    def _judged(self, finding: Finding) -> Judged | None:
        rule = self._rules[finding.rule]
        code = refusal(rule.tiers[finding.tier].proposes)
        if code is None:
            return None
        return Judged(rule_refusal(finding, finding.rule.removesuffix(EACH), code), rule.subject)

    def _keep(self, findings: list[Finding], *, anew: bool = False) -> None:
        kept = findings if anew else self._found + findings
        self.dropped += max(0, len(kept) - MOST_FINDINGS)
        self._found = kept[:MOST_FINDINGS]

    def _forget(self, now: Micros) -> None:
        while self._calls and next(iter(self._calls.values()))[0] <= now - KEPT_US:
            self._calls.popitem(last=False)


_Call = tuple[str, str | None, str | None, str | None]
"""Call-ID, From tag, called number, source: whoever keeps all of them repeats one call."""


def _call(situation: Situation) -> _Call | None:
    ask = situation.ask
    return (ask.call_id, situation.tag, ask.callee, ask.source) if ask.method == "INVITE" else None
