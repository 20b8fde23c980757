"""Engines for the versions of a policy."""

from tests.unit.watch.live.installation import KEY, PLAN, Notes

from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import Reference
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.live import Judges


def test_the_engine_that_was_made_beforehand_is_given_once_to_who_asks_for_its_version() -> None:
    asked: list[str] = []

    def plan_of(policy: str) -> Plan:
        asked.append(policy)
        return PLAN

    judges = Judges(plan_of, key=KEY, log=Notes())
    judges.prepare()
    assert asked == []  # no version is in force
    judges.know(Directory(Reference(time=Micros(0), policy="now")))
    judges.prepare()
    assert asked == ["now"]
    first, second = judges.engine("now"), judges.engine("now")
    assert asked == ["now", "now"]
    assert first is not None
    assert second is not None
    assert first[0] is not second[0]
    judges.prepare()
    judges.engine("before")
    judges.engine("now")
    assert asked[2:] == ["now", "before", "now"]  # the one that was made is not kept for long: it takes memory
