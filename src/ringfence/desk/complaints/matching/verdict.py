"""From candidates to an answer, with its reasons. What two parties could equally have done is left to a person."""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ringfence.desk.complaints.matching.likeness import Scored, Token, scored
from ringfence.desk.complaints.matching.question import Known, Question
from ringfence.desk.complaints.models import Verdict
from ringfence.vocabulary.times import Micros
from ringfence.watch.lake.carried import MOST, Carried

__all__ = ["Found", "Scored", "decide"]

SHOWN: Final = 20
_CLEARLY: Final = 0.25
"""By how much the likest call must be liker than another party's."""

Holding = Callable[[str, Micros], Known]
Upstream = Callable[[str], str]
"""The name of the peer behind a source's token; empty for none that is known."""


class Found(Struct, frozen=True, kw_only=True):
    """The answer. `conduct`: when the call began that is taken to be meant."""

    verdict: Verdict
    party: str = ""
    account: str = ""
    trunk: str = ""
    upstream: str = ""
    conduct: Micros | None = None
    reasons: tuple[str, ...]
    candidates: tuple[Scored, ...] = ()


class World(Struct, frozen=True, kw_only=True):
    """What is asked beside the calls: who held a number, which peer an address is, and over which span history is kept whole."""

    holding: Holding
    upstream: Upstream
    token: Token
    reach: tuple[Micros, Micros] | None


def decide(question: Question, calls: Sequence[Carried], world: World) -> Found:
    """Return whether the call was ours, from `calls`: those in which a number named stood within the spans."""
    if not question.numbers:
        return Found(verdict=Verdict.UNDECIDABLE, reasons=("No telephone number is named.",))
    if not question.parties:
        return _advertised(question, world)
    if question.named and not question.spans:
        return Found(verdict=Verdict.UNDECIDABLE, reasons=("The time that is named can't be.",))
    likest = scored(question, calls, world.token)
    complete = [one for one in likest if one.ends == 2]
    told_both = bool(question.callers or question.unknown) and bool(question.callees)
    usable = complete if complete or told_both else [one for one in likest if one.ends == 1]
    usable = usable or [one for one in likest if one.crossed]
    if not usable:
        return _none_carried(question, likest, world)
    if len(calls) >= MOST and not complete:
        says = "So many calls have the number in that time that the one meant can't be told."
        return Found(verdict=Verdict.UNDECIDABLE, reasons=(says,), candidates=tuple(usable[:SHOWN]))
    return _carried(usable, world)


def _carried(usable: Sequence[Scored], world: World) -> Found:
    """One call, or several of one party, are like it: that party answers. Of several parties the likest must be so clearly."""
    best = usable[0]
    rival = next((one for one in usable[1:] if _answers(one.call) != _answers(best.call)), None)
    shown = tuple(usable[:SHOWN])
    if rival is not None and best.likeness - rival.likeness < _CLEARLY and best.ends == rival.ends and _is_close(best, rival):
        several = len({_answers(one.call) for one in usable})
        says = f"{several} senders had a call that is as much like the one told of."
        return Found(verdict=Verdict.UNDECIDABLE, reasons=(says,), candidates=shown)
    call = best.call
    reasons = [f"{_counted(len(usable))} carried: {', '.join(best.why)}."]
    if rival is not None:
        reasons.append("Another sender's call is less like it.")
    if call.account is not None:
        party = call.party_path[-1] if call.party_path else ""
        reasons.append(f"Account {call.account} sent it" + (f" over trunk {call.trunk}." if call.trunk else "."))
        return Found(
            verdict=Verdict.OURS,
            party=party,
            account=call.account,
            trunk=call.trunk or "",
            conduct=call.start,
            reasons=tuple(reasons),
            candidates=shown,
        )
    upstream = world.upstream(call.source or "")
    reasons.append(f"It came from {upstream}." if upstream else "Its source is no party's and no peer's that is known here.")
    return Found(verdict=Verdict.CARRIED, upstream=upstream, conduct=call.start, reasons=tuple(reasons), candidates=shown)


def _is_close(best: Scored, rival: Scored) -> bool:
    """Tell whether the rival lies as near the time: a call in the very minute beats one some minutes off."""
    return rival.off_us < 3 * max(best.off_us, 30_000_000)


def _answers(call: Carried) -> tuple[str | None, str | None]:
    return call.account, None if call.account is not None else call.source


def _none_carried(question: Question, likest: Sequence[Scored], world: World) -> Found:
    """No such call was carried: as far as history reaches, it was not here; and the number shown may still be ours."""
    near = tuple(likest[:SHOWN])
    advertised = _advertised(question, world)
    if advertised.verdict is Verdict.OURS:
        return replace(advertised, reasons=("No such call was found here.", *advertised.reasons), candidates=near)
    gap = _gap(question, world)
    holder = _holder(question, world)
    if gap:
        return Found(verdict=Verdict.UNDECIDABLE, reasons=(gap,), candidates=near)
    reasons = ["No call between these numbers was carried then." if question.callees else "No such call was carried then."]
    if near:
        reasons.append("Calls of one of the numbers with others are shown; none is the one told of.")
    if not question.callers and not question.unknown:
        reasons.insert(0, "The caller's number is not named.")
        return Found(verdict=Verdict.NOT_OURS, reasons=tuple(reasons), candidates=near)
    if holder is not None:
        reasons.append(
            f"The number shown is held by {holder.party or 'a party of ours'}: somebody else showed it, on another network."
        )
        found = Found(verdict=Verdict.SPOOFED, party=holder.party, account=holder.account, reasons=tuple(reasons), candidates=near)
        return found if question.named else _by_holder(holder, reasons[:-1])
    reasons.append("The number shown is not among ours.")
    return Found(verdict=Verdict.NOT_OURS, reasons=tuple(reasons), candidates=near)


def _by_holder(holder: Known, reasons: Sequence[str]) -> Found:
    says = (*reasons, "The number is ours, but no time is named: whether its holder called can't be told.")
    return Found(verdict=Verdict.UNDECIDABLE, party=holder.party, account=holder.account, reasons=says)


def _advertised(question: Question, world: World) -> Found:
    """A number that one is asked to call, and no call: who held it when the complaint came answers for it."""
    for readings in question.callbacks:
        for reading in readings:
            known = world.holding(reading, question.received)
            if known.account:
                says = f"The number for calling back is held by {known.party or known.account}."
                return Found(
                    verdict=Verdict.OURS, party=known.party, account=known.account, reasons=(says,), conduct=question.received
                )
    return Found(verdict=Verdict.NOT_OURS, reasons=("The number for calling back is not among ours, and no call is told of.",))


def _holder(question: Question, world: World) -> Known | None:
    moment = question.spans[0].begin
    for readings in (*question.callers, *question.unknown):
        for reading in readings:
            known = world.holding(reading, moment)
            if known.account:
                return known
    return None


def _gap(question: Question, world: World) -> str:
    """Return why that nothing was found proves nothing, or empty text."""
    if world.reach is None:
        return "No history of calls is kept here."
    first, last = world.reach
    if any(told.begin < first for told in question.spans[:1]) and question.named:
        return "The time told lies before the calls that are kept."
    if all(told.begin > last for told in question.spans):
        return "The time told lies after the last call that is known."
    return ""


def _counted(count: int) -> str:
    return "1 call was" if count == 1 else f"{count} calls were"
