"""Messages in, events out: each call and each out-of-dialog request once, however often a mirror shows it."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from ringfence.vocabulary.contracts import Event, Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import happenings
from ringfence.watch.calls.batch import Batch
from ringfence.watch.calls.entries import CallKey, Origin, TransactionKey
from ringfence.watch.calls.followed import FollowedCall, FollowedRequest
from ringfence.watch.calls.happenings import Happening
from ringfence.watch.calls.legs import Leg, bounded, earlier_keys, request_key, response_keys
from ringfence.watch.calls.life import Life
from ringfence.watch.calls.notes import Note
from ringfence.watch.calls.origin import origin_of
from ringfence.watch.calls.states import OUTSIDE_DIALOGS, may_be_early
from ringfence.watch.calls.telling import ANSWER_US, TrackerOptions
from ringfence.watch.detectors.strangers import places_named
from ringfence.watch.kernels import call_layout as c
from ringfence.watch.kernels.calls import follow
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.sources.hep import Mirrored
from ringfence.watch.sources.stretch import Stretch
from ringfence.watch.wire.sip import Defect, parse
from ringfence.watch.wire.sip.message import Message

__all__ = ["ANSWER_US", "Tracker", "TrackerOptions"]

_MOST_HOPS: Final = 8
_LINES: Final = b"\r\n".join(
    (
        b"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK%d",
        b"From: <sip:a@b>;tag=%d",
        b"To: <sip:c@d>",
        b"Call-ID: %d",
        b"CSeq: 1 INVITE\r\n\r\n",
    )
)
_INVITE, _ANSWER = b"INVITE sip:c@d SIP/2.0\r\n" + _LINES, b"SIP/2.0 200 OK\r\n" + _LINES
"""Messages that what is to be compiled is called with."""
_EVER: Final = Micros(0)
"""Where messages come there is no other time than theirs."""
_LONGEST_NAMING: Final = 256
"""Octets of lines that are kept to be read when a stranger comes: longer ones are read at once."""
_CHUNK: Final = 1_000
"""Messages scanned at once: what is written of them stays in the processor's cache."""


