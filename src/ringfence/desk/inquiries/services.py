"""Asking, passing on, answering, and what follows silence."""

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
from ringfence.desk.cases import claims
from ringfence.desk.cases import selectors as cases
from ringfence.desk.cases.attention import stir
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.services import Owed
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.inquiries.evidence import evidence_for
from ringfence.desk.inquiries.models import Inquiry, InquiryKind, InquiryState, Tier, TierState
from ringfence.desk.inquiries.wording import letter_of
from ringfence.desk.letters import services as letters
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties import selectors as parties
from ringfence.desk.parties.addressees import Addressee, addressees
from ringfence.desk.queues import hold_case
from ringfence.vocabulary.subjects import Role, SubjectKind
from ringfence.vocabulary.times import micros

TIER: Final = "inquiry-tier"
"""The noun of a tier's clock."""
UNANSWERED: Final = "inquiry.unanswered"
DESK_EVENT: Final = "desk-event"
MOST_CHARACTERS: Final = 20_000
_CLOCKS: Final = {InquiryKind.AUTHORITY: "authority-assistance", InquiryKind.EMERGENCY: "authority-emergency"}
_OTHERWISE: Final = {InquiryKind.AUTHORITY: timedelta(days=10), InquiryKind.EMERGENCY: timedelta(hours=8)}
_URGENT: Final = timedelta(hours=4)
_USUAL: Final = timedelta(days=2)
_OURS: Final = system("inquiries")
_LISTENING: Final = (TierState.ASKED, TierState.SILENT, TierState.PASSED)
"""Tiers whose answer is still taken: also a late one."""
_UNDECIDED: Final = (InquiryState.OPEN, InquiryState.UNANSWERED)


class NotAsked(DeskError):
    """Nobody is asked: nothing was said, the subject is no party of ours, or nobody can be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of whom. `from_top`: the provider's own customer first, who passes it on; else the party itself."""

    case: int
    kind: str
    party: str
    text: str
    urgent: bool = False
    from_top: bool = False


def token_of(tier: int) -> str:
    """Return the token by which a tier's page is read and answered without a login. The database does not hold it."""
    return blake2b(str(tier).encode(), key=settings.RINGFENCE_KEY, person=b"inquiry page", digest_size=16).hexdigest()


def page_of(tier: int) -> str:
    """Return the address of a tier's page."""
    return f"{settings.RINGFENCE_PUBLIC_URL}/inquiries/{tier}/{token_of(tier)}/"


