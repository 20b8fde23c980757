"""An appeal is heard by another person, ends what was wrong with its strike, and is told; it suspends nothing by itself."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from tests.unit.desk.decisions.test_ladder import decide, found, suspended
from tests.unit.desk.notices.test_notices import CONTACTS
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, LEAD, NOON, STRANGER, Desk

from ringfence.desk.actor import Actor, ActorKind, StaffRole
from ringfence.desk.appeals import selectors, services
from ringfence.desk.appeals.filing import MOST_REPLIES, NothingSaid, TooLate
from ringfence.desk.appeals.models import Appeal
from ringfence.desk.audit import selectors as audit
from ringfence.desk.decisions import confirming
from ringfence.desk.decisions.models import Decision, Strike
from ringfence.desk.decisions.services import NoReason, Why
from ringfence.desk.enforcement import selectors as orders
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.desk.notices.models import Notice
from ringfence.desk.notices.statements import token_of
from ringfence.desk.parties import services as parties
from ringfence.policy.due_process import DueProcess

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
OTHER = Actor(ActorKind.PERSON, "oli", frozenset({StaffRole.ANALYST}))


@pytest.fixture
def noticed(climbing: Desk) -> Notice:
    """The notice of a measure that is in force."""
    assert not parties.import_parties(files={"contacts.csv": CONTACTS}, actor=ADMIN, now=NOON).problems
    decide(*found(climbing))
    climbing.work()
    return Notice.objects.get()


def appealed(notice: Notice) -> Appeal:
    return services.file(notice=notice, text=" We called our own shops. ", now=NOON + HOUR)


def reviewed(appeal: Appeal, outcome: str, actor: Actor = LEAD, why: str = "Those were your shops.") -> None:
    services.review(appeal_id=appeal.pk, outcome=outcome, why=Why(why), actor=actor, now=NOON + 2 * HOUR)


def test_an_appeal_suspends_nothing_and_waits_for_another_person(climbing: Desk, noticed: Notice) -> None:
    appeal = appealed(noticed)
    assert (appeal.state, appeal.text, appeal.rule) == ("open", "We called our own shops.", "sip-scan")
    assert orders.orders(actor=ANALYST).get().in_force
    with pytest.raises(NotPermitted, match="another person"):
        reviewed(appeal, "upheld", ANALYST)
    for who in (AUDITOR, STRANGER, ADMIN):
        with pytest.raises(NotPermitted):
            reviewed(appeal, "upheld", who)
    assert list(selectors.appeals(actor=ANALYST)) == [appeal]
    assert not selectors.appeals(actor=STRANGER)


def test_overturned_the_measure_ends_its_strike_goes_and_the_party_is_told_once(climbing: Desk, noticed: Notice) -> None:
    reviewed(appealed(noticed), "overturned")
    climbing.clock.now = NOON + 2 * HOUR
    climbing.work()
    assert not orders.orders(actor=ANALYST).exists()
    assert climbing.changes()[-1].removals == (noticed.decision_id,)
    assert Strike.objects.get().withdrawn == NOON + 2 * HOUR
    outcome = Notice.objects.exclude(id=noticed.id).get()
    assert (outcome.kind, outcome.language) == ("appeal", "fr")
    assert "n'aurait pas dû être prise" in outcome.text
    assert "Those were your shops." in outcome.text
    assert [(each.rule, each.appeals, each.overturned) for each in selectors.by_rule(actor=ANALYST)] == [("sip-scan", 1, 1)]


def test_upheld_everything_stays_and_the_party_is_told_why(climbing: Desk, noticed: Notice) -> None:
    reviewed(appealed(noticed), "upheld", why="They were not your shops.")
    climbing.work()
    assert orders.orders(actor=ANALYST).get().in_force
    assert Strike.objects.get().withdrawn is None
    outcome = Notice.objects.exclude(id=noticed.id).get()
    assert "La mesure est maintenue" in outcome.text
    assert selectors.by_rule(actor=ANALYST)[0].overturned == 0


def test_a_measure_that_is_over_can_still_be_found_wrong(climbing: Desk, noticed: Notice) -> None:
    appeal = appealed(noticed)
    enforcement.lift_order(order_id=noticed.decision_id, why=Why("mended"), actor=ANALYST, now=NOON + HOUR)
    reviewed(appeal, "overturned")
    assert Strike.objects.get().withdrawn is not None


def test_one_that_ended_by_itself_too(climbing: Desk, noticed: Notice) -> None:
    later = NOON + timedelta(days=2)
    climbing.clock.now = later
    climbing.work()
    appeal = services.file(notice=noticed, text="wrong", now=later)
    services.review(appeal_id=appeal.pk, outcome="overturned", why=Why("So it was."), actor=LEAD, now=later)
    assert Strike.objects.get().withdrawn == later


def test_the_second_person_of_a_grave_measure_does_not_review_it_either(climbing: Desk) -> None:
    assert not parties.import_parties(files={"contacts.csv": CONTACTS}, actor=ADMIN, now=NOON).problems
    _, id = suspended(climbing)
    now = NOON + timedelta(days=2)
    climbing.work()
    confirming.confirm(decision_id=id, notes="", actor=LEAD, now=now)
    appeal = services.file(notice=Notice.objects.get(decision_id=id), text="no", now=now)
    for who in (ANALYST, LEAD):
        with pytest.raises(NotPermitted):
            reviewed(appeal, "upheld", who)
    reviewed(appeal, "upheld", OTHER)


def test_one_appeal_a_measure_in_time_and_with_words(climbing: Desk, noticed: Notice) -> None:
    late = noticed.decision.decided + timedelta(days=DueProcess().appeal_days, seconds=1)
    with pytest.raises(TooLate):
        services.file(notice=noticed, text="late", now=late)
    for text in ("", "  ", "x" * 20_001):
        with pytest.raises(NothingSaid):
            services.file(notice=noticed, text=text, now=NOON)
    appeal = appealed(noticed)
    with pytest.raises(StaleState):
        appealed(noticed)
    reviewed(appeal, "upheld")
    with pytest.raises(StaleState):
        appealed(noticed)
    with pytest.raises(StaleState):
        reviewed(appeal, "overturned")
    with pytest.raises(StaleState):
        services.file(notice=Notice.objects.exclude(id=noticed.id).get(), text="against the answer", now=NOON)


def test_what_is_no_review_is_refused(climbing: Desk, noticed: Notice) -> None:
    appeal = appealed(noticed)
    with pytest.raises(NoReason):
        reviewed(appeal, "maybe")
    with pytest.raises(NoReason):
        reviewed(appeal, "upheld", why=" ")
    with pytest.raises(NotThere):
        services.review(appeal_id=999, outcome="upheld", why=Why("x"), actor=LEAD, now=NOON)


def test_the_party_may_add_to_an_open_appeal_but_not_for_ever(climbing: Desk, noticed: Notice) -> None:
    with pytest.raises(StaleState):
        services.reply(notice=noticed, text="more", now=NOON)
    appealed(noticed)
    for number in range(MOST_REPLIES):
        services.reply(notice=noticed, text=f"more {number}", now=NOON)
    with pytest.raises(NothingSaid):
        services.reply(notice=noticed, text="too much", now=NOON)


def test_a_party_appeals_on_the_page_of_its_notice_without_signing_in(climbing: Desk, noticed: Notice, client: Client) -> None:
    page = f"/notices/{noticed.id}/{token_of(noticed.id)}/"
    assert "Le délai de recours est passé" in client.get(page).content.decode()
    Decision.objects.update(decided=datetime.now(UTC))
    assert "Envoyer le recours" in client.get(page).content.decode()
    assert client.post(page, {"text": " "}).status_code == 400
    assert client.post(page, {"text": "<script>alert(1)</script> C'était nous."}).status_code == 302
    assert client.post(page, {"do": "reply", "text": "Et encore."}).status_code == 302
    shown = client.get(page).content.decode()
    assert "Votre recours a été reçu" in shown
    assert "Et encore." in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown
    assert client.post(page, {"text": "again"}).status_code == 400
    (entry,) = audit.entries(actor=ANALYST, verb="appealed")
    assert entry.actor_kind == "anonymous"