class Tracker(Life):
    """Follows requests and calls. Not for several threads. Nothing that comes from the wire makes it raise.

    Time is that of the datagrams and of `advance`; it never goes back: what comes with an earlier time counts at the latest one.
    """

    _reads_notes = True
    """Whether what requests said is read at once: each event is made of it then."""

    @staticmethod
    def prepare() -> None:
        """Compile now what `feed_all` needs, and not while the first messages wait."""
        tracker = Tracker(Directory(Reference(time=Micros(0))), TrackerOptions(most_transactions=1, most_calls=1))
        tracker.advance(Micros(0))
        for number in (1, 2):  # the second lets the first one leave
            payload = _INVITE % (number, number, number)
            for each in (payload, _ANSWER % (number, number, number)):
                place = ("192.0.2.1", 5060, "192.0.2.1", 5060)
                tracker.feed(Datagram(Micros(0), Micros(0), PayloadKind.SIP, "udp", *place, each), parse(each))
        tracker.feed_all(Mirrored.sample(_INVITE % (3, 3, 3)), Counter())

    def feed(self, datagram: Datagram, message: Message | None, *, late: bool = False) -> list[Event]:
        """Return what `datagram`, parsed as `message` (`None` for a log line), makes known, and what timed out before it."""
        self._pass(datagram.time)
        self._late = late
        self._take(datagram, message)
        self._late = False
        return self._taken()

    def advance(self, now: Micros) -> list[Event]:
        """Return what timed out up to `now`."""
        self._pass(now)
        return self._taken()

    def feed_all(
        self, packets: Stretch | Sequence[Datagram], defects: Counter[Defect], late: Sequence[bool] | None = None
    ) -> list[Event]:
        """Parse and feed each, counting what was wrong with them in `defects`: the same as `feed` one by one, and faster."""
        self._feed(packets, defects, late)
        return self._taken()

    def happened(self, packets: Stretch | Sequence[Datagram], defects: Counter[Defect]) -> list[Happening | Event]:
        """Do as `feed_all`, and return what the events are made of."""
        self._reads_notes = False
        self._feed(packets, defects, None)
        self._reads_notes = True
        return self._happened()

    def happened_until(self, now: Micros) -> list[Happening | Event]:
        """Do as `advance`, and return what the events are made of."""
        self._pass(now)
        return self._happened()

    def _feed(self, datagrams: Stretch | Sequence[Datagram], defects: Counter[Defect], late: Sequence[bool] | None) -> None:
        if isinstance(datagrams, Stretch):
            if len(datagrams):
                self._follow(Batch.of_stretch(datagrams, self.options.edges, self._slots.hash), defects, late or ())
            return
        for begin in range(0, len(datagrams), _CHUNK):
            batch = Batch.of(datagrams[begin : begin + _CHUNK], self.options.edges, self._slots.hash)
            self._follow(batch, defects, () if late is None else late[begin : begin + _CHUNK])

    def _pass(self, now: Micros) -> None:
        """Let time go on to `now`, with everything that falls due on the way, in order."""
        self._follow(Batch.empty(), Counter(), (), now)

    def _follow(self, batch: Batch, defects: Counter[Defect], late: Sequence[bool], now: Micros = _EVER) -> None:
        """Let the kernel take the messages that are plain, and take the others between them; with none of them pass time."""
        slots, row = self._slots, 0
        marks = slots.book.marks
        while True:
            row = follow(slots.book, batch.coming, batch.scanned.found, row, int(now))
            if marks[c.TOLD]:
                self._tell(batch, late)
            if marks[c.STOP] == c.DONE:
                return
            if marks[c.STOP] == c.ROOM:
                slots.make_room()
                self.transactions.fit()
                self.calls.fit()
                continue
            datagram = batch.datagram(row)
            message = batch.scanned.message(row)
            if message is None and datagram.kind is PayloadKind.SIP:
                message = parse(datagram.payload)
                defects.update(message.defects)
            self._late = bool(late) and late[row]
            self._take(datagram, message)
            self._late = False
            row += 1

    def _tell(self, batch: Batch, late: Sequence[bool]) -> None:
        """Make of what the kernel tells what follows from it."""
        told, notes = self._slots.told()
        note, closed = self._note, self._closed
        for what, row, slot, call, time, status, flags, duration_ms, ring_ms, released, at, end, named, named_end in told:
            if late:
                self._late = row >= 0 and late[row]
            if what == c.BEGAN:
                note(notes[at:end], batch, row, (slot, call, time, flags))
            elif what == c.CLOSED:
                if flags & c.WITH_TAG:
                    self._answered_by(call, batch, row, ((at, end), (named, named_end)))
                closed(slot, call, time, status, flags, duration_ms, ring_ms, released)
            elif what == c.HUNG_UP:
                self._tell_call(slot, call, time, status, flags, duration_ms, ring_ms, released)
            elif what == c.GONE_REQUEST:
                self.transactions.forget(slot)
            else:
                self.calls.forget(call)
        self._late = False

    def _answered_by(self, call: int, batch: Batch, row: int, told: tuple[tuple[int, int], tuple[int, int]]) -> None:
        """Keep a callee's tag, and what his answer names."""
        text = batch.scanned.text
        (at, end), (named, named_end) = told
        self.calls.tags[call] = [text[at:end]]
        naming = text[named:named_end] if named >= 0 else None
        is_long = naming is not None and len(naming) > _LONGEST_NAMING
        self.calls.named[call] = places_named(batch.payload(row)) if is_long else naming

    def _note(self, note: Note, batch: Batch, row: int, told: tuple[int, int, Micros, int]) -> None:
        """Keep what a request said that the kernel saw for the first time, and of the call that it begins."""
        slot, call, time, flags = told
        requests, calls = self.transactions, self.calls
        said: Origin | Note = note
        key: TransactionKey | Note = note
        call_key: CallKey | Note = note
        if self._reads_notes or (flags & c.NEW_CALL and self.options.identities is not None):
            said, key, call_key = self.notes.whole(note)
            if flags & c.NEW_CALL:
                said = self._identified(said, batch.datagram(row))
        requests.keys[slot], requests.origins[slot], requests.hops[slot] = key, said, [batch.destination(row)]
        vouched = self.claims.vouched(self.notes.claimant(note)) if flags & c.MAY_BE_VOUCHED else None
        requests.senders[slot] = sender = self._senders.of(batch.source(row), vouched, time)
        if flags & c.ALL_DIGITS:
            self._odd(self._oddities.tool(batch.datagram(row), requests.origin(slot), sender, self._stamping(time)))
        requests.calls[slot] = call_key if call >= 0 else None
        if call >= 0:
            if flags & c.NEW_CALL:
                calls.keys[call], calls.origins[call] = call_key, said
                calls.tags[call] = calls.named[call] = None
            self._attempted(slot, call, flags, time)

    def _take(self, datagram: Datagram, message: Message | None) -> None:
        if message is not None and message.defects and datagram.kind is PayloadKind.SIP:
            sender = self._senders.of(datagram.source, None, self.clock)
            self._odd(self._oddities.broken(datagram, message, sender, self._stamp_now))
        if datagram.kind is PayloadKind.LOG:
            seen = happenings.refusal(datagram, time=self.clock)
            if seen is not None:
                self._observations.append(seen)
        elif datagram.kind is not PayloadKind.SIP or message is None or not message.call_id or not message.method:
            self.unusable += 1
        elif not self.options.edges.ignores(datagram):
            if message.is_request:
                self._request(datagram, message, message.method)
            else:
                self._response(datagram, message, message.method)

    def _request(self, datagram: Datagram, message: Message, method: str) -> None:
        if method in ("ACK", "PRACK"):
            return
        call_id, sender, receiver = bounded(message.call_id or ""), bounded(message.from_tag or ""), bounded(message.to_tag or "")
        if receiver and (call := self._dialog(call_id, sender, receiver, method)) is not None:
            self._within(call, datagram, method, sender, receiver)
            return
        leg = self.options.edges.sender_leg(datagram, message)
        if leg is None:  # an edge's own
            return
        key = request_key(message, method, leg)
        known = self.transactions.get(key)
        if known is not None:
            self._own_leg(known, datagram, message, leg)
            return
        if self._is_later_leg(datagram, message, method) or (method == "CANCEL" and self._cancel(key, datagram, sender)):
            return
        origin = origin_of(datagram, message, leg, time=self.clock, number=self._number)
        self._begin(key, origin, datagram, own_leg=datagram.source == leg.source, in_dialog=bool(message.to_tag))

    def _dialog(self, call_id: str, sender: str, receiver: str, method: str) -> FollowedCall | None:
        """Return the call that the request is part of: both tags fit, or one where the other is not known yet."""
        if method in OUTSIDE_DIALOGS:
            return None
        for ours, theirs in ((sender, receiver), (receiver, sender)):
            call = self.calls.get((call_id, ours))
            if call is not None and (theirs in call.tags if call.tags else may_be_early(call.state, method)):
                return call
        return None

    def _own_leg(self, known: FollowedRequest, datagram: Datagram, message: Message, leg: Leg) -> None:
        """Read the request again where so far only a later leg was seen: an edge may have taken the credentials out."""
        if not known.own_leg and datagram.source == leg.source:
            known.read_again(origin_of(datagram, message, leg, time=known.origin.time, number=self._number))

    def _is_later_leg(self, datagram: Datagram, message: Message, method: str) -> bool:
        """Tell whether a server that already had the request sent this copy. A Via alone proves nothing: anybody can write one."""
        for key in earlier_keys(message, method):
            known = self.transactions.get(key)
            if known is None:
                continue
            if datagram.source in known.hops or (datagram.source, datagram.source_port) in self.options.edges:
                if datagram.destination not in known.hops and len(known.hops) < _MOST_HOPS:
                    known.hops.append(datagram.destination)
                    known.touch()
                return True
        return False

    def _response(self, datagram: Datagram, message: Message, method: str) -> None:
        for key, own_leg in response_keys(datagram, message, method):
            transaction = self.transactions.get(key)
            if transaction is not None:
                if not own_leg and datagram.source not in transaction.hops and len(transaction.hops) < _MOST_HOPS:
                    transaction.hops.append(datagram.source)
                self._named(self._call_of(transaction) if 200 <= message.status < 300 else None, datagram)
                self._answer(transaction, message.status, message.to_tag, own_leg=own_leg, stale=message.stale)
                return
        self._slots.book.marks[c.UNMATCHED] += 1

    @staticmethod
    def _named(call: FollowedCall | None, datagram: Datagram) -> None:
        """Note which addresses a call's answer names as where its further requests may come from."""
        if call is not None and len(named := call.named) < _MOST_HOPS:
            call.name([*named, *(place for place in places_named(datagram.payload) if place not in named)])
            call.touch()
