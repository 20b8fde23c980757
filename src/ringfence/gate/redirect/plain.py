"""The plain course: questions on which nothing can be ordered, answered many at a time by kernels.

What the course answers, `Responder` would answer with the same octets; what it leaves is for `Responder`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.gate.inline.situations import Situation
from ringfence.gate.redirect.answers import PHRASES
from ringfence.gate.redirect.course import Course
from ringfence.gate.redirect.peers import Peers
from ringfence.gate.redirect.situated import Found as FoundPlain
from ringfence.gate.redirect.situated import Situated
from ringfence.gate.redirect.transactions import KEPT_US
from ringfence.gate.table.possible import KEY
from ringfence.gate.table.state import Standing
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.kernels import plain_answers as a
from ringfence.watch.kernels import questions as q
from ringfence.watch.kernels import sip_fields as f
from ringfence.watch.kernels.sip_scanner import Found, scan

MOST: Final = 64
"""So many questions are taken together."""
_SLOTS: Final = 1 << 18
_ROOM: Final = 512
"""Octets of an answer that its question has not: names written out, a tag, a status line; and for the longest key."""
_GREETING_OCTETS: Final = 64
_METHODS: Final = {name: number for number, name in enumerate(f.METHODS, 1)}
_OF_THE_HASH: Final = (1 << 64) - 1
_CODES: Final = (404, 503)
"""What "no objection" may be called."""


@dataclass(slots=True)
class Batch:
    """Questions that came together, at most MOST: `octets` from `starts` to before `ends`, each from a host."""

    octets: bytes
    starts: Sequence[int]
    ends: Sequence[int]
    hosts: Sequence[str]


class PlainCourse:
    """Answers what is plain. `course` must be replaced with the table and the directory, or nothing is plain."""

    def __init__(self, peers: Peers) -> None:
        self.course: Course | None = None
        self._peers = peers
        self._found = Found(np.empty((MOST, f.HEAD_COLUMNS), np.int32), np.empty((MOST, f.DETAIL_COLUMNS), np.int32))
        self._asked = np.empty((MOST, q.ASKED_COLUMNS), np.int32)
        self._rows = np.empty((MOST, 3), np.int64)
        self._out = np.empty(0, np.uint8)
        self._known = a.Known(np.zeros((2, _SLOTS), np.uint64), np.zeros((2, _SLOTS), np.uint8), np.zeros(3, np.int64))
        self._turned = Micros(0)
        self._read: q.Read | None = None
        self._situated = Situated()
        self._greetings = np.stack([_greeting(code) for code in _CODES])

    def prepare(self, course: Course) -> None:
        """Have the kernels compiled, or read from disk, by answering somebody who is not there."""
        self.course = course
        example = Batch(_EXAMPLE, (0,), (len(_EXAMPLE),), ("127.0.0.1",))
        self.answer(example, Micros(0), course.possible.standing, course.directory)
        self.note("127.0.0.1", "z9hG4bKnobody", "INVITE", Micros(0))

    def answer(self, batch: Batch, now: Micros, standing: Standing, directory: Directory) -> list[tuple[int, memoryview]] | None:
        """Return how each question went (GENERAL, AGAIN, ALLOWED) and its answer, or `None` where nothing can be plain now."""
        course = self.course
        if course is None or course.possible.standing is not standing or course.directory is not directory:
            return None
        count = len(batch.hosts)
        starts, ends = np.array(batch.starts, np.int64), np.array(batch.ends, np.int64)
        read = q.Read(
            np.frombuffer(batch.octets, np.uint8), self._found.heads[:count], self._found.details[:count], self._asked[:count]
        )
        scan(read.octets, starts, ends, Found(read.heads, read.details))
        q.read_questions(read, starts, ends)
        asking = self._asking(course, batch, read, now)
        self._turn(now)
        room = 2 * len(batch.octets) + _ROOM * (count + 1)
        if self._out.size < room:
            self._out = np.empty(room, np.uint8)
        self._read = read
        answers = a.Answers(self._out, self._rows[:count], self._greetings)
        a.answer_questions(read, asking, course.possible.marks, self._known, answers)
        out = self._out.data
        return [(went, out[begin:end]) for went, begin, end in answers.rows.tolist()]

    def situations(self, batch: Batch, rows: Sequence[int], now: Micros) -> list[Situation]:
        """Return what is known of the questions in `rows` of the batch that was answered last."""
        assert self._read is not None
        assert self.course is not None
        heads, details = self._read.heads[:, : f.ROW_COLUMNS].tolist(), self._read.details[:, : f.NAMING].tolist()
        asked = self._read.asked[:, : q.VIA_LINES].tolist()
        trusted = {host: peer is not None and peer.trusted for host in set(batch.hosts) for peer in (self._peers.of(host),)}
        found = [
            FoundPlain(heads[row], details[row], _who(batch.octets, asked[row], details[row], trusted=trusted[batch.hosts[row]]))
            for row in rows
        ]
        return self._situated.situations(self.course, batch.octets, found, now)

    def note(self, host: str, branch: str, method: str, now: Micros) -> None:
        """Take note of a transaction that was answered elsewhere: what comes of it again is for the same."""
        number = _METHODS.get(method)
        if number is None:
            return
        self._turn(now)
        octets = np.frombuffer(branch.encode("utf-8", "surrogateescape"), np.uint8)
        hashed = np.uint64(hash(host) & _OF_THE_HASH)
        a.learn(octets, hashed, number, a.KNOWN_GENERAL, self._known, KEY)

    def _turn(self, now: Micros) -> None:
        """Begin another generation of transactions when the younger one has lasted long enough, or is nearly full."""
        known, younger = self._known, int(self._known.counts[2])
        if now - self._turned < KEPT_US and known.counts[younger] * 2 < _SLOTS - 4 * MOST:
            return
        if now - self._turned >= 2 * KEPT_US:
            known.hashes[younger], known.counts[younger] = 0, 0
        self._turned, older = now, 1 - younger
        known.hashes[older], known.counts[older], known.counts[2] = 0, 0, older

    def _asking(self, course: Course, batch: Batch, read: q.Read, now: Micros) -> a.Asking:
        """Return what is known of each question's sender, who asks, and which status line would allow it."""
        peers = {host: self._peers.of(host) for host in set(batch.hosts)}
        hashes = np.array([hash(host) & _OF_THE_HASH for host in peers], np.uint64)
        codes = np.array([0 if peer is None else _CODES.index(peer.manners.allow_code) for peer in peers.values()], np.uint8)
        places = {host: place for place, host in enumerate(peers)}
        asking = np.array([places[host] for host in batch.hosts])
        methods = read.heads[:, f.METHOD].tolist()
        # Of the columns only what stands before these: to list them all takes as long as everything else here.
        asked, detailed = read.asked[:, : q.VIA_LINES].tolist(), read.details[:, : f.ASSERTED_USER].tolist()
        known, inbound, registrations = course.senders, course.possible.inbound, course.possible.registrations
        senders = [a.LOOK] * len(asked)
        for row, (host, places_of) in enumerate(zip(batch.hosts, asked, strict=True)):
            peer = peers[host]
            if peer is None:
                read.asked[row, q.PLAIN] = 0
            elif places_of[q.PLAIN] == 1 and not (registrations and methods[row] == f.REGISTER):
                who = _who(batch.octets, places_of, detailed[row], trusted=peer.trusted)
                found = known.get(who)
                sender = found[0] if found is not None and now < found[1] else course.sender(*who, now)
                if inbound and (callee := detailed[row][f.URI + 1]) >= 0:
                    sender = course.with_called(sender, batch.octets[callee : detailed[row][f.URI + 2]], now)
                senders[row] = sender
        return a.Asking(np.array(senders, np.uint8), hashes[asking], codes[asking])


def _who(octets: bytes, asked: list[int], detailed: list[int], *, trusted: bool) -> tuple[bytes, bytes | None]:
    """Return where a question came from, and as whom it was sent where the peer that asks is believed that."""
    place, user = q.SOURCE, None
    if trusted:
        if asked[q.NAMED] >= 0:
            place = q.NAMED
        if detailed[f.CREDENTIALS] == 1:
            user = octets[detailed[f.USER_NAME] : detailed[f.USER_NAME + 1]]
    return octets[asked[place] : asked[place + 1]] if asked[place] >= 0 else b"", user


_EXAMPLE: Final = (
    b"INVITE sip:+12@a.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nMax-Forwards: 1\r\n"
    b"From: <sip:+13@a.example>;tag=1\r\nTo: <sip:+12@a.example>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n"
)


def _greeting(code: int) -> NDArray[np.uint8]:
    """Return a status line as octets, the first its length."""
    line = f"SIP/2.0 {code} {PHRASES[code]}\r\n".encode()
    greeting = np.zeros(_GREETING_OCTETS, np.uint8)
    greeting[0], greeting[1 : len(line) + 1] = len(line), list(line)
    return greeting
