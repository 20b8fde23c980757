"""What requests said, as the kernel notes it: octets, of which an `Origin` is made where somebody asks for one."""

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from ringfence.vocabulary.times import Micros
from ringfence.watch.calls.claims import Claimant
from ringfence.watch.calls.entries import CallKey, Origin, TransactionKey
from ringfence.watch.kernels import noted as n
from ringfence.watch.kernels import sip_fields as f

Note = bytes
"""As `kernels.noted` describes it."""


_NUMBERS: Final = struct.Struct("<qqIHBB").unpack_from
"""The numbers of a note alone."""


class Head(NamedTuple):
    """The numbers of a note, and its texts."""

    time: int
    agent: int
    cseq: int
    port: int
    method: int
    credentials: int
    texts: list[str | None]


class Notes:
    """Reads notes. `number` turns a user part into E.164 where it names a number; with a `country` national ones too."""

    def __init__(self, number: Callable[[str], str], country: str | None) -> None:
        self.number: Final = number
        self.country: Final = country

    def origin(self, note: Note) -> Origin:
        """Return what a request said."""
        return self._origin(read(note))

    def whole(self, note: Note) -> tuple[Origin, TransactionKey, CallKey]:
        """Return what a request said, by what it is known, and by what the call is that it may begin."""
        head = read(note)
        return self._origin(head), _request_key(head), _call_key(head)

    def _origin(self, head: Head) -> Origin:
        method = f.METHODS[head.method - 1]
        texts: list[Any] = head.texts
        number = self.number
        dialled, domain, from_user, to_user, user, user_agent, asserted, diverted = texts[n.DIALLED :]
        target = to_user if method == "REGISTER" else dialled
        callee = target if target is not None else to_user
        return Origin(
            call_id=texts[n.CALL_ID],
            tag=texts[n.TAG],
            method=method,
            time=Micros(head.time),
            source=texts[n.SOURCE],
            source_port=head.port,
            destination=texts[n.DESTINATION],
            transport=texts[n.TRANSPORT],
            caller=None if from_user is None else number(from_user),
            callee=None if callee is None else number(callee),
            dialled=dialled,
            target=target,
            domain=domain,
            from_user=from_user,
            to_user=to_user,
            user=user,
            credentials=head.credentials == 1,
            user_agent=user_agent,
            agent=head.agent - 1 if head.agent else None,
            asserted=None if asserted is None else number(asserted),
            diverted=None if diverted is None else number(diverted),
        )

    @staticmethod
    def call_id(note: Note) -> str:
        """Return a request's Call-ID."""
        begin = n.HEAD.size
        return note[begin : begin + note[n.LENGTHS]].decode("ascii")

    @staticmethod
    def claimant(note: Note) -> Claimant:
        """Return who a request claims to come from."""
        time, _, _, port, _, credentials = _NUMBERS(note)
        return Claimant(text(note, n.USER), text(note, n.FROM_USER), text(note, n.SOURCE) or "", port, credentials == 1, time)

    @staticmethod
    def registration(note: Note) -> tuple[str | None, str | None, str, str | None, bool]:
        """Return what a REGISTER says: whom it registers, his domain, from where, with what, and whether with credentials."""
        has_credentials = note[n.CREDENTIALS] == 1
        return text(note, n.TO_USER), text(note, n.DOMAIN), text(note, n.SOURCE) or "", text(note, n.USER_AGENT), has_credentials

    @staticmethod
    def request_key(note: Note) -> TransactionKey:
        """Return by what a request is known."""
        return _request_key(read(note))

    @staticmethod
    def call_key(note: Note) -> CallKey:
        """Return by what the call that a request begins is known."""
        return _call_key(read(note))

    def callee(self, note: Note) -> tuple[str | None, Micros]:
        """Return who is called, and when that was."""
        callee = _called(note)
        return None if callee is None else self.number(callee), Micros(_NUMBERS(note)[0])

    def as_number(self, note: Note, which: int) -> str | None:
        """Return a text, or `CALLED`, as numbers are written."""
        found = _called(note) if which == n.CALLED else text(note, which)
        return None if found is None else self.number(found)


def text(note: Note, which: int) -> str | None:
    """Return one text of a note."""
    length = note[n.LENGTHS + which]
    if length == n.NONE:
        return None
    before = note[n.LENGTHS : n.LENGTHS + which]
    at = n.HEAD.size + sum(before) - n.NONE * before.count(n.NONE)
    return note[at : at + length].decode("ascii")


def _request_key(head: Head) -> TransactionKey:
    texts: list[Any] = head.texts
    return texts[n.CALL_ID], head.cseq, f.METHODS[head.method - 1], texts[n.BRANCH], texts[n.SOURCE]


def _call_key(head: Head) -> CallKey:
    texts: list[Any] = head.texts
    return texts[n.CALL_ID], texts[n.TAG]


def target_of(note: Note) -> int:
    """Return which text says whom a request is for."""
    return n.TO_USER if note[n.METHOD] == f.REGISTER else n.DIALLED


def _called(note: Note) -> str | None:
    is_in_to = note[n.METHOD] == f.REGISTER or note[n.LENGTHS + n.DIALLED] == n.NONE
    return text(note, n.TO_USER if is_in_to else n.DIALLED)


def read(note: Note) -> Head:
    """Return the numbers and texts of a note."""
    *numbers, at = *n.HEAD.unpack_from(note), n.HEAD.size
    whole = note.decode("latin-1")
    texts: list[str | None] = []
    lengths: Sequence[int] = numbers[6:]
    for length in lengths:
        if length == n.NONE:
            texts.append(None)
        else:
            texts.append(whole[at : at + length])
            at += length
    time, agent, cseq, port, method, credentials = numbers[:6]
    return Head(time, agent, cseq, port, method, credentials, texts)
