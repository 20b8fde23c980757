"""Passing notices of rights on, taking counter-notices, and settling them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest
from typing import Final

from django.conf import settings
from django.db import transaction

from ringfence.desk.actor import ANONYMOUS, Actor, ActorKind, require, system
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.services import Owed
from ringfence.desk.complaints.models import Complaint, MarkPermission, Outcome, RightsNotice, RightsState
from ringfence.desk.complaints.rights import selectors
from ringfence.desk.complaints.services import close_complaint
from ringfence.desk.complaints.telling_reporters import address_of
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.letters import services as letters
from ringfence.desk.letters.services import Draft
from ringfence.desk.letters.wording import filled, spoken, texts
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties import selectors as parties
from ringfence.desk.parties.addressees import addressees
from ringfence.desk.policies import selectors as policies
from ringfence.desk.queues import hold_complaint
from ringfence.vocabulary.times import micros

LEAVES: Final = frozenset({"copyright", "trademark", "property"})
NOUN: Final = "rights-notice"
ANSWER: Final = "rights-answer"
RESTORATION: Final = "rights-restoration"
DESK_EVENT: Final = "desk-event"
MOST_CHARACTERS: Final = 20_000
_PACKAGE: Final = "ringfence.desk.complaints"
_ANSWER_WITHIN: Final = timedelta(days=7)
_RESTORE_WITHIN: Final = timedelta(days=14)
_OURS: Final = system("rights")
_OPEN: Final = (RightsState.PASSED, RightsState.COUNTERED)


class Unfit(DeskError):
    """The notice is not fit to be passed on, or nothing was said."""


class Permitted(DeskError):
    """The party may use the mark: its permission stands in the register."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is claimed: `work` is the work or the mark, `holder` whose it is. `anyway`: although a permission is in the register."""

    complaint: int
    party: str
    work: str
    holder: str
    anyway: bool = False


def token_of(notice: int) -> str:
    """Return the token by which the party reads the notice and contests it. The database does not hold it."""
    return blake2b(str(notice).encode(), key=settings.RINGFENCE_KEY, person=b"rights page", digest_size=16).hexdigest()


def notice_by_token(*, number: int, token: str) -> RightsNotice | None:
    """Return the notice of who holds its token: no other right is needed, and none is given."""
    if not compare_digest(token.encode(), token_of(number).encode()):
        return None
    return RightsNotice.objects.select_related("complaint").filter(id=number).first()


@transaction.atomic
def pass_on(*, claim: Claim, actor: Actor, now: datetime) -> int:
    """Pass a notice of a right on to the party, whose time to answer begins; return it.

    Raises `NotThere`, `Unfit`, `Permitted`, and `StaleState` where it was passed on before.
    """
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "pass notices of rights on")
    hold_complaint(claim.complaint, actor)
    row = Complaint.objects.filter(id=claim.complaint).first()
    if row is None or parties.party_page(name=claim.party, actor=actor, now=now) is None:
        raise NotThere(f"no party {claim.party or '(none named)'}" if row is not None else f"no complaint {claim.complaint}")
    if row.leaf not in LEAVES:
        raise Unfit("it is about no right: sort it first")
    if not claim.work.strip() or not claim.holder.strip():
        raise Unfit("say which work or mark it is, and whose")
    held = selectors.permission(party=claim.party, mark=claim.work, actor=actor, now=now)
    if held is not None and not claim.anyway:
        raise Permitted(f"{claim.party} may use {held.mark} for {held.use}, until {held.until:%Y-%m-%d}: {held.reference}")
    if RightsNotice.objects.filter(complaint=row).exists():
        raise StaleState("it was passed on before")
    notice = RightsNotice.objects.create(
        complaint=row,
        party=claim.party,
        work=claim.work.strip()[:300],
        holder=claim.holder.strip()[:200],
        passed=now,
        passed_by=actor.id,
    )
    _owe(notice, ANSWER, f"Answer of {notice.party} to the notice of {notice.work[:80]}", _ANSWER_WITHIN, now)
    _record("passed-on", notice, {"party": notice.party, "leaf": row.leaf}, actor, now)
    _tell_party(notice, now)
    return notice.id


