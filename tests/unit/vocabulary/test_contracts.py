"""The contracts are what other processes rely on: their schemas and one golden record of each stand as files beside this test.

`make expect` rewrites the files; the difference is then reviewed like code.
"""

import os
from pathlib import Path

import msgspec
import pytest

from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.contracts import (
    AccountLink,
    Action,
    ActionKind,
    Ask,
    BroughtEntry,
    BroughtList,
    DeskEvent,
    Event,
    EventKind,
    Evidence,
    Finding,
    NumberLink,
    Observation,
    ObservationKind,
    Order,
    OrderChange,
    PartyLink,
    PresentationRight,
    Receipt,
    ReceiptState,
    Reference,
    RulingLink,
    Scope,
    Subject,
    TrafficProfile,
    TrunkLink,
    Verdict,
    VerdictAction,
    Window,
    finding_id,
)
from ringfence.vocabulary.identity import IdentityOutcome
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, MINUTE, Micros, from_iso

GOLDEN = Path(__file__).parent / "golden"
NOON = from_iso("2026-03-10T12:00:00Z")
POLICY = "5c1e" * 16
SOURCE = Subject(kind=SubjectKind.SOURCE, id="203.0.113.9")
ORDER = Order(
    id="ord-1",
    generation=7,
    decision="dec-1",
    policy=POLICY,
    clause="unauthorised-access",
    rule="sip-scan",
    scope=Scope(kind=SubjectKind.SOURCE, value=SOURCE.id),
    action=Action(kind=ActionKind.REFUSE, silent=True),
    start=NOON,
    until=Micros(NOON + HOUR),
    redress="https://desk.example/r/1",
)
EXAMPLES: dict[str, msgspec.Struct] = {
    "event": Event(
        kind=EventKind.END,
        time=NOON,
        sequence=3,
        call_id="a84b4c76e66710@pc33.example",
        source="192.0.2.10",
        source_port=5060,
        destination="192.0.2.1",
        transport="udp",
        caller="+441632960001",
        callee="+441632960002",
        target="+441632960002",
        domain="voice.example",
        account="acme",
        party_path=("reseller", "acme"),
        trunk="acme-1",
        plan="office",
        direction="outbound",
        credentials=True,
        status=200,
        answered=True,
        duration_ms=61_250,
        ring_ms=3_000,
        released_by="callee",
        attestation=Attestation.A,
        verification=IdentityOutcome.VERIFIED,
        signer="1234",
        user_agent="Example PBX",
        agent=228,
        asserted="+441632960009",
        diverted="+441632960008",
        q850=16,
        price=0.25,
        cost=0.5,
        currency="EUR",
        traffic_class="conversational",
    ),
    "complaint": Event(
        kind=EventKind.COMPLAINT,
        time=NOON,
        call_id="cmp-1",
        method="",
        account="acme",
        party_path=("reseller", "acme"),
        callee="+441632960002",
        clause="harassment",
        reporter="39683813badf7a01",
        conduct_time=Micros(NOON - HOUR),
    ),
    "finding": Finding(
        id=finding_id(key=b"", policy=POLICY, rule="sip-scan", subject=SOURCE, time=NOON),
        rule="sip-scan",
        clause="unauthorised-access",
        mode=Mode.ACT,
        severity=Severity.ACT,
        subject=SOURCE,
        time=NOON,
        window=Window(start=Micros(NOON - MINUTE), end=NOON),
        measures={"targets": 5.0, "refused": 5.0, "requests": 5.0},
        thresholds={"targets": 5.0, "refused / requests": 0.8},
        evidence=Evidence(events=5, sample=("1", "2", "3", "4", "5")),
        source="hep",
        agent=228,
        policy=POLICY,
        says="Five or more users tried within a minute, four fifths of them refused.",
    ),
    "observation": Observation(
        kind=ObservationKind.REFUSAL, time=NOON, subject=SOURCE.id, order="ord-1", edge="edge-1", call_id="1"
    ),
    "traffic-profile": TrafficProfile(
        party="acme",
        since=NOON,
        until=Micros(NOON + HOUR),
        attempts=60,
        hours=(0.0,) * 12 + (1.0,) + (0.0,) * 11,
        countries={"GB": 1.0},
        lengths=(0.5, 0.0, 0.25, 0.25) + (0.0,) * 8,
        callees=("0123456789abcdef",),
        agents=("fedcba9876543210",),
    ),
    "desk-event": DeskEvent(kind="complaint", id="cmp-1", time=NOON, account="acme", clause="harassment", callee="+441632960002"),
    "reference": Reference(
        time=NOON,
        policy=POLICY,
        jurisdiction="GB",
        rulings=(RulingLink(ruling=3, clause="spam", jurisdictions=("GB",), parties=("reseller",), valid_from=NOON),),
        parties=(PartyLink(party="acme", parent="reseller", kind="end-user"),),
        accounts=(AccountLink(account="acme", party="acme", plan="office", country="GB"),),
        trunks=(TrunkLink(trunk="acme-1", account="acme", address="192.0.2.10", user="acme"),),
        numbers=(NumberLink(number="+441632960001", account="acme", valid_from=NOON),),
        rights=(PresentationRight(account="acme", number="+44163296", digits=13, verified="letter of the holder", valid_to=NOON),),
        emergency={"BE": ("100", "101", "112")},
        lists={"emergency-numbers": ("112", "999")},
        brought={
            "reported-callers": BroughtList(
                entries=(
                    BroughtEntry(
                        entry="+3225550199",
                        source="weekly: a peer",
                        valid_from=Micros(1_700_000_000_000_000),
                        valid_to=Micros(1_702_592_000_000_000),
                        values={"note": "one ring"},
                    ),
                ),
                fetched=Micros(1_700_000_000_000_000),
                fresh_until=Micros(1_702_592_000_000_000),
            )
        },
    ),
    "order-change": OrderChange(generation=7, upserts=(ORDER,), removals=("ord-0",)),
    "receipt": Receipt(order="ord-1", edge="edge-1", state=ReceiptState.PLACED, time=NOON),
    "ask": Ask(call_id="1", source="203.0.113.9", caller="+441632960001", callee="999"),
    "verdict": Verdict(
        action=VerdictAction.REJECT,
        code=603,
        phrase="Decline",
        reason='SIP;cause=603;text="order ord-1"',
        order="ord-1",
        clause="unauthorised-access",
        rule="sip-scan",
        id="1",
        ttl=60,
    ),
}


