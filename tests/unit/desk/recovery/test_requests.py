"""Requests of people who can't come in: by form, by mail, by telephone; and the page on which staff works."""

from pathlib import Path

import pytest
from django.test import Client
from tests.unit.desk.recovery.conftest import LATER, contact, entered, person
from tests.unit.desk.recovery.test_compromise import asked, confirm, told
from tests.unit.desk.scene import ANALYST, AUDITOR, STRANGER, Desk

from ringfence.desk.actor import ANONYMOUS, system
from ringfence.desk.audit.models import Entry
from ringfence.desk.recovery import selectors, services
from ringfence.desk.recovery.intake import ServiceMailbox
from ringfence.desk.recovery.models import CallBack, Request
from ringfence.desk.recovery.services import Asked, RequestRefused, take_in

pytestmark = pytest.mark.django_db

MAILBOX = system("mail")
RAW = b"From: Bo <bo@elsewhere.example>\r\nSubject: hacked\r\n\r\nOur portal was hacked. Call us.\r\n"


def mail(raw: bytes = RAW, sender: str = "bo@elsewhere.example") -> int | None:
    return take_in(raw=raw, sender=sender, door="mail", actor=MAILBOX, now=LATER)


def test_a_lost_user_name_goes_to_an_address_on_file_after_a_call(known: Desk) -> None:
    answer = Client().post("/recover/username/", {"mail": "me@elsewhere.example", "said": "I am acme's Sam"})
    assert answer.headers["Location"] == "/recover/thanks/"
    number = Request.objects.get().pk
    services.place(request=number, kind="lost-username", party="acme", actor=ANALYST, now=LATER)
    sam = [person("sam").pk, person("otto").pk]
    with pytest.raises(RequestRefused, match="first call"):
        services.send_usernames(request=number, logins=sam, to="boss@acme.example", actor=ANALYST, now=LATER)
    confirm(number)
    for address in ("me@elsewhere.example", "thief@acme.example"):
        with pytest.raises(RequestRefused, match="address on file"):
            services.send_usernames(request=number, logins=sam, to=address, actor=ANALYST, now=LATER)
    services.send_usernames(request=number, logins=sam, to="boss@acme.example", actor=ANALYST, now=LATER)
    (text,) = told("boss@acme.example")
    assert "sam" in text
    assert "otto" not in text
    call = CallBack.objects.get()
    assert (call.by, call.contact.name, call.at, call.outcome) == ("ana", "boss", LATER, "confirmed")
    assert "+32" not in call.telephone
    assert not any(b"+3225551200" in bytes(entry.body) for entry in Entry.objects.all())


def test_the_form_takes_no_flood_and_no_machine(known: Desk) -> None:
    form = {"mail": "a@b.example", "said": "who am I"}
    for _ in range(10):
        assert Client().post("/recover/username/", form).status_code == 302
    assert Client().post("/recover/username/", form).status_code == 400
    assert Client().post("/recover/username/", form | {"website": "x"}).status_code == 302
    assert Client().post("/recover/username/", {"mail": "a@b.example", "said": " "}, REMOTE_ADDR="192.0.2.9").status_code == 400
    assert Request.objects.count() == 10


def test_no_more_than_two_thousand_wait(known: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_OPEN", 1)
    mail()
    with pytest.raises(RequestRefused, match="so many"):
        mail(RAW + b"again")
    services.ask(asked=Asked("other", "", "by telephone"), address="", actor=ANALYST, now=LATER)  # staff is never turned away


def test_a_mail_to_the_service_mailbox_is_a_request_kept_byte_for_byte(known: Desk, data: Path) -> None:
    number = mail()
    assert mail() == number
    row = Request.objects.get()
    assert (row.kind, row.door, row.mail) == ("compromised", "mail", "bo@elsewhere.example")
    assert "Our portal was hacked" in row.said
    assert (data / "mail" / f"{row.sha256}.eml").read_bytes() == RAW


@pytest.mark.parametrize(
    ("subject", "kind"), [("I lost my user name", "lost-username"), ("Passwort gestohlen", "compromised"), ("hello", "other")]
)
def test_a_mail_is_sorted_by_its_words(known: Desk, subject: str, kind: str) -> None:
    mail(f"From: a@b.example\r\nSubject: {subject}\r\n\r\n.\r\n".encode())
    assert Request.objects.get().kind == kind


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@b.example\r\nAuto-Submitted: auto-replied\r\nSubject: out of office\r\n\r\n.\r\n",
        b"From: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x--\r\n",
    ],
)
def test_what_no_person_wrote_is_no_request(known: Desk, raw: bytes) -> None:
    assert mail(raw) is None
    assert Entry.objects.filter(verb="passed-by", noun="service-mail").count() == 1


