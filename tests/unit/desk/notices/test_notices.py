"""A party is told what was decided and why, in its language, once; outsiders are told nothing; mails go on their way or wait."""

import base64
import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import dkim
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.test import Client
from tests.ports import free_port
from tests.unit.desk.decisions.test_ladder import decide, found
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, STRANGER, WORKER, Desk

from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import services as casework
from ringfence.desk.complaints.sending import automatic
from ringfence.desk.decisions.services import Why
from ringfence.desk.enforcement import services as enforcement
from ringfence.desk.letters.services import GIVEN_UP_AFTER, Refused, own_token
from ringfence.desk.notices import selectors, services
from ringfence.desk.notices.models import Notice
from ringfence.desk.notices.relays import Folder, Signing, SmtpRelay
from ringfence.desk.notices.statements import page_of, token_of
from ringfence.desk.parties import services as parties

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(minutes=1)
CONTACTS = b"""contact,party,role,mail,language
c1,shop,abuse,abuse@shop.example,fr-BE
c2,shop,billing,bills@shop.example,en
c3,reseller,abuse,noc@reseller.example,nl
"""


@pytest.fixture
def telling(climbing: Desk) -> Desk:
    assert not parties.import_parties(files={"contacts.csv": CONTACTS}, actor=ADMIN, now=NOON).problems
    return climbing


def told(desk: Desk) -> list[Notice]:
    desk.work()
    return list(selectors.notices(actor=ANALYST).order_by("created", "id"))


def because(verb: str) -> list[str]:
    return [str(entry.details["because"]) for entry in audit.entries(actor=ANALYST, verb=verb)]


def test_a_measure_is_told_to_the_partys_abuse_contact_in_its_language_with_reasons(telling: Desk) -> None:
    decide(*found(telling))
    (notice,) = told(telling)
    assert (notice.kind, notice.party, notice.contact, notice.mail, notice.language) == (
        "measure",
        "shop",
        "c1",
        "abuse@shop.example",
        "fr",
    )
    assert notice.subject.endswith(f"d'utilisation acceptable, dossier {notice.case_id}")
    for part in (
        "shop-1 peut commencer 0.5 appels par seconde",
        "jusqu'au 2026-03-02 12:00 UTC",
        "You called too much.",
        "Five targets were refused within a minute.",
        "refused 5 (limite 5)",
        "Entre 2026-03-01 11:59 UTC et 2026-03-01 12:00 UTC",
        "Unauthorised access, version 1",
        "Une personne a pris cette décision.",
        "support@voice.example",
        page_of(notice.id),
    ):
        assert part in notice.text
    assert "a@x" not in notice.text, "no sample of the evidence"


def test_nobody_is_told_twice(telling: Desk) -> None:
    id = decide(*found(telling))
    telling.work()
    assert services.announce(decision_id=id, actor=WORKER, now=LATER) == []
    assert Notice.objects.count() == 1


def test_without_a_contact_of_its_own_the_nearest_party_above_is_told(telling: Desk) -> None:
    ended = b"contact,party,role,mail,language,valid_to\nc1,shop,abuse,abuse@shop.example,fr-BE,2026-02-01T00:00:00Z\n"
    assert not parties.import_parties(files={"contacts.csv": ended}, actor=ADMIN, now=NOON).problems
    decide(*found(telling))
    (notice,) = told(telling)
    assert (notice.party, notice.mail, notice.language) == ("shop", "noc@reseller.example", "nl")


def test_where_nobody_can_be_written_to_the_case_says_so(climbing: Desk) -> None:
    decide(*found(climbing))
    assert told(climbing) == []
    assert [text.partition(":")[0] for text in because("not-told")] == ["nobody can be written to"]


def test_an_outsider_is_told_nothing(telling: Desk) -> None:
    telling.find()
    assert told(telling) == []
    assert because("not-told") == []


def test_the_end_of_a_measure_is_told_too(telling: Desk) -> None:
    id = decide(*found(telling))
    telling.work()
    enforcement.lift_order(order_id=id, why=Why("You have mended it."), actor=ANALYST, now=NOON + timedelta(hours=1))
    telling.clock.now = NOON + timedelta(hours=1)
    measure, lift = told(telling)
    assert (measure.kind, lift.kind) == ("measure", "lift")
    assert "You have mended it." in lift.text
    assert "shop-1 peut commencer 0.5 appels par seconde" in lift.text


def test_a_compromised_account_is_told_what_a_person_decided(telling: Desk) -> None:
    case, finding = found(telling)
    casework.change_role(case_id=case, role="compromised", reason="stolen", actor=ANALYST, now=NOON)
    decide(case, finding)
    (notice,) = told(telling)
    assert "les appels internationaux" in notice.text


@contextmanager
def relay(answer: str = "250 taken") -> Iterator[tuple[str, list[Envelope]]]:
    """Run a mail server on loopback that answers each mail so; give its address and what it took."""
    taken: list[Envelope] = []

    class Handler:
        async def handle_RCPT(  # noqa: N802 – the library calls it so
            self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
        ) -> str:
            if answer.startswith("550"):
                return answer
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 – as above
            if answer.startswith("250"):
                taken.append(envelope)
            return answer

    port = free_port()
    controller = Controller(Handler(), hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}", taken
    finally:
        controller.stop()


