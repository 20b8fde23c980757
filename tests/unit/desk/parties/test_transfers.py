"""An account passes by request, with the provider's signed consent, and never by editing."""

from datetime import timedelta

import pytest
from tests.unit.desk.scene import ADMIN, ANALYST, NOON

from ringfence.desk.actor import Actor, ActorKind, StaffRole
from ringfence.desk.audit import selectors as audit
from ringfence.desk.audit import signing
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.desk.parties import selectors, services, transfers
from ringfence.desk.parties.models import Transfer, TransferState
from ringfence.desk.parties.transfers import TransferRefused

pytestmark = pytest.mark.django_db

OTHER = Actor(ActorKind.PERSON, "alan", frozenset({StaffRole.ADMIN}))
DAY = timedelta(days=1)
ACCOUNTS = b"account,party,plan\nline,shop,gold\nother,bakery,\n"
TRUNKS = b"trunk,account,user\nt1,line,u\n"


@pytest.fixture(autouse=True)
def known() -> None:
    assert services.import_parties(files={"accounts.csv": ACCOUNTS, "trunks.csv": TRUNKS}, actor=ADMIN, now=NOON - DAY).written


def ask(actor: Actor = ADMIN) -> int:
    return transfers.request_transfer(account="line", taker="bakery", reason="the shop was sold", actor=actor, now=NOON)


def holder(moment_days: float) -> str | None:
    found = selectors.trunk_user(trunk="t1", moment=NOON + moment_days * DAY, actor=ADMIN)
    return found.party if found else None


def test_an_account_passes_once_consent_is_signed_and_its_past_stays_the_former_holders() -> None:
    number = ask()
    transfers.consent(transfer=number, effective=NOON + 2 * DAY, answer="agreed by letter", actor=OTHER, now=NOON + DAY)
    assert holder(1.5) == "shop"
    transfers.carry_out(transfer=number, actor=ADMIN, now=NOON + DAY)
    assert [holder(days) for days in (-0.5, 1.9, 2.0, 300)] == ["shop", "shop", "bakery", "bakery"]
    page = selectors.party_page(name="bakery", actor=ADMIN, now=NOON + 3 * DAY)
    assert page is not None
    assert {held.account.name: held.plan for held in page.accounts} == {"line": "gold", "other": ""}
    assert [entry.verb for entry in audit.history(noun="transfer", noun_id=str(number), actor=ADMIN)] == [
        "requested",
        "consented",
        "done",
    ]


def test_the_consent_can_be_verified_elsewhere_and_one_that_was_altered_moves_nothing() -> None:
    number = ask()
    transfers.consent(transfer=number, effective=None, answer="", actor=OTHER, now=NOON)
    shown = transfers.consent_of(Transfer.objects.get())
    assert shown is not None
    document, signature, key = shown.document.encode(), bytes.fromhex(shown.signature), bytes.fromhex(shown.public_key)
    assert signing.is_signed(document, signature, key=key)
    assert not signing.is_signed(document.replace(b"bakery", b"mallory"), signature, key=key)
    Transfer.objects.update(consent=document.replace(b"bakery", b"mallory"))
    with pytest.raises(TransferRefused, match="signed consent is missing"):
        transfers.carry_out(transfer=number, actor=ADMIN, now=NOON)
    assert holder(1) == "shop"


def test_a_consent_to_one_transfer_is_none_to_another() -> None:
    first = ask()
    transfers.consent(transfer=first, effective=None, answer="", actor=OTHER, now=NOON)
    signed = Transfer.objects.get()
    transfers.withdraw(transfer=first, actor=ADMIN, now=NOON)
    second = ask()
    Transfer.objects.filter(id=second).update(consent=signed.consent, signature=signed.signature, state=TransferState.CONSENTED)
    with pytest.raises(TransferRefused, match="signed consent is missing"):
        transfers.carry_out(transfer=second, actor=ADMIN, now=NOON)


def test_without_consent_and_after_refusal_or_withdrawal_nothing_passes() -> None:
    number = ask()
    with pytest.raises(TransferRefused, match="signed consent is missing"):
        transfers.carry_out(transfer=number, actor=ADMIN, now=NOON)
    transfers.refuse(transfer=number, answer="fees are owed", actor=OTHER, now=NOON)
    for act in (transfers.carry_out, transfers.withdraw):
        with pytest.raises(StaleState):
            act(transfer=number, actor=ADMIN, now=NOON)
    again = ask()
    transfers.withdraw(transfer=again, actor=ADMIN, now=NOON)
    with pytest.raises(StaleState):
        transfers.consent(transfer=again, effective=None, answer="", actor=OTHER, now=NOON)
    assert holder(1) == "shop"


def test_who_asked_does_not_consent() -> None:
    number = ask()
    with pytest.raises(TransferRefused, match="another admin"):
        transfers.consent(transfer=number, effective=None, answer="", actor=ADMIN, now=NOON)


def test_one_request_of_an_account_is_open_at_a_time() -> None:
    ask()
    with pytest.raises(TransferRefused, match="open already"):
        ask()


def test_what_changed_hands_meanwhile_is_not_taken_from_its_new_holder() -> None:
    number = ask()
    transfers.consent(transfer=number, effective=None, answer="", actor=OTHER, now=NOON)
    ended = f"account,party,plan,valid_to\nline,shop,gold,{(NOON + DAY).isoformat()}\n".encode()
    assert services.import_parties(files={"accounts.csv": ended}, actor=ADMIN, now=NOON).written
    with pytest.raises(TransferRefused, match="does not hold line then"):
        transfers.carry_out(transfer=number, actor=ADMIN, now=NOON + 2 * DAY)


def test_editing_passes_no_account_on() -> None:
    report = services.import_parties(files={"accounts.csv": b"account,party\nline,bakery\n"}, actor=ADMIN, now=NOON)
    (problem,) = report.problems
    assert (problem.line, problem.column, problem.cause) == (2, "party", "line is held by shop")
    later = f"account,party,valid_from\nline,bakery,{NOON.isoformat()}\n".encode()
    assert services.import_parties(files={"accounts.csv": later}, actor=ADMIN, now=NOON).problems
    assert holder(1) == "shop"


def test_a_request_names_what_there_is() -> None:
    with pytest.raises(NotThere, match="no account nothing"):
        transfers.request_transfer(account="nothing", taker="bakery", reason="r", actor=ADMIN, now=NOON)
    with pytest.raises(NotThere, match="no party nobody"):
        transfers.request_transfer(account="line", taker="nobody", reason="r", actor=ADMIN, now=NOON)
    with pytest.raises(TransferRefused, match="holds line already"):
        transfers.request_transfer(account="line", taker="shop", reason="r", actor=ADMIN, now=NOON)
    with pytest.raises(TransferRefused, match="reason"):
        transfers.request_transfer(account="line", taker="bakery", reason=" ", actor=ADMIN, now=NOON)
    with pytest.raises(NotPermitted):
        ask(ANALYST)
