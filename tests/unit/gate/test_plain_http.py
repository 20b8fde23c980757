"""Many questions in one request are answered as each alone would be: the same verdicts, tallies and addresses in use."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.gate.orders import SCANNER, order
from tests.unit.gate.test_plain_course import CHANGED, NUMBERS, TRUNK, Both, orders

from ringfence.gate.http.plain import Plain
from ringfence.gate.http.verdicts import Question, Verdicts
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import Order, OrderChange
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import DAY, MINUTE, SECOND, Micros

_TEXTS: Final = (
    None,
    *NUMBERS,
    "",
    "\0",
    "a\nb",
    "+3225550001\n",
    "urn:service:sos",
    "caf\u00e9",
    "x" * 200,
    "+32 2 555 00 01",
)
_ANY: Final = {
    "source": (None, SCANNER, TRUNK, "198.51.100.11", "proxy.example", "::ffff:198.51.100.10", "198.51.100.010", "", "\u0661"),
    "account": (None, None, "acme", "bell", "nobody"),
    "trunk": (None, "t1", "t2"),
    "user": (None, None, "bell-user", "us\u00e9r"),
    "method": ("INVITE", "INVITE", "MESSAGE", "REGISTER"),
    "registration": (None, None, None, f"+3225550001@edge.example,{SCANNER}"),
    "caller": _TEXTS,
    "asserted": _TEXTS,
    "callee": _TEXTS,
}
_QUESTIONS: Final = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in _ANY.items()})


class Asked:
    """Two that answer over HTTP from the same feeds: one looks at everything, one takes the plain course."""

    def __init__(self, folder: Path) -> None:
        self.both = Both(folder)
        self.sides = [
            Verdicts(tail, ReceiptBook(folder / f"of-{side}"), asked=asyncio.Event(), clock=lambda: self.both.now)
            for side, tail in enumerate(self.both.tails)
        ]
        self.sides[1].begin(lambda: self.both.sides[1].plain_now)

    @property
    def tables(self) -> list[OrdersTable]:
        return [tail.table for tail in self.both.tails]

    def ask(self, questions: list[dict[str, object]], *, trusted: bool) -> list[object]:
        """Ask both; return the verdicts, which are the same."""
        told = [
            {name: value for name, value in {"call_id": f"c{number}", **question}.items() if value is not None}
            for number, question in enumerate(questions)
        ]
        body = msgspec.json.encode(told)
        expected, found = (side.answer(body, trusted=trusted) for side in self.sides)
        assert found == expected
        assert asdict(self.sides[1].tally) == asdict(self.sides[0].tally)
        verdicts: list[object] = msgspec.json.decode(found)
        return verdicts


@settings(max_examples=150, deadline=None)
@given(
    standing=st.lists(orders(), max_size=8),
    questions=st.lists(_QUESTIONS, min_size=1, max_size=8),
    trusted=st.booleans(),
    later=st.sampled_from((0, 31, 61, 95)),
)
def test_a_batch_is_answered_as_its_questions_alone_would_be(
    tmp_path_factory: pytest.TempPathFactory, standing: list[Order], questions: list[dict[str, object]], trusted: bool, later: int
) -> None:
    asked = Asked(tmp_path_factory.mktemp("feeds"))
    upserts = {each.id: msgspec.structs.replace(each, generation=1) for each in standing}
    asked.both.change(OrderChange(generation=1, upserts=tuple(upserts.values())))
    asked.ask(questions, trusted=trusted)
    asked.both.now = Micros(asked.both.now + later * SECOND)
    asked.ask(questions, trusted=trusted)
    general, plain = ({*table.used.noted(asked.both.now)} for table in asked.tables)
    assert plain == general


def test_what_is_ordered_on_a_number_is_not_plain_and_what_a_line_end_hides_neither(tmp_path: Path) -> None:
    asked = Asked(tmp_path)
    asked.both.change(OrderChange(generation=1, upserts=(order(1, SubjectKind.NUMBER, "+3225550000"),)))
    free: dict[str, object] = {"source": TRUNK, "caller": "+3225550002", "callee": "+33155500001"}
    ordered = {**free, "caller": "+3225550000"}
    verdicts = asked.ask([free, ordered, free], trusted=False)
    assert [each["action"] for each in verdicts if isinstance(each, dict)] == ["allow", "reject", "allow"]
    hidden = {**free, "asserted": "x\n+3225550001\ny"}  # more lines than texts: where each stands nobody can tell
    assert asked.ask([hidden, ordered], trusted=False)[1] == verdicts[1]


def test_the_plain_course_is_taken(tmp_path: Path) -> None:
    asked = Asked(tmp_path)
    free, help_call = (dict[str, object](source=TRUNK, caller="+3225550002", callee=callee) for callee in ("+33155500001", "112"))
    course = asked.both.sides[1].plain_now
    assert course is not None
    questions = [msgspec.convert({"call_id": "c", **each}, Question) for each in (free, help_call, free)]
    assert Plain().which(questions, [None] * 3, course, asked.both.now, trusted=False) == [True, False, True]
    asked.ask([free, help_call], trusted=False)


def test_an_address_in_use_is_noted_again_as_long_as_it_is_used_also_where_nothing_is_ordered(tmp_path: Path) -> None:
    """No firewall may hold it for 30 days from its last use: the plain course, over SIP and HTTP, must say so as the other does."""
    asked = Asked(tmp_path)
    question: dict[str, object] = {"source": TRUNK, "caller": "+3225550002", "callee": "+33155500001"}
    asked.both.now = Micros(CHANGED + MINUTE)
    for _ in range(32):
        asked.ask([question], trusted=False)
        asked.both.now = Micros(asked.both.now + DAY)
    kept = [table.used.noted(asked.both.now)[TRUNK] for table in asked.tables]
    assert kept[1] == kept[0]
