"""An account passes to another party by request alone, after the provider's signed consent: never by editing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Q

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit import signing
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.parties.models import Account, AccountHolding, Party, Transfer, TransferState, in_force
from ringfence.desk.parties.told import Named, announce

_ENDED: Final = (TransferState.REFUSED, TransferState.WITHDRAWN, TransferState.DONE)


class TransferRefused(DeskError):
    """What was asked cannot be, or not be done now; the text says why."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The provider's consent as it was signed, for whoever must verify it elsewhere: bytes in hexadecimal."""

    document: str
    signature: str
    public_key: str


@transaction.atomic
def request_transfer(*, account: str, taker: str, reason: str, actor: Actor, now: datetime) -> int:
    """Ask that `account` pass to the party `taker`; return the request's number. One request of an account at a time."""
    require(actor.administers, actor, "ask for a transfer")
    if not reason.strip():
        raise TransferRefused("a transfer needs its reason")
    passing, party = Account.objects.filter(name=account).first(), Party.objects.filter(name=taker).first()
    holding = AccountHolding.objects.filter(in_force(now), account=passing).first() if passing else None
    if passing is None or party is None:
        raise NotThere(f"no account {account}" if passing is None else f"no party {taker}")
    if holding is None or holding.party_id == party.pk:
        raise TransferRefused(f"nobody holds {account} now" if holding is None else f"{taker} holds {account} already")
    try:
        with transaction.atomic():
            asked = Transfer.objects.create(
                account=passing, holder_id=holding.party_id, taker=party, reason=reason, requested=now, requested_by=actor.id
            )
    except IntegrityError:
        raise TransferRefused(f"a request to transfer {account} is open already") from None
    _note("requested", asked.id, {"account": account, "taker": taker}, actor, now)
    return asked.id


@transaction.atomic
def consent(*, transfer: int, effective: datetime | None, answer: str, actor: Actor, now: datetime) -> None:
    """Sign the provider's consent that the account pass at `effective`, or, with `None`, whenever it is carried out.

    Who asked does not consent: another person does. Nothing passes yet.
    """
    require(actor.administers, actor, "consent to a transfer")
    found = _standing(transfer)
    if found.requested_by == actor.id and not actor.is_ours:
        raise TransferRefused("who asked for a transfer does not consent to it; another admin does")
    if effective is not None and effective < now:
        raise TransferRefused("an account passes now or later: what was done until now stays its holder's")
    document = msgspec.json.encode(
        {
            "v": 1,
            "consent": "account-transfer",
            "transfer": found.id,
            "account": found.account.name,
            "from": found.holder.name,
            "to": found.taker.name,
            "effective": effective.isoformat() if effective else None,
            "signed": now.isoformat(),
            "by": actor.id,
        },
        order="sorted",
    )
    values = {"consent": document, "signature": signing.sign(document), "effective": effective, "answer": answer}
    _move(transfer, TransferState.REQUESTED, TransferState.CONSENTED, {**values, "answered": now, "answered_by": actor.id})
    _note("consented", transfer, {"account": found.account.name, "taker": found.taker.name}, actor, now)


@transaction.atomic
def refuse(*, transfer: int, answer: str, actor: Actor, now: datetime) -> None:
    """Refuse a request, and say why."""
    require(actor.administers, actor, "refuse a transfer")
    if not answer.strip():
        raise TransferRefused("a refusal needs its reason")
    values = {"answered": now, "answered_by": actor.id, "answer": answer}
    _move(transfer, TransferState.REQUESTED, TransferState.REFUSED, values)
    _note("refused", transfer, {}, actor, now)


@transaction.atomic
def withdraw(*, transfer: int, actor: Actor, now: datetime) -> None:
    """Take a request back, also one that was consented to."""
    require(actor.administers, actor, "withdraw a transfer")
    if not Transfer.objects.filter(id=transfer).exclude(state__in=_ENDED).update(state=TransferState.WITHDRAWN):
        raise StaleState("no such request is open")
    _note("withdrawn", transfer, {}, actor, now)


@transaction.atomic
def carry_out(*, transfer: int, actor: Actor, now: datetime) -> None:
    """Let the account pass, at the moment consented to or now; what it did before stays its former holder's.

    Raises `TransferRefused` where the signature is not that of the consent, or somebody else holds the account by now.
    """
    require(actor.administers, actor, "carry out a transfer")
    found = _standing(transfer)
    if found.state != TransferState.CONSENTED or not is_consented(found):
        raise TransferRefused("the provider's signed consent is missing")
    moment = max(now, found.effective) if found.effective else now
    holding = AccountHolding.objects.filter(in_force(moment), account=found.account).first()
    if holding is None or holding.party_id != found.holder_id:
        raise TransferRefused(f"{found.holder.name} does not hold {found.account.name} then")
    later = AccountHolding.objects.filter(account=found.account, valid_from__gt=moment)
    if later.exists():
        raise TransferRefused("something else is planned for the account after that; end it first")
    _move(transfer, TransferState.CONSENTED, TransferState.DONE, {"effective": moment})
    end = holding.valid_to
    AccountHolding.objects.filter(id=holding.id).update(valid_to=moment)
    AccountHolding.objects.create(account=found.account, party=found.taker, plan=holding.plan, valid_from=moment, valid_to=end)
    details = {"account": found.account.name, "from": found.holder.name, "to": found.taker.name, "at": moment.isoformat()}
    _note("done", transfer, details, actor, now)
    announce(named=Named(accounts=frozenset([found.account.name])), now=now)


def is_consented(transfer: Transfer) -> bool:
    """Tell whether the consent is signed by this installation and is about this very transfer."""
    if transfer.consent is None or transfer.signature is None:
        return False
    document = bytes(transfer.consent)
    if not signing.is_signed(document, bytes(transfer.signature)):
        return False
    said = msgspec.json.decode(document)
    parts = (said["transfer"], said["account"], said["from"], said["to"])
    return bool(parts == (transfer.id, transfer.account.name, transfer.holder.name, transfer.taker.name))


def consent_of(transfer: Transfer) -> Consent | None:
    """Return the consent for whoever must verify it elsewhere; `None` before it was given."""
    if transfer.consent is None or transfer.signature is None:
        return None
    return Consent(bytes(transfer.consent).decode(), bytes(transfer.signature).hex(), signing.public_key().hex())


def _standing(transfer: int) -> Transfer:
    found = Transfer.objects.filter(~Q(state__in=_ENDED), id=transfer).select_related("account", "holder", "taker").first()
    if found is None:
        raise StaleState("no such request is open")
    return found


def _move(transfer: int, state: TransferState, to: TransferState, values: dict[str, Any]) -> None:
    if not Transfer.objects.filter(id=transfer, state=state).update(state=to, **values):
        raise StaleState(f"the request is no longer {state}")


def _note(verb: str, transfer: int, details: Mapping[str, Detail], actor: Actor, now: datetime) -> None:
    audit.record(acts=[Act(verb=verb, about=("transfer", str(transfer)), details=details)], actor=actor, now=now)
