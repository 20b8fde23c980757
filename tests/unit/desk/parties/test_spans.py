"""Who held what, and when: nothing is rewritten, and every moment has its answer."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from tests.unit.desk.scene import ADMIN, NOON

from ringfence.desk.parties import selectors, services, told
from ringfence.desk.parties.models import NumberHolding, in_force
from ringfence.desk.parties.selectors import Holder
from ringfence.desk.parties.services import ImportReport
from ringfence.desk.parties.succession import Held, holds, overlap, succession
from ringfence.vocabulary.contracts import BlockLink, NumberLink, Reference
from ringfence.vocabulary.number_blocks import covering
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory

DAY = timedelta(days=1)


def take(now: datetime = NOON, *, dry_run: bool = False, **files: str) -> ImportReport:
    named = {name.replace("_", "."): text.encode() for name, text in files.items()}
    return services.import_parties(files=named, actor=ADMIN, now=now, dry_run=dry_run)


def number(written: str, moment: datetime = NOON) -> Holder | None:
    return selectors.number_holder(number=written, moment=moment, actor=ADMIN)


@pytest.mark.django_db
def test_a_party_that_moves_below_another_keeps_its_past() -> None:
    take(
        accounts_csv="account,parent,kind\nresell,,reseller\nother,,reseller\nshop,resell,end-user\n",
        trunks_csv="trunk,account,user\nt,shop,u\n",
    )
    report = take(NOON + DAY, accounts_csv="account,parent,kind\nshop,other,end-user\n")
    assert report.changes["accounts.csv"] == ["shop"]
    paths = [selectors.trunk_user(trunk="t", moment=NOON + day * DAY, actor=ADMIN) for day in (0, 1)]
    assert [found.path for found in paths if found is not None] == [("resell", "shop"), ("other", "shop")]
    take(NOON + 2 * DAY, accounts_csv="account,parent,kind\nshop,,customer\n")
    page = selectors.party_page(name="shop", actor=ADMIN, now=NOON + 2 * DAY)
    assert page is not None
    assert (page.path, [link.valid_to for link in page.parents]) == (("shop",), [NOON + DAY, NOON + 2 * DAY])


@pytest.mark.django_db
def test_a_plan_that_changes_holds_from_then_on() -> None:
    take(accounts_csv="account,plan\nshop,gold\n", numbers_csv="number,account\n+3225551212,shop\n")
    take(NOON + DAY, accounts_csv="account,plan\nshop,silver\n")
    plans = [found.plan for day in (0, 1) if (found := number("+3225551212", NOON + day * DAY)) is not None]
    assert plans == ["gold", "silver"]


@pytest.mark.django_db
def test_a_number_moves_is_quarantined_and_is_ported_away() -> None:
    take(accounts_csv="account\na\nb\n", numbers_csv="number,account,state\n+3225551212,a,\n")
    take(NOON + DAY, numbers_csv="number,account,state\n+3225551212,,quarantined\n")
    take(NOON + 2 * DAY, numbers_csv="number,account,state\n+3225551212,b,\n")
    take(NOON + 3 * DAY, numbers_csv="number,account,state\n+3225551212,,ported-out\n")
    found = [number("+3225551212", NOON + day * DAY) for day in range(4)]
    assert [(held.account, held.state) for held in found if held] == [
        ("a", "held"),
        (None, "quarantined"),
        ("b", "held"),
        (None, "ported-out"),
    ]


@pytest.mark.django_db
def test_a_number_within_a_block_is_the_narrower_holders() -> None:
    rows = "+3225551000-+3225551999,resell,sub-allocated\n+3225551212,shop,\n"
    take(accounts_csv="account,parent,kind\nresell,,reseller\nshop,resell,end-user\n", numbers_csv=f"number,account,state\n{rows}")
    assert number("+3225551212") == Holder("shop", "shop", "", ("resell", "shop"), "held")
    assert number("+3225551213") == Holder("resell", "resell", "", ("resell",), "sub-allocated", "+3225551000-+3225551999")
    assert (number("+3225552000"), number("+322555121"), number("+32255512120")) == (None, None, None)
    links = told.links(actor=ADMIN)
    assert links.numbers == (NumberLink(number="+3225551212", account="shop"),)
    assert links.blocks == (BlockLink(prefix="+3225551", digits=11, account="resell"),)
    directory = Directory(Reference(time=Micros(0), numbers=links.numbers, blocks=links.blocks))
    assert [directory.holder(f"+322555{last}", Micros(1)) for last in (1212, 1213, 2000)] == ["shop", "resell", None]


@pytest.mark.django_db
def test_the_same_block_again_is_nothing_new_and_a_dry_run_names_what_would_change() -> None:
    numbers = "number,account\n+3225551000-+3225551999,a\n"
    assert take(accounts_csv="account\na\n", numbers_csv=numbers).added["numbers.csv"] == 1
    again = take(NOON + DAY, accounts_csv="account\na\n", numbers_csv=numbers)
    assert not any((*again.added.values(), *again.changed.values()))
    tried = take(NOON + DAY, accounts_csv="account,plan\na,gold\n", dry_run=True)
    assert (tried.written, tried.changes["accounts.csv"]) == (False, ["a"])


@pytest.mark.django_db
def test_a_later_use_of_a_trunk_ends_the_open_one_and_two_at_once_are_refused() -> None:
    take(accounts_csv="account\na\nb\n", trunks_csv="trunk,account,user\nt,a,u\n")
    later = (NOON + DAY).isoformat()
    take(trunks_csv=f"trunk,account,user,valid_from\nt,b,u,{later}\n")
    users = [selectors.trunk_user(trunk="t", moment=NOON + day * DAY, actor=ADMIN) for day in (0, 1)]
    assert [found.account for found in users if found] == ["a", "b"]
    earlier = (NOON - DAY).isoformat()
    (problem,) = take(trunks_csv=f"trunk,account,user,valid_from,valid_to\nt,b,u,{earlier},{later}\n").problems
    assert (problem.line, problem.cause) == (2, "t would be two things at once")


@pytest.mark.django_db
def test_an_account_that_ended_answers_for_nothing() -> None:
    take(accounts_csv=f"account,valid_to\na,{(NOON + DAY).isoformat()}\n", numbers_csv="number,account\n+3225551212,a\n")
    assert number("+3225551212") == Holder("a", "a", "", ("a",), "held")
    assert number("+3225551212", NOON + DAY) == Holder(state="held")


@pytest.mark.django_db
def test_a_number_is_found_by_the_index_however_many_there_are(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    take(accounts_csv="account\na\n", numbers_csv="number,account\n+3225551000-+3225551999,a\n")
    with django_assert_num_queries(4):  # the holding, the account's, and the path of two questions
        assert number("+3225551212") is not None
    if connection.vendor == "sqlite":  # PostgreSQL reads so small a table as a whole
        asked = NumberHolding.objects.filter(in_force(NOON), prefix__in=covering("+3225551212"), digits=11)
        assert "parties_numbers_prefix" in asked.explain()


MOMENTS = st.integers(0, 8).map(lambda day: NOON + day * DAY)
SPANS = st.one_of(
    st.just((None, None)),
    st.tuples(st.none() | MOMENTS, st.none() | MOMENTS).filter(
        lambda span: span[0] is None or span[1] is None or span[0] < span[1]
    ),
)


@given(st.lists(st.tuples(st.sampled_from("ab"), SPANS, MOMENTS), max_size=6))
def test_whatever_follows_the_wanted_holds_and_the_past_of_an_unbounded_wish_stays(
    steps: list[tuple[str, tuple[datetime | None, datetime | None], datetime]],
) -> None:
    standing: list[Held[str]] = []
    for wanted, span, now in steps:
        before = [link for link in standing if holds(link.span, now - DAY)]
        change = succession(standing, wanted, span, now)
        for key, end in change.end:
            standing[key] = Held(key, standing[key].value, (standing[key].span[0], end))
        for key, value, end in change.mend:
            standing[key] = Held(key, value, (standing[key].span[0], end))
        standing += [Held(len(standing) + place, value, begun) for place, (value, begun) in enumerate(change.begin)]
        if overlap([link.span for link in standing]) is not None:
            return  # an import refuses that as a whole
        moment = now if span == (None, None) else span[0]
        if moment is not None:
            assert [link.value for link in standing if holds(link.span, moment)] == [wanted]
        if span == (None, None):
            assert [link.value for link in standing if holds(link.span, now - DAY)][: len(before)] == [
                link.value for link in before
            ]
        assert succession(standing, wanted, span, now).nothing
