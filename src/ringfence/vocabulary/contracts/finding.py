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
    """The span that was measured: `start` excluded, `end` included."""

    start: Micros
    end: Micros


class Evidence(Struct, frozen=True, kw_only=True):
    """How many events the measures rest on, and the call ids of up to ten of them, newest last."""

    events: int
    sample: tuple[str, ...] = ()


class Finding(Struct, frozen=True, kw_only=True):
    """One crossing of one rule's condition by one subject, at the event that crossed it (`time`).

    `measures` are the rule's measures at that moment by name, `thresholds` what its condition compared them with, by the compared
    expression's text. `approximate` names the error bound of a measure that is not exact. `source` says which input
    it was found in, `agent` which capture agent delivered the crossing event. `party_path` runs from the root to the account.
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


def finding_id(*, key: bytes, policy: str, rule: str, subject: Subject, time: Micros) -> str:
    """Return the finding's id: BLAKE2b-128 in hexadecimal, keyed by the installation (`b""` in a scan).

    The same policy version, rule, subject and moment give the same id, so nothing is counted twice.
    """
    canonical = msgspec.json.encode([policy, rule, subject.kind, subject.id, time])
    return blake2b(canonical, digest_size=16, key=key).hexdigest()
