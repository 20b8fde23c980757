"""What a rule proposes where its condition is met: `charge 0.005 USD per abandoned`, `suspend until lifted by the regulator`.

    proposal = what ["after" DURATION "notice"] ["within" DURATION] [release]
    what     = "notify" [TEXT] | "charge" AMOUNT CURRENCY "per" QUANTITY | "throttle" NUMBER "call/s" | "cap" NUMBER "calls"
             | "refuse" [STATUS] ["with" TEXT] | "queue" | "suspend" | "bar" CLASS | "end calls" | "announce" TEXT
             | "reclassify" CLASS | "reclaim" | "review" | "report every" DURATION ["to" TEXT] | "demand" TEXT
             | "share with" TEXT | "retain" TEXT
    release  = "for" DURATION | "until next" UNIT "in" ZONE | "until cleared" | "until lifted" ["by" TEXT]

What is to be retained says for how long. A class, a zone and what a refusal is sent with stand between quotation marks.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ringfence.policy.documents import Scalar
from ringfence.policy.durations import DURATION_HINT, parse_duration
from ringfence.policy.expressions import Type
from ringfence.policy.grammar import Parser
from ringfence.policy.keys import Keys
from ringfence.policy.plan import Proposal, ProposalKind, Release, Unit
from ringfence.policy.problems import did_you_mean
from ringfence.policy.questions import LeftOpen, Question
from ringfence.policy.selections import of_list
from ringfence.policy.terms import Dimension, Scope
from ringfence.policy.tokens import ExpressionRefused
from ringfence.policy.windows import zone_named
from ringfence.vocabulary.times import Micros

MAX_PROPOSALS: Final = 12

_RELEASE: Final = re.compile(
    r"""\s(?:for\s+(?P<time>[0-9]\S*)
      | until\s+next\s+(?P<unit>billing\ cycle|[a-z]+)\s+in\s+(?P<zone>"[^"]*"|'[^']*')
      | until\s+(?P<cleared>cleared)
      | until\s+(?P<manual>lifted)(?:\s+by\s+\S.*)?)\s*\Z""",
    re.VERBOSE | re.ASCII,
)
_WITHIN: Final = re.compile(r"\swithin\s+(?P<time>[0-9]\S*)\s*\Z", re.ASCII)
_NOTICE: Final = re.compile(r"\safter\s+(?P<time>[0-9]\S*)\s+notice\s*\Z", re.ASCII)
_STRAY: Final = re.compile(r"\suntil\s+(?P<what>\S.*)\Z", re.ASCII)
_WORD: Final = re.compile(r"\s*(?P<word>[a-z]+)", re.ASCII)
_NUMBER: Final = r"[0-9]{1,12}(?:\.[0-9]{1,9})?"

_AMOUNT_ALONE: Final = re.compile(rf"charge\s+{_NUMBER}\s+[A-Z]{{3}}\s*\Z")

_FORMS: Final[dict[ProposalKind, tuple[re.Pattern[str], str]]] = {
    ProposalKind.NOTIFY: (re.compile(r"notify(?:\s+(?P<text>\S.*))?\Z"), "notify, or notify the customer"),
    ProposalKind.CHARGE: (
        re.compile(rf"charge\s+(?P<amount>{_NUMBER})\s+(?P<currency>[A-Z]{{3}})\s+per\s+(?P<quantity>\S.*)\Z"),
        "charge 0.01 USD per calls",
    ),
    ProposalKind.THROTTLE: (re.compile(rf"throttle\s+(?P<number>{_NUMBER})\s+calls?/s\Z"), "throttle 1 call/s"),
    ProposalKind.CAP: (re.compile(r"cap\s+(?P<number>[0-9]{1,9})\s+calls?\Z"), "cap 5 calls"),
    ProposalKind.REFUSE: (
        re.compile(r"""refuse(?:\s+(?P<number>[3-6][0-9]{2}))?(?:\s+with\s+(?P<text>"[^"]+"|'[^']+'))?\Z"""),
        'refuse, refuse 603, or refuse 603 with "where to object"',
    ),
    ProposalKind.QUEUE: (re.compile(r"queue\Z"), "queue"),
    ProposalKind.SUSPEND: (re.compile(r"suspend\Z"), "suspend"),
    ProposalKind.BAR: (re.compile(r"bar\s+(?P<text>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)\Z"), "bar international"),
    ProposalKind.END_CALLS: (re.compile(r"end\s+calls\Z"), "end calls"),
    ProposalKind.ANNOUNCE: (re.compile(r"announce\s+(?P<text>\S.*)\Z"), 'announce "the text that is played or sent"'),
    ProposalKind.RECLASSIFY: (re.compile(r"""reclassify\s+(?P<text>"[^"]+"|'[^']+')\Z"""), 'reclassify "application-to-person"'),
    ProposalKind.RECLAIM: (re.compile(r"reclaim\Z"), "reclaim"),
    ProposalKind.REVIEW: (re.compile(r"review\Z"), "review"),
    ProposalKind.REPORT: (
        re.compile(r"report\s+every\s+(?P<every>\S+)(?:\s+to\s+(?P<text>\S.*))?\Z"),
        "report every 14d to the regulator",
    ),
    ProposalKind.DEMAND: (re.compile(r"demand\s+(?P<text>\S.*)\Z"), "demand proof of consent"),
    ProposalKind.SHARE: (re.compile(r"share\s+with\s+(?P<text>\S.*)\Z"), "share with other providers within 24h"),
    ProposalKind.RETAIN: (re.compile(r"retain\s+(?P<text>\S.*)\Z"), "retain the records for 730d"),
}
_FIRST_WORDS: Final = {str(kind).split("-", 1)[0]: kind for kind in ProposalKind}


