"""How appeals came out stands on the page of the rule that led there; how long and who may appeal the bundle says."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.unit.desk.decisions.conftest import LADDER, PARTIES
from tests.unit.desk.decisions.test_ladder import decide, found
from tests.unit.desk.notices.test_notices import CONTACTS
from tests.unit.desk.scene import ADMIN, ANALYST, BUNDLE, LEAD, NOON, STRANGER, Desk, write_bundle

from ringfence.desk.access.models import Person
from ringfence.desk.appeals import services
from ringfence.desk.appeals.filing import NoStanding, TooLate
from ringfence.desk.appeals.rules import rule_page
from ringfence.desk.decisions.services import Why
from ringfence.desk.notices.models import Notice
from ringfence.desk.parties import services as parties
from ringfence.desk.policies import services as policies

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def told(data: Path, tmp_path: Path, db: None) -> Iterator[Callable[[str], Notice]]:
    """Post a version with such a promise, decide a measure by it, and return its notice."""
    opened: list[Desk] = []

    def promise(text: str) -> Notice:
        settings = f"{BUNDLE['bundle.toml']}\n[due_process]\n{text}\n"
        folder = write_bundle(tmp_path / "promising", **{"ladder.yaml": LADDER, "bundle.toml": settings})
        policies.post_bundle(folder=folder, actor=ADMIN, now=NOON)
        assert not parties.import_parties(files={**PARTIES, "contacts.csv": CONTACTS}, actor=ADMIN, now=NOON).problems
        opened.append(Desk(data, next(path.name for path in (data / "policies").iterdir())))
        decide(*found(opened[0]))
        opened[0].work()
        return Notice.objects.get()

    yield promise
    for desk in opened:
        desk.close()


def test_the_window_is_the_versions_and_the_notice_says_so(told: Callable[[str], Notice]) -> None:
    notice = told("appeal_days = 30")
    assert "30" in notice.text
    with pytest.raises(TooLate):
        services.file(notice=notice, text="late", now=NOON + 30 * DAY + timedelta(seconds=1))
    services.file(notice=notice, text="in time", now=NOON + 30 * DAY)


def test_who_may_contest_is_the_versions_too(told: Callable[[str], Notice]) -> None:
    notice = told('appeal_by = ["complainant"]')
    with pytest.raises(NoStanding):
        services.file(notice=notice, text="not us", now=NOON)


def test_an_overturned_measure_stands_on_the_page_of_its_rule(told: Callable[[str], Notice], client: Client) -> None:
    notice = told("appeal_days = 30")
    before = rule_page(name="sip-scan", actor=ANALYST)
    assert before is not None
    assert (before.measures, before.wrong, before.share, before.record.appeals) == (1, 0, 0, 0)
    appeal = services.file(notice=notice, text="our own test", now=NOON)
    services.review(appeal_id=appeal.pk, outcome="overturned", why=Why("it was an agreed test"), actor=LEAD, now=NOON + DAY)
    after = rule_page(name="sip-scan", actor=ANALYST)
    assert after is not None
    assert (after.wrong, after.share, after.record.overturned, after.latest) == (1, 100, 1, ["it was an agreed test"])
    assert rule_page(name="sip-scan", actor=STRANGER) is None
    assert rule_page(name="nothing", actor=ANALYST) is None
    client.force_login(Person.objects.create(username="leo", roles=["lead"], created=NOON))
    page = client.get("/rules/sip-scan/").content.decode()
    assert "100 %" in page
    assert "it was an agreed test" in page
