"""The reports API: twice is once, a try goes no further, nobody sees another's reports, and outcomes come from a closed list."""

import json
from pathlib import Path

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, ANALYST, NOON

from ringfence.desk.access import keys
from ringfence.desk.access.keys import Reach
from ringfence.desk.actor import KeyScope
from ringfence.desk.complaints import services
from ringfence.desk.complaints.models import Complaint

pytestmark = pytest.mark.django_db

BODY = {
    "token": "0123456789",
    "kind": "robocall",
    "caller": "+4930123456",
    "callee": "+32470654321",
    "when": "2026-03-01T11:05:00Z",
    "what": "a voice",
    "correlation_id": "A-1",
}
VOICE = {
    "xarf_version": "4.0.0",
    "report_id": "550e8400-e29b-41d4-a716-446655440000",
    "timestamp": "2026-03-01T11:10:00Z",
    "reporter": {"org": "Reporters", "contact": "abuse@reporters.example", "domain": "reporters.example"},
    "sender": {"org": "Reporters", "contact": "abuse@reporters.example", "domain": "reporters.example"},
    "source_identifier": "+4930123456",
    "category": "messaging",
    "type": "spam",
    "protocol": "other",
    "tags": ["voice:robocall"],
    "voice": {"caller": "+4930123456", "callee": "+32470654321", "call_time": "2026-03-01T11:05:00Z", "callback": "+3225551212"},
}


class Reporter:
    """A program with a key."""

    def __init__(self, name: str, scope: KeyScope = KeyScope.REPORT) -> None:
        made = keys.create_key(name=name, reach=Reach((scope,)), actor=ADMIN, now=NOON)
        self.client = Client(headers={"authorization": f"Bearer {made.key}"})

    def send(self, body: object) -> tuple[int, dict[str, object]]:
        answer = self.client.post("/api/reports/v1/reports", json.dumps(body), content_type="application/json")
        return answer.status_code, answer.json()


@pytest.fixture
def reporter(policy: str) -> Reporter:
    """One that may report."""
    return Reporter("north")


def test_a_report_is_taken_once_and_answered_with_how_it_stands(reporter: Reporter) -> None:
    status, first = reporter.send(BODY)
    assert (status, first["state"], first["outcome"], first["correlation_id"]) == (202, "queued", "", "A-1")
    assert reporter.send(BODY) == (202, first)
    assert Complaint.objects.count() == 1
    assert Client().get(str(first["status_page"])).status_code == 200
    services.close_complaint(number=int(str(first["id"])), outcome="not-ours", actor=ANALYST, now=NOON)
    after = reporter.client.get(f"/api/reports/v1/reports/{first['id']}").json()
    assert (after["state"], after["outcome"]) == ("completed", "not-ours")
    assert [one["id"] for one in reporter.client.get("/api/reports/v1/reports?correlation_id=A-1").json()] == [first["id"]]
    assert reporter.client.get("/api/reports/v1/reports?correlation_id=A-2").json() == []


def test_another_report_with_the_same_token_is_refused(reporter: Reporter) -> None:
    reporter.send(BODY)
    assert reporter.send({**BODY, "what": "another"})[0] == 409
    assert Complaint.objects.count() == 1


def test_a_try_is_validated_and_answered_and_goes_no_further(reporter: Reporter) -> None:
    status, told = reporter.send({**BODY, "tags": ["lifecycle:test"]})
    assert (status, told["test"], told["state"]) == (202, True, "completed")
    assert Complaint.objects.get().nature == "test"


def test_a_report_of_xarf_is_read_into_the_same_fields(reporter: Reporter, data: Path) -> None:
    status, _ = reporter.send({"token": "x" * 10, "xarf": VOICE})
    row = Complaint.objects.get()
    assert (status, row.leaf, row.said) == (202, "robocall", VOICE["report_id"])
    kept = json.loads((data / row.file).read_bytes())
    assert (kept["caller"], kept["callee"], kept["callback"], kept["when"]) == (
        "+4930123456",
        "+32470654321",
        "+3225551212",
        "2026-03-01T11:05:00.000000Z",
    )


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({**BODY, "kind": "nonsense"}, 422, "leaf"),
        ({**BODY, "caller": "alice"}, 422, "caller"),
        ({**BODY, "when": "yesterday"}, 422, "when"),
        ({**BODY, "token": "short"}, 422, "token"),
        ({"token": "x" * 10, "xarf": {"a": 1}}, 422, "xarf"),
        ({"token": "x" * 10, "xarf": {**VOICE, "category": "voice"}}, 422, "xarf"),
        ({**BODY, "what": "x" * 20_001}, 422, "what"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(reporter: Reporter, body: object, status: int, named: str) -> None:
    answered, told = reporter.send(body)
    assert (answered, Complaint.objects.count()) == (status, 0)
    assert named in json.dumps(told)


def test_reports_are_their_keys_own_and_a_key_needs_the_scope(reporter: Reporter) -> None:
    _, told = reporter.send(BODY)
    other = Reporter("south")
    assert other.client.get(f"/api/reports/v1/reports/{told['id']}").status_code == 404
    assert other.client.get("/api/reports/v1/reports").json() == []
    assert other.send(BODY)[1]["id"] != told["id"]
    assert Reporter("reader", KeyScope.READ).send(BODY)[0] == 401
    assert Client().post("/api/reports/v1/reports", json.dumps(BODY), content_type="application/json").status_code == 401
    keys.revoke_key(name="north", actor=ADMIN, now=NOON)
    assert reporter.send(BODY)[0] == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"token":' + b"[" * 5000])
def test_what_is_no_json_is_refused(reporter: Reporter, body: bytes) -> None:
    answer = reporter.client.post("/api/reports/v1/reports", body, content_type="application/json")
    assert answer.status_code in (400, 422)
