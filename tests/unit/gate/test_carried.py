"""What an order refuses and was carried all the same is seen in the mirror; what may pass is not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.gate.orders import NOW, SCANNER, order

from ringfence.feeds import FeedWriter
from ringfence.gate.carried import CarriedCalls
from ringfence.vocabulary.contracts import (
    AccountLink,
    Action,
    ActionKind,
    Event,
    EventKind,
    NumberLink,
    Observation,
    ObservationKind,
    Order,
    OrderChange,
    PartyLink,
    Reference,
    Scope,
)
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, MINUTE, SECOND, Micros
from ringfence.watch.attribution import EMERGENCY_LIST, Directory

CALLER, CALLEE, OURS = "+3220000001", "+3220000002", "+3220000009"
DIRECTORY = Directory(
    Reference(
        time=Micros(0),
        parties=(PartyLink(party="acme"),),
        accounts=(AccountLink(account="A1", party="acme"), AccountLink(account="A9", party="acme")),
        numbers=(NumberLink(number=OURS, account="A9"),),
        lists={EMERGENCY_LIST: ("112",)},
    )
)


class Mirror:
    """The orders that the desk wrote, and traffic by hand."""

    def __init__(self, folder: Path) -> None:
        self.writer = FeedWriter(folder / "orders")
        self.carried = CarriedCalls(folder)
        self.generation = 0

    def order(self, *orders: Order, removals: tuple[str, ...] = (), full: bool = False) -> None:
        self.generation += 1
        change = OrderChange(generation=self.generation, full=full, upserts=orders, removals=removals)
        self.writer.append([msgspec.json.encode(change)])
        self.carried.follow()

    def look(self, *events: Event) -> list[Observation]:
        return list(self.carried.look(events, DIRECTORY))


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Mirror]:
    made = Mirror(tmp_path)
    yield made
    made.writer.close()


def event(kind: EventKind, *, after: float = 60, call: str = "c1", **fields: object) -> Event:
    time = Micros(NOW + int(after * SECOND))
    told: dict[str, object] = {"source": SCANNER, "caller": CALLER, "callee": CALLEE, "agent": 7, **fields}
    return Event(kind=kind, time=time, call_id=call, **told)  # type: ignore[arg-type]  # each test writes fields of an event


def call(*, after: float = 60, call: str = "c1", **fields: object) -> list[Event]:
    """Return a call that is answered two seconds after it began."""
    return [
        event(EventKind.ATTEMPT, after=after, call=call, **fields),
        event(EventKind.ANSWER, after=after + 2, call=call, answered=True, **fields),
    ]


_ACCOUNT: dict[str, Any] = {"account": "A1", "party_path": ("acme",), "trunk": "T1"}
_BAR = Action(kind=ActionKind.BAR, bars="international", home=("+32",))  # type: ignore[arg-type]  # decoded from text elsewhere


@pytest.mark.parametrize(
    ("kind", "value", "action", "fields"),
    [
        ("source", SCANNER, ActionKind.REFUSE, {}),
        ("number", CALLER, ActionKind.REFUSE, _ACCOUNT),
        ("number", CALLER, ActionKind.WITHDRAW, {"caller": CALLEE, "callee": CALLER}),
        ("range", "+32200000", ActionKind.REFUSE, _ACCOUNT),
        ("pair", f"{CALLER},{CALLEE}", ActionKind.REFUSE, _ACCOUNT),
        ("trunk", "T1", ActionKind.REFUSE, _ACCOUNT),
        ("account", "A1", ActionKind.SUSPEND, _ACCOUNT),
        ("account", "A9", ActionKind.SUSPEND, {"callee": OURS}),
        ("party", "acme", ActionKind.TERMINATE, _ACCOUNT),
        ("party", "acme", ActionKind.REFUSE_INBOUND, {"callee": OURS}),
    ],
)
def test_a_call_that_an_order_refuses_and_that_is_answered_is_told(
    mirror: Mirror, kind: str, value: str, action: ActionKind, fields: dict[str, Any]
) -> None:
    mirror.order(order(1, SubjectKind(kind), value, action=Action(kind=action)))
    (seen,) = mirror.look(*call(**fields))
    assert (seen.kind, seen.order, seen.subject) == (ObservationKind.CARRIED, f"{1:032x}", f"{kind}:{value}")
    assert (seen.time, seen.edge, seen.call_id) == (NOW + 60 * SECOND, "7", "c1")


def test_what_the_order_does_not_speak_of_is_not_told(mirror: Mirror) -> None:
    mirror.order(
        order(1, SubjectKind.NUMBER, "+3220000005"),
        order(2, SubjectKind.ACCOUNT, "A1", action=_BAR),
        order(3, SubjectKind.PAIR, f"{CALLEE},{CALLER}"),
        order(4, SubjectKind.ACCOUNT, "A9", action=Action(kind=ActionKind.REFUSE)),
        order(5, SubjectKind.TRUNK, "T1", action=Action(kind=ActionKind.THROTTLE, rate=1.0)),
        order(6, SubjectKind.PARTY, "acme", action=Action(kind=ActionKind.END_CALLS)),
    )
    assert mirror.look(*call(**_ACCOUNT)) == []
    assert len(mirror.look(*call(**{**_ACCOUNT, "callee": "+447700900000"}))) == 1


def test_what_is_not_answered_is_not_told(mirror: Mirror) -> None:
    mirror.order(order(1))
    attempt = event(EventKind.ATTEMPT)
    assert mirror.look(attempt, event(EventKind.END, after=61, status=403)) == []
    assert mirror.look(event(EventKind.ANSWER, after=62)) == []


def test_a_call_that_began_before_the_order_or_after_its_end_is_not_told(mirror: Mirror) -> None:
    mirror.order(order(1))
    assert mirror.look(*call(after=-1)) == []
    assert mirror.look(*call(after=HOUR / SECOND)) == []


def test_an_order_that_was_lifted_is_not_told_of(mirror: Mirror) -> None:
    mirror.order(order(1), order(2, SubjectKind.NUMBER, CALLER))
    mirror.order(removals=(f"{1:032x}", f"{2:032x}"))
    assert mirror.look(*call()) == []
    assert len(mirror.carried) == 0
    mirror.order(order(3), full=True)
    begun = mirror.look(event(EventKind.ATTEMPT))
    mirror.order(full=True)
    assert begun == mirror.look(event(EventKind.ANSWER, after=61)) == []


def test_of_a_flood_one_a_second_is_told_for_each_order(mirror: Mirror) -> None:
    mirror.order(order(1))
    flood = [each for number in range(30) for each in call(after=60 + number / 10, call=f"c{number}")]
    assert len(mirror.look(*sorted(flood, key=lambda each: each.time))) == 3


def test_calls_for_help_and_their_answers_are_never_told(mirror: Mirror) -> None:
    mirror.order(order(1, SubjectKind.PARTY, "acme", action=Action(kind=ActionKind.SUSPEND)))
    mine: dict[str, Any] = {"account": "A9", "party_path": ("acme",), "caller": OURS}
    assert mirror.look(*call(**{**mine, "callee": "112"})) == []
    assert mirror.look(*call(after=120, call="back", caller="+3220000100", callee=OURS)) == []
    later = 60 + 31 * MINUTE / SECOND
    assert len(mirror.look(*call(after=later, call="later", caller="+3220000100", callee=OURS))) == 1


def test_a_customer_behind_a_refused_address_passes(mirror: Mirror) -> None:
    mirror.order(order(1))
    assert mirror.look(*call(**_ACCOUNT)) == []


def test_what_is_sent_to_an_announcement_is_answered_rightly(mirror: Mirror) -> None:
    told = Action(kind=ActionKind.DIVERT, target="sip:moved@voice.example")
    mirror.order(order(1, SubjectKind.NUMBER, CALLER, action=told), order(2, SubjectKind.ACCOUNT, "A1"))
    assert mirror.look(*call(**_ACCOUNT)) == []


def test_a_message_that_an_order_refuses_and_that_is_taken_is_told(mirror: Mirror) -> None:
    mirror.order(order(1, SubjectKind.NUMBER, CALLER))
    assert mirror.look(event(EventKind.MESSAGE, method="MESSAGE", status=403)) == []
    (seen,) = mirror.look(event(EventKind.MESSAGE, method="MESSAGE", status=200))
    assert seen.text == "MESSAGE"


def test_a_record_that_cannot_be_understood_leaves_the_others(mirror: Mirror) -> None:
    mirror.writer.append([b'{"generation": "later"}'])
    mirror.generation += 1
    mirror.order(order(1, scope=Scope(kind=SubjectKind.SOURCE, value=SCANNER)))
    assert len(mirror.look(*call())) == 1


_PHONE: dict[str, Any] = {"method": "REGISTER", "target": "201", "domain": "Voice.example", "caller": None, "callee": None}


def test_a_registration_that_an_order_refuses_and_that_is_accepted_is_told(mirror: Mirror) -> None:
    mirror.order(order(1, SubjectKind.REGISTRATION, f"201@voice.example,{SCANNER}"))
    assert mirror.look(event(EventKind.REGISTRATION, status=401, **_PHONE)) == []
    assert mirror.look(event(EventKind.REGISTRATION, status=200, **{**_PHONE, "target": "202"}, **_ACCOUNT)) == []
    (seen,) = mirror.look(event(EventKind.REGISTRATION, status=200, **_PHONE, **_ACCOUNT))
    assert (seen.subject, seen.text) == (f"registration:201@voice.example,{SCANNER}", "REGISTER")


def test_whoever_is_suspended_may_stay_registered(mirror: Mirror) -> None:
    mirror.order(order(1, SubjectKind.ACCOUNT, "A1", action=Action(kind=ActionKind.SUSPEND)))
    mirror.order(order(2, SubjectKind.REGISTRATION, f"999@voice.example,{SCANNER}"), order(3))
    assert mirror.look(event(EventKind.REGISTRATION, status=200, **_PHONE, **_ACCOUNT)) == []
    assert len(mirror.look(event(EventKind.REGISTRATION, status=200, **_PHONE))) == 1, "a scanner without an account"