def read_proposals(keys: Keys, scope: Callable[[], Scope]) -> tuple[Proposal, ...]:
    """Return what stands under `proposes`. `scope` gives the names that quantities may use."""
    sequence = of_list(keys, "proposes")
    if sequence is None:
        return ()
    if len(sequence.items) > MAX_PROPOSALS:
        keys.refuse(sequence.mark, f"more than {MAX_PROPOSALS} proposals", "split the rule")
    scalars = [keys.scalar_of("proposes", item) for item in sequence.items]
    read = [_proposal(keys, scalar, scope()) for scalar in scalars if scalar]
    charges = [place for place, proposal in enumerate(read) if proposal and proposal.kind is ProposalKind.CHARGE]
    for place in charges[1:]:
        keys.refuse(sequence.items[place].mark, "a second charge for one finding", "add the quantities up, or write two rules")
    return tuple(proposal for proposal in read if proposal)


def _proposal(keys: Keys, scalar: Scalar, scope: Scope) -> Proposal | None:
    return keys.expression(scalar, lambda text: parse_proposal(text, scope))


def parse_proposal(text: str, scope: Scope) -> Proposal:
    """Return what the line proposes. Raises `ExpressionRefused`."""
    line = text.rstrip()
    word = _WORD.match(line)
    kind = _FIRST_WORDS.get(word["word"]) if word else None
    if word is None or kind is None:
        first = line.split()[0]
        start = len(line) - len(line.lstrip())
        raise ExpressionRefused(start, f"{first!r} is nothing to propose", did_you_mean(first, _FIRST_WORDS))
    body, release, within_us, notice_us = _endings(line)
    form, example = _FORMS[kind]
    match = form.match(body, word.start("word"))
    if match is None and kind is ProposalKind.CHARGE and _AMOUNT_ALONE.match(body, word.start("word")):
        raise LeftOpen(Question.QUANTITY, word.start("word"), "a charge per what?", f"write {example}")
    if match is None:
        raise ExpressionRefused(word.start("word"), f"{' '.join(body.split())!r} says not what {kind} needs", f"write {example}")
    if release is None and (stray := _STRAY.search(line)) and kind not in (ProposalKind.NOTIFY, ProposalKind.ANNOUNCE):
        hint = 'write until next day in "UTC", until cleared, or until lifted by whoever may'
        raise ExpressionRefused(stray.start("what"), f"until {stray['what']} is no end", hint)
    proposal = _released(_stated(kind, line, match, scope), release)
    if kind is ProposalKind.RETAIN and proposal.release is not Release.TIME:
        raise ExpressionRefused(len(body), "to be retained for how long?", f"write {example}")
    return replace(proposal, within_us=within_us, notice_us=notice_us)


