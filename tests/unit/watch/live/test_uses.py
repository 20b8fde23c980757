"""A call either way, a registration and a message are uses of the service; what fails and what only rings are none."""

from ringfence.vocabulary.contracts import Event, EventKind, NumberLink, Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.live.uses import user_of

_OURS = "+3225551212"
_DIRECTORY = Directory(Reference(time=Micros(0), policy="p", numbers=(NumberLink(number=_OURS, account="called"),)))


def _user(kind: EventKind, *, status: int = 0, callee: str = "+441632960001", account: str | None = "caller") -> str | None:
    event = Event(kind=kind, time=Micros(1), call_id="c", account=account, status=status, callee=callee)
    return user_of(event, _DIRECTORY)


def test_a_call_is_its_callers_use_when_tried_and_the_called_accounts_when_answered() -> None:
    assert _user(EventKind.ATTEMPT, callee=_OURS) == "caller"
    assert _user(EventKind.ANSWER, callee=_OURS, status=200, account=None) == "called"
    assert _user(EventKind.ATTEMPT, callee=_OURS, account=None) is None
    assert _user(EventKind.ANSWER, status=200, account=None) is None


def test_registrations_and_messages_are_uses_where_they_were_taken() -> None:
    for kind in (EventKind.REGISTRATION, EventKind.MESSAGE):
        assert [_user(kind, status=status) for status in (200, 202, 401, 503)] == ["caller", "caller", None, None]


def test_what_is_no_use_is_nobodys() -> None:
    for kind in (EventKind.END, EventKind.REQUEST, EventKind.COMPLAINT, EventKind.FACT):
        assert _user(kind, status=200) is None
