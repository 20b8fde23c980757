"""A question goes along the chain of resellers, each with its clock; silence goes upward; the page tells nobody who complained."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.unit.desk.complaints.test_answering import CALLEE, OURS, carrier, complain
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, NOON, STRANGER, WORKER, Desk, write_bundle

from ringfence.desk.access import services as access
from ringfence.desk.access.models import Person
from ringfence.desk.actor import StaffRole, system
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases import services as casework
from ringfence.desk.clocks.models import Obligation
from ringfence.desk.complaints import services as complaining
from ringfence.desk.complaints.handling import handle_received
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.desk.inquiries import selectors, services
from ringfence.desk.inquiries.models import Inquiry, Tier
from ringfence.desk.inquiries.services import NotAsked, Question, page_of
from ringfence.desk.letters.models import Letter
from ringfence.desk.letters.wording import texts
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties import services as parties
from ringfence.desk.policies import services as policies

pytestmark = pytest.mark.django_db

__all__ = ["carrier"]
TEXT = "I am Joe Complainant. Call from {ours} to my number {callee} on 2026-03-01 at 11:29 UTC"
CONTACTS = b"contact,party,role,mail,language\nz1,zenith,abuse,abuse@zenith.example,en\nr1,resell,abuse,noc@resell.example,nl\n"
CHAIN = b"party,parent,kind\nzenith,,reseller\nresell,zenith,reseller\nshop,resell,end-user\n"
SHOPS = b"contact,party,role,mail,language\ns1,shop,abuse,abuse@shop.example,fr\n"
CLOCKS = "clocks:\n  inquiry-answer:\n    rule: ours\n    due: 48h elapsed\n    missed: default\n"
HOUR = timedelta(hours=1)


@pytest.fixture
def asking(carrier: Path, tmp_path: Path) -> Iterator[Desk]:
    """A case of shop, which stands below resell, below zenith; the two above can be reached."""
    version = policies.post_bundle(folder=write_bundle(tmp_path / "asking", **{"clocks.yaml": CLOCKS}), actor=ADMIN, now=NOON)
    assert version
    assert parties.import_parties(files={"parties.csv": CHAIN, "contacts.csv": CONTACTS}, actor=ADMIN, now=NOON - 48 * HOUR).written
    complain(TEXT.format(ours=OURS, callee=CALLEE))
    handle_received(actor=system("mail"), now=NOON)
    desk = Desk(carrier, next(path.name for path in (carrier / "policies").iterdir()))
    desk.work()
    Letter.objects.all().delete()
    yield desk
    desk.close()


def case() -> int:
    return cases.cases(actor=AUDITOR).get().id


def ask(*, now: datetime = NOON, **changes: object) -> Inquiry:
    told = {"case": case(), "kind": "question", "party": "shop", "text": "What did you sell?", **changes}
    number = services.ask(question=Question(**told), actor=ANALYST, now=now)  # type: ignore[arg-type]  # as above
    return Inquiry.objects.get(id=number)


def reach_shop() -> None:
    assert parties.import_parties(files={"contacts.csv": SHOPS}, actor=ADMIN, now=NOON - HOUR).written


def tiers() -> list[tuple[str, str, str]]:
    return [(tier.party, tier.state, tier.why) for tier in Tier.objects.order_by("id")]


def tier(party: str) -> Tier:
    return Tier.objects.select_related("inquiry").get(party=party)


def page(party: str) -> str:
    return page_of(tier(party).id).removeprefix("http://127.0.0.1:8080")


def later(desk: Desk, hours: float) -> None:
    desk.clock.now = NOON + hours * HOUR
    desk.work()


def test_the_party_itself_is_asked_in_its_language_where_it_can_be_reached(asking: Desk) -> None:
    reach_shop()
    ask()
    assert tiers() == [("shop", "asked", "first")]
    (letter,) = Letter.objects.all()
    assert (letter.mail, letter.language) == ("abuse@shop.example", "fr")
    for part in ("What did you sell?", page_of(tier("shop").id), "2026-03-03 12:00 UTC"):
        assert part in letter.text
    (clock,) = Obligation.objects.filter(noun=services.TIER)
    assert (clock.due, clock.party, clock.case) == (NOON + 48 * HOUR, "shop", case())


def test_where_it_cannot_be_reached_the_nearest_above_is_asked(asking: Desk) -> None:
    ask()
    assert tiers() == [("resell", "asked", "first")]


def test_silence_goes_upward_tier_by_tier_and_in_the_end_to_a_lead_and_to_watch(asking: Desk) -> None:
    reach_shop()
    ask()
    later(asking, 49)
    assert tiers() == [("shop", "silent", "first"), ("resell", "asked", "silence")]
    later(asking, 99)
    assert tiers()[1:] == [("resell", "silent", "silence"), ("zenith", "asked", "silence")]
    assert Inquiry.objects.get().state == "open"
    later(asking, 150)
    asking.work()
    assert Inquiry.objects.get().state == "unanswered"
    assert {clock.state for clock in Obligation.objects.filter(noun=services.TIER)} == {"dropped"}, "silence was the consequence"
    assert [letter.mail.partition("@")[2] for letter in Letter.objects.order_by("created")] == [
        "shop.example",
        "resell.example",
        "zenith.example",
    ]
    (alarm,) = [one.text for one in decisions.alarms(actor=AUDITOR) if one.kind == "inquiry"]
    assert "nobody of zenith > resell > shop answered" in alarm
    later(asking, 1000)
    assert len([one for one in decisions.alarms(actor=AUDITOR) if one.kind == "inquiry"]) == 1
    told = (asking.folder / "feeds" / "desk-events").rglob("*")
    assert any(b"unanswered-inquiry" in path.read_bytes() for path in told if path.is_file())


def test_a_question_goes_down_from_our_own_customer_and_each_tier_has_its_own_clock(asking: Desk) -> None:
    reach_shop()
    ask(from_top=True)
    client = Client()
    assert "Pass the question on to resell" in client.get(page("zenith")).content.decode()
    assert client.post(page("zenith"), {"do": "pass"}).status_code == 302
    assert tiers() == [("zenith", "passed", "first"), ("resell", "asked", "passed")]
    assert [(clock.party, clock.state) for clock in Obligation.objects.filter(noun=services.TIER).order_by("id")] == [
        ("zenith", "met"),
        ("resell", "running"),
    ]
    refused = client.post(page("zenith"), {"do": "pass"})
    assert refused.status_code == 400
    client.post(page("resell"), {"do": "pass"})
    assert client.post(page("shop"), {"text": "Shoes.", "do": "answer"}).status_code == 302
    assert Inquiry.objects.get().state == "answered"
    assert tiers() == [("zenith", "spared", "first"), ("resell", "spared", "passed"), ("shop", "answered", "passed")]
    assert not Obligation.objects.filter(noun=services.TIER, state="running").exists()


def test_below_a_tier_that_nobody_can_reach_its_reseller_hands_the_address_on(asking: Desk) -> None:
    ask()
    client = Client()
    handed = client.post(page("resell"), {"do": "pass"}).content.decode()
    assert page_of(tier("shop").id) in handed
    assert tier("shop").forwarded
    assert "Shoes." in client.post(page("shop"), {"text": "Shoes."}, follow=True).content.decode()


def test_who_passed_it_on_is_asked_again_when_those_below_are_silent(asking: Desk) -> None:
    ask()
    Client().post(page("resell"), {"do": "pass"})
    asking.clock.now = datetime.now(NOON.tzinfo) + 49 * HOUR  # pages read the clock on the wall
    asking.work()
    assert [one for one in tiers() if one[0] != "zenith"] == [("resell", "asked", "silence"), ("shop", "silent", "passed")]
    assert tier("resell").round == 2


def test_a_late_answer_is_taken_and_one_after_the_end_is_not(asking: Desk) -> None:
    ask()
    later(asking, 150)
    later(asking, 300)
    assert Inquiry.objects.get().state == "unanswered"
    services.answer(tier=tier("resell"), text="Sorry: shoes.", now=NOON + 200 * HOUR)
    assert Inquiry.objects.get().state == "answered"
    with pytest.raises(StaleState):
        services.answer(tier=tier("zenith"), text="Shoes too.", now=NOON + 201 * HOUR)
    with pytest.raises(NotAsked):
        services.answer(tier=tier("zenith"), text=" ", now=NOON + 201 * HOUR)


def shown(inquiry: Inquiry) -> str:
    return "\n".join(f"{what}: {text}" for what, text in inquiry.evidence)


def test_the_asked_see_their_own_number_and_nothing_of_who_complained(asking: Desk) -> None:
    inquiry = ask()
    told = shown(inquiry) + Client().get(page("resell")).content.decode()
    assert f"Number of yours: {OURS}" in told
    assert "on 2026-03-01 in the morning (UTC)" in told
    for secret in (CALLEE, "Joe", "joe@example.be", "11:29", "11:30"):
        assert secret not in told
    assert "read" in [entry.verb for entry in audit.entries(actor=AUDITOR, noun="complaint")]


def test_with_consent_number_name_and_time_are_told_and_in_harassment_never(asking: Desk) -> None:
    (complaint,) = cases.case_file(number=case(), actor=AUDITOR).complaints  # type: ignore[union-attr]  # it is there
    complaining.note_consent(number=complaint, how="by letter", actor=ANALYST, now=NOON)
    told = shown(ask())
    for part in (CALLEE, "joe@example.be", "at 11:30:00 UTC"):
        assert part in told
    complaining.sort_complaint(number=complaint, leaf="harassment", actor=ANALYST, now=NOON)
    told = shown(ask())
    for secret in (CALLEE, "joe@example.be", "11:30"):
        assert secret not in told


def test_public_notes_are_read_by_the_asked_and_others_are_not(asking: Desk) -> None:
    ask()
    casework.note_case(case_id=case(), text="They are known crooks", actor=ANALYST, now=NOON)
    casework.note_case(case_id=case(), text="We wait until Monday", public=True, actor=ANALYST, now=NOON)
    told = Client().get(page("resell")).content.decode()
    assert "We wait until Monday" in told
    assert "crooks" not in told


def test_assistance_to_an_authority_has_its_own_time_and_a_refusal_is_told_to_watch(asking: Desk) -> None:
    ask(kind="authority", text="Who uses it?")
    clock = Obligation.objects.get(noun=services.TIER)
    assert (clock.clock, clock.due) == ("authority-assistance", NOON + timedelta(days=10))
    client = Client()
    client.post(page("resell"), {"do": "refuse", "text": "No."})
    assert Inquiry.objects.get().state == "refused"
    (fact,) = [
        one.payload
        for one in outbox.due(topics=("desk-event",), now=NOON + timedelta(days=36_500))
        if one.payload["kind"] == "fact"
    ]
    assert (fact["name"], fact["party_path"]) == ("refused-assistance", ["zenith", "resell"])


def test_a_plain_question_cannot_be_refused_only_answered(asking: Desk) -> None:
    ask()
    Client().post(page("resell"), {"do": "refuse", "text": "No."})
    assert Inquiry.objects.get().state == "answered"


def test_who_only_reads_asks_nobody_and_strangers_see_nothing(asking: Desk) -> None:
    question = Question(case=case(), kind="question", party="shop", text="What?")
    for actor in (AUDITOR, STRANGER, WORKER):
        with pytest.raises(NotPermitted):
            services.ask(question=question, actor=actor, now=NOON)
    inquiry = ask()
    with pytest.raises(NotPermitted):
        services.withdraw(inquiry=inquiry.id, reason="r", actor=AUDITOR, now=NOON)
    for nothing in (
        selectors.inquiries(actor=STRANGER),
        selectors.inquiry(number=inquiry.id, actor=STRANGER),
        selectors.tiers(inquiry=inquiry.id, actor=STRANGER),
    ):
        assert not nothing


def test_a_token_opens_its_own_page_alone(asking: Desk) -> None:
    ask(), ask()
    first, second = Tier.objects.order_by("id")
    assert Client().get(f"/inquiries/{first.id}/{services.token_of(second.id)}/").status_code == 404
    assert Client().get(f"/inquiries/{first.id}/é/").status_code == 404
    assert Client().get(f"/inquiries/999/{services.token_of(999)}/").status_code == 404
    answered = Client().get(f"/inquiries/{first.id}/{services.token_of(first.id)}/")
    assert (answered["Referrer-Policy"], answered["X-Robots-Tag"]) == ("same-origin", "noindex")
    assert [entry.verb for entry in audit.entries(actor=AUDITOR, verb="inquiry-read")] == ["inquiry-read"]


def test_nobody_is_asked_in_a_closed_case_about_nobody_or_about_an_outsider(asking: Desk) -> None:
    with pytest.raises(NotThere):
        ask(party="nobody")
    with pytest.raises(NotAsked):
        ask(text=" ")
    casework.change_role(case_id=case(), role="outsider", reason="r", actor=ANALYST, now=NOON)
    with pytest.raises(NotAsked):
        ask()
    number = case()
    casework.close_case(case_id=number, outcome="harmless", actor=ANALYST, now=NOON)
    with pytest.raises(StaleState):
        services.ask(question=Question(case=number, kind="question", party="shop", text="x"), actor=ANALYST, now=NOON)
    assert not Inquiry.objects.exists()
    assert not Letter.objects.filter(noun="inquiry").exists()


def test_the_desks_pages_ask_show_and_withdraw(asking: Desk) -> None:
    access.create_login(username="ana", password="correct horse battery", roles=(StaffRole.ANALYST,), actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(Person.objects.get())
    form = {"kind": "remedy", "party": "shop", "text": "<b>What</b> did you do?", "urgent": "yes", "begin": "party"}
    done = client.post(f"/cases/{case()}/ask/", form, follow=True).content.decode()
    assert "It is asked. Its clock runs." in done
    number = Inquiry.objects.get().id
    told = client.get(f"/inquiries/{number}/").content.decode()
    assert "&lt;b&gt;What" in told
    assert "zenith › resell › shop" in told
    assert f"#{number}" in client.get("/inquiries/").content.decode()
    assert "say why" in client.post(f"/inquiries/{number}/withdraw/", {"reason": ""}, follow=True).content.decode()
    client.post(f"/inquiries/{number}/withdraw/", {"reason": "settled by telephone"})
    assert Inquiry.objects.get().state == "withdrawn"
    assert "no longer asked" not in Client().get(page("resell")).content.decode(), "in Dutch"
    assert not Obligation.objects.filter(noun=services.TIER, state="running").exists()


def test_each_language_has_all_texts() -> None:
    names = {name: sorted(table) for name, table in texts("ringfence.desk.inquiries", "en").items()}
    for language in ("fr", "nl"):
        assert {name: sorted(table) for name, table in texts("ringfence.desk.inquiries", language).items()} == names
