"""Messages in, events out: each call and each out-of-dialog request once, however often a mirror shows it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Final

from ringfence.vocabulary.contracts import Event
from ringfence.watch.calls import happenings
from ringfence.watch.calls.entries import Call, Transaction
from ringfence.watch.calls.legs import Leg, bounded, earlier_keys, request_key, response_keys
from ringfence.watch.calls.life import ANSWER_US, Life, TrackerOptions
from ringfence.watch.calls.origin import origin_of, origin_of_scanned
from ringfence.watch.calls.states import OUTSIDE_DIALOGS, may_be_early
from ringfence.watch.detectors.strangers import places_named
from ringfence.watch.kernels import sip_fields as f
from ringfence.watch.sources.datagram import Datagram, PayloadKind
from ringfence.watch.wire.sip import Defect, parse
from ringfence.watch.wire.sip.message import Message
from ringfence.watch.wire.sip.scanning import Scanned

__all__ = ["ANSWER_US", "Tracker", "TrackerOptions"]

_MOST_HOPS: Final = 8
_SIP: Final = PayloadKind.SIP
_WITHOUT_ANSWER: Final = frozenset({f.ACK, f.PRACK})
_METHODS: Final = ("", *f.METHODS)
_CHUNK: Final = 1_000
"""Messages scanned at once: what is written of them stays in the processor's cache."""