def _endings(line: str) -> tuple[str, re.Match[str] | None, Micros | None, Micros | None]:
    """Return the line without its times, what releases it, within which time it is due, and how long its notice is."""
    release = _RELEASE.search(line)
    body = line[: release.start()] if release else line
    body, within_us = _without(_WITHIN, body)
    body, notice_us = _without(_NOTICE, body)
    return body, release, within_us, notice_us


def _without(form: re.Pattern[str], body: str) -> tuple[str, Micros | None]:
    stated = form.search(body)
    if stated is None:
        return body, None
    return body[: stated.start()], _duration(stated["time"], stated.start("time"))


def _stated(kind: ProposalKind, line: str, match: re.Match[str], scope: Scope) -> Proposal:
    groups = match.groupdict()
    proposal = Proposal(kind, " ".join(line.split()))
    if groups.get("number") is not None:
        proposal = replace(proposal, number=_above_zero(match, "number"))
    if groups.get("every") is not None:
        proposal = replace(proposal, every_us=_duration(groups["every"], match.start("every")))
    if kind is ProposalKind.CHARGE:
        amount, currency = _above_zero(match, "amount"), groups["currency"]
        return _charge(replace(proposal, amount=amount, currency=currency), groups["quantity"], match.start("quantity"), scope)
    return proposal


def _above_zero(match: re.Match[str], group: str) -> float:
    value = float(match[group])
    if not value:
        raise ExpressionRefused(match.start(group), f"{match[group]} would mean nothing", "write a number above zero")
    return value


def _charge(proposal: Proposal, quantity: str, offset: int, scope: Scope) -> Proposal:
    try:
        parser = Parser(quantity, scope)
        term = parser.expression()
        parser.finish()
    except ExpressionRefused as refused:
        raise ExpressionRefused(offset + refused.offset, refused.cause, refused.hint) from refused
    if term.type is not Type.NUMBER:
        raise ExpressionRefused(offset, f"a charge per {quantity}: how many are that? It is {term.type}", "name a measure")
    if term.dimension is Dimension.TIME:
        raise ExpressionRefused(offset, f"a charge per {quantity}: of which length?", f"write {quantity} / 1min for minutes")
    return replace(proposal, quantity=term.expression)


def _duration(text: str, offset: int) -> Micros:
    length = parse_duration(text)
    if not length:
        raise ExpressionRefused(offset, f"{text!r} is no duration", DURATION_HINT)
    return length


def _released(proposal: Proposal, release: re.Match[str] | None) -> Proposal:
    if release is None:
        return proposal
    if release["time"] is not None:
        return replace(proposal, release=Release.TIME, release_us=_duration(release["time"], release.start("time")))
    if release["unit"] is not None:
        if release["unit"] not in tuple(Unit):
            raise ExpressionRefused(
                release.start("unit"), f"no clock has a next {release['unit']}", did_you_mean(release["unit"], Unit)
            )
        zone = zone_named(release["zone"][1:-1], release.start("zone"))
        return replace(proposal, release=Release.BOUNDARY, release_unit=Unit(release["unit"]), release_zone=zone)
    return replace(proposal, release=Release.CLEARED if release["cleared"] else Release.MANUAL)
