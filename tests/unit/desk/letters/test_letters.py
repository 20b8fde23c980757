"""A letter is written once, sent once, tried again while the relay can't take it, and given up when it never will."""

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.unit.desk.scene import ANALYST, AUDITOR, NOON, STRANGER, WORKER

from ringfence.desk.audit import selectors as audit
from ringfence.desk.errors import NotPermitted
from ringfence.desk.letters import selectors, services
from ringfence.desk.letters.models import LetterState
from ringfence.desk.letters.services import GIVEN_UP_AFTER, Attached, Draft, Refused, own_token
from ringfence.desk.notices.relays import Folder

pytestmark = pytest.mark.django_db

DRAFT = Draft(
    key="test 1", about=("case", "7"), case=7, mail="a@north.example", subject="A\nreport", text="Dear all\n", provider="Voice"
)


class Refusing:
    """A relay that takes nothing."""

    sender, state = "abuse@voice.example", LetterState.SENT

    def __init__(self, *, permanent: bool) -> None:
        self.permanent = permanent

    def take(self, mail: EmailMessage) -> None:
        raise Refused("451 not now", permanent=self.permanent)


def states() -> list[str]:
    return [str(letter.state) for letter in selectors.letters(actor=AUDITOR)]


def test_what_is_told_twice_is_one_letter(db: None) -> None:
    assert services.write(draft=DRAFT, actor=ANALYST, now=NOON) == services.write(draft=DRAFT, actor=ANALYST, now=NOON)
    (entry,) = audit.timeline(case=7, actor=AUDITOR)
    assert (entry.verb, b"north.example" in bytes(entry.body)) == ("wrote-letter", False)
    assert [letter.subject for letter in selectors.letters_about(about=("case", "7"), actor=AUDITOR)] == ["A report"]


def test_who_only_reads_writes_no_letters_and_strangers_see_none(db: None) -> None:
    for actor in (AUDITOR, STRANGER):
        with pytest.raises(NotPermitted):
            services.write(draft=DRAFT, actor=actor, now=NOON)
    services.write(draft=DRAFT, actor=ANALYST, now=NOON)
    assert not selectors.letters(actor=STRANGER)
    assert not selectors.letters_about(about=("case", "7"), actor=STRANGER)
    with pytest.raises(NotPermitted):
        services.send_due(relay=Refusing(permanent=True), actor=ANALYST, now=NOON)


def test_without_a_relay_it_is_kept_with_what_is_attached(db: None, tmp_path: Path) -> None:
    report = Attached("r.json", "application/json", b"{}")
    draft = Draft(
        key="2",
        about=("case", "7"),
        mail="a@north.example",
        subject="s",
        text="t\n",
        attached=report,
    )
    services.write(draft=draft, actor=ANALYST, now=NOON)
    folder = Folder(tmp_path, "abuse@voice.example")
    assert services.send_due(relay=folder, actor=WORKER, now=NOON) == 1
    assert services.send_due(relay=folder, actor=WORKER, now=NOON) == 0
    (file,) = tmp_path.glob("*.eml")
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert (mail["Auto-Submitted"], mail[services.LOOP_HEADER]) == ("auto-generated", own_token())
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type(), attached.get_content()) == ("r.json", "application/json", b"{}")
    assert states() == ["kept"]


def test_a_relay_that_cannot_now_is_asked_again_and_one_that_never_will_ends_it(db: None) -> None:
    services.write(draft=DRAFT, actor=ANALYST, now=NOON)
    services.send_due(relay=Refusing(permanent=False), actor=WORKER, now=NOON)
    assert states() == ["queued"]
    assert services.send_due(relay=Refusing(permanent=False), actor=WORKER, now=NOON) == 0, "not before its pause is over"
    late = NOON + GIVEN_UP_AFTER + timedelta(hours=2)
    services.send_due(relay=Refusing(permanent=False), actor=WORKER, now=late)
    assert states() == ["failed"]
    assert [entry.verb for entry in audit.timeline(case=7, actor=AUDITOR)] == ["wrote-letter", "letter-failed"]
