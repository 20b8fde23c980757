"""Asking of each complaint whether it is ours, opening what is sealed under a reason, and answering by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from typing import Final

from django.conf import settings
from django.db import transaction

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.complaints.matching.likeness import Scored
from ringfence.desk.complaints.matching.question import SKEW_US, Known, Question, question_of
from ringfence.desk.complaints.matching.verdict import Found, World, decide
from ringfence.desk.complaints.models import Answer, Candidate, Complaint, Peer, Verdict
from ringfence.desk.complaints.stated import around_of, stated_in_mail
from ringfence.desk.complaints.statements import Statement
from ringfence.desk.complaints.submissions import decoded, stated_in_submission
from ringfence.desk.data_folder import data_folder
from ringfence.desk.errors import DeskError, NotThere
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties import selectors as parties
from ringfence.desk.policies import selectors as policies
from ringfence.desk.queues import hold_complaint
from ringfence.vocabulary.times import Micros, micros, utc
from ringfence.watch.lake.carried import Carried, History
from ringfence.watch.lake.store import Lake

ANSWERED: Final = "complaint.answered"
_LARGEST_NETWORK: Final = 1024
"""Addresses of a peer's network that are compared one by one; a wider network names no upstream."""
_CALLS: Final = 2_000


class NoGround(DeskError):
    """What is sealed opens only for a stated reason, and an answer by hand needs one."""


@dataclass(frozen=True, slots=True)
class OpenedCall:
    """A call's numbers and source in clear; `None` where its day was erased, or the wire named none."""

    call_id: str
    caller: str | None
    callee: str | None
    source: str | None


def history() -> History:
    """Return this installation's history of calls."""
    data = data_folder()
    return History(Lake(data / "lake", data / "lake-keys", settings.RINGFENCE_KEY), data / "journal", settings.RINGFENCE_KEY)


def statement_of_complaint(complaint: Complaint, *, actor: Actor) -> Statement:
    """Return what a complaint states; nothing where its file is gone."""
    country, zone = home(actor=actor)
    around = around_of(micros(complaint.received), country=country, zone=zone)
    try:
        raw = (data_folder() / complaint.file).read_bytes()
    except FileNotFoundError:
        return Statement()
    return stated_in_submission(decoded(raw), around) if complaint.file.endswith(".json") else stated_in_mail(raw, around)


def home(*, actor: Actor) -> tuple[str, str]:
    """Return the provider's country and time zone, as the version in force has them."""
    version = policies.current(actor=actor)
    if version is None:
        return "", "UTC"
    held = policies.bundle(hash=version.hash).settings
    return held.jurisdiction, held.time_zone


def look_into(*, number: int, actor: Actor, now: datetime) -> int:
    """Find out whether a complaint is ours, and record the answer, its reasons and the calls that may be meant; return its number.

    Nothing sealed is opened: the numbers that the complaint itself names are looked for by their tokens. What reads files runs
    before the transaction. Raises `NotThere`, `HistoryUnreadable`.
    """
    require(actor.works_cases, actor, "look into complaints")
    hold_complaint(number, actor)
    complaint = Complaint.objects.filter(id=number).first()
    if complaint is None:
        raise NotThere(f"no complaint {number}")
    question = question_of(statement_of_complaint(complaint, actor=actor), micros(complaint.received))
    found = answer_to(question, actor=actor, now=now)
    return _record(complaint, question, found, actor, now)


def answer_to(question: Question, *, actor: Actor, now: datetime) -> Found:
    """Return the answer to a question, from history, parties and peers. Nothing is written."""
    require(actor.sees_the_desk, actor, "ask whether a call is ours")
    kept = history()
    calls = _calls(kept, question)
    peers = _peers()

    def holding(number: str, moment: Micros) -> Known:
        holder = parties.number_holder(number=number, moment=utc(moment), actor=actor)
        return Known() if holder is None else Known(party=holder.party or "", account=holder.account or "", state=holder.state)

    world = World(holding=holding, upstream=lambda source: peers.get(source, ""), token=_token, reach=kept.reach(micros(now)))
    return decide(question, calls, world)


def _token(number: str) -> str:
    return audit.token_of("number", number)


def _calls(kept: History, question: Question) -> list[Carried]:
    """Return the calls in which a number named stood near a time named, once each."""
    found: dict[str, Carried] = {}
    spans = sorted((told.begin - SKEW_US, told.end + SKEW_US) for told in question.spans)
    for begin, end in _merged(spans):
        for call in kept.calls(question.parties, Micros(begin), Micros(end)):
            found[call.call_id] = call
        if len(found) >= _CALLS:
            break
    return list(found.values())


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for begin, end in spans:
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _peers() -> dict[str, str]:
    """Return the names of peers by the tokens of their addresses."""
    named: dict[str, str] = {}
    for name, addresses in Peer.objects.order_by("id").values_list("name", "addresses"):
        for written in addresses:
            network = ip_network(written, strict=False)
            if network.num_addresses <= _LARGEST_NETWORK:
                named.update({audit.token_of("source", str(address)): name for address in network})
    return named


