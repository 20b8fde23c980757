"""A letter on paper is a PDF of the words that were sent, made once; its hash stands in the audit, and a changed byte is found."""

from datetime import timedelta
from hashlib import sha256

import pytest
from django.test import Client
from tests.unit.desk.decisions.conftest import climbing
from tests.unit.desk.decisions.test_ladder import decide, found
from tests.unit.desk.notices.test_notices import CONTACTS
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, STRANGER, Desk

from ringfence.desk.access.models import Person
from ringfence.desk.audit import selectors as audit
from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.desk.inquiries import services as inquiring
from ringfence.desk.inquiries.services import Question
from ringfence.desk.letters.models import Letter, Paper
from ringfence.desk.letters.paper import PaperDamaged, Sheet, paper, printed
from ringfence.desk.letters.wording import Unfilled
from ringfence.desk.notices.models import Notice
from ringfence.desk.notices.papers import letter_sheet, notice_sheet
from ringfence.desk.parties import services as parties

__all__ = ["climbing"]
pytestmark = pytest.mark.django_db


def sheet(**changes: object) -> Sheet:
    told = {
        "noun": "letter",
        "id": "7",
        "case": None,
        "provider": "Example Voice",
        "to": ("Shop",),
        "language": "en",
        "subject": "Your calls",
        "text": "We throttled them.\n\nSo it is.",
        "written": NOON,
    }
    return Sheet(**{**told, **changes})  # type: ignore[arg-type] # as each test says


@pytest.fixture
def noticed(climbing: Desk) -> Notice:
    """The statement of reasons for a measure."""
    assert not parties.import_parties(files={"contacts.csv": CONTACTS}, actor=ADMIN, now=NOON).problems
    decide(*found(climbing))
    climbing.work()
    return Notice.objects.get()


def test_a_statement_of_reasons_is_printed_once_and_its_hash_stands_in_the_audit(noticed: Notice) -> None:
    printed_pages: list[str] = []

    def printer(html: str) -> bytes:
        printed_pages.append(html)
        return html.encode()

    first = paper(sheet=notice_sheet(id=noticed.id, actor=ANALYST), actor=ANALYST, now=NOON, printer=printer)
    again = paper(sheet=notice_sheet(id=noticed.id, actor=ANALYST), actor=ANALYST, now=NOON + timedelta(days=1), printer=printer)
    assert first == again
    assert len(printed_pages) == 1
    assert all(line.strip() in " ".join(printed_pages[0].split()) for line in ("Example Voice", noticed.party, noticed.contact))
    (entry,) = audit.entries(actor=ANALYST, verb="printed")
    assert entry.details["sha256"] == sha256(first).hexdigest()
    assert len(list(audit.entries(actor=ANALYST, verb="handed-out-paper"))) == 2
    Paper.objects.update(octets=first + b" ")
    with pytest.raises(PaperDamaged):
        paper(sheet=notice_sheet(id=noticed.id, actor=ANALYST), actor=ANALYST, now=NOON)


def test_an_inquiry_is_a_letter_and_is_printed_as_one(climbing: Desk, noticed: Notice) -> None:
    question = Question(case=noticed.case_id, kind="question", party="shop", text="Who placed these calls?")
    inquiring.ask(question=question, actor=ANALYST, now=NOON)
    letter = Letter.objects.get(noun="inquiry")
    shown = letter_sheet(id=letter.id, actor=ANALYST)
    assert "Who placed these calls?" in shown.text
    octets = paper(sheet=shown, actor=ANALYST, now=NOON)
    assert octets.startswith(b"%PDF-")


def test_an_open_place_is_not_printed() -> None:
    for changes in ({"text": "Dear {{ party }}"}, {"subject": "{{ subject }}"}):
        with pytest.raises(Unfilled):
            paper(sheet=sheet(**changes), actor=ANALYST, now=NOON)
    assert not Paper.objects.exists()


def test_what_somebody_wrote_is_text_and_fetches_nothing() -> None:
    seen: list[str] = []
    text = '<img src="file:///etc/passwd"><script>x</script>'
    paper(sheet=sheet(text=text), actor=ANALYST, now=NOON, printer=lambda html: seen.append(html) or b"x")  # type: ignore[func-returns-value] # kept, then nothing
    assert "<img" not in seen[0]
    assert "&lt;img" in seen[0]
    assert printed('<img src="file:///etc/passwd">').startswith(b"%PDF-")


def test_a_stranger_gets_no_paper(noticed: Notice) -> None:
    with pytest.raises(NotThere):
        notice_sheet(id=noticed.id, actor=STRANGER)
    with pytest.raises(NotPermitted):
        paper(sheet=sheet(), actor=STRANGER, now=NOON)


@pytest.mark.parametrize("language", ["en", "fr", "nl"])
def test_each_language_is_printed_in_its_own_words(climbing: Desk, language: str) -> None:
    contacts = CONTACTS.replace(b",fr-BE", f",{language}".encode())
    assert not parties.import_parties(files={"contacts.csv": contacts}, actor=ADMIN, now=NOON).problems
    decide(*found(climbing))
    climbing.work()
    notice = Notice.objects.get()
    shown = notice_sheet(id=notice.id, actor=ANALYST)
    assert (shown.language, shown.text) == (notice.language, notice.text)
    assert paper(sheet=shown, actor=ANALYST, now=NOON).startswith(b"%PDF-")


def test_the_case_page_gives_papers(climbing: Desk, noticed: Notice, client: Client) -> None:
    client.force_login(Person.objects.create(username="leo", roles=["lead"], created=NOON))
    address = f"/papers/notice/{noticed.id}.pdf"
    assert address in client.get(f"/cases/{noticed.case_id}/").content.decode()
    answer = client.get(address)
    assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    assert client.get("/papers/order/x.pdf").status_code == 404