def _owe(notice: RightsNotice, clock: str, what: str, otherwise: timedelta, now: datetime) -> None:
    owed = Owed(clock=clock, about=(NOUN, str(notice.id)), what=what, party=notice.party, otherwise=otherwise)
    clocks.start(owed=owed, actor=_OURS, now=now)


def _tell_party(notice: RightsNotice, now: datetime) -> None:
    """Write to the party, or the nearest above that can be reached. Raises `Unfit` where nobody can."""
    found = addressees(party=notice.party, now=now, actor=_OURS)
    if not found:
        raise Unfit(f"neither {notice.party} nor a party above it has a contact with a mail. Hint: import one in contacts.csv")
    for one in found:
        _letter("rights", notice, one.mail, one.language, now)


def _letter(what: str, notice: RightsNotice, mail: str, reader: str, now: datetime) -> None:
    version = policies.current(actor=_OURS)
    if version is None:
        raise Unfit("no policy is posted that says who we are")
    held, language = policies.bundle(hash=version.hash).settings, spoken(_PACKAGE, reader)
    told = texts(_PACKAGE, language)["letters"]
    places = {
        "provider": held.provider,
        "mailbox": held.abuse_mailbox,
        "party": notice.party,
        "work": notice.work,
        "holder": notice.holder,
        "reference": f"C-{notice.complaint_id}",
        "page": f"{settings.RINGFENCE_PUBLIC_URL}/rights/{notice.id}/{token_of(notice.id)}/",
    }
    draft = Draft(
        key=f"{what} {notice.id} {mail}"[:128],
        about=("complaint", str(notice.complaint_id)),
        mail=mail,
        subject=filled(told[f"{what}_subject"], places),
        text=filled(told[f"{what}_text"], places).strip() + "\n",
        language=language,
        provider=held.provider,
    )
    letters.write(draft=draft, actor=_OURS, now=now)


@transaction.atomic
def counter(*, notice: RightsNotice, text: str, in_good_faith: bool, now: datetime) -> None:
    """Take a counter-notice from who holds the token: who claims is told that one came, and the time to restore begins.

    Raises `Unfit` where nothing is said or not in good faith, `StaleState` where it is settled or was contested before.
    """
    said = text.strip()
    if not said or len(said) > MOST_CHARACTERS or not in_good_faith:
        raise Unfit("say why, and that you say it in good faith")
    mine = RightsNotice.objects.filter(id=notice.id, state=RightsState.PASSED)
    if not mine.update(state=RightsState.COUNTERED, counter=said, countered=now):
        raise StaleState("it was settled, or contested before")
    clocks.meet(about=(NOUN, str(notice.id)), clock=ANSWER, actor=_OURS, now=now)
    _owe(notice, RESTORATION, f"Restore what was taken down for {notice.work[:80]}", _RESTORE_WITHIN, now)
    _record("countered", notice, {"party": notice.party}, ANONYMOUS, now)
    mail = address_of(notice.complaint)
    if mail:
        _letter("counter", notice, mail, "", now)


@transaction.atomic
def settle(*, notice: int, state: str, reasons: str, actor: Actor, now: datetime) -> None:
    """Settle a notice: upheld (it counts against the party), restored, or rejected. Who claims is told the outcome.

    Raises `NotThere`, `Unfit` without reasons, `StaleState` where it is settled, or would restore what nobody contested.
    """
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "settle notices of rights")
    if not reasons.strip():
        raise Unfit("say why")
    if state not in (RightsState.UPHELD, RightsState.RESTORED, RightsState.REJECTED):
        raise NotThere(f"no such end: {state or '(none chosen)'}")
    row = RightsNotice.objects.filter(id=notice).first()
    if row is None:
        raise NotThere(f"no notice of a right {notice}")
    hold_complaint(row.complaint_id, actor)
    before = (RightsState.COUNTERED,) if state == RightsState.RESTORED else _OPEN
    _settle(row, RightsState(state), before, reasons.strip(), actor, now)


