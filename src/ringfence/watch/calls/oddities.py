"""Oddities of the traffic, found while calls and requests are followed: what `watch.detectors` say, as events.

None of what is held here is carried over a restart: an oddity may then be told twice, or a contested registration once less.
"""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory, Sender
from ringfence.watch.calls.claims import Claims
from ringfence.watch.calls.entries import CallKey, Origin
from ringfence.watch.calls.followed import Calls, FollowedCall
from ringfence.watch.calls.happenings import Stamp
from ringfence.watch.calls.legs import Edges, bounded
from ringfence.watch.detectors.broken import broken
from ringfence.watch.detectors.registrations import Registered, Registrations, judged, odd
from ringfence.watch.detectors.seen import Seen
from ringfence.watch.detectors.shapes import TOOL, is_tool
from ringfence.watch.detectors.strangers import GUESSED, STRANGER, takes_part
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.wire.sip.message import Message

Stamping = Callable[[], Stamp]
"""Gives the next stamp: asked for only where there is an event."""


class Oddities:
    """Asked with what the tracker knows; answers with an event, or `None` where nothing is odd."""

    def __init__(self, calls: Calls, claims: Claims, edges: Edges) -> None:
        self._calls = calls
        self._claims = claims
        self._edges = edges
        self._told: Final = Seen()
        self._registrations: Final = Registrations()
        self._tags: dict[str, str] | None = None
        """Call-ID to the caller's tag, from the first request on that fitted no call."""

    @property
    def notes_calls(self) -> bool:
        """Tell whether it wants to know of new calls."""
        return self._tags is not None

    def begun(self, key: CallKey) -> None:
        """Note a new call."""
        if self._tags is not None:
            self._tags[key[0]] = key[1]
            if len(self._tags) > 2 * len(self._calls) + 1_000:
                self._tags = self._known()

    def call_of(self, call_id: str) -> FollowedCall | None:
        """Return a call with that Call-ID, whatever its tags."""
        if self._tags is None:
            self._tags = self._known()
        tag = self._tags.get(call_id)
        return None if tag is None else self._calls.get((call_id, tag))

    def _known(self) -> dict[str, str]:
        """Return the calls whose texts are there: others have a slot, and are told of a little later."""
        return dict(self._calls.key(slot) for slot in self._calls.slots_by_touch() if self._calls.keys[slot] is not None)

    def stranger(
        self,
        call: FollowedCall,
        datagram: Datagram,
        method: str,
        about: tuple[Sender | None, Directory],
        stamp: Stamping,
        *,
        fits: bool,
    ) -> Event | None:
        """Return the oddity that a request within `call` is where none who takes part in it sent it, once however often it came.

        `fits`: its tags are the call's. `about` is who answers for its address.
        """
        if self._takes_part(call, datagram, about, datagram.time) or not self._told.is_new(call.key[0], datagram.source, method):
            return None
        origin = call.origin
        name = STRANGER if fits else GUESSED
        event = _event(name, datagram, about[0], stamp)
        return replace(event, call_id=origin.call_id, method=method, caller=origin.caller, callee=origin.callee)

    def _takes_part(self, call: FollowedCall, datagram: Datagram, about: tuple[Sender | None, Directory], time: Micros) -> bool:
        origin, source = call.origin, datagram.source
        sender, directory = about
        if (source, datagram.source_port) in self._edges or takes_part(
            source, (origin.source, origin.destination, *call.hops, *call.named)
        ):
            return True
        if sender is not None:
            holder = None if origin.callee is None else directory.holder(origin.callee, origin.time)
            if sender.account in (holder, None if call.sender is None else call.sender.account):
                return True
        users = (origin.user, origin.from_user, origin.to_user)
        return any(user is not None and self._claims.accepted(user, source, datagram.source_port, time) for user in users)

    def broken(self, datagram: Datagram, message: Message, sender: Sender | None, stamp: Stamping) -> Event | None:
        """Return the oddity that a message against the grammar is."""
        found = broken(message.defects)
        if found is None or (datagram.source, datagram.source_port) in self._edges:
            return None
        name, count = found
        call_id, method = bounded(message.call_id or ""), bounded(message.method or "")
        return replace(_event(name, datagram, sender, stamp), call_id=call_id, method=method, value=float(count))

    def tool(self, datagram: Datagram, origin: Origin, sender: Sender | None, stamp: Stamping) -> Event | None:
        """Return the oddity that a request is which a scanning tool wrote."""
        if not is_tool(datagram.payload, origin.call_id):
            return None
        event = _event(TOOL, datagram, sender, stamp)
        return replace(event, call_id=origin.call_id, method=origin.method, target=origin.target, user_agent=origin.user_agent)

    def registered(self, outcome: Registered, registration: Callable[[], Event], stamp: Stamping) -> Event | None:
        """Return the oddity that a registration is which takes another's place, if it does."""
        found = judged(outcome, self._registrations)
        return None if found is None else replace(odd(registration(), found), sequence=stamp()[1])


def _event(name: str, datagram: Datagram, sender: Sender | None, stamp: Stamping) -> Event:
    time, sequence, late = stamp()
    return Event(
        kind=EventKind.ODDITY,
        time=time,
        sequence=sequence,
        late=late,
        call_id="",
        name=name,
        source=datagram.source,
        source_port=datagram.source_port,
        destination=datagram.destination,
        transport=datagram.transport,
        account=None if sender is None else sender.account,
        party_path=() if sender is None else sender.party_path,
        trunk=None if sender is None else sender.trunk,
        plan=None if sender is None else sender.plan,
        direction=None if sender is None else "outbound",
        agent=datagram.agent,
    )
