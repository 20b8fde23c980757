"""What is kept about parties beside what they hold: contracts, proofs, rights to show numbers, exemptions. Each act is an entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import Q

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.parties.models import (
    Account,
    Contract,
    Exemption,
    Party,
    Proof,
    ProofKind,
    ProofState,
    RightToUse,
    Verification,
)
from ringfence.desk.parties.told import Named, announce
from ringfence.vocabulary.number_blocks import Block, blocks
from ringfence.vocabulary.numbers import is_e164


class RecordRefused(DeskError):
    """Something said is not as it must be: `field` names what, `hint` says what would do."""

    def __init__(self, field: str, cause: str, hint: str) -> None:
        super().__init__(f"{field}: {cause}. Hint: {hint}")
        self.field, self.cause, self.hint = field, cause, hint


@dataclass(frozen=True, slots=True)
class Terms:
    """What a contract says. `cure_hours` `None`: it grants no such period; `liability_cap` `None`: none was agreed."""

    reference: str
    terms: str
    governing_law: str
    cure_hours: int | None = None
    liability_cap: Decimal | None = None
    currency: str = ""


Span = tuple[datetime | None, datetime | None]
ALWAYS: Final[Span] = (None, None)


@transaction.atomic
def agree_contract(*, party: str, terms: Terms, span: Span, actor: Actor, now: datetime) -> int:
    """Keep what was agreed with a customer over a span, and return its number. Another version of it ends where this one begins."""
    require(actor.administers, actor, "keep contracts")
    _filled(reference=terms.reference, terms=terms.terms, governing_law=terms.governing_law)
    start, end = _in_order(span)
    if terms.liability_cap is not None and (terms.liability_cap < 0 or len(terms.currency) != 3):
        raise RecordRefused("liability_cap", "an amount below zero or without its currency", "write 10000.00 and EUR")
    whose = _party(party)
    begun = now if start is None else start
    standing = Contract.objects.filter(party=whose, reference=terms.reference)
    if standing.filter(valid_from=begun).exists():
        raise RecordRefused("valid_from", f"{terms.reference} has a version from that moment on", "give the new one another")
    if standing.filter(valid_from__gt=begun).exists():
        raise RecordRefused("valid_from", "a later version is there", "a version follows those before it")
    standing.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=begun)).update(valid_to=begun)
    values = {name: getattr(terms, name) for name in ("terms", "governing_law", "cure_hours", "liability_cap", "currency")}
    kept = Contract.objects.create(party=whose, reference=terms.reference, valid_from=begun, valid_to=end, **values)
    _note("agreed", "contract", kept.id, {"party": party, "reference": terms.reference, "from": begun.isoformat()}, actor, now)
    return kept.id


@transaction.atomic
def end_contract(*, contract: int, at: datetime, actor: Actor, now: datetime) -> None:
    """Let a contract hold no longer than until `at`."""
    require(actor.administers, actor, "end contracts")
    ended = Contract.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=at), id=contract, valid_from__lt=at)
    if not ended.update(valid_to=at):
        raise StaleState("no such contract holds then")
    _note("ended", "contract", contract, {"at": at.isoformat()}, actor, now)


@dataclass(frozen=True, slots=True)
class Document:
    """A document by which something is proved: where it is kept, and its SHA-256 (64 hexadecimal digits) where that is known."""

    reference: str
    sha256: str = ""


@transaction.atomic
def submit_proof(*, party: str, kind: str, document: Document, numbers: str = "", actor: Actor, now: datetime) -> int:
    """Keep that a party handed in a document, about itself or about `numbers` (one or a range); return its number."""
    require(actor.administers, actor, "keep proofs")
    _filled(document=document.reference)
    if kind not in ProofKind.values:
        raise RecordRefused("kind", f"{kind!r} proves nothing", f"one of {', '.join(ProofKind.values)}")
    if document.sha256 and (len(document.sha256) != 64 or set(document.sha256) - set("0123456789abcdef")):
        raise RecordRefused("sha256", "is no SHA-256", "64 hexadecimal digits, or nothing")
    block = _block(numbers) if numbers else Block("", 0)
    kept = Proof.objects.create(
        party=_party(party),
        kind=kind,
        document=document.reference,
        sha256=document.sha256,
        prefix=block.prefix,
        digits=block.digits,
        submitted=now,
    )
    _note("submitted", "proof", kept.id, {"party": party, "kind": kind}, actor, now)
    return kept.id


@transaction.atomic
def accept_proof(*, proof: int, expires: datetime | None, actor: Actor, now: datetime) -> None:
    """Take a proof for good until `expires`; `None`: until another thing is known."""
    if expires is not None and expires <= now:
        raise RecordRefused("expires", "lies in the past", "a proof that has run out is rejected")
    _judge(proof, {"state": ProofState.ACCEPTED, "expires": expires}, "accepted", actor, now)


@transaction.atomic
def reject_proof(*, proof: int, reason: str, actor: Actor, now: datetime) -> None:
    """Reject a proof, also one that was accepted before, and say why."""
    _filled(reason=reason)
    _judge(proof, {"state": ProofState.REJECTED, "reason": reason, "expires": None}, "rejected", actor, now)


def _judge(proof: int, values: Mapping[str, object], verb: str, actor: Actor, now: datetime) -> None:
    require(actor.administers, actor, "judge proofs")
    # What was rejected stays so: another document is another proof.
    judged = Proof.objects.filter(id=proof).exclude(state=ProofState.REJECTED)
    if not judged.update(judged=now, judged_by=actor.id, **values):
        raise StaleState("no such proof waits to be judged")
    _note(verb, "proof", proof, {}, actor, now)


@dataclass(frozen=True, slots=True)
class Verified:
    """How somebody made sure of a right (`Verification`), and by which letter or call."""

    how: str
    evidence: str


@transaction.atomic
def grant_right(*, account: str, numbers: str, verified: Verified, span: Span, actor: Actor, now: datetime) -> list[int]:
    """Let an account show numbers (one or a range) that it does not hold; return the number of each right.

    It must end: whoever owns the numbers may change his mind, and nobody tells.
    """
    require(actor.administers, actor, "grant rights to use numbers")
    if verified.how not in Verification.values:
        raise RecordRefused("verified", f"{verified.how!r} is no way to verify", f"one of {', '.join(Verification.values)}")
    _filled(evidence=verified.evidence)
    start, end = _in_order(span)
    if end is None:
        raise RecordRefused("valid_to", "empty", "say until when; it can be granted again")
    whose = Account.objects.filter(name=account).first()
    if whose is None:
        raise RecordRefused("account", f"{account} is no account", "import it first")
    begun = now if start is None else start
    found = _blocks(numbers)
    standing = RightToUse.objects.filter(account=whose, prefix__in=[block.prefix for block in found])
    if standing.filter(valid_from__lt=end, valid_to__gt=begun).exists():
        raise RecordRefused("valid_from", "a right to these stands in that time", "end it first")
    rights = [
        RightToUse.objects.create(
            account=whose,
            prefix=block.prefix,
            digits=block.digits,
            verified=verified.how,
            evidence=verified.evidence,
            granted_by=actor.id,
            valid_from=begun,
            valid_to=end,
        )
        for block in found
    ]
    for right in rights:
        details = {"account": account, "numbers": audit.token_of("number", right.block.written), "until": end.isoformat()}
        _note("granted", "right-to-use", right.id, details, actor, now)
    announce(named=Named(accounts=frozenset([account])), now=now)
    return [right.id for right in rights]


@transaction.atomic
def end_right(*, right: int, reason: str, actor: Actor, now: datetime) -> None:
    """End a right now, because its letter was withdrawn, say."""
    require(actor.administers, actor, "end rights to use numbers")
    _filled(reason=reason)
    found = RightToUse.objects.filter(id=right, valid_to__gt=now).select_related("account").first()
    if found is None or not RightToUse.objects.filter(id=right, valid_to=found.valid_to).update(
        valid_to=_ended(found.valid_from, now)
    ):
        raise StaleState("no such right stands")
    _note("ended", "right-to-use", right, {"reason": reason}, actor, now)
    announce(named=Named(accounts=frozenset([found.account.name])), now=now)


@transaction.atomic
def exempt_party(*, party: str, clause: str, text: str, span: Span, actor: Actor, now: datetime) -> int:
    """Exempt a party, and whoever stands below it, from a clause over a span, by the writing that `text` is; return its number.

    What was found before stays found. `clause` is a slug of the policy; one that no version has exempts from nothing.
    """
    require(actor.administers, actor, "exempt parties")
    _filled(clause=clause, text=text)
    start, end = _in_order(span)
    begun, whose = now if start is None else start, _party(party)
    standing = Exemption.objects.filter(party=whose, clause=clause).exclude(valid_to__lte=begun)
    if (standing if end is None else standing.filter(valid_from__lt=end)).exists():
        raise RecordRefused("valid_from", f"an exemption from {clause} stands in that time", "end it first")
    kept = Exemption.objects.create(
        party=whose, clause=clause, text=text, granted=now, granted_by=actor.id, valid_from=begun, valid_to=end
    )
    details = {"party": party, "clause": clause, "from": begun.isoformat(), "until": end.isoformat() if end else None}
    _note("granted", "exemption", kept.id, details, actor, now)
    announce(named=Named(parties=frozenset([party])), now=now)
    return kept.id


@transaction.atomic
def end_exemption(*, exemption: int, actor: Actor, now: datetime) -> None:
    """Let an exemption hold no longer."""
    require(actor.administers, actor, "end exemptions")
    found = Exemption.objects.exclude(valid_to__lte=now).filter(id=exemption).select_related("party").first()
    if found is None or not Exemption.objects.filter(id=exemption, valid_to=found.valid_to).update(
        valid_to=_ended(found.valid_from, now)
    ):
        raise StaleState("no such exemption stands")
    _note("ended", "exemption", exemption, {"party": found.party.name, "clause": found.clause}, actor, now)
    announce(named=Named(parties=frozenset([found.party.name])), now=now)


def _ended(start: datetime | None, now: datetime) -> datetime:
    """Return when a span that is ended now ends: one that has not begun never does."""
    return now if start is None else max(start, now)


def _note(verb: str, noun: str, number: int, details: Mapping[str, Detail], actor: Actor, now: datetime) -> None:
    audit.record(acts=[Act(verb=verb, about=(noun, str(number)), details=details)], actor=actor, now=now)


def _filled(**said: str) -> None:
    for field, text in said.items():
        if not text.strip():
            raise RecordRefused(field, "empty", "it must be said")


def _in_order(span: Span) -> Span:
    start, end = span
    if start is not None and end is not None and end <= start:
        raise RecordRefused("valid_to", "the span ends before it begins", "valid_to is the first moment that is not included")
    return span


def _party(name: str) -> Party:
    found = Party.objects.filter(name=name).first()
    if found is None:
        raise NotThere(f"no party {name}")
    return found


def _block(numbers: str) -> Block:
    found = _blocks(numbers)
    if len(found) != 1:
        raise RecordRefused(
            "numbers", f"{numbers} is no single block", "write ranges that share a prefix, as +3225551000-+3225551999"
        )
    return found[0]


def _blocks(numbers: str) -> list[Block]:
    first, _, last = (part.strip() for part in numbers.partition("-"))
    if not is_e164(first) or (last and not is_e164(last)):
        raise RecordRefused("numbers", f"{numbers!r} is not E.164", "write +3225551212, or a range: +3225551000-+3225551999")
    try:
        return blocks(first, last or first)
    except ValueError as error:
        raise RecordRefused("numbers", str(error), "write the first and the last number, as long as each other") from None
