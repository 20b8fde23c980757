"""From a JSON question, or many, to verdicts: the same table, attribution and receipts as over SIP."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec.structs import replace

from ringfence.gate.edges.in_path import NAME
from ringfence.gate.inline import Judged, RulesBefore
from ringfence.gate.inline.situations import Situation
from ringfence.gate.orders import OrdersTail
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect.asks import called_party
from ringfence.vocabulary.contracts import Ask, Verdict, VerdictAction
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory

MOST_ASKS: Final = 10_000
"""In one question."""


class Question(Ask, frozen=True, kw_only=True, omit_defaults=True):
    """An Ask as it comes over HTTP. `user` is the authentication user that the asker has checked.

    `user`, `account` and `trunk` are believed of trusted peers alone: from others they count for nothing.
    """

    user: str | None = None


class Unanswerable(Exception):
    """What was sent is no question: `field` says where, `cause` why, `hint` what would help."""

    def __init__(self, cause: str, hint: str, field: str = "") -> None:
        super().__init__(cause)
        self.cause, self.hint, self.field = cause, hint, field


@dataclass(slots=True)
class Tally:
    """What was asked over HTTP since the start."""

    asks: int = 0
    refused: int = 0
    strangers: int = 0
    unanswerable: int = 0


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
    ) -> None:
        self.tally = Tally()
        self._asked = asked
        self._orders = orders
        self._receipts = receipts
        self._clock = clock
        self._rules = rules
        self._one = msgspec.json.Decoder(Question)
        self._many = msgspec.json.Decoder(list[Question])
        self._encoder = msgspec.json.Encoder()

    def answer(self, body: bytes, *, trusted: bool) -> bytes:
        """Return the verdict on one question, or a list of verdicts on a list of them, in order. Raises `Unanswerable`."""
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
        self._asked.set()
        now = self._clock()
        situations = [_attributed(question, trusted, self._orders.directory, now) for question in asked]
        judged = [None] * len(situations) if self._rules is None else self._rules.judge(situations, now)
        verdicts = [self._decide(situation, each, now) for situation, each in zip(situations, judged, strict=True)]
        return self._encoder.encode(verdicts if many else verdicts[0])

    def _decide(self, situation: Situation, judged: Judged | None, now: Micros) -> Verdict:
        self.tally.asks += 1
        before = None if judged is None else (judged.verdict, judged.subject)
        verdict = self._orders.table.decide(situation.ask, now, situation.parties, situation.called, before=before)
        if verdict.action is not VerdictAction.ALLOW:
            self.tally.refused += 1
            if verdict.order is not None:
                self._receipts.refused(verdict.order, NAME, call_id=situation.ask.call_id, now=now)
        return verdict


def _attributed(question: Question, trusted: bool, directory: Directory, now: Micros) -> Situation:
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
            return Situation(ask, (), called_party(directory, ask.callee, now), target=question.callee)
        sender, ask = found, replace(question, account=found.account, trunk=found.trunk, **numbers)
    called = called_party(directory, ask.callee, now)
    return Situation(ask, sender.party_path, called, plan=sender.plan, target=question.callee)


def _in_e164(number: str | None) -> str | None:
    return number if number is None else to_e164(number) or number


def openapi() -> dict[str, object]:
    """Return the interface's description (OpenAPI 3.1)."""
    (question, verdict), components = msgspec.json.schema_components(
        (Question, Verdict), ref_template="#/components/schemas/{name}"
    )

    def json(schema: object) -> dict[str, object]:
        return {"content": {"application/json": {"schema": schema}}}

    def either(schema: object) -> dict[str, object]:
        return json({"oneOf": [schema, {"type": "array", "items": schema, "maxItems": MOST_ASKS}]})

    problem = {
        "type": "object",
        "required": ["title", "detail"],
        "properties": {"title": {"type": "string"}, "detail": {"type": "string"}, "field": {"type": "string"}},
    }
    problems = {
        code: {"description": why, "content": {"application/problem+json": {"schema": problem}}} for code, why in _WHY.items()
    }
    decide = {
        "summary": "May this request pass?",
        "requestBody": {"required": True, **either(question)},
        "responses": {"200": {"description": "the verdict, or one for each question in order", **either(verdict)}, **problems},
    }
    health = {"summary": "How the gate stands", "responses": {"200": {"description": "its table's age and counters", **json({})}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ringfence gate", "version": "1"},
        "paths": {"/v1/voice/decide": {"post": decide}, "/v1/voice/health": {"get": health}},
        "components": {"schemas": components},
    }


_WHY: Final = {
    "400": "no question",
    "403": "the address is not one that may ask",
    "413": "more octets than a question may have",
}