def test_hostile_mails_are_taken_as_text(known: Desk) -> None:
    heads = b"From: x\xff@\x00\r\nSubject: =?utf-8?q?=E2=80=AEevil?=\r\nContent-Type: text/html; charset=nonsense\r\n"
    mail(heads + b"\r\n<script>x</script>\xff<b>hi")
    row = Request.objects.get()
    assert "script" not in row.said
    assert "\u202e" not in row.said
    page = entered("ana").get(f"/recovery/{row.pk}/")
    assert page.status_code == 200


def test_one_sender_fills_the_service_mailbox_no_further_than_ten_an_hour(known: Desk) -> None:
    for n in range(10):
        mail(RAW + str(n).encode())
    with pytest.raises(RequestRefused):
        mail(RAW + b"x")
    assert mail(b"From: c@d.example\r\n\r\nhello\r\n") is not None


def test_the_service_mailbox_is_the_policy_s_unless_another_is_configured(known: Desk) -> None:
    assert ServiceMailbox().among(["Support@Voice.Example"])
    assert not ServiceMailbox().among(["abuse@voice.example"])
    assert ServiceMailbox(["help@voice.example"]).among(["help@voice.example"])
    assert not ServiceMailbox(["help@voice.example"]).among(["support@voice.example"])


def test_strangers_and_auditors_see_no_requests(known: Desk) -> None:
    number = asked()
    for actor in (STRANGER, ANONYMOUS, AUDITOR):
        assert not selectors.requests(actor=actor)
        assert selectors.request_page(number=number, actor=actor, now=LATER) is None
    page = selectors.request_page(number=number, actor=ANALYST, now=LATER)
    assert page is not None
    assert [one.name for one in page.contacts] == ["boss"]


def test_an_address_on_file_is_pointed_out_and_proves_nothing(known: Desk) -> None:
    mail(b"From: boss@acme.example\r\n\r\nhacked\r\n")
    page = selectors.request_page(number=Request.objects.get().pk, actor=ANALYST, now=LATER)
    assert page is not None
    assert (page.guesses, page.confirmation, page.contacts) == (["acme"], None, [])


def test_the_page_does_each_thing_and_says_what_it_did(known: Desk) -> None:
    client = entered("ana")
    client.post("/recovery/", {"kind": "compromised", "said": "the boss called"})
    row = Request.objects.get()
    assert "not known yet" in client.get("/recovery/").content.decode()
    where = f"/recovery/{row.pk}/do/"
    assert (
        "no party nobody" in client.post(where, {"do": "place", "kind": "other", "party": "nobody"}, follow=True).content.decode()
    )
    client.post(where, {"do": "place", "kind": "compromised", "party": "acme"})
    said = client.get(f"/recovery/{row.pk}/").content.decode()
    assert "a-trunk, s-trunk" in said
    assert "+3225551200" in said
    told_back = {"do": "call", "contact": str(contact("boss")), "outcome": "confirmed"}
    assert "Nothing was done: write whom" in client.post(where, told_back, follow=True).content.decode()
    assert "recorded" in client.post(where, told_back | {"note": "by voice"}, follow=True).content.decode()
    securing = {"do": "secure", "login": str(person("sam").pk), "reason": "confirmed"}
    assert "Secured" in client.post(where, securing, follow=True).content.decode()
    unlocking = {"do": "unlock", "login": str(person("sam").pk), "to": "sam@acme.example", "reason": "he changed it"}
    assert "Unlocked" in client.post(where, unlocking, follow=True).content.decode()
    unsaid = client.post(where, {"do": "close", "outcome": "back in"}, follow=True).content.decode()
    assert "say whether it was done or refused" in unsaid
    assert "closed" in client.post(where, {"do": "close", "result": "done", "outcome": "back in"}, follow=True).content.decode()
    assert "is closed" in client.post(where, unlocking, follow=True).content.decode()
    assert client.post(where, {"do": "nonsense"}).status_code == 404
    assert person("sam").may_sign_in
