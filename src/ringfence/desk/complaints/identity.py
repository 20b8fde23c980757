"""By what somebody could tell who complained: what is written to the one complained about must not hold it."""

from email.utils import parseaddr
from typing import Final

from ringfence.desk.actor import Actor
from ringfence.desk.complaints.answering import statement_of_complaint
from ringfence.desk.complaints.mails import letter
from ringfence.desk.complaints.models import Complaint
from ringfence.desk.complaints.statements import NumberRole
from ringfence.desk.complaints.telling_reporters import address_of
from ringfence.desk.data_folder import data_folder

_FEWEST_DIGITS: Final = 6
"""Of a number's end: fewer are anybody's."""
_SHORTEST_NAME: Final = 4


def names_complainant(*, text: str, complaint: Complaint, actor: Actor) -> str:
    """Return what in a text gives who complained away: their mailbox, their name, a called number; empty where nothing does."""
    small, digits = text.casefold(), "".join(each for each in text if each.isdigit())
    address = address_of(complaint)
    for told, what in ((address, "their mailbox"), (_name(complaint), "their name")):
        if len(told) >= _SHORTEST_NAME and told.casefold() in small:
            return what
    for named in statement_of_complaint(complaint, actor=actor).of(NumberRole.CALLEE):
        for number in named.readings or (named.text,):
            end = "".join(each for each in number if each.isdigit())[-_FEWEST_DIGITS:]
            if len(end) == _FEWEST_DIGITS and end in digits:
                return "the called number"
    return ""


def _name(complaint: Complaint) -> str:
    """Return the name that stands before the mail's address; empty for other doors, which have none."""
    path = data_folder() / complaint.file
    return parseaddr(str(letter(path.read_bytes()).get("From", "")))[0] if path.suffix == ".eml" and path.exists() else ""
