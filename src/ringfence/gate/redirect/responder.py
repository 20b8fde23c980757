"""The redirect server's contract, whatever carries it: who is answered, and with what (docs/edges/redirect.md)."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ringfence.gate.configuration import Manners, RedirectConfiguration
from ringfence.gate.edges.in_path import NAME
from ringfence.gate.identity import Checked, Identity
from ringfence.gate.inline import Judged, RulesBefore
from ringfence.gate.inline.judge import Outcome
from ringfence.gate.inline.situations import Situation
from ringfence.gate.orders import News, OrdersTail
from ringfence.gate.reasons import network_blocked
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect.answers import PHRASES, Question, question
from ringfence.gate.redirect.asks import ask_of
from ringfence.gate.redirect.course import Course, course_of
from ringfence.gate.redirect.peers import Peer, Peers
from ringfence.gate.redirect.plain import Batch, PlainCourse
from ringfence.gate.redirect.transactions import CANCELLED, Key, Transactions
from ringfence.vocabulary.contracts import Verdict, VerdictAction
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.calls.signed import is_signed
from ringfence.watch.kernels.plain_answers import AGAIN, ALLOWED, GENERAL
from ringfence.watch.wire.sip import parse

_UNMISTAKABLE: Final = (603, "Decline")
"""For a refusal whose own code means "no objection" to the peer."""
_QUOTABLE: Final = re.compile(r"[!#-;=?-~]+\Z")
"""A request URI that may stand between angle brackets as it is."""


@dataclass(slots=True)
class Tally:
    """What the server did since it started. `shed`: connections that were not taken, or ended, to bound what one peer can take."""

    asks: int = 0
    refused: int = 0
    throttled: int = 0
    strangers: int = 0
    ignored: int = 0
    retransmissions: int = 0
    shed: int = 0


class Responder:
    """Answers each request at once from the table: 404 (or 503) for "no objection", else the order's code with a Reason.

    Strangers get 403. What is no answerable request gets nothing.
    """

    def __init__(
        self,
        configuration: RedirectConfiguration,
        orders: OrdersTail,
        receipts: ReceiptBook,
        *,
        clock: Callable[[], Micros],
        rules: RulesBefore | None = None,
        identity: Identity | None = None,
    ) -> None:
        self.tally = Tally()
        self.asked = asyncio.Event()
        """Set once a peer has asked: from then on orders work here."""
        self.peers: Final = Peers(configuration)
        self._orders = orders
        self._receipts = receipts
        self._clock = clock
        self._rules = rules
        self._identity = identity
        self._transactions = Transactions()
        self._plain = PlainCourse(self.peers)
        self._begun = False

    def prepare(self) -> None:
        """Have the plain course's kernels compiled, which may take some seconds: meant for another thread, before `begin`."""
        PlainCourse(self.peers).prepare(course_of(self._orders.table.standing, self._orders.directory))

    def begin(self) -> None:
        """Have what is plain answered apart, once `take` was told how."""
        self._begun = True
        for key in self._transactions:
            self._plain.note(*key, self._clock())

    def course(self, news: News) -> Course | None:
        """Return the plain course once `news` are taken in, to be given to `take`. It may be made in another thread.

        `None` before `begin`: then no question is plain.
        """
        before = self._plain.course
        directory = news.directory or self._orders.directory
        if not self._begun:
            return None
        if before is not None and before.possible.standing is news.standing and before.directory is directory:
            return before
        return course_of(news.standing, directory, before, self._orders.table.note_use)

    @property
    def plain_now(self) -> Course | None:
        """The plain course, while it is of the table and the directory that are in force."""
        course, orders = self._plain.course, self._orders
        holds = course is not None and course.possible.standing is orders.table.standing and course.directory is orders.directory
        return course if holds else None

    def take(self, course: Course | None) -> None:
        """Go by this course from now on."""
        self._plain.course = course

    def respond_plainly(self, batch: Batch) -> list[tuple[int, memoryview]] | None:
        """Return how each of the messages goes on the plain course, see `PlainCourse.answer`."""
        return self._plain.answer(batch, self._clock(), self._orders.table.standing, self._orders.directory)

    def respond_all(self, batch: Batch) -> list[bytes | memoryview | None]:
        """Return the answers to messages that came together by UDP: the plain ones at once, the others one by one.

        Where rules decide before, they judge all that came together in one step.
        """
        apart = self._looked_at(batch)
        if self._rules is not None and self._rules.active:
            return self._judged(batch, self._rules, alone=bool(apart))
        if apart:
            return self._mixed(batch, apart)
        answered = self.respond_plainly(batch)
        tally = self.tally
        answers: list[bytes | memoryview | None] = []
        for row, host in enumerate(batch.hosts):
            went, answer = answered[row] if answered is not None else (GENERAL, None)
            if went == GENERAL:
                answers.append(self.respond(batch.octets[batch.starts[row] : batch.ends[row]], host))
                continue
            tally.asks += went == ALLOWED
            tally.retransmissions += went == AGAIN
            answers.append(answer)
        if answered is not None and tally.asks:
            self.asked.set()
        return answers

    def _judged(self, batch: Batch, rules: RulesBefore, *, alone: bool) -> list[bytes | memoryview | None]:
        """Return the answers to messages on which rules decide, all in one step; those only on which nothing else could.

        `alone`: some are looked at one by one, and so all are.
        """
        now = self._clock()
        orders = self._orders
        plain = None if alone else self._plain.answer(batch, now, orders.table.standing, orders.directory)
        if plain is None:
            return self._together([self._message(batch, row) for row in range(len(batch.hosts))])
        calls = [row for row, (went, _) in enumerate(plain) if went == ALLOWED]
        situations = dict(zip(calls, self._plain.situations(batch, calls, now), strict=True))
        taken = {row: self._message(batch, row) for row, (went, _) in enumerate(plain) if went == GENERAL}
        situations |= {row: each.situation for row, each in taken.items() if isinstance(each, _Open)}
        judged = dict(zip(sorted(situations), rules.judge([situations[row] for row in sorted(situations)], now), strict=True))
        answers: list[bytes | memoryview | None] = []
        refused = False
        for row, (went, answer) in enumerate(plain):
            each: bytes | _Open | None = taken.get(row)
            said = judged.get(row)
            if went == ALLOWED and said is not None:  # by a rule: no plain answer
                each, refused = self._message(batch, row), True
            elif went == AGAIN and refused:  # perhaps the one that was refused just now
                again = self._message(batch, row)
                each = None if isinstance(again, _Open) else again
            if isinstance(each, _Open):
                answers.append(self._closed(each, said, now))
            elif went == GENERAL or each is not None:
                answers.append(each)
            else:
                self.tally.asks += went == ALLOWED
                self.tally.retransmissions += went == AGAIN
                answers.append(answer)
        if self.tally.asks:
            self.asked.set()
        return answers

    def _message(self, batch: Batch, row: int) -> "bytes | _Open | None":
        return self._taken(batch.octets[batch.starts[row] : batch.ends[row]], batch.hosts[row])

    def _looked_at(self, batch: Batch) -> list[bool]:
        """Return which of the messages are looked at one by one, for identity or for who asks; empty where none is."""
        identity = self._identity
        if identity is None or not identity.looks:
            parted = self.peers.are_parted and [self.peers.parted(host) for host in batch.hosts]
            return parted if parted and any(parted) else []
        parted = [self.peers.parted(host) for host in batch.hosts]
        any_signed = is_signed(batch.octets)
        apart = []
        for start, end, host, apart_anyhow in zip(batch.starts, batch.ends, batch.hosts, parted, strict=True):
            peer = self.peers.of(host)
            signed = any_signed and is_signed(batch.octets[start:end])
            apart.append(apart_anyhow or (peer is not None and identity.concerns(peer.manners, signed=signed)))
        return apart if any(apart) else []

    def _mixed(self, batch: Batch, apart: list[bool]) -> list[bytes | memoryview | None]:
        """Return the answers to messages of which some are looked at one by one."""
        answers: list[bytes | memoryview | None] = []
        for start, end, host, alone in zip(batch.starts, batch.ends, batch.hosts, apart, strict=True):
            if alone:
                answers.append(self.respond(batch.octets[start:end], host))
            else:
                (answer,) = self.respond_all(Batch(batch.octets, (start,), (end,), (host,)))
                answers.append(None if answer is None else bytes(answer))  # the kernels' room is used again
        return answers

    def respond(self, data: bytes, host: str, *, verified: bool = False) -> bytes | None:
        """Return the answer to one message from address `host`, or `None`. `verified`: its certificate says it may ask."""
        (answer,) = self._together([self._taken(data, host, verified=verified)])
        return None if answer is None else bytes(answer)

    def _taken(self, data: bytes, host: str, *, verified: bool = False) -> "bytes | _Open | None":
        """Return the answer to a message, or what is still to be decided."""
        asked = question(data, parse(data))
        if asked is None:
            self.tally.ignored += 1
            return None
        if asked.method == "ACK":
            return None
        peer = self.peers.of_target(host, asked.message.uri.host if asked.message.uri is not None else None, verified=verified)
        if peer is None:
            self.tally.strangers += 1
            return asked.answer(403, "Forbidden")
        return self._begun_with(asked, host, peer)

    def _begun_with(self, asked: Question, host: str, peer: Peer) -> "bytes | _Open":
        """Return a peer's answer, the same as before for the same transaction, or what is still to be decided."""
        now = self._clock()
        key = (host, asked.branch, asked.method)
        before = self._transactions.answered(key)
        if before:
            self.tally.retransmissions += 1
            return before
        if asked.method == "CANCEL":
            answer = self._cancelled(asked, host, now)
        elif before == CANCELLED:
            answer = asked.answer(487, "Request Terminated")
        elif asked.message.to_tag is not None:
            answer = asked.answer(481, "Call/Transaction Does Not Exist")
        elif asked.method == "OPTIONS" and len(asked.message.vias) == 1:
            answer = asked.answer(200, "OK")  # the proxy's own question whether we live, not a request that it forwards
            self.asked.set()
        else:
            return self._opened(key, asked, peer, now)
        self._keep(key, answer, now)
        return answer

    def _opened(self, key: Key, asked: Question, peer: Peer, now: Micros) -> "_Open":
        """Return what is to be decided, with what the call's signed identity comes to."""
        directory = self._orders.directory
        situation = ask_of(asked, trusted=peer.trusted, directory=directory, now=now)
        if self._identity is None:
            return _Open(key, asked, peer, situation)
        # Of a node of one's own, behind a proxy whose word is believed: that call was asked about before, under another Call-ID.
        source = situation.ask.source
        own = peer.trusted and source is not None and self.peers.of(source) is not None
        situation, checked = self._identity.look(situation, directory, now, peer.manners, own=own)
        return _Open(key, asked, peer, situation, checked)

    def _together(self, taken: "Sequence[bytes | _Open | None]") -> list[bytes | memoryview | None]:
        """Return the answers, and decide what is open."""
        now = self._clock()
        open_ = [each for each in taken if isinstance(each, _Open)]
        judged = self._rules.judge([each.situation for each in open_], now) if self._rules is not None else [None] * len(open_)
        left = iter(zip(open_, judged, strict=True))
        return [self._closed(*next(left), now) if isinstance(each, _Open) else each for each in taken]

    def _closed(self, open_: "_Open", judged: Judged | None, now: Micros) -> bytes:
        """Return the answer to what was open; the same as before where its like or its CANCEL came together with it."""
        before = self._transactions.answered(open_.key)
        if before:
            self.tally.retransmissions += 1
            return before
        answer = open_.asked.answer(487, "Request Terminated") if before == CANCELLED else self._decided(open_, judged, now)
        self._keep(open_.key, answer, now)
        return answer

    def _keep(self, key: Key, answer: bytes, now: Micros) -> None:
        self._transactions.keep(key, answer, now)
        self._note(key, now)

    def _note(self, key: Key, now: Micros) -> None:
        """Have what comes of this transaction again answered as it was here."""
        if self._begun:
            self._plain.note(*key, now)

    def _cancelled(self, asked: Question, host: str, now: Micros) -> bytes:
        """Confirm a CANCEL. Its INVITE was answered at once, if it came; if the CANCEL overtook it, it will get 487."""
        invite = (host, asked.branch, "INVITE")
        if self._transactions.answered(invite) is None:
            self._transactions.keep(invite, CANCELLED, now)
            self._note(invite, now)
        return asked.answer(200, "OK")

    def _decided(self, open_: "_Open", judged: Judged | None, now: Micros) -> bytes:
        """Return what the table and the rules say about the request."""
        self.tally.asks += 1
        self.asked.set()
        situation, asked, manners = open_.situation, open_.asked, open_.peer.manners
        before = None if judged is None else (judged.verdict, judged.subject)
        if before is None and open_.checked is not None and open_.checked.refusal is not None:
            before = (open_.checked.refusal, SubjectKind.NUMBER)
        answering, called = situation.parties, situation.called
        verdict = self._orders.table.decide(situation.ask, now, answering, called, before=before, asker=open_.key[0])
        if verdict.action is VerdictAction.ALLOW:
            return self._passing(open_, now)
        self.tally.refused += 1
        if self._rules is not None:
            self._rules.ended(situation.ask.call_id, situation.tag, now, Outcome(status=verdict.code or 0))
        self.tally.throttled += verdict.action is VerdictAction.THROTTLE
        if verdict.order is not None:
            self._receipts.refused(verdict.order, NAME, call_id=situation.ask.call_id, now=now)
        return _worded(asked, verdict, manners)

    def _passing(self, open_: "_Open", now: Micros) -> bytes:
        """Return that there is no objection, with what is to be told of the call's identity."""
        asked, manners = open_.asked, open_.peer.manners
        data = dict(open_.checked.headers) if open_.checked is not None else {}
        if manners.sign and self._identity is not None:
            signature = self._identity.signed(open_.situation, self._orders.directory, now)
            data |= {} if signature is None else {"Identity": signature.identity}
        if data and manners.data_by_redirect and _QUOTABLE.match(asked.uri):
            return asked.answer(302, "Moved Temporarily", (("Contact", f"<{asked.uri}>"), *data.items()))
        return asked.answer(manners.allow_code, PHRASES[manners.allow_code], tuple(data.items()))


@dataclass(frozen=True, slots=True)
class _Open:
    """A question that is still to be decided."""

    key: Key
    asked: Question
    peer: Peer
    situation: Situation
    checked: Checked | None = None


def _worded(asked: Question, verdict: Verdict, manners: Manners) -> bytes:
    """Return a refusal, a diversion or a full throttle in the words that the peer understands."""
    if verdict.action is VerdictAction.DIVERT:
        return asked.answer(302, "Moved Temporarily", (("Contact", f"<{verdict.target}>"), *verdict.headers.items()))
    if verdict.action is VerdictAction.THROTTLE:
        code, phrase, reason = manners.throttled, PHRASES[manners.throttled], verdict.reason or ""
    else:
        code, phrase, reason = verdict.code or 403, verdict.phrase or "Forbidden", verdict.reason or ""
        if code == manners.allow_code:
            code, phrase = _UNMISTAKABLE
        blocked = network_blocked(verdict) if manners.network_blocked else None
        if blocked is not None:
            code, phrase, reason = blocked
        elif manners.refuse_code is not None:
            code = manners.refuse_code
    return asked.answer(code, phrase, (("Reason", reason), *verdict.headers.items()))
