"""Parties as a tree."""

import pytest
from pytest_django import DjangoAssertNumQueries
from tests.unit.desk.scene import ADMIN, NOON, STRANGER

from ringfence.desk.parties import branches as tree
from ringfence.desk.parties import selectors, services

pytestmark = pytest.mark.django_db


def shown(tops: str = "") -> tuple[list[tuple[str, int]], bool]:
    among = selectors.parties(actor=ADMIN, now=NOON)
    rows, more = tree.branches(tree.roots(among, NOON), among, NOON)
    return [(row.party.name, row.depth) for row in rows], more


def bring(*rows: str) -> None:
    text = "\n".join(("account,parent,kind,plan", *rows, ""))
    assert not services.import_parties(files={"accounts.csv": text.encode()}, actor=ADMIN, now=NOON).problems


def test_each_party_is_followed_by_those_below_it() -> None:
    bring("z,,reseller,", "b,,customer,", "z2,z,end-user,", "z1,z,reseller,", "z11,z1,end-user,")
    assert shown() == ([("b", 0), ("z", 0), ("z1", 1), ("z11", 2), ("z2", 1)], False)


def test_deep_levels_stand_on_the_third() -> None:
    bring("a,,reseller,", "b,a,reseller,", "c,b,reseller,", "d,c,reseller,", "e,d,end-user,")
    assert [depth for _, depth in shown()[0]] == [0, 1, 2, 3, 3]


def test_a_crowd_below_one_party_is_left_to_its_own_page(monkeypatch: pytest.MonkeyPatch) -> None:
    bring("a,,reseller,", *(f"u{number},a,end-user," for number in range(5)))
    monkeypatch.setattr(tree, "_MOST_BELOW", 3)
    rows, more = shown()
    assert (len(rows), more) == (4, True)


def test_a_level_takes_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    bring("a,,reseller,", *(f"u{number},a,end-user," for number in range(30)))
    with django_assert_num_queries(2):
        shown()


def test_a_stranger_sees_no_tree() -> None:
    bring("a,,reseller,", "b,a,end-user,")
    among = selectors.parties(actor=STRANGER, now=NOON)
    assert tree.branches(tree.roots(among, NOON), among, NOON) == ([], False)
