"""From a JSON question, or many, to verdicts: the same table, attribution and receipts as over SIP."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec.structs import replace

from ringfence.gate.configuration import Manners
from ringfence.gate.edges.in_path import NAME
from ringfence.gate.http.endings import note_ends
from ringfence.gate.http.plain import Plain
from ringfence.gate.http.unanswerable import Unanswerable
from ringfence.gate.identity import Checked, Identity
from ringfence.gate.inline import Judged, RulesBefore
from ringfence.gate.inline.judge import Outcome
from ringfence.gate.inline.situations import Situation
from ringfence.gate.orders import OrdersTail
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect.asks import called_party
from ringfence.gate.redirect.course import Course
from ringfence.vocabulary.contracts import Ask, Verdict, VerdictAction
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory

MOST_ASKS: Final = 10_000
"""In one question."""
MOST_SIGNED: Final = 250
"""Of them, calls with signed identities: each takes half a millisecond, and nobody else is answered meanwhile."""


_PLAIN: Final = Manners()
_ALLOWED: Final = msgspec.json.encode(Verdict(action=VerdictAction.ALLOW))


class Question(Ask, frozen=True, kw_only=True, omit_defaults=True):
    """An Ask as it comes over HTTP. `user` is the authentication user that the asker has checked, `to` the number in the To field.

    `user`, `account` and `trunk` are believed of trusted peers alone: from others they count for nothing.
    """

    user: str | None = None
    to: str | None = None


@dataclass(slots=True)
class Tally:
    """What was asked over HTTP since the start. `shed`: connections that were not taken, or ended, as in `redirect`."""

    asks: int = 0
    refused: int = 0
    strangers: int = 0
    unanswerable: int = 0
    shed: int = 0


class Verdicts:
    """Answers questions from the orders table as it stands, and sets `asked` at the first: from then on orders work here."""

    def __init__(
        self,
        orders: OrdersTail,
        receipts: ReceiptBook,
        *,
        asked: asyncio.Event,
        clock: Callable[[], Micros],
        rules: RulesBefore | None = None,
        identity: Identity | None = None,
    ) -> None:
        self.tally = Tally()
        self._plainly: Callable[[], Course | None] = lambda: None
        self._plain = Plain()
        self._asked = asked
        self._orders = orders
        self._receipts = receipts
        self._clock = clock
        self._rules = rules
        self._identity = identity
        self._one = msgspec.json.Decoder(Question)
        self._many = msgspec.json.Decoder(list[Question])
        self._encoder = msgspec.json.Encoder()

    def prepare(self, course: Course) -> None:
        """Have the plain course's kernel compiled, which may take some seconds: meant for another thread, before `begin`."""
        Plain().prepare(course)

    def begin(self, plainly: Callable[[], Course | None]) -> None:
        """Have what is plain answered apart; `plainly` gives the course while there is one, as `Responder.plain_now` does."""
        self._plainly = plainly

    def note_ends(self, body: bytes) -> bytes:
        """Take in that calls have ended, see `endings.note_ends`. Raises `Unanswerable`."""
        return note_ends(body, self._orders.table, self._rules, now=self._clock())

    def answer(self, body: bytes, *, trusted: bool, manners: Manners = _PLAIN, asker: str | None = None) -> bytes:
        """Return the verdict on one question, or a list of verdicts on a list of them, in order. Raises `Unanswerable`.

        `manners` say what is done about each outcome of verifying a signed identity. `asker` is the address that asks.
        """
        many = body.lstrip()[:1] == b"["
        try:
            asked = self._many.decode(body) if many else [self._one.decode(body)]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:  # a ValidationError is a DecodeError
            self.tally.unanswerable += 1
            text, _, place = str(error).partition(" - at `")
            raise Unanswerable(text, "GET /v1/voice/openapi.json describes a question", place.rstrip("`")) from error
        if len(asked) > MOST_ASKS:
            self.tally.unanswerable += 1
            raise Unanswerable(f"{len(asked)} questions at once", f"send at most {MOST_ASKS:,} in one request")
        if self._identity is not None and sum(bool(question.identity) for question in asked) > MOST_SIGNED:
            self.tally.unanswerable += 1
            raise Unanswerable("too many calls with signed identities at once", f"send at most {MOST_SIGNED} in one request")
        self._asked.set()
        now = self._clock()
        course = self._plainly() if many and not (self._rules is not None and self._rules.active) else None
        if course is None:
            verdicts = self._looked_at(asked, now, trusted=trusted, manners=manners, asker=asker)
            return self._encoder.encode(verdicts if many else verdicts[0])
        return self._partly_plain(asked, course, now, trusted=trusted, manners=manners, asker=asker)

    def _partly_plain(
        self, asked: Sequence[Question], course: Course, now: Micros, *, trusted: bool, manners: Manners, asker: str | None
    ) -> bytes:
        """Return the verdicts in JSON: on what is plain all at once, on the rest one by one."""
        plain = self._plain.which(asked, [question.user for question in asked], course, now, trusted=trusted)
        identity = self._identity
        if identity is not None and identity.looks:
            for row, question in enumerate(asked):
                plain[row] = plain[row] and not identity.concerns(manners, signed=bool(question.identity))
        self.tally.asks += sum(plain)
        left = [question for question, is_plain in zip(asked, plain, strict=True) if not is_plain]
        verdicts = iter(self._looked_at(left, now, trusted=trusted, manners=manners, asker=asker))
        encode = self._encoder.encode
        return b"[" + b",".join([_ALLOWED if is_plain else encode(next(verdicts)) for is_plain in plain]) + b"]"

    def _looked_at(
        self, asked: Sequence[Question], now: Micros, *, trusted: bool, manners: Manners, asker: str | None
    ) -> list[Verdict]:
        """Return the verdicts on questions that are each looked at."""
        situations = [attributed(question, trusted, self._orders.directory, now) for question in asked]
        checked: list[Checked | None] = [None] * len(situations)
        if self._identity is not None:
            looked = [self._identity.look(each, self._orders.directory, now, manners) for each in situations]
            situations, checked = [each[0] for each in looked], [each[1] for each in looked]
        judged = [None] * len(situations) if self._rules is None else self._rules.judge(situations, now)
        return [self._decide(*each, now, asker) for each in zip(situations, judged, checked, strict=True)]

    def _decide(
        self, situation: Situation, judged: Judged | None, checked: Checked | None, now: Micros, asker: str | None
    ) -> Verdict:
        self.tally.asks += 1
        before = None if judged is None else (judged.verdict, judged.subject)
        if before is None and checked is not None and checked.refusal is not None:
            before = (checked.refusal, SubjectKind.NUMBER)
        answering, called = situation.parties, situation.called
        verdict = self._orders.table.decide(situation.ask, now, answering, called, before=before, asker=asker)
        if verdict.action is not VerdictAction.ALLOW:
            self.tally.refused += 1
            if self._rules is not None:
                self._rules.ended(situation.ask.call_id, situation.tag, now, Outcome(status=verdict.code or 0))
            if verdict.order is not None:
                self._receipts.refused(verdict.order, NAME, call_id=situation.ask.call_id, now=now)
        elif checked is not None and checked.headers:
            return replace(verdict, headers={**verdict.headers, **checked.headers})
        return verdict


def attributed(question: Question, trusted: bool, directory: Directory, now: Micros) -> Situation:
    """Return the question with everybody whom it touches."""
    numbers = {
        "caller": _in_e164(question.caller),
        "asserted": _in_e164(question.asserted),
        "callee": _in_e164(question.callee),
    }
    if trusted and question.account is not None:
        sender = directory.account(question.account, question.trunk, now)
        ask: Ask = replace(question, **numbers)
    else:
        found = directory.sender(question.source, question.user if trusted else None, now)
        if found is None:
            ask = replace(question, account=None, trunk=None, **numbers)
            called, dialled = called_party(directory, ask.callee, now), question.callee
            return Situation(ask, (), called, target=dialled, called_to=question.to, tag=question.tag)
        sender, ask = found, replace(question, account=found.account, trunk=found.trunk, **numbers)
    called = called_party(directory, ask.callee, now)
    dialled, to, tag = question.callee, question.to, question.tag
    return Situation(ask, sender.party_path, called, plan=sender.plan, target=dialled, called_to=to, tag=tag)


def _in_e164(number: str | None) -> str | None:
    return number if number is None else to_e164(number) or number
