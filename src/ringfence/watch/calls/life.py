"""The life of requests and calls: what each sign of life changes, what time ends, and the events and observations of it."""

from typing import Final

from ringfence.vocabulary.times import MILLISECOND, Micros
from ringfence.watch.calls.entries import CallKey, Origin, TransactionKey
from ringfence.watch.calls.followed import FollowedCall, FollowedRequest
from ringfence.watch.calls.legs import bounded
from ringfence.watch.calls.signed import identified
from ringfence.watch.calls.slots import STATES
from ringfence.watch.calls.states import (
    CALLEE_REFUSES,
    CHALLENGES,
    MENDABLE,
    NEXT,
    RINGS,
    CallState,
    Trigger,
)
from ringfence.watch.calls.telling import ANSWER_US, Telling, Told
from ringfence.watch.detectors.strangers import DISTURBING
from ringfence.watch.kernels import call_layout as c
from ringfence.watch.sources.datagram import Datagram

_MOST_TAGS: Final = 8
_NO_CALL: Final = -1


class Life(Telling):
    """What the tracker remembers, and how it changes. Time never goes back: what is older counts at the latest one.

    The numbers of requests and calls change here, or in the kernel for the plain course of things; who answers for them, and
    the events of it, follow from what either tells: `_asked`, `_attempted`, `_closed` and `_tell_call`.
    """

    def _within(self, call: FollowedCall, datagram: Datagram, method: str, sender: str, receiver: str) -> None:
        """Take a request within a call's dialog, from the side with the tag `sender`."""
        if datagram.source != call.origin.source and method in DISTURBING:
            self._suspect(call, datagram, method, fits=True)
        call.set(c.SEEN, self.clock)
        call.touch()
        if method != "BYE" or call.state is CallState.ENDED:
            return
        by_caller = sender == call.key[1]
        callee_tag = receiver if by_caller else sender
        tags = call.tags
        if callee_tag in tags and len(tags) > 1:  # the other branch of a fork goes on
            call.set_tags([tag for tag in tags if tag != callee_tag])
            return
        if self._move(call, Trigger.BYE):
            self._tell_call(
                *self._ended(call, c.CALLER if by_caller else c.CALLEE, Told(_NO_CALL, call.slot, self.clock, call.status))
            )

    def _suspect(self, call: FollowedCall | None, datagram: Datagram, method: str, *, fits: bool) -> None:
        """Tell of a request that changes a call, where nobody who takes part in it sent it."""
        if call is not None and call.state is not CallState.ENDED and datagram.source != call.origin.destination:
            about = (self._senders.of(datagram.source, None, self.clock), self.directory)
            self._odd(self._oddities.stranger(call, datagram, method, about, self._stamp_now, fits=fits))

    def _cancel(self, key: TransactionKey, datagram: Datagram, tag: str) -> bool:
        """Note that the caller gave up; tell whether there was anything to cancel, so that a stranger's CANCEL stands out."""
        invite = self.transactions.get((key[0], key[1], "INVITE", key[3], key[4]))
        call = self.calls.get((key[0], tag))
        if invite is not None and call is not None and invite.call == call.key:
            call.set(c.CANCELLED, 1)
            call.touch()
        elif datagram.source != key[4] or invite is None:
            self._suspect(call, datagram, "CANCEL", fits=True)
        return invite is not None or call is not None

    def _begin(self, key: TransactionKey, origin: Origin, datagram: Datagram, *, own_leg: bool, in_dialog: bool) -> None:
        """Take a request seen for the first time. `in_dialog`: it says itself that it is within a session."""
        if (in_dialog or origin.method == "CANCEL") and origin.method in DISTURBING:
            self._suspect(self._oddities.call_of(origin.call_id), datagram, origin.method, fits=False)
        call_key = (origin.call_id, origin.tag) if origin.method == "INVITE" and not in_dialog else None
        if call_key is not None and self.calls.get(call_key) is None:
            origin = self._identified(origin, datagram)
        slot = self.transactions.enter(key, self.clock + ANSWER_US)
        self.transactions.write(slot, origin, call_key, own_leg=own_leg)
        self.transactions.hops[slot] = [datagram.destination]
        self._asked(slot, self.clock, datagram if own_leg else None)
        if call_key is not None:
            self._attempted(slot, *self._invited(call_key, self.transactions.at(slot)), self.clock)

    def _identified(self, origin: Origin, datagram: Datagram) -> Origin:
        """Return the origin of a call that begins with what its signed identity came to."""
        identities = self.options.identities
        return origin if identities is None else identified(origin, datagram, identities, self.directory)

    def _invited(self, key: CallKey, request: FollowedRequest) -> tuple[int, int]:
        """Return the slot of the call that an initial INVITE belongs to, begun where there is none, and the flag of which."""
        call, origin = self.calls.get(key), request.origin
        if call is not None and call.state is not CallState.ENDED:
            if call.origin.to_user == origin.to_user:
                call.set(c.INVITE, request.serial)
                self._move(call, Trigger.INVITE)
                self._keep(call, self.options.ring_us + ANSWER_US)
                return call.slot, c.JOINS
            # Its Call-ID and tag were taken for another callee: count both.
            self._tell_call(*self._ended(call, c.NETWORK, Told(_NO_CALL, call.slot, self.clock, call.status)))
        slot = self.calls.enter(key, self.clock + self.options.ring_us + ANSWER_US)
        self.calls.write(slot, origin, request.hops)
        begun = self.calls.at(slot)
        begun.set(c.INVITE, request.serial)
        begun.set(c.SEEN, self.clock)
        return slot, c.NEW_CALL | c.MAY_HELP

    def _answer(self, request: FollowedRequest, status: int, to_tag: str | None, *, own_leg: bool, stale: bool) -> None:
        """Take a response to a request that is known. `own_leg`: it went to the request's sender, and not between servers."""
        if request.status:
            if 200 <= status < 300:
                self._answered_again(request, to_tag)
        elif status < 200:
            self._provisional(request, status)
        elif own_leg or status < 300:
            self._final(request, status, stale=stale, to_tag=to_tag)
        else:
            request.set(c.INNER_STATUS, status)
            request.touch()

    def _answered_again(self, request: FollowedRequest, to_tag: str | None) -> None:
        """Note the further callee where a fork was answered twice; anything else is a copy."""
        call = self._call_of(request)
        if call is not None and call.state is CallState.ANSWERED:
            self._add_tag(call, to_tag)

    def _provisional(self, request: FollowedRequest, status: int) -> None:
        if request.origin.method != "INVITE":
            return
        deadline = Micros(request.origin.time + self.options.ring_us)
        if request.deadline < deadline:
            request.keep(deadline)
        call = self._call_of(request)
        if call is not None and status in RINGS and call.rang is None and self._move(call, Trigger.RING):
            call.set(c.RANG, self.clock)
            call.touch()

    def _final(self, request: FollowedRequest, status: int, *, stale: bool, to_tag: str | None) -> None:
        call = self._call_of(request)
        request.set(c.STATUS, status)
        request.keep(Micros(self.clock + ANSWER_US))
        flags = (c.STALE if stale else 0) | _of_request(request.origin)
        told = Told(request.slot, _NO_CALL if call is None else call.slot, self.clock, status, flags)
        if call is not None:
            flags |= c.MAY_HELP
            flags |= c.WAS_CHALLENGED if call.number(c.CHALLENGED) else 0
            flags |= c.WAS_OPEN if call.state is not CallState.ENDED else 0
            told = self._outcome(call, request, told._replace(flags=flags), to_tag)
        self._closed(*told)

    def _outcome(self, call: FollowedCall, request: FollowedRequest, told: Told, to_tag: str | None) -> Told:
        """Let a final response to its INVITE have its effect on a call."""
        status = told.status
        if status < 300:
            self._add_tag(call, to_tag)
            if self._move(call, Trigger.SUCCESS):
                call.set(c.STATUS, status)
                call.set(c.ANSWERED, self.clock)
                call.set(c.SEEN, self.clock)
                self._keep(call, self.options.silent_us)
                return self._measured(call, told._replace(flags=told.flags | c.ANSWERS_CALL), self.clock)
        elif request.serial != call.number(c.INVITE):
            return told
        elif status in MENDABLE:
            if self._move(call, Trigger.CHALLENGE):
                call.set(c.STATUS, status)
                if status in CHALLENGES:
                    call.set(c.CHALLENGED, 1)
                self._keep(call, ANSWER_US)
        elif self._move(call, Trigger.FAILURE):
            call.set(c.STATUS, status)
            by_caller = call.number(c.CANCELLED) or status == 487
            return self._ended(call, c.CALLER if by_caller else c.CALLEE if status in CALLEE_REFUSES else c.NETWORK, told)
        return told

    def _move(self, call: FollowedCall, trigger: Trigger) -> bool:
        following = NEXT.get((call.state, trigger))
        if following is None:
            return False
        call.set(c.STATE, STATES.index(following))
        return True

    def _ended(self, call: FollowedCall, released: int, told: Told) -> Told:
        """End a call, and return what is told of that."""
        call.set(c.STATE, c.ENDED)
        self._keep(call, ANSWER_US)
        return self._measured(call, told._replace(flags=told.flags | c.ENDS_CALL, released=released), self.clock)

    @staticmethod
    def _measured(call: FollowedCall, told: Told, until: Micros) -> Told:
        """Add how long a call lasted, and rang."""
        rang, answered = call.rang, call.answered
        if answered is not None:
            told = told._replace(flags=told.flags | c.WAS_ANSWERED, duration_ms=max(0, until - answered) // MILLISECOND)
        if rang is not None:
            told = told._replace(ring_ms=max(0, (until if answered is None else answered) - rang) // MILLISECOND)
        return told

    def _keep(self, call: FollowedCall, span: int) -> None:
        call.keep(Micros(self.clock + span))

    @staticmethod
    def _add_tag(call: FollowedCall, to_tag: str | None) -> None:
        tag, tags = bounded(to_tag or ""), call.tags
        if tag not in tags and len(tags) < _MOST_TAGS:
            call.set_tags([*tags, tag])
            call.touch()

    def _call_of(self, request: FollowedRequest) -> FollowedCall | None:
        return None if request.call is None else self.calls.get(request.call)


def _of_request(origin: Origin) -> int:
    """Return the flags of what a request said."""
    of_method = c.REGISTERS if origin.method == "REGISTER" else c.SENDS_MESSAGE if origin.method == "MESSAGE" else 0
    return of_method | (c.CREDENTIALED if origin.credentials else 0)
