"""Finding: a rule's claim that a measure crossed its threshold, with all that is needed to contest it."""

from hashlib import blake2b

import msgspec
from msgspec import Struct

from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros


class Subject(Struct, frozen=True, kw_only=True):
    """Who or what the finding is about."""

    kind: SubjectKind
    id: str


class Window(Struct, frozen=True, kw_only=True):
    """The span that was measured: `start` excluded, `end` included.

    Of a calendar window `start` is the first moment of its first period, which is included; where a period's end was judged, that
    is `end`, and excluded.
    """

    start: Micros
    end: Micros


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many events the measures rest on, and the call ids of up to ten of them, newest last.

    `errors` are the bounds of measures that were estimated from a sample, as shares of them (0.02 is ± 2 %): two standard
    deviations.
    """

    events: int
    sample: tuple[str, ...] = ()
    errors: dict[str, float] = {}


class Charge(Struct, frozen=True, kw_only=True):
    """Money that a rule proposes to charge: `quantity` times `amount`, in `currency` (ISO 4217)."""

    amount: float
    currency: str
    quantity: float


class Finding(Struct, frozen=True, kw_only=True):
    """One crossing of one rule's condition by one subject, at the event that crossed it (`time`).

    `measures` are the rule's measures at that moment by name, `thresholds` what its condition compared them with, by the compared
    expression's text. `approximate` names the error bound of a measure that is not exact. `source` says which input
    it was found in, `agent` which capture agent delivered the crossing event. `party_path` runs from the root to the account.

    `tier` counts the rule's thresholds from 0. `key` is what else the rule counts by, beside the subject: by field or expression.
    `proposes` are the rule's lines, `charge` what the first of them that charges comes to. `points` is what it weighs, `classifies`
    the class of traffic that it gives its subject.

    `short_until`: before that moment the rule's windows lack traffic that nobody had counted (watch was new, history did not reach
    back); `None` where they were whole.
    """

    v: int = 1
    id: str
    rule: str
    clause: str
    mode: Mode
    severity: Severity
    subject: Subject
    party_path: tuple[str, ...] = ()
    time: Micros
    window: Window
    measures: dict[str, float]
    thresholds: dict[str, float]
    evidence: Evidence
    approximate: str | None = None
    source: str
    agent: int | None = None
    policy: str
    says: str
    tier: int = 0
    key: dict[str, str] = {}
    proposes: tuple[str, ...] = ()
    charge: Charge | None = None
    points: float = 0.0
    classifies: str | None = None
    short_until: Micros | None = None


def finding_id(*, key: bytes, policy: str, rule: str, subject: Subject, time: Micros, further: tuple[object, ...] = ()) -> str:
    """Return the finding's id: BLAKE2b-128 in hexadecimal, keyed by the installation (`b""` in a scan).

    The same policy version, rule, subject and moment give the same id, so nothing is counted twice. `further` is what else tells
    findings apart: tier and key, where they aren't the default.
    """
    canonical = msgspec.json.encode([policy, rule, subject.kind, subject.id, time, *further])
    return blake2b(canonical, digest_size=16, key=key).hexdigest()