@transaction.atomic
def take_silence(*, notice: int, actor: Actor, now: datetime) -> None:
    """Uphold a notice that the party did not answer in its time, as it was told beforehand. Twice is once."""
    require(actor.is_ours, actor, "take silence")
    row = RightsNotice.objects.filter(id=notice, state=RightsState.PASSED).first()
    if row is not None:
        _settle(row, RightsState.UPHELD, (RightsState.PASSED,), "the party did not answer in its time", actor, now)


def _settle(
    row: RightsNotice, state: RightsState, before: tuple[RightsState, ...], reasons: str, actor: Actor, now: datetime
) -> None:
    done = {"state": state, "settled": now, "settled_by": actor.id[:64], "reasons": reasons}
    if not RightsNotice.objects.filter(id=row.id, state__in=before).update(**done):
        raise StaleState("it is settled already, or nobody contested it")
    clocks.meet(about=(NOUN, str(row.id)), actor=_OURS, now=now)
    _record(f"rights-{state}", row, {"party": row.party}, actor, now)
    if state is RightsState.UPHELD:
        _count(row, now)
    if not row.complaint.outcome:
        told = Outcome.ACTIONED if state is RightsState.UPHELD else Outcome.REVIEWED
        close_complaint(number=row.complaint_id, outcome=told, actor=actor, now=now)


def _count(row: RightsNotice, now: datetime) -> None:
    """Tell watch how often within a year the party infringed rights, so that rules can count it."""
    page = parties.party_page(name=row.party, actor=_OURS, now=now)
    times = selectors.infringements(party=row.party, actor=_OURS, now=now)
    event = {
        "kind": "fact",
        "id": f"infringement-{row.id}",
        "time": micros(now),
        "name": "infringement",
        "party_path": () if page is None else page.path,
        "value": float(times),
    }
    outbox.enqueue(topic=DESK_EVENT, payloads=[event], now=now)


@transaction.atomic
def note_opened(*, notice: RightsNotice, now: datetime) -> None:
    """Note the first time that the notice's page was read."""
    if RightsNotice.objects.filter(id=notice.id, opened__isnull=True).update(opened=now):
        _record("notice-read", notice, {"party": notice.party}, ANONYMOUS, now)


@transaction.atomic
def permit(*, party: str, mark: str, use: str, reference: str, until: datetime, actor: Actor, now: datetime) -> int:  # noqa: PLR0913 # what a permission is
    """Enter a written permission to use a mark. Raises `NotThere`, `Unfit` where something is left out or the end has passed."""
    require(actor.leads, actor, "permit the use of marks")
    if parties.party_page(name=party, actor=actor, now=now) is None:
        raise NotThere(f"no party {party or '(none named)'}")
    if not all(value.strip() for value in (mark, use, reference)):
        raise Unfit("say which mark, for what, in which writing, and until when")
    if until <= now:
        raise Unfit(f"{until:%Y-%m-%d} is over: write the day on which it ends")
    row = MarkPermission.objects.create(
        party=party,
        mark=mark.strip()[:128],
        use=use.strip()[:300],
        reference=reference.strip()[:200],
        granted=now,
        granted_by=actor.id,
        until=until,
    )
    details: dict[str, Detail] = {"party": party, "mark": row.mark, "until": until.isoformat()}
    audit.record(acts=[Act(verb="permitted", about=("mark-permission", str(row.id)), details=details)], actor=actor, now=now)
    return row.id


@transaction.atomic
def revoke(*, permission: int, actor: Actor, now: datetime) -> None:
    """End a permission at once. Raises `StaleState` where it has ended."""
    require(actor.leads, actor, "revoke permissions")
    if not MarkPermission.objects.filter(id=permission, revoked__isnull=True, until__gt=now).update(revoked=now):
        raise StaleState("there is no such permission in force")
    audit.record(acts=[Act(verb="revoked", about=("mark-permission", str(permission)))], actor=actor, now=now)


def _record(verb: str, notice: RightsNotice, details: dict[str, Detail], actor: Actor, now: datetime) -> None:
    about = ("complaint", str(notice.complaint_id))
    audit.record(acts=[Act(verb=verb, about=about, details={"rights-notice": notice.id, **details})], actor=actor, now=now)