class Tracker(Life):
    """Follows requests and calls. Not for several threads. Nothing that comes from the wire makes it raise.

    Time is that of the datagrams and of `advance`; it never goes back: what comes with an earlier time counts at the latest one.
    """

    @staticmethod
    def prepare() -> None:
        """Compile now what `feed_all` needs, and not while the first messages wait."""
        Scanned((b"",))

    def feed(self, datagram: Datagram, message: Message | None, *, late: bool = False) -> list[Event]:
        """Return what `datagram`, parsed as `message` (`None` for a log line), makes known, and what timed out before it."""
        self._pass(datagram.time)
        self._late = late
        self._take(datagram, message)
        self._late = False
        return self._taken()

    def feed_all(self, datagrams: Sequence[Datagram], defects: Counter[Defect], late: Iterable[bool] | None = None) -> list[Event]:
        """Parse and feed each, counting what was wrong with them in `defects`: the same as `feed` one by one, and faster."""
        lateness = iter(late) if late is not None else repeat(False)
        for begin in range(0, len(datagrams), _CHUNK):
            self._feed_chunk(datagrams[begin : begin + _CHUNK], defects, lateness)
        self._late = False
        return self._taken()

    def _feed_chunk(self, datagrams: Sequence[Datagram], defects: Counter[Defect], lateness: Iterator[bool]) -> None:
        scanned = Scanned([datagram.payload for datagram in datagrams])
        edges, deadlines, call_deadlines = self.options.edges, self.transactions.deadlines, self.calls.deadlines
        answered, asked = self._scanned_response, self._scanned_request
        for nth, (datagram, row, is_late) in enumerate(zip(datagrams, scanned.rows, lateness, strict=False)):
            time = datagram.time
            self._late = False  # what timed out before it came is not late with it
            if (deadlines and deadlines[0][0] <= time) or (call_deadlines and call_deadlines[0][0] <= time):
                self._pass(time)
            elif time > self.clock:
                self.clock = time
            self._late = is_late
            method = row[0]
            if datagram.kind is not _SIP:
                self._take(datagram, None)
            elif not method:
                message = parse(datagram.payload)
                defects.update(message.defects)
                self._take(datagram, message)
            elif row[1]:
                if not edges.ignored or not edges.ignores(datagram):
                    answered(datagram, row, scanned, nth)
            elif method not in _WITHOUT_ANSWER and (not edges.ignored or not edges.ignores(datagram)):
                asked(datagram, row, scanned, nth)

    def _take(self, datagram: Datagram, message: Message | None) -> None:
        if message is not None and message.defects and datagram.kind is PayloadKind.SIP:
            sender = self._senders.of(datagram.source, None, self.clock)
            self._odd(self._oddities.broken(datagram, message, sender, self._stamp))
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

    def _scanned_request(self, datagram: Datagram, row: list[int], scanned: Scanned, nth: int) -> None:
        number, _, begin, end, cseq, branch, branch_end, from_tag, from_end, to_tag, to_end, vias, *_ = row
        text, method, source = scanned.text, _METHODS[number], datagram.source
        call_id, sender, receiver = text[begin:end], text[from_tag:from_end], text[to_tag:to_end]
        if receiver and (call := self._dialog(call_id, sender, receiver, method)) is not None:
            self._within(call, datagram, method, sender, receiver)
            return
        edges = self.options.edges
        if vias > 1 or source in edges.addresses or (source, datagram.source_port) in edges.endpoints:
            self._rescanned(datagram, scanned, nth, method)
            return
        key = (call_id, cseq, method, text[branch:branch_end], source)
        known = self.transactions.get(key)
        if known is not None:
            if not known.own_leg:
                self._rescanned(datagram, scanned, nth, method)
            return
        if method == "CANCEL" and self._cancel(key, datagram, sender):
            return
        origin = origin_of_scanned(datagram, scanned, nth, time=self.clock, number=self._number)
        self._begin(key, origin, datagram, own_leg=True, in_dialog=receiver != "")

    def _rescanned(self, datagram: Datagram, scanned: Scanned, nth: int, method: str) -> None:
        """Take a request over several servers, which the scanner alone can't judge."""
        message = scanned.message(nth)
        if message is not None:
            self._request(datagram, message, method)

    def _dialog(self, call_id: str, sender: str, receiver: str, method: str) -> Call | None:
        """Return the call that the request is part of: both tags fit, or one where the other is not known yet."""
        if method in OUTSIDE_DIALOGS:
            return None
        for ours, theirs in ((sender, receiver), (receiver, sender)):
            call = self.calls.get((call_id, ours))
            if call is not None and (theirs in call.tags if call.tags else may_be_early(call.state, method)):
                return call
        return None

    def _own_leg(self, known: Transaction, datagram: Datagram, message: Message, leg: Leg) -> None:
        """Read the request again where so far only a later leg was seen: an edge may have taken the credentials out."""
        if not known.own_leg and datagram.source == leg.source:
            known.origin = origin_of(datagram, message, leg, time=known.origin.time, number=self._number)
            known.own_leg = True
            self.transactions.touch(known.key)

    def _is_later_leg(self, datagram: Datagram, message: Message, method: str) -> bool:
        """Tell whether a server that already had the request sent this copy. A Via alone proves nothing: anybody can write one."""
        for key in earlier_keys(message, method):
            known = self.transactions.get(key)
            if known is None:
                continue
            if datagram.source in known.hops or (datagram.source, datagram.source_port) in self.options.edges:
                if datagram.destination not in known.hops and len(known.hops) < _MOST_HOPS:
                    known.hops.append(datagram.destination)
                    self.transactions.touch(known.key)
                return True
        return False

    def _response(self, datagram: Datagram, message: Message, method: str) -> None:
        for key, own_leg in response_keys(datagram, message, method):
            transaction = self.transactions.get(key)
            if transaction is not None:
                if not own_leg and datagram.source not in transaction.hops and len(transaction.hops) < _MOST_HOPS:
                    transaction.hops.append(datagram.source)
                self._named(transaction, message.status, datagram)
                self._answer(transaction, message.status, message.to_tag, own_leg=own_leg, stale=message.stale)
                return
        self.unmatched += 1

    def _named(self, transaction: Transaction, status: int, datagram: Datagram) -> None:
        """Note which addresses a call's answer names as where its further requests may come from."""
        call = self._call_of(transaction) if 200 <= status < 300 else None
        if call is not None and len(call.named) < _MOST_HOPS:
            call.named += [place for place in places_named(datagram.payload) if place not in call.named]
            self.calls.touch(call.key)

    def _scanned_response(self, datagram: Datagram, row: list[int], scanned: Scanned, nth: int) -> None:
        number, status, begin, end, cseq, branch, branch_end, _, _, to_tag, to_end, vias, stale, sent_by, sent_by_end = row
        text, method, destination = scanned.text, _METHODS[number], datagram.destination
        transaction = self.transactions.get((text[begin:end], cseq, method, text[branch:branch_end], destination))
        if transaction is not None:
            if 200 <= status < 300:
                self._named(transaction, status, datagram)
            self._answer(transaction, status, text[to_tag:to_end], own_leg=True, stale=stale == 1)
        elif vias == 1 and text[sent_by:sent_by_end] == destination:
            self.unmatched += 1  # its other key is the same
        else:
            message = scanned.message(nth)
            if message is not None:
                self._response(datagram, message, method)