@transaction.atomic
def ask(*, question: Question, actor: Actor, now: datetime) -> int:
    """Ask a party, and return the inquiry. Raises `NotThere`, `NotAsked`, `StaleState` where the case is closed."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "ask parties")
    claims.heed(case_id=question.case, actor=actor, now=now)
    text = question.text.strip()
    if not text or len(text) > MOST_CHARACTERS or question.kind not in InquiryKind.values:
        raise NotAsked(f"say what is asked, in at most {MOST_CHARACTERS} characters")
    file = cases.case_file(number=question.case, actor=actor)
    page = parties.party_page(name=question.party, actor=actor, now=now)
    if file is None or page is None:
        raise NotThere(f"no case {question.case}, or no party {question.party or '(none named)'}")
    if file.case.state == "closed":
        raise StaleState(f"case {question.case} is closed")
    if file.case.role == Role.OUTSIDER and file.case.subject_kind != SubjectKind.PAIR:
        raise NotAsked("an outsider is nobody's customer: there is nobody to ask")
    inquiry = Inquiry.objects.create(
        case_id=question.case,
        kind=question.kind,
        party=question.party,
        path=list(page.path),
        question=text,
        evidence=evidence_for(file=file, path=page.path, actor=actor, now=now),
        urgent=question.urgent,
        asked=now,
        asked_by=actor.id,
    )
    _record("asked", inquiry, {"kind": inquiry.kind, "party": inquiry.party}, actor, now)
    _ask_party(inquiry, page.path[0] if question.from_top else question.party, "first", actor, now)
    return inquiry.id


def _ask_party(inquiry: Inquiry, party: str, why: str, actor: Actor, now: datetime) -> Tier:
    """Ask one party of the chain, or the nearest above it that can be reached. Raises `NotAsked` where none can."""
    found = addressees(party=party, now=now, actor=_OURS)
    if not found:
        raise NotAsked(f"neither {party} nor a party above it has a contact with a mail")
    tier, new = Tier.objects.get_or_create(
        inquiry=inquiry,
        party=found[0].party,
        defaults={"why": why, "language": found[0].language, "asked": now, "due": now},
    )
    if not new:
        Tier.objects.filter(id=tier.id).update(state=TierState.ASKED, why=why, round=tier.round + 1, asked=now, settled=None)
        tier.refresh_from_db()
    _start(inquiry, tier, actor, now)
    _write(inquiry, tier, found, actor, now)
    return tier


def _start(inquiry: Inquiry, tier: Tier, actor: Actor, now: datetime) -> None:
    kind = InquiryKind(inquiry.kind)
    clock = _CLOCKS.get(kind, "inquiry-urgent" if inquiry.urgent else "inquiry-answer")
    owed = Owed(
        clock=clock,
        about=(TIER, f"{tier.id}-{tier.round}"),
        what=f"Answer of {tier.party} to inquiry {inquiry.id}",
        case=inquiry.case_id,
        party=tier.party,
        otherwise=_OTHERWISE.get(kind, _URGENT if inquiry.urgent else _USUAL),
    )
    held = clocks.start(owed=owed, actor=_OURS, now=now)
    assert held is not None
    assert held.due is not None
    tier.due = held.due
    tier.save(update_fields=("due",))
    details: dict[str, Detail] = {"inquiry": inquiry.id, "party": tier.party, "why": tier.why, "due": tier.due.isoformat()}
    audit.record(
        acts=[Act(verb="tier-asked", about=("inquiry", str(inquiry.id)), case=inquiry.case_id, details=details)],
        actor=actor,
        now=now,
    )


def _write(inquiry: Inquiry, tier: Tier, found: list[Addressee], actor: Actor, now: datetime) -> None:
    for one in found:
        draft = letter_of(inquiry=inquiry, tier=tier, addressee=one, page=page_of(tier.id), actor=actor)
        letters.write(draft=draft, actor=_OURS, now=now)


def tier_by_token(*, number: int, token: str) -> Tier | None:
    """Return the tier whose page somebody asks for who holds its token: no other right is needed, and none is given."""
    if not compare_digest(token.encode(), token_of(number).encode()):
        return None
    return Tier.objects.select_related("inquiry", "inquiry__case").filter(id=number).first()


@transaction.atomic
def note_opened(*, tier: Tier, now: datetime) -> None:
    """Note the first time that a tier's page was read."""
    if Tier.objects.filter(id=tier.id, opened__isnull=True).update(opened=now):
        _record("inquiry-read", tier.inquiry, {"party": tier.party}, ANONYMOUS, now)


@transaction.atomic
def answer(*, tier: Tier, text: str, refuses: bool = False, now: datetime) -> None:
    """Take an answer, or a refusal to assist an authority, from who holds the tier's token. A late one is taken too.

    Raises `NotAsked` where nothing is said, `StaleState` where it is no longer asked.
    """
    said = text.strip()
    if not said or len(said) > MOST_CHARACTERS:
        raise NotAsked(f"say something, in at most {MOST_CHARACTERS} characters")
    inquiry = tier.inquiry
    refuses = refuses and inquiry.kind in (InquiryKind.AUTHORITY, InquiryKind.EMERGENCY)
    state, ended = (TierState.REFUSED, InquiryState.REFUSED) if refuses else (TierState.ANSWERED, InquiryState.ANSWERED)
    if not Inquiry.objects.filter(id=inquiry.id, state__in=_UNDECIDED).update(state=ended, closed=now):
        raise StaleState("this question is no longer open")
    mine = Tier.objects.filter(id=tier.id, state__in=_LISTENING)
    if not mine.update(state=state, settled=now, answer=said):
        raise StaleState("this question is no longer open here")
    _record(f"inquiry-{state}", inquiry, {"party": tier.party}, ANONYMOUS, now)
    stir(case_id=inquiry.case_id, now=now)
    _spare(inquiry, "it was answered", now)
    clocks.meet(about=(TIER, f"{tier.id}-{tier.round}"), actor=_OURS, now=now)
    if refuses:
        _fact("refused-assistance", inquiry, tier.party, now)


def _spare(inquiry: Inquiry, reason: str, now: datetime) -> None:
    """Ask nobody any more."""
    for tier in Tier.objects.filter(inquiry=inquiry, state__in=(TierState.ASKED, TierState.PASSED)):
        Tier.objects.filter(id=tier.id).update(state=TierState.SPARED, settled=now)
        clocks.drop(about=(TIER, f"{tier.id}-{tier.round}"), reason=reason, actor=_OURS, now=now)


def below(tier: Tier) -> str:
    """Return the party to which a tier may pass the question on: the next on the way down; empty for none."""
    path = tier.inquiry.path
    at = path.index(tier.party) if tier.party in path else -1
    return path[at + 1] if 0 <= at < len(path) - 1 else ""