@transaction.atomic
def _record(complaint: Complaint, question: Question, found: Found, actor: Actor, now: datetime) -> int:
    tokens = [_token(number) for number in question.numbers]
    spans = [[told.begin, told.end] for told in question.spans] if question.named else []
    answer = Answer.objects.create(
        complaint=complaint,
        made=now,
        by=actor.id,
        verdict=found.verdict,
        party=found.party,
        account=found.account,
        trunk=found.trunk,
        upstream=found.upstream,
        conduct=None if found.conduct is None else utc(found.conduct),
        reasons=list(found.reasons),
        looked={"numbers": tokens, "spans": spans},
    )
    Candidate.objects.bulk_create([_candidate(answer, one) for one in found.candidates])
    details: dict[str, Detail] = {
        "verdict": str(found.verdict),
        "party": found.party,
        "upstream": found.upstream,
        "looked-for": tokens,
        "calls": len(found.candidates),
    }
    audit.record(acts=[Act(verb="looked-into", about=("complaint", str(complaint.id)), details=details)], actor=actor, now=now)
    outbox.enqueue(topic=ANSWERED, payloads=[{"complaint": complaint.id, "answer": answer.id}], now=now)
    return answer.id


def _candidate(answer: Answer, one: Scored) -> Candidate:
    call = one.call
    return Candidate(
        answer=answer,
        call=call.call_id,
        start=utc(call.start),
        end=None if call.end is None else utc(call.end),
        caller=call.caller or "",
        callee=call.callee or "",
        source=call.source or "",
        account=call.account or "",
        party=call.party_path[-1] if call.party_path else "",
        trunk=call.trunk or "",
        direction=call.direction or "",
        attestation=call.attestation or "",
        status=min(call.status, 999),
        duration_ms=call.duration_ms,
        likeness=one.likeness,
        why=list(one.why),
    )


@transaction.atomic
def open_call(*, candidate: int, reason: str, actor: Actor, now: datetime) -> OpenedCall:
    """Return a candidate's numbers in clear, for a person and a reason, which the audit keeps.

    Raises `NoGround`, `NotThere` where the call is no longer kept or its day was erased, `HistoryUnreadable`.
    """
    require(actor.kind is ActorKind.PERSON and actor.works_cases and actor.sees_evidence, actor, "open numbers")
    if not reason.strip():
        raise NoGround("say why the numbers are opened: the audit keeps it")
    row = Candidate.objects.select_related("answer").filter(id=candidate).first()
    if row is None:
        raise NotThere(f"no call {candidate}")
    hold_complaint(row.answer.complaint_id, actor)
    details: dict[str, Detail] = {"call": row.call, "reason": reason.strip()[:500]}
    act = Act(verb="opened-numbers", about=("complaint", str(row.answer.complaint_id)), details=details)
    audit.record(acts=[act], actor=actor, now=now)
    event = history().opened(row.call, micros(row.start))
    if event is None:
        raise NotThere("the call's numbers are no longer kept, or their day was erased")
    return OpenedCall(event.call_id, event.caller, event.callee, event.source)


@transaction.atomic
def answer_by_hand(*, number: int, verdict: str, names: tuple[str, str], reason: str, actor: Actor, now: datetime) -> int:
    """Answer in a person's own judgement. `names` are the party and the upstream. Raises `NoGround`, `NotThere`."""
    require(actor.kind is ActorKind.PERSON and actor.works_cases, actor, "answer complaints")
    hold_complaint(number, actor)
    complaint = Complaint.objects.filter(id=number).first()
    if complaint is None or verdict not in Verdict.values:
        raise NotThere(f"no complaint {number}, or no such answer")
    if not reason.strip():
        raise NoGround("say why")
    party, upstream = names
    if verdict == Verdict.OURS and parties.party_page(name=party, actor=actor, now=now) is None:
        raise NotThere(f"no party {party or '(none named)'}")
    before = complaint.answers.order_by("-id").first()
    answer = Answer.objects.create(
        complaint=complaint,
        made=now,
        by=actor.id,
        verdict=verdict,
        party=party if verdict in (Verdict.OURS, Verdict.SPOOFED) else "",
        upstream=upstream if verdict == Verdict.CARRIED else "",
        conduct=before.conduct if before else None,
        reasons=[reason.strip()[:1000]],
        looked=before.looked if before else {},
    )
    details: dict[str, Detail] = {"verdict": verdict, "party": answer.party, "upstream": answer.upstream}
    audit.record(acts=[Act(verb="answered-by-hand", about=("complaint", str(number)), details=details)], actor=actor, now=now)
    outbox.enqueue(topic=ANSWERED, payloads=[{"complaint": number, "answer": answer.id}], now=now)
    return answer.id


@transaction.atomic
def know_peer(*, name: str, addresses: Sequence[str], mail: str, actor: Actor, now: datetime) -> None:
    """Add a peer, or change its addresses. Raises `PeerRefused` where one is no address or network, or it has no name."""
    require(actor.administers, actor, "change peers")
    checked = [_network(address) for address in addresses]
    if not name.strip():
        raise PeerRefused("a peer has a name")
    Peer.objects.update_or_create(
        name=name.strip()[:128],
        defaults={"addresses": checked, "mail": mail[:254]},
        create_defaults={
            "addresses": checked,
            "mail": mail[:254],
            "since": now,
        },
    )
    audit.record(
        acts=[Act(verb="knew-peer", about=("peer", name.strip()[:64]), details={"networks": len(checked)})], actor=actor, now=now
    )


class PeerRefused(DeskError):
    """A peer can't be taken as it is written."""


def _network(written: str) -> str:
    try:
        return str(ip_network(written.strip(), strict=False))
    except ValueError:
        raise PeerRefused(f"{written} is no address or network") from None
