"""What calls for help is told to watch and gate by country: a number of one is none of another."""

import pytest
from tests.conftest import ROOT
from tests.unit.desk.scene import ADMIN, NOON, WORKER

from ringfence.desk.policies.services import post_bundle
from ringfence.desk.site.reference import reference

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("desk")
def test_emergency_numbers_are_told_by_country_and_the_list_is_of_the_providers_own() -> None:
    post_bundle(folder=ROOT / "tests" / "bundles" / "four", actor=ADMIN, now=NOON)
    told = reference(actor=WORKER, now=NOON)
    here, there = set(told.lists["emergency-numbers"]), set(told.emergency["GB"])
    assert {"112", "101"} <= here == set(told.emergency["BE"])
    assert {"112", "999"} <= there
    assert here.isdisjoint({"999", "110"})
