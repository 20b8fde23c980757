"""A desk whose worker is stepped by hand, and what watch and gate would write on its feeds."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ringfence.desk.actor import Actor, ActorKind, StaffRole, system
from ringfence.desk.site.worker import Worker
from ringfence.feeds import FeedWriter
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.contracts import Evidence, Finding, OrderChange, Receipt, ReceiptState, Subject, Window, finding_id
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros, micros

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WORKER = system("worker")
ANALYST = Actor(ActorKind.PERSON, "ana", frozenset({StaffRole.ANALYST}))
LEAD = Actor(ActorKind.PERSON, "leo", frozenset({StaffRole.LEAD}))
ADMIN = Actor(ActorKind.PERSON, "ada", frozenset({StaffRole.ADMIN}))
AUDITOR = Actor(ActorKind.PERSON, "aud", frozenset({StaffRole.AUDITOR}))
STRANGER = Actor(ActorKind.PERSON, "mallory")

BUNDLE = {
    "bundle.toml": """
name = "Test policy"
provider = "Example Voice"
jurisdiction = "BE"
governing_law = "Belgian law"
time_zone = "UTC"
languages = ["en"]
policy_page = "https://voice.example/acceptable-use"
abuse_mailbox = "abuse@voice.example"
service_mailbox = "support@voice.example"
severability = true

[posting]
notify = ["page"]
""",
    "policy.md": """# 3 Disclaimer

## Technical prevention {#technical-prevention}

{{provider}} may prevent violations by technical means.

# 4 Prohibited use

## Unauthorised access {#unauthorised-access}

Nobody may probe *{{provider}}*'s network.
""",
    "ladder.yaml": """unauthorised-access:
  strikes: {weight: 2, expires: 365d}
  steps:
    - for: outsider
      do: refuse source for 1h, silent
      standing: yes
    - at: 1
      do: ask
""",
    "rules/sip-scan.yaml": """rule: sip-scan
clause: unauthorised-access
says: Five targets were refused within a minute.
source: this test
on: request where account is None
per: source
window: 60s rolling
measure:
  refused: distinct(target, where=status in (403, 404))
when: refused >= 5
severity: act
mode: act
cool_down: 10min
""",
    "lists/protected-sources.csv": """entry,source,expiry,review
198.51.100.0/24,this test,,2030-01-01
203.0.113.99,this test,2020-01-01,
""",
}


class Ticking:
    """A clock that moves a millisecond each time it is read, or where it is set."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now = self.now.fromtimestamp(self.now.timestamp() + 0.001, UTC)
        return self.now


class Desk:
    """One desk on its data folder, its worker stepped by hand."""

    def __init__(self, folder: Path, policy: str) -> None:
        self.folder, self.policy, self.clock = folder, policy, Ticking()
        self.worker = Worker(folder, clock=self.clock)
        self.worker.start()
        self._writers: dict[str, FeedWriter] = {}

    def write(self, feed: str, *records: object) -> None:
        if feed not in self._writers:
            self._writers[feed] = FeedWriter(self.folder / "feeds" / feed)
        self._writers[feed].append([record if isinstance(record, bytes) else msgspec.json.encode(record) for record in records])

    def work(self) -> None:
        while self.worker.step():
            pass

    def find(self, source: str = "203.0.113.9", **changes: object) -> Finding:
        found = finding(self.policy, source, **changes)
        self.write("findings", found)
        self.work()
        return found

    def receive(self, order: str, state: ReceiptState, *, edge: str = "k1", seconds: float = 1.0) -> None:
        self.write("receipts", Receipt(order=order, edge=edge, state=state, time=Micros(micros(NOON) + int(seconds * SECOND))))
        self.work()

    def changes(self) -> list[OrderChange]:
        return [msgspec.json.decode(record.payload, type=OrderChange) for record in records_after(self.folder / "feeds" / "orders")]

    def close(self) -> None:
        self.worker.close()
        for writer in self._writers.values():
            writer.close()


def finding(policy: str, source: str = "203.0.113.9", /, **changes: object) -> Finding:
    """Return a finding that the default answer to an outsider applies to."""
    subject = Subject(kind=SubjectKind.SOURCE, id=source)
    time = changes.pop("time", micros(NOON))
    assert isinstance(time, int)
    found = Finding(
        id=finding_id(key=b"", policy=policy, rule="sip-scan", subject=subject, time=Micros(time)),
        rule="sip-scan",
        clause="unauthorised-access",
        mode=Mode.ACT,
        severity=Severity.ACT,
        subject=subject,
        time=Micros(time),
        window=Window(start=Micros(time - 60 * SECOND), end=Micros(time)),
        measures={"refused": 5.0},
        thresholds={"refused": 5.0},
        evidence=Evidence(events=5, sample=("a@x", "b@x")),
        source="hep",
        policy=policy,
        says="Five targets were refused within a minute.",
    )
    return msgspec.structs.replace(found, **changes)


def write_bundle(folder: Path, **changes: str) -> Path:
    """Write the test's bundle, with files changed."""
    for name, text in {**BUNDLE, **changes}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
