"""What a measure would do to people, said before anybody confirms it; and that only persons take away a way to call for help."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.desk.decisions.conftest import LADDER, PARTIES, climbing
from tests.unit.desk.decisions.test_ladder import decide, found, last_order, proposed
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, STRANGER, WORKER, Desk, write_bundle

from ringfence.desk.decisions import services
from ringfence.desk.decisions.choosing import NoMeasure, chosen
from ringfence.desk.decisions.measures import REMOVES_ACCESS
from ringfence.desk.decisions.models import Spent
from ringfence.desk.decisions.reaching import CALLS_FILE, Reaching, reaching
from ringfence.desk.enforcement.models import Order as Ordered
from ringfence.desk.enforcement.models import Placement
from ringfence.desk.parties import services as parties
from ringfence.desk.policies import services as policies
from ringfence.vocabulary.contracts import Action, ActionKind, Receipt, ReceiptState, Scope
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import micros

__all__ = ["climbing"]
pytestmark = pytest.mark.django_db

MORE = {
    "parties.csv": b"party,parent,kind\nreseller,,reseller\nshop,reseller,customer\nother,,customer\n",
    "accounts.csv": b"account,party,plan,country\nshop-1,shop,,\nshop-2,shop,alarm,GB\nother-1,other,,\n",
}


def of(kind: SubjectKind, value: str, action: ActionKind = ActionKind.SUSPEND) -> Reaching:
    made = reaching(scope=Scope(kind=kind, value=value), action=action, now=NOON, actor=ANALYST)
    assert made is not None
    return made


def tell_calls(data: Path, *, ago: timedelta = timedelta(seconds=3), **scopes: int) -> None:
    counts = {name.replace("__", ":").replace("_", "-"): count for name, count in scopes.items()}
    at = {"seen": micros(NOON - ago), "calls": 9, "emergency": 0, "scopes": counts}
    (data / CALLS_FILE).write_text(json.dumps({"edge-1": at, "edge-2": at}))


def receive(desk: Desk, order: str, state: ReceiptState, edge: str, *, text: str | None = None, count: int = 1) -> None:
    desk.write("receipts", Receipt(order=order, edge=edge, state=state, time=micros(NOON), text=text, count=count))
    desk.work()


def test_it_counts_parties_numbers_and_the_calls_under_way_at_every_edge(climbing: Desk, data: Path) -> None:
    tell_calls(data, party__shop=3, account__shop_1=2)
    whole = of(SubjectKind.PARTY, "shop")
    assert (whole.touched.parties, whole.touched.accounts, whole.touched.numbers, whole.calls) == (1, 2, 101, 6)
    assert [(line.account, line.numbers) for line in whole.lines] == [("shop-1", 100), ("shop-2", 1)]
    assert (of(SubjectKind.ACCOUNT, "shop-1").calls, of(SubjectKind.ACCOUNT, "shop-2").calls) == (4, 0)


def test_nobody_guesses_calls_where_no_edge_tells_of_late(climbing: Desk, data: Path) -> None:
    assert of(SubjectKind.PARTY, "shop").calls is None
    tell_calls(data, ago=timedelta(minutes=3), party__shop=3)
    assert of(SubjectKind.PARTY, "shop").calls is None
    (data / CALLS_FILE).write_text("{")
    assert of(SubjectKind.PARTY, "shop").calls is None
    tell_calls(data, party__shop=3)
    assert of(SubjectKind.PAIR, "+3225550000,+3225559999").calls is None, "the edge does not tell between whom its calls are"


@pytest.mark.parametrize(
    ("kind", "value", "calls"),
    [
        (SubjectKind.PAIR, "+3225550001,+3225550002", 4),
        (SubjectKind.PAIR, "+3225550002,+3225550001", 0),
        (SubjectKind.PAIR, "+3225550009,+3225550002", 2),
        (SubjectKind.RANGE, "+322555000", 10),
        (SubjectKind.RANGE, "+4477", 2),
        (SubjectKind.REGISTRATION, "a@voice.example,192.0.2.1", 0),
    ],
)
def test_calls_of_a_pair_and_a_range_are_counted_by_the_numbers_at_their_ends(
    climbing: Desk, data: Path, kind: SubjectKind, value: str, calls: int
) -> None:
    between = {"+3225550001,+3225550002": 1, "+3225550001,+3225550009,+3225550002": 1, "+3225550003,+447700900000": 1, ",112": 4}
    between["+3225550007,+3225558000"] = 2
    at = {"seen": micros(NOON), "calls": 9, "emergency": 0, "scopes": {}, "between": between}
    (data / CALLS_FILE).write_text(json.dumps({"edge-1": at, "edge-2": at}))
    assert of(kind, value).calls == calls


@pytest.mark.parametrize(
    ("kind", "value", "accounts", "numbers"),
    [
        (SubjectKind.NUMBER, "+3225550042", ["shop-1"], 1),
        (SubjectKind.RANGE, "+3225550", ["shop-1"], 100),
        (SubjectKind.RANGE, "+322555", ["shop-1", "shop-2"], 101),
        (SubjectKind.TRUNK, "t1", ["shop-1"], 100),
        (SubjectKind.SOURCE, "198.51.100.7", ["shop-1"], 100),
        (SubjectKind.SOURCE, "198.51.100.8", [], 0),
        (SubjectKind.PARTY, "reseller", ["shop-1", "shop-2"], 101),
    ],
)
def test_every_kind_of_scope_names_the_lines_behind_it(
    climbing: Desk, kind: SubjectKind, value: str, accounts: list[str], numbers: int
) -> None:
    made = of(kind, value)
    assert [line.account for line in made.lines] == accounts
    assert made.may_call == numbers


def test_alarm_lines_and_who_loses_emergency_calling_are_named(climbing: Desk) -> None:
    assert not parties.import_parties(files=MORE, actor=ADMIN, now=NOON).problems
    suspended = of(SubjectKind.PARTY, "shop")
    assert suspended.lifelines == (("alarm lines", "account shop-2"),)
    assert not suspended.loses, "emergency calls pass a suspension"
    assert [place for place, _ in suspended.numbers_for_help] == ["BE", "GB"]
    for action in (ActionKind.TERMINATE, ActionKind.DEREGISTER):
        ended = of(SubjectKind.PARTY, "shop", action)
        assert (ended.loses, ended.named, ended.may_call) == (True, "shop-1, shop-2", 101)
    assert not of(SubjectKind.SOURCE, "198.51.100.8", ActionKind.DEREGISTER).loses, "nobody of ours is there"


def test_the_policys_list_names_more_lines_that_call_for_help_by_themselves(data: Path, tmp_path: Path) -> None:
    rows = (
        "entry,kind,source,expiry,review\n+3225550042,lift phones,this test,,2030-01-01\nshop-2,care lines,this test,,2030-01-01\n"
    )
    rows += "old,lift phones,this test,2020-01-01,\n+3225559999,lift phones,this test,2020-01-01,\n"
    folder = write_bundle(tmp_path / "bundle", **{"ladder.yaml": LADDER, "lists/lifelines.csv": rows})
    policies.post_bundle(folder=folder, actor=ADMIN, now=NOON)
    assert not parties.import_parties(files=PARTIES, actor=ADMIN, now=NOON).problems
    assert of(SubjectKind.PARTY, "shop").lifelines == (("care lines", "account shop-2"), ("lift phones", "+3225550042"))
    assert of(SubjectKind.RANGE, "+322555004").lifelines == (("lift phones", "+3225550042"),)
    assert of(SubjectKind.NUMBER, "+3225550041").lifelines == ()
    assert of(SubjectKind.PARTY, "other").lifelines == ()


def test_a_stranger_is_told_nothing(climbing: Desk) -> None:
    assert reaching(scope=Scope(kind=SubjectKind.PARTY, value="shop"), action=None, now=NOON, actor=STRANGER) is None


def test_a_measure_once_done_says_what_it_did_at_each_edge_and_is_removed_at_its_end(climbing: Desk) -> None:
    measure = chosen({"do": "end-calls", "scope": "account", "value": "shop-1", "length": "1h"})
    assert measure.deed == "end the calls under way of account shop-1, once, but no emergency call"
    id = decide(*found(climbing), measure=measure, off_ladder="fraud goes on while we speak")
    order = last_order(climbing)
    assert (order.id, order.action.kind) == (id, ActionKind.END_CALLS)
    receive(climbing, id, ReceiptState.REJECTED, "redirect", text="this edge cannot end-calls: it only answers")
    receive(climbing, id, ReceiptState.PLACED, "edge-1", text="3 calls ended; 1 emergency call left alone")
    receive(climbing, id, ReceiptState.REFUSED, "edge-1", text="3 calls ended", count=3)
    climbing.work()
    assert Ordered.objects.get(id=id).state == "observed"
    at = Placement.objects.get(order_id=id, edge="edge-1")
    assert (at.says, at.refusals) == ("3 calls ended; 1 emergency call left alone", 3)
    climbing.clock.now = NOON + timedelta(hours=1)
    climbing.work()
    receive(climbing, id, ReceiptState.REMOVED, "edge-1")
    climbing.work()
    assert Ordered.objects.get(id=id).state == "removed"


def test_calls_at_once_are_throttled_alone_or_beside_calls_a_second(climbing: Desk) -> None:
    told = {"do": "throttle", "scope": "account", "value": "shop-1", "length": "1h"}
    assert chosen({**told, "concurrent": "5"}).deed == "throttle account shop-1 to 5 calls at once"
    assert chosen({**told, "concurrent": "1", "rate": "2"}).deed == "throttle account shop-1 to 2 calls/s and 1 call at once"
    for wrong in ("0", "-1", "1.5", "many", "10001"):
        with pytest.raises(NoMeasure, match="at once"):
            chosen({**told, "concurrent": wrong})
    decide(*found(climbing), measure=chosen({**told, "concurrent": "5"}), off_ladder="as told")
    assert last_order(climbing).action.concurrent == 5


@pytest.mark.parametrize("action", sorted(REMOVES_ACCESS))
def test_a_standing_order_never_takes_away_a_way_to_call_for_help(climbing: Desk, action: ActionKind) -> None:
    proposal = proposed(*found(climbing))
    taking = replace(proposal, measure=replace(proposal.measure, action=Action(kind=action)))
    assert services._brake(proposal, Spent(at=NOON), WORKER, NOON) == ""  # no ladder has such a step yet
    assert "a way to call for help" in services._brake(taking, Spent(at=NOON), WORKER, NOON)  # as above