@transaction.atomic
def pass_on(*, tier: Tier, now: datetime) -> Tier:
    """Pass the question on to the party below, by who holds the tier's token; return that one's tier. Its own clock begins.

    Raises `StaleState` where it is not asked, or was passed on before, `NotAsked` where nobody stands below.
    """
    inquiry, party = tier.inquiry, below(tier)
    if not party:
        raise NotAsked("nobody stands below you here")
    if inquiry.state != InquiryState.OPEN or Tier.objects.filter(inquiry=inquiry, party=party).exists():
        raise StaleState("it was passed on before, or is no longer asked")
    if not Tier.objects.filter(id=tier.id, state=TierState.ASKED).update(state=TierState.PASSED, settled=now):
        raise StaleState("this question is no longer open here")
    clocks.meet(about=(TIER, f"{tier.id}-{tier.round}"), actor=_OURS, now=now)
    _record("passed-on", inquiry, {"from": tier.party, "to": party}, ANONYMOUS, now)
    found = [one for one in addressees(party=party, now=now, actor=_OURS) if one.party == party]
    lower = Tier.objects.create(
        inquiry=inquiry,
        party=party,
        why="passed",
        forwarded=not found,
        language=found[0].language if found else tier.language,
        asked=now,
        due=now,
    )
    _start(inquiry, lower, _OURS, now)
    _write(inquiry, lower, found, _OURS, now)
    return lower


@transaction.atomic
def fall_silent(*, tier: int, round: int, actor: Actor, now: datetime) -> None:
    """Take a tier's silence: who stands above is asked; where nobody does, the inquiry is unanswered, which rules can count."""
    require(actor.is_ours, actor, "take silence")
    row = Tier.objects.select_related("inquiry").filter(id=tier, round=round).first()
    if row is None or not Tier.objects.filter(id=tier, round=round, state=TierState.ASKED).update(
        state=TierState.SILENT, settled=now
    ):
        return
    inquiry = row.inquiry
    clocks.drop(about=(TIER, f"{tier}-{round}"), reason="its silence was taken", actor=_OURS, now=now)
    _record("fell-silent", inquiry, {"party": row.party}, actor, now)
    if inquiry.state != InquiryState.OPEN:
        return
    above = _above(inquiry, row.party)
    if above:
        try:
            _ask_party(inquiry, above, "silence", actor, now)
        except NotAsked:
            above = ""
    if not above and Inquiry.objects.filter(id=inquiry.id, state=InquiryState.OPEN).update(
        state=InquiryState.UNANSWERED, closed=now
    ):
        _record("inquiry-unanswered", inquiry, {"party": inquiry.party}, actor, now)
        outbox.enqueue(topic=UNANSWERED, payloads=[{"inquiry": inquiry.id}], now=now)
        _fact("unanswered-inquiry", inquiry, row.party, now)


def _above(inquiry: Inquiry, party: str) -> str:
    """Return the nearest party above that was not silent yet; empty for none."""
    silent = set(Tier.objects.filter(inquiry=inquiry, state=TierState.SILENT).values_list("party", flat=True))
    at = inquiry.path.index(party) if party in inquiry.path else 0
    return next((name for name in reversed(inquiry.path[:at]) if name not in silent), "")


@transaction.atomic
def withdraw(*, inquiry: int, reason: str, actor: Actor, now: datetime) -> None:
    """Ask nobody any more. Raises `NotThere`, `NotAsked` without a reason, `StaleState` where it is over."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "withdraw inquiries")
    row = Inquiry.objects.filter(id=inquiry).first()
    if row is None:
        raise NotThere(f"no inquiry {inquiry}")
    hold_case(row.case_id, actor)
    claims.heed(case_id=row.case_id, actor=actor, now=now)
    if not reason.strip():
        raise NotAsked("say why it is withdrawn")
    if not Inquiry.objects.filter(id=inquiry, state__in=_UNDECIDED).update(state=InquiryState.WITHDRAWN, closed=now):
        raise StaleState("it is over already")
    _spare(row, reason, now)
    _record("inquiry-withdrawn", row, {"reason": reason.strip()[:500]}, actor, now)


def _fact(name: str, inquiry: Inquiry, party: str, now: datetime) -> None:
    """Tell watch, so that rules can count it."""
    path = tuple(inquiry.path[: inquiry.path.index(party) + 1]) if party in inquiry.path else ()
    event = {"kind": "fact", "id": f"{name}-{inquiry.id}", "time": micros(now), "name": name, "party_path": path, "value": 1.0}
    outbox.enqueue(topic=DESK_EVENT, payloads=[event], now=now)


def _record(verb: str, inquiry: Inquiry, details: dict[str, Detail], actor: Actor, now: datetime) -> None:
    about = ("inquiry", str(inquiry.id))
    audit.record(acts=[Act(verb=verb, about=about, case=inquiry.case_id, details=details)], actor=actor, now=now)
