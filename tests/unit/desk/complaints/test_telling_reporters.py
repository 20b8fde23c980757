"""Who complains is told that it came and what came of it, once, in words of a closed list; a question is answered by letter."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.desk.complaints.test_answering import CALLEE, OURS, carrier, client_of, complain
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, NOON, WORKER, Desk, write_bundle

from ringfence.desk.actor import StaffRole, system
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases import services as casework
from ringfence.desk.cases.from_complaints import join_to_subject
from ringfence.desk.complaints import services, telling_reporters
from ringfence.desk.complaints.handling import handle_received
from ringfence.desk.complaints.models import Complaint, Door, Nature, Outcome
from ringfence.desk.complaints.submissions import Submission
from ringfence.desk.complaints.telling_reporters import NothingSaid
from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.desk.letters.models import Letter
from ringfence.desk.letters.wording import texts
from ringfence.desk.policies import services as policies
from ringfence.vocabulary.subjects import SubjectKind

pytestmark = pytest.mark.django_db

__all__ = ["carrier"]
MAILBOX = system("mail")


def letters() -> list[Letter]:
    return list(Letter.objects.order_by("created", "id"))


def handled(text: str, *, now: object = NOON) -> int:
    number = complain(text)
    handle_received(actor=MAILBOX, now=NOON)
    return number


def test_who_complains_is_told_that_it_came_and_where_to_see_how_it_stands(carrier: Path) -> None:
    number = handled(f"Call from {OURS} to {CALLEE}")
    (letter,) = letters()
    assert (letter.mail, letter.noun_id, letter.subject) == (
        "joe@example.be",
        str(number),
        f"Example Voice: your report C-{number} has come",
    )
    assert f"/report/{services.ticket_of(number)}/" in letter.text
    assert OURS not in letter.text
    telling_reporters.tell_received(complaint=Complaint.objects.get(id=number), actor=MAILBOX, now=NOON)
    assert len(letters()) == 1


def test_a_forged_sender_an_automatic_mail_and_a_flood_get_no_letters(carrier: Path) -> None:
    numbers = [complain(f"Call {place}") for place in range(8)]
    Complaint.objects.filter(id=numbers[0]).update(checks={"SPF": "fail example.be"})
    Complaint.objects.filter(id=numbers[1]).update(nature=Nature.AUTOMATIC)
    for number in numbers:
        telling_reporters.tell_received(complaint=Complaint.objects.get(id=number), actor=MAILBOX, now=NOON)
    assert sorted(int(letter.noun_id) for letter in letters()) == numbers[2:5]


def test_closing_a_case_closes_its_complaints_and_their_reporters_are_told_what_came_of_it(desk: Desk) -> None:
    number = handled(f"Call from {OURS} to {CALLEE}")
    case = join_to_subject(complaint=number, kind=SubjectKind.PARTY, subject="shop", actor=WORKER, now=NOON)
    casework.close_case(case_id=case, outcome="acted", actor=ANALYST, now=NOON)
    row = Complaint.objects.get(id=number)
    assert (row.outcome, row.closed) == (Outcome.ACTIONED, NOON)
    desk.work()
    desk.work()
    outcome = letters()[-1]
    assert "Something was done about it." in outcome.text
    assert f"of {NOON:%Y-%m-%d}" in outcome.text
    assert "shop" not in outcome.text
    assert len(letters()) == 2


@pytest.mark.parametrize(
    ("outcome", "told"), [("no-violation", Outcome.REVIEWED), ("harmless", Outcome.REVIEWED), ("duplicate", "")]
)
def test_what_a_cases_outcome_is_to_who_complained(carrier: Path, outcome: str, told: str) -> None:
    number = handled("They rang")
    case = join_to_subject(complaint=number, kind=SubjectKind.PARTY, subject="shop", actor=WORKER, now=NOON)
    casework.close_case(case_id=case, outcome=outcome, actor=ANALYST, now=NOON)
    assert Complaint.objects.get(id=number).outcome == told
    assert cases.cases(actor=AUDITOR, state="closed").get().id == case


def test_a_question_is_answered_by_letter_and_is_then_closed(carrier: Path) -> None:
    filled = Submission(leaf="enquiry", what="How do I leave?", contact="joe@example.be")
    row = services.submit(submission=filled, door=Door.FORM, reporter="r", sender="r", token="t", actor=system("form"), now=NOON)
    answering = {"number": row.id, "now": NOON + timedelta(hours=1)}
    with pytest.raises(NotPermitted):
        telling_reporters.answer_enquiry(text="x", actor=AUDITOR, **answering)  # type: ignore[arg-type]  # as above
    with pytest.raises(NothingSaid):
        telling_reporters.answer_enquiry(text=" ", actor=ANALYST, **answering)  # type: ignore[arg-type]  # as above
    client = client_of(StaffRole.ANALYST)
    assert "Send the answer" in client.get(f"/complaints/{row.id}/").content.decode()
    page = client.post(f"/complaints/{row.id}/reply/", {"text": "By post."}, follow=True).content.decode()
    assert "The answer goes by mail." in page
    (letter,) = letters()
    assert letter.text.startswith("By post.")
    assert Complaint.objects.get(id=row.id).outcome == Outcome.ACTIONED
    assert telling_reporters.tell_outcome(number=row.id, actor=WORKER, now=NOON) is None, "the answer was the letter"
    with pytest.raises(NotThere):
        telling_reporters.answer_enquiry(text="x", actor=ANALYST, number=complain("no question"), now=NOON)


def test_letters_are_in_the_policys_first_language_and_whole_in_each(carrier: Path, tmp_path: Path) -> None:
    english = texts("ringfence.desk.complaints", "en")
    for language in ("fr", "nl"):
        other = texts("ringfence.desk.complaints", language)
        assert {name: sorted(table) for name, table in other.items()} == {name: sorted(table) for name, table in english.items()}
    bundle = write_bundle(tmp_path / "french")
    settings = bundle / "bundle.toml"
    settings.write_text(settings.read_text().replace('languages = ["en"]', 'languages = ["fr"]'))
    policies.post_bundle(folder=bundle, actor=ADMIN, now=NOON)
    handled("On m'a appelé")
    assert letters()[-1].language == "fr"
    assert sorted(english["outcomes"]) == sorted(Outcome.values)
