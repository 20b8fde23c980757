"""What rules are told of questions on the plain course: what `ask_of` reads from a parsed message, from where texts stand."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ringfence.gate.inline.situations import Situation
from ringfence.gate.redirect.asks import called_party
from ringfence.gate.redirect.course import Course, address_in, next_of
from ringfence.gate.table import Answering
from ringfence.vocabulary.contracts import Ask
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution.directory import Sender
from ringfence.watch.kernels import sip_fields as f

Who = tuple[bytes, bytes | None]
"""Where a question came from, and as whom it was sent where that is believed."""
_REMEMBERED: Final = 65_536


class Found(NamedTuple):
    """A plain question as it was scanned: its method's number, its places in `heads` and in `details`, and who sends."""

    heads: Sequence[int]
    details: Sequence[int]
    who: Who


class Situated:
    """Remembers who is who while one directory holds."""

    def __init__(self) -> None:
        self._course: Course | None = None
        self._senders: dict[Who, tuple[str | None, Sender | None, Micros]] = {}
        self._called: dict[str, tuple[Answering, Micros]] = {}

    def situations(self, course: Course, octets: bytes, found: Sequence[Found], now: Micros) -> list[Situation]:
        """Return what is known of each question."""
        if self._course is None or self._course.directory is not course.directory:
            self._senders, self._called = {}, {}
        self._course = course
        return [self._situation(course, octets, each, now) for each in found]

    def _situation(self, course: Course, octets: bytes, found: Found, now: Micros) -> Situation:
        heads, details = found.heads, found.details
        source, sender, until = self._senders.get(found.who, (None, None, now))
        if now >= until:
            source, sender = self._sender(course, found.who, now)

        def text(place: int) -> str | None:
            begin = details[place]
            return octets[begin : details[place + 1]].decode("latin-1") if begin >= 0 else None

        callee = text(f.URI + 1)
        return Situation(
            Ask(
                call_id=octets[heads[f.CALL_ID] : heads[f.CALL_ID + 1]].decode("latin-1"),
                tag=_tag(octets, heads),
                method=f.METHODS[heads[f.METHOD] - 1],
                source=source,
                trunk=sender.trunk if sender is not None else None,
                account=sender.account if sender is not None else None,
                caller=text(f.FROM + 1),
                asserted=text(f.ASSERTED_USER),
                callee=callee,
            ),
            sender.party_path if sender is not None else (),
            self._called_party(course, callee, now),
            plan=sender.plan if sender is not None else None,
            tag=_tag(octets, heads),
            target=callee,
            domain=text(f.URI + 3),
            diverted=_number(text(f.DIVERTED_USER)),
            user_agent=text(f.USER_AGENT),
            credentials=details[f.CREDENTIALS] == 1,
            called_to=_number(text(f.TO + 1)),
        )

    def _sender(self, course: Course, who: Who, now: Micros) -> tuple[str | None, Sender | None]:
        octets, name = who
        source, user = address_in(octets), name.decode("latin-1") if name is not None else None
        sender = course.directory.sender(source, user, now)
        until = next_of(course.directory.changes_at(source, user), now) if source is not None else now
        if len(self._senders) >= _REMEMBERED:
            self._senders.clear()
        self._senders[who] = source, sender, until
        return source, sender

    def _called_party(self, course: Course, callee: str | None, now: Micros) -> Answering:
        if callee is None:
            return called_party(course.directory, None, now)
        known = self._called.get(callee)
        if known is None or now >= known[1]:
            directory = course.directory
            answering = called_party(directory, callee, now)
            changes = directory.changes_of_holder(callee)
            if answering.account is not None:
                changes = [*changes, *directory.changes_of_account(answering.account)]
            if len(self._called) >= _REMEMBERED:
                self._called.clear()
            known = self._called[callee] = (answering, next_of(changes, now))
        return known[0]


def _tag(octets: bytes, heads: Sequence[int]) -> str | None:
    begin = heads[f.FROM_TAG]
    return octets[begin : heads[f.FROM_TAG + 1]].decode("latin-1") if begin >= 0 else None


def _number(text: str | None) -> str | None:
    return text if text is None else to_e164(text) or text
