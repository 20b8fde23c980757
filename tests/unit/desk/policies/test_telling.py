"""Mails about versions: to the parties in their languages, and one reminder each; and the report of acceptance as a file."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, ANALYST, BUNDLE, NOON, WORKER, Desk, write_bundle

from ringfence.desk.access.models import Person
from ringfence.desk.actor import Actor, ActorKind, StaffRole
from ringfence.desk.audit import selectors as audit
from ringfence.desk.errors import NotPermitted
from ringfence.desk.letters.models import Letter
from ringfence.desk.letters.wording import languages, texts
from ringfence.desk.outbox.models import Message
from ringfence.desk.parties import services as importing
from ringfence.desk.policies import acceptance, telling
from ringfence.desk.policies import services as policies
from ringfence.desk.policies.models import PolicyVersion
from ringfence.desk.policies.services import REMIND_AFTER

pytestmark = pytest.mark.django_db

PARTIES = b"party,parent,kind\nresell,,reseller\nshop,resell,end-user\ndirect,,\nmute,,\n=1+1,,\n"
ACCOUNTS = b"account,party\nline,shop\nd,direct\n"
CONTACTS = b"""contact,party,role,mail,language
r,resell,abuse,abuse@resell.example,nl
s,shop,technical,it@shop.example,fr-BE
l,direct,legal,legal@direct.example,de
a,direct,abuse,abuse@direct.example,de
"""
MAILED = BUNDLE["bundle.toml"].replace('notify = ["page"]', 'notify = ["page", "mail"]')
TEXT = BUNDLE["policy.md"].replace("Nobody may probe", "No person may ever probe")
RESELLER = Actor(ActorKind.PERSON, "rita", party="resell")


@pytest.fixture
def known(desk: Desk, tmp_path: Path) -> Desk:
    """A desk with parties, whose version 2, posted an hour after the first, is told by mail."""
    files = {"parties.csv": PARTIES, "accounts.csv": ACCOUNTS, "contacts.csv": CONTACTS}
    assert importing.import_parties(files=files, actor=ADMIN, now=NOON).written
    desk.clock.now = NOON + timedelta(hours=1)
    changes = {"bundle.toml": MAILED, "policy.md": TEXT}
    policies.post_bundle(folder=write_bundle(tmp_path / "second", **changes), actor=ADMIN, now=desk.clock.now)
    desk.work()
    return desk


def letters(kind: str) -> dict[str, Letter]:
    return {letter.mail: letter for letter in Letter.objects.filter(key__startswith=kind)}


def test_every_party_is_told_of_a_posting_once_in_its_language_and_how_to_object(known: Desk) -> None:
    told = letters("posting")
    assert {mail: letter.language for mail, letter in told.items()} == {
        "abuse@resell.example": "nl",
        "it@shop.example": "fr",
        "legal@direct.example": "en",
    }
    text = told["legal@direct.example"].text
    assert "/policy/2/\n" in text
    assert "/policy/2/since/1/\n" in text
    assert "Clauses whose text differs: Unauthorised access." in text
    assert "If you object, answer to support@voice.example" in text
    assert told["legal@direct.example"].provider == "Example Voice"
    telling.tell(number=2, after=0, actor=WORKER, now=known.clock.now)
    assert Letter.objects.count() == 3
    assert audit.entries(actor=ADMIN, verb="told-parties").count() == 2


def test_a_version_that_does_not_say_so_is_told_to_nobody_by_mail(known: Desk, tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "third", **{"policy.md": TEXT + "\nMore.\n"})
    policies.post_bundle(folder=folder, actor=ADMIN, now=known.clock.now)
    known.work()
    assert not Letter.objects.filter(noun_id="3").exists()
    assert not Letter.objects.filter(noun_id="1").exists()


def test_many_parties_are_told_in_pieces(known: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    Letter.objects.all().delete()
    monkeypatch.setattr(telling, "_AT_ONCE", 2)
    telling.tell(number=2, after=0, actor=WORKER, now=known.clock.now)
    assert Letter.objects.count() < 3
    known.work()
    assert Letter.objects.count() == 3


def test_who_is_silent_is_reminded_once_when_the_time_has_come_and_resellers_are_asked_to_attest(known: Desk) -> None:
    acceptance.note_presence(actor=Actor(ActorKind.PERSON, "dan", party="direct"), how="signed in", now=known.clock.now)
    assert not letters("reminder")
    known.clock.now = NOON + REMIND_AFTER + timedelta(hours=2)
    known.work()
    assert set(letters("reminder")) == {"it@shop.example"}
    assert set(letters("attest")) == {"abuse@resell.example"}
    assert "version 2" in letters("attest")["abuse@resell.example"].subject.replace("versie", "version")
    telling.remind_now(number=2, actor=ADMIN, now=known.clock.now)
    known.work()
    assert len(letters("reminder")) + len(letters("attest")) == 2


def test_who_has_attested_or_is_deemed_to_accept_is_left_in_peace_and_old_versions_remind_nobody(known: Desk) -> None:
    acceptance.attest(party="resell", number=2, by="Rita", proof="mail", actor=RESELLER, now=known.clock.now)
    known.clock.now = NOON + REMIND_AFTER + timedelta(hours=2)
    known.work()
    assert set(letters("reminder")) == {"legal@direct.example"}
    assert not letters("attest")
    telling.remind(number=1, after=0, actor=WORKER, now=known.clock.now)
    assert not Letter.objects.filter(noun_id="1").exists()
    with pytest.raises(NotPermitted):
        telling.remind_now(number=2, actor=ANALYST, now=known.clock.now)


@pytest.mark.parametrize("language", languages("ringfence.desk.policies"))
def test_every_language_has_every_text_with_the_same_places(language: str) -> None:
    told, english = texts("ringfence.desk.policies", language), texts("ringfence.desk.policies", "en")
    assert told.keys() == english.keys()
    for kind, words in english.items():
        assert told[kind].keys() == words.keys()
        for name, text in words.items():
            places = {part.partition("}}")[0].strip() for part in text.split("{{")[1:]}
            assert {part.partition("}}")[0].strip() for part in told[kind][name].split("{{")[1:]} == places


def staff(client: Client, role: StaffRole) -> Client:
    client.force_login(Person.objects.create(username="ada", roles=[str(role)], created=NOON))
    return client


def test_the_report_is_taken_as_a_file_and_that_is_recorded(known: Desk, client: Client) -> None:
    hash = PolicyVersion.objects.get(number=2).hash
    acceptance.record_use(account="line", policy=hash, at=known.clock.now, proof="c@x", actor=WORKER, now=known.clock.now)
    acceptance.attest(party="resell", number=2, by="Rita", proof="mail", actor=RESELLER, now=known.clock.now)
    auditor = staff(client, StaffRole.AUDITOR)
    answer = auditor.get("/policy/2/acceptance/standings.csv")
    rows = {row["party"]: row for row in csv.DictReader(io.StringIO(answer.getvalue().decode()))}
    assert answer.headers["Content-Disposition"] == 'attachment; filename="acceptance-2-standings.csv"'
    assert (rows["shop"]["state"], rows["shop"]["proof"], rows["shop"]["below"]) == ("by use", "c@x", "resell")
    assert (rows["direct"]["state"], rows["direct"]["attested"]) == ("pending", "")
    assert rows["resell"]["attested"].startswith("2026-03-01T13:")
    assert "'=1+1" in rows
    evidence = json.loads(auditor.get("/policy/2/acceptance/evidence.json").getvalue())
    assert [(row["party"], row["how"]) for row in evidence] == [("shop", "use"), ("resell", "attestation")]
    assert audit.entries(actor=ADMIN, verb="exported", noun="policy").count() == 2
    assert auditor.get("/policy/2/acceptance/everything.csv").status_code == 404


def test_an_admin_reminds_from_the_report(known: Desk, client: Client) -> None:
    Message.objects.all().delete()
    page = staff(client, StaffRole.ADMIN).post("/policy/2/acceptance/remind/", follow=True)
    assert b"Reminders are being written" in page.content
    known.clock.now = datetime.now(UTC) + timedelta(minutes=1)
    known.work()
    assert len(letters("reminder")) == 2
    assert b"3 reminders written" in client.get("/policy/2/acceptance/").content


def test_the_report_of_an_analyst_has_no_button(known: Desk, client: Client) -> None:
    assert b"Remind now" not in staff(client, StaffRole.ANALYST).get("/policy/2/acceptance/").content
    assert client.post("/policy/2/acceptance/remind/").status_code == 403
