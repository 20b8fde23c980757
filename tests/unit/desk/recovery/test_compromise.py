"""Somebody else has the password: the login is locked at once, the party protected, and a person unlocks it."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from pytest_django.fixtures import Settings
from tests.unit.desk.recovery.conftest import LATER, PASSWORD, contact, entered, person
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, LEAD, NOON, WORKER, Desk

from ringfence.desk.access.locks import NoLockReason, Unlocking
from ringfence.desk.access.mails import MAIL
from ringfence.desk.actor import Actor, ActorKind
from ringfence.desk.cases import compromised
from ringfence.desk.cases.models import Case, Note
from ringfence.desk.decisions.models import Alarm, Decision, Strike
from ringfence.desk.enforcement.models import Order
from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.desk.notices.models import Notice
from ringfence.desk.outbox.models import Message
from ringfence.desk.recovery import compromise, public, services
from ringfence.desk.recovery.compromise import Securing
from ringfence.desk.recovery.models import Request
from ringfence.vocabulary.subjects import Role

pytestmark = pytest.mark.django_db


def told(to: str) -> list[str]:
    """Texts of the mails that wait for an address."""
    payloads = Message.objects.filter(topic=MAIL).order_by("id").values_list("payload", flat=True)
    return [payload["text"] for payload in payloads if payload["to"] == to]


def asked(party: str = "acme", kind: str = "compromised") -> int:
    number = services.ask(asked=services.Asked(kind, "", "a call from the boss"), address="", actor=ANALYST, now=LATER)
    services.place(request=number, kind=kind, party=party, actor=ANALYST, now=LATER)
    return number


def confirm(number: int, name: str = "boss") -> None:
    services.record_call(
        request=number, contact=contact(name), outcome="confirmed", note="known by voice", actor=ANALYST, now=LATER
    )


def test_the_button_names_the_trunks_locks_the_login_and_has_premium_calls_barred(known: Desk) -> None:
    elsewhere, here = entered("sam"), entered("sam")
    page = here.get("/me/compromised/").content.decode()
    assert re.search(r"a-trunk.*s-trunk", page, re.DOTALL)
    assert "o-trunk" not in page
    assert "SIP credentials stay as they are" in page
    assert here.post("/me/compromised/").headers["Location"] == "/recover/locked/"
    for client in (here, elsewhere):
        assert client.get("/me/").status_code == 302
    assert Client().post("/sign-in/", {"login": "sam", "password": PASSWORD}).status_code == 403
    known.work()
    case = Case.objects.get()
    assert (case.subject, case.role) == ("party acme", Role.COMPROMISED)
    order = Order.objects.get()
    assert (order.scope_kind, order.scope_value, order.action, order.parameters["bars"]) == ("party", "acme", "bar", "premium")
    assert order.review is not None
    assert order.until is None
    assert [change.scope.value for change in known.changes()[-1].upserts] == ["acme"]
    assert not Strike.objects.exists()
    assert set(Notice.objects.values_list("mail", flat=True)) == {"boss@acme.example", "thief@acme.example"}
    assert "locked" in told("sam@acme.example")[-1]
    known.work()
    compromise.protect(request=Request.objects.get().pk, actor=WORKER, now=LATER)
    assert Order.objects.count() == 1


def test_the_order_rests_on_the_policy_s_own_clause_where_it_has_one(known: Desk) -> None:
    assert Decision.objects.count() == 0
    entered("sam").post("/me/compromised/")
    known.work()
    assert Decision.objects.get().clause == "technical-prevention"  # all that the test's policy has


def test_an_open_case_of_an_offender_stays_one_until_a_person_says_otherwise(known: Desk) -> None:
    case = Case.objects.create(subject_kind="party", subject_id="acme", role="offender", opened=NOON, latest=NOON)
    compromised.open_compromised(party="acme", reason="says so itself", actor=WORKER, now=LATER)
    case.refresh_from_db()
    assert (case.role, Note.objects.get().text) == ("offender", "says so itself")
    compromised.open_compromised(party="acme", reason="seen in the logs", actor=ANALYST, now=LATER)
    case.refresh_from_db()
    assert case.role == "compromised"


def test_a_login_of_staff_calls_a_person(known: Desk) -> None:
    entered("ana").post("/me/compromised/")
    known.work()
    assert "login ana of staff" in Alarm.objects.get().text
    assert not Case.objects.exists()
    number = Request.objects.get().pk
    how = Unlocking("it was a colleague's joke")
    with pytest.raises(NotPermitted):
        compromise.unlock(request=number, login=person("ana").pk, how=how, to="ana@voice.example", actor=ANALYST, now=LATER)
    compromise.unlock(request=number, login=person("ana").pk, how=how, to="ana@voice.example", actor=LEAD, now=LATER)
    assert person("ana").may_sign_in


def test_a_mailed_link_locks_once_and_tells_nobody_whether_there_is_such_a_login(known: Desk) -> None:
    answers = [Client().post("/recover/compromised/", {"username": name}) for name in ("sam", "nobody")]
    assert {answer.headers["Location"] for answer in answers} == {"/recover/compromised/sent/"}
    (mail,) = told("sam@acme.example")
    link = re.search(r"http://[^/]+(/\S+)", mail)
    assert link is not None
    assert "a-trunk" in Client().get(link[1]).content.decode()
    assert person("sam").may_sign_in  # who follows the link has locked nothing yet: scanners of mails follow links
    assert Client().post(link[1]).status_code == 302
    assert not person("sam").may_sign_in
    assert Client().get(link[1]).status_code == 404
    assert Client().get(link[1][:-2] + "/").status_code == 404


def test_nobody_is_sent_more_than_three_links_an_hour(known: Desk) -> None:
    for n in range(5):
        Client().post("/recover/compromised/", {"username": "sam"}, REMOTE_ADDR=f"192.0.2.{n}")
    assert len(told("sam@acme.example")) == 3


def test_staff_secures_a_party_without_the_portal_after_a_call(known: Desk) -> None:
    client, number = entered("sam"), asked()
    securing = Securing(reason="the boss confirmed", logins=[person("sam").pk, person("otto").pk])
    with pytest.raises(services.RequestRefused, match="first call"):
        compromise.secure(request=number, securing=securing, actor=ANALYST, now=LATER)
    confirm(number)
    case = compromise.secure(request=number, securing=securing, actor=ANALYST, now=LATER)
    known.work()
    assert client.get("/me/").status_code == 302
    assert person("otto").may_sign_in  # of another party: not locked though it was named
    assert Case.objects.get(id=case).role == "compromised"
    assert Order.objects.get().scope_value == "acme"
    assert Decision.objects.get().actor_id == "ana"


def test_more_than_premium_calls_stops_only_where_it_is_asked_for(known: Desk) -> None:
    number = asked()
    for trunks, rotate in ((["o-trunk"], []), ([], ["o-trunk"])):
        strange = Securing("fraud", [], trunks=trunks, rotate=rotate, urgent=True)
        with pytest.raises(NotThere):
            compromise.secure(request=number, securing=strange, actor=ANALYST, now=LATER)
    securing = Securing("fraud is running", [person("sam").pk], trunks=["s-trunk"], rotate=["s-trunk"], urgent=True)
    compromise.secure(request=number, securing=securing, actor=ANALYST, now=LATER)
    known.work()
    orders = {(order.scope_kind, order.scope_value, order.parameters["bars"]) for order in Order.objects.all()}
    assert orders == {("party", "acme", "premium"), ("trunk", "s-trunk", "all-outbound")}
    assert Note.objects.filter(text__contains="New SIP credentials are wanted").exists()


def test_a_contact_of_this_week_is_nobody_to_call_and_another_party_s_confirms_nothing(known: Desk) -> None:
    number = asked()
    for name in ("fresh", "chief"):
        with pytest.raises(NotThere):
            confirm(number, name)
    confirm(number)
    services.place(request=number, kind="compromised", party="other", actor=ANALYST, now=LATER)
    assert services.confirmation_of(Request.objects.get(pk=number)) is None
    services.record_call(request=number, contact=contact("chief"), outcome="denied", note="no", actor=ANALYST, now=LATER)
    services.record_call(request=number, contact=contact("chief"), outcome="not-reached", note="", actor=ANALYST, now=LATER)
    assert services.confirmation_of(Request.objects.get(pk=number)) is None


def test_unlocking_takes_a_call_reasons_and_gives_a_new_password(known: Desk) -> None:
    entered("sam").post("/me/compromised/")
    known.work()
    Authenticator.objects.create(user=person("sam"), type="totp", data={})
    number, sam = Request.objects.get().pk, person("sam").pk
    how = Unlocking("the boss came by")
    with pytest.raises(services.RequestRefused, match="first call"):
        compromise.unlock(request=number, login=sam, how=how, to="sam@acme.example", actor=ANALYST, now=LATER)
    confirm(number)
    with pytest.raises(NoLockReason):
        compromise.unlock(request=number, login=sam, how=Unlocking(" "), to="sam@acme.example", actor=ANALYST, now=LATER)
    for address in ("thief@elsewhere.example", "thief@acme.example", ""):
        with pytest.raises(services.RequestRefused, match="address on file"):
            compromise.unlock(request=number, login=sam, how=how, to=address, actor=ANALYST, now=LATER)
    compromise.unlock(request=number, login=sam, how=how, to="boss@acme.example", actor=ANALYST, now=LATER)
    assert person("sam").may_sign_in
    assert person("sam").mail == "boss@acme.example"
    assert not Authenticator.objects.exists()
    assert Client().post("/sign-in/", {"login": "sam", "password": PASSWORD}).status_code == 403  # the old one is void
    link = re.search(r"http://[^/]+(/\S+)", told("boss@acme.example")[-1])
    assert link is not None
    client = Client()
    form = client.get(link[1], follow=True)
    address = form.redirect_chain[-1][0]
    new = "a-much-better-secret"
    assert client.post(address, {"password1": new, "password2": new}).headers["Location"] == "/recover/password/done/"
    assert Client().post("/sign-in/", {"login": "sam", "password": new}).status_code == 302
    assert Order.objects.get().in_force  # lifted on its own page alone


def test_who_may_not_recover_does_nothing(known: Desk) -> None:
    number = asked()
    for actor in (AUDITOR, Actor(ActorKind.PERSON, "sam", party="acme")):
        with pytest.raises(NotPermitted):
            compromise.secure(request=number, securing=Securing("x", [], urgent=True), actor=actor, now=LATER)
        with pytest.raises(NotPermitted):
            services.record_call(request=number, contact=contact("boss"), outcome="denied", note="", actor=actor, now=LATER)
        with pytest.raises(NotPermitted):
            services.close(request=number, done=True, outcome="x", actor=actor, now=LATER)
    admin_without_cases = Securing("x", [], urgent=True)
    with pytest.raises(NotPermitted):
        compromise.secure(request=number, securing=admin_without_cases, actor=ADMIN, now=LATER)


def test_a_token_of_another_epoch_or_installation_is_none(known: Desk, settings: Settings) -> None:
    token = public.token_of(person("sam"))
    assert Client().get(f"/recover/compromised/{token}/").status_code == 200
    settings.SECRET_KEY = "another"
    assert Client().get(f"/recover/compromised/{token}/").status_code == 404