def content_of(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)
    return envelope.content


def read(envelope: Envelope) -> EmailMessage:
    return email.message_from_bytes(content_of(envelope), policy=email.policy.default)


def test_a_notice_goes_to_the_relay_once_as_a_mail_that_no_machine_answers(telling: Desk) -> None:
    decide(*found(telling))
    (notice,) = told(telling)
    with relay() as (address, taken):
        ours = SmtpRelay(address, "abuse@voice.example")
        assert [services.send_due(relay=ours, actor=WORKER, now=LATER) for _ in range(2)] == [1, 0]
    (envelope,) = taken
    mail = read(envelope)
    assert (envelope.mail_from, envelope.rcpt_tos) == ("abuse@voice.example", ["abuse@shop.example"])
    assert (mail["From"], mail["To"]) == ("Example Voice <abuse@voice.example>", "abuse@shop.example")
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "fr")
    assert mail.get_content().replace("\r\n", "\n") == notice.text
    assert automatic(content_of(envelope), "abuse@voice.example", own_token()) == "a mail of ours came back"
    notice.refresh_from_db()
    assert (notice.state, notice.sent) == ("sent", LATER)
    assert notice.message_id == mail["Message-ID"]


def test_a_signed_notice_verifies_and_a_changed_one_does_not(telling: Desk) -> None:
    decide(*found(telling))
    telling.work()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)

    def lookup(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"r1._domainkey.voice.example."
        return record

    with relay() as (address, taken):
        ours = SmtpRelay(address, "abuse@voice.example", Signing("voice.example", "r1", pem))
        services.send_due(relay=ours, actor=WORKER, now=LATER)
    content = content_of(taken[0])
    assert dkim.verify(content, dnsfunc=lookup)
    assert not dkim.verify(content.replace(b"support@voice.example", b"support@other.example"), dnsfunc=lookup)


def test_a_relay_that_is_away_is_asked_again_and_given_up_after_days(telling: Desk) -> None:
    decide(*found(telling))
    (notice,) = told(telling)
    ours = SmtpRelay("smtp://127.0.0.1:9", "abuse@voice.example")
    assert services.send_due(relay=ours, actor=WORKER, now=LATER) == 1
    notice.refresh_from_db()
    assert (notice.state, notice.attempts, notice.due > LATER) == ("queued", 1, True)
    assert "127.0.0.1:9" in notice.problem
    with relay("451 later") as (address, _):
        services.send_due(relay=SmtpRelay(address, "abuse@voice.example"), actor=WORKER, now=NOON + timedelta(hours=1))
    notice.refresh_from_db()
    assert (notice.state, notice.problem) == ("queued", "451 later")
    services.send_due(relay=ours, actor=WORKER, now=NOON + GIVEN_UP_AFTER + timedelta(days=1))
    notice.refresh_from_db()
    assert notice.state == "failed"


def test_a_mailbox_that_does_not_exist_fails_at_once_and_the_case_says_so(telling: Desk) -> None:
    decide(*found(telling))
    (notice,) = told(telling)
    with relay("550 no such mailbox") as (address, _):
        services.send_due(relay=SmtpRelay(address, "abuse@voice.example"), actor=WORKER, now=LATER)
    notice.refresh_from_db()
    assert (notice.state, notice.problem) == ("failed", "550 no such mailbox")
    assert [entry.verb for entry in audit.timeline(case=notice.case_id, actor=ANALYST)][-1] == "notice-failed"


def test_without_a_relay_mails_are_kept_as_files(telling: Desk, tmp_path: Path) -> None:
    decide(*found(telling))
    (notice,) = told(telling)
    services.send_due(relay=Folder(tmp_path / "out", "abuse@voice.example"), actor=WORKER, now=LATER)
    (file,) = (tmp_path / "out").iterdir()
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    notice.refresh_from_db()
    assert (notice.state, mail["Subject"], file.suffix) == ("kept", notice.subject, ".eml")
    (tmp_path / "blocked").write_text("a file")
    with pytest.raises(Refused):
        Folder(tmp_path / "blocked", "abuse@voice.example").take(EmailMessage())


def test_only_who_holds_the_token_reads_the_page_and_the_first_time_is_noted(telling: Desk, client: Client) -> None:
    decide(*found(telling))
    (notice,) = told(telling)
    token = token_of(notice.id)
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    for path in (f"/notices/{notice.id}/{wrong}/", f"/notices/{'0' * 32}/{token}/", f"/notices/{notice.id}/é/"):
        assert client.get(path).status_code == 404
    assert not selectors.notices(actor=STRANGER)
    page = client.get(f"/notices/{notice.id}/{token}/")
    assert page.status_code == 200
    assert "shop-1 peut commencer 0.5 appels par seconde" in page.content.decode()
    assert (page["Referrer-Policy"], page["X-Robots-Tag"]) == ("same-origin", "noindex")
    notice.refresh_from_db()
    assert notice.opened is not None
    assert audit.entries(actor=ANALYST, verb="notice-read").count() == 1
