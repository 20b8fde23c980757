"""A flood of calls for help is told, once a flood; each of its calls passes."""

from tests.unit.gate.orders import NOW

from ringfence.gate.table import OrdersTable
from ringfence.gate.table.help_calls import MOST_A_MINUTE, HelpCalls
from ringfence.vocabulary.contracts import Ask, VerdictAction
from ringfence.vocabulary.times import MINUTE, SECOND, Micros


def test_a_flood_is_told_with_who_called_most_and_no_call_of_it_is_refused() -> None:
    made = OrdersTable()
    made.protect(emergency_numbers=("112",), sources=())
    for second in range(MOST_A_MINUTE + 5):
        account = "acme" if second % 3 else "hotel"
        ask = Ask(call_id=f"{second}", account=account, callee="112")
        assert made.decide(ask, Micros(NOW + second * SECOND)).action is VerdictAction.ALLOW
        assert (made.help.flood is None) == (second < MOST_A_MINUTE)
    flood = made.help.flood
    assert flood is not None
    assert (flood.since, flood.calls, flood.accounts) == (NOW + MOST_A_MINUTE * SECOND, MOST_A_MINUTE + 1, ("acme", "hotel"))


def test_strangers_calls_are_no_calls_for_help() -> None:
    made = OrdersTable()
    made.protect(emergency_numbers=("112",), sources=())
    for call in range(100):
        made.decide(Ask(call_id=f"{call}", callee="112"), NOW)
    assert made.help.flood is None


def test_a_flood_that_goes_on_is_one_and_another_later_is_another() -> None:
    calls = HelpCalls()
    for at in range(100):
        calls.note("acme", Micros(NOW + at * SECOND))
    first = calls.flood
    assert first is not None
    later = Micros(NOW + 100 * SECOND + 2 * MINUTE)
    for _ in range(MOST_A_MINUTE):
        calls.note("acme", later)
    assert calls.flood is first, "twenty within a minute are none"
    calls.note("acme", later)
    assert calls.flood is not None
    assert calls.flood.since == later
