"""What ends within a month stands on one page, and has a clock: what is renewed has none any more, what is over pages a lead."""

from datetime import datetime, timedelta

import pytest
from tests.unit.desk.complaints.test_answering import client_of
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, LEAD, NOON, STRANGER, WORKER, Desk

from ringfence.desk.actor import StaffRole
from ringfence.desk.clocks.models import Obligation, ObligationState
from ringfence.desk.complaints.peer_lists import services as lists
from ringfence.desk.complaints.peer_lists.services import Given
from ringfence.desk.complaints.rights import services as rights
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.errors import NotPermitted
from ringfence.desk.parties import records, services
from ringfence.desk.parties.records import Document, Verified
from ringfence.desk.site import expiring

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
SOON = NOON + 10 * DAY
CALL = Verified("verification call", "called +3225551000 on 2 March")


@pytest.fixture(autouse=True)
def known(desk: Desk) -> None:
    files = {"accounts.csv": b"account,party,parent\nline,shop,resell\nr,resell,\n"}
    assert services.import_parties(files=files, actor=ADMIN, now=NOON - DAY).written


def prove(until: datetime, *, kind: str = "identity", now: datetime = NOON) -> int:
    number = records.submit_proof(party="shop", kind=kind, document=Document("passport 7", ""), actor=ADMIN, now=now)
    records.accept_proof(proof=number, expires=until, actor=ADMIN, now=now)
    return number


def permit(until: datetime) -> int:
    return rights.permit(party="shop", mark="Acme", use="its shops", reference="letter 9", until=until, actor=LEAD, now=NOON)


def take(days: int) -> None:
    data = b"+3225551300\n+3225551301\n"
    given = Given(name="north", kind="reported-callers", data=data, provenance="by mail", peer="", days=days)
    lists.take_list(given=given, actor=ANALYST, now=NOON)


def seen(now: datetime = NOON) -> list[str]:
    return [f"{one.noun} {one.party}".strip() for one in expiring.expiring(actor=AUDITOR, now=now)]


def owed() -> list[str]:
    rows = Obligation.objects.filter(clock=expiring.CLOCK, state=ObligationState.RUNNING)
    return sorted(rows.values_list("noun", flat=True))


def test_each_kind_that_ends_within_a_month_is_there_the_next_end_first() -> None:
    take(2)
    prove(NOON + 3 * DAY)
    records.grant_right(account="line", numbers="+3225552000", verified=CALL, span=(NOON, NOON + 4 * DAY), actor=ADMIN, now=NOON)
    records.exempt_party(party="shop", clause="spam", text="letter 4", span=(NOON, NOON + 5 * DAY), actor=ADMIN, now=NOON)
    permit(NOON + 6 * DAY)
    prove(NOON + 31 * DAY, kind="address")
    assert seen() == ["peer-list", "proof shop", "right-to-use shop", "exemption shop", "mark-permission shop"]
    assert expiring.expiring(actor=STRANGER, now=NOON) == []


def test_what_something_follows_without_a_gap_is_not_there() -> None:
    prove(SOON)
    records.exempt_party(party="shop", clause="spam", text="letter 4", span=(NOON, SOON), actor=ADMIN, now=NOON)
    for numbers, later in (("+3225552000", SOON), ("+3225552001", SOON + DAY)):
        for span in ((NOON, SOON), (later, SOON + 90 * DAY)):
            records.grant_right(account="line", numbers=numbers, verified=CALL, span=span, actor=ADMIN, now=NOON)
    permit(SOON)
    prove(SOON + 90 * DAY)
    records.exempt_party(party="shop", clause="spam", text="letter 5", span=(SOON, None), actor=ADMIN, now=NOON)
    permit(SOON + 90 * DAY)
    assert seen() == ["right-to-use shop"], "between its right and the next lies a day"


def test_the_worker_runs_a_clock_for_each_and_ends_it_when_it_is_renewed(desk: Desk) -> None:
    prove(SOON)
    mark = permit(SOON)
    desk.work()
    assert owed() == ["mark-permission", "proof"]
    assert expiring.start_clocks(actor=WORKER, now=NOON + DAY) == 0, "twice is once"
    rights.revoke(permission=mark, actor=LEAD, now=NOON + DAY)
    prove(SOON + 300 * DAY, now=NOON + DAY)
    expiring.start_clocks(actor=WORKER, now=NOON + DAY)
    assert owed() == []
    assert expiring.start_clocks(actor=WORKER, now=SOON + 280 * DAY) == 1, "the new proof ends too, and has a clock of its own"
    with pytest.raises(NotPermitted):
        expiring.start_clocks(actor=ADMIN, now=NOON)


def test_a_proof_that_is_over_pages_a_lead_and_is_owed_still(desk: Desk) -> None:
    prove(SOON)
    permit(SOON)
    desk.work()
    desk.clock.now = SOON + DAY
    desk.work()
    assert any("Proof of identity" in alarm.text for alarm in decisions.alarms(actor=AUDITOR))
    assert seen(SOON + DAY) == ["proof shop"]
    assert owed() == ["proof"], "a permission may end"


def test_a_list_of_a_peer_has_a_clock_in_its_last_three_days_alone() -> None:
    take(5)
    assert expiring.start_clocks(actor=WORKER, now=NOON) == 0
    assert expiring.start_clocks(actor=WORKER, now=NOON + 2 * DAY) == 1
    row = Obligation.objects.get(clock=expiring.CLOCK)
    assert (row.due, row.what) == (NOON + 5 * DAY, "Renew, or let end: 2 entries of the list north, from by mail")


def test_the_page_says_what_ends_and_where_it_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiring, "AHEAD", timedelta(days=36_500))
    client = client_of(StaffRole.AUDITOR)
    assert "Nothing ends within" in client.get("/expiring/").content.decode()
    prove(datetime(2099, 5, 1, tzinfo=NOON.tzinfo))
    page = client.get("/expiring/").content.decode()
    assert "Proof of identity: passport 7" in page
    assert 'href="/parties/records/shop/"' in page
    assert "2099-05-01" in page