def expect(path: Path, content: bytes) -> None:
    """Compare with the file, or rewrite it where RINGFENCE_EXPECT=1."""
    if os.environ.get("RINGFENCE_EXPECT") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    assert path.read_bytes() == content, f"{path.name} differs: a contract changed; see `make expect`"


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_record_is_written_as_its_golden_file_says(name: str) -> None:
    expect(GOLDEN / f"{name}.json", msgspec.json.format(msgspec.json.encode(EXAMPLES[name]), indent=1) + b"\n")


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_golden_record_reads_back_as_it_was(name: str) -> None:
    assert msgspec.json.decode((GOLDEN / f"{name}.json").read_bytes(), type=type(EXAMPLES[name])) == EXAMPLES[name]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_contract_has_the_schema_that_was_published(name: str) -> None:
    schema = msgspec.json.schema(type(EXAMPLES[name]))
    expect(GOLDEN / f"{name}.schema.json", msgspec.json.format(msgspec.json.encode(schema), indent=1) + b"\n")


def test_an_older_reader_ignores_a_newer_writers_field() -> None:
    assert msgspec.json.decode(b'{"order":"o","edge":"e","state":"placed","time":1,"later":[1]}', type=Receipt).edge == "e"


def test_a_finding_id_depends_on_everything_that_makes_the_finding() -> None:
    parts = {"key": b"", "policy": POLICY, "rule": "sip-scan", "subject": SOURCE, "time": NOON}
    others = {
        "key": b"k" * 32,
        "policy": "other",
        "rule": "other",
        "subject": Subject(kind=SubjectKind.ACCOUNT, id=SOURCE.id),
        "time": Micros(NOON + 1),
    }
    ids = {finding_id(**parts)} | {finding_id(**{**parts, name: value}) for name, value in others.items()}  # type: ignore[arg-type] # a table of keyword arguments
    assert len(ids) == 1 + len(others)
    assert all(len(each) == 32 for each in ids)
