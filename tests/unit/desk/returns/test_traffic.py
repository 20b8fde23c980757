"""Who was terminated is known again by its traffic: its software, the numbers that it calls, and when, where to and how long."""

from datetime import timedelta

import msgspec
import pytest
from django.conf import settings
from tests.unit.desk.endings.test_endings import ended
from tests.unit.desk.returns.test_returns import BEFORE, imported
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, NOON, STRANGER, Desk

from ringfence.desk.audit import selectors as audit
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.errors import NotPermitted
from ringfence.desk.parties import services as parties
from ringfence.desk.returns import services, traffic
from ringfence.desk.returns.alike import FEWEST, alike
from ringfence.desk.returns.models import Profile, Return, Trait
from ringfence.feeds import Record
from ringfence.vocabulary.contracts import TrafficProfile
from ringfence.vocabulary.times import DAY, Micros, micros
from ringfence.vocabulary.tokens import token

pytestmark = pytest.mark.django_db

NUMBERS = tuple(f"{number:016x}" for number in range(100))
NIGHT = (0.25, 0.25, 0.25, 0.25, *(0.0 for _ in range(20)))
OFFICE = (*(0.0 for _ in range(9)), *(0.125 for _ in range(8)), *(0.0 for _ in range(7)))
SHORT = (0.6, 0.3, 0.1, *(0.0 for _ in range(9)))


def profile(party: str, **changes: object) -> TrafficProfile:
    shown = TrafficProfile(
        party=party,
        since=Micros(micros(NOON) - 14 * DAY),
        until=micros(NOON),
        attempts=5000,
        hours=NIGHT,
        countries={"LV": 0.7, "GM": 0.3},
        lengths=SHORT,
    )
    return msgspec.structs.replace(shown, **changes)


@pytest.fixture
def gone(climbing: Desk) -> Desk:
    """A desk that ended the shop's contract, and has parties under another reseller."""
    assert not parties.import_parties(files=BEFORE, actor=ADMIN, now=NOON).problems
    climbing.write("profiles", profile("shop", agents=("a" * 16,), callees=NUMBERS))
    ended(climbing)
    newcomers = b"".join(f"new{number},resell2,customer\n".encode() for number in range(6))
    imported(climbing, parties=b"party,parent,kind\nresell2,,reseller\nnewshop,resell2,customer\n" + newcomers)
    return climbing


def known_again(desk: Desk, *shown: TrafficProfile) -> dict[str, list[str]]:
    """Let the worker take profiles in, and look; return whom it points out, and why."""
    if shown:
        desk.write("profiles", *shown)
    desk.clock.now = desk.clock() + timedelta(seconds=11)  # the worker looks every ten
    desk.work()
    return dict(Return.objects.values_list("party", "reasons"))


def test_traffic_that_looks_the_same_to_the_same_numbers_is_pointed_out(gone: Desk) -> None:
    assert known_again(gone) == {}
    found = known_again(gone, profile("newshop", callees=NUMBERS[:30]), profile("new1", hours=OFFICE, countries={"BE": 1.0}))
    assert found == {"newshop": ["traffic that looks the same", "calls to the same numbers"]}
    (alarm,) = [one for one in decisions.alarms(actor=ANALYST) if one.kind == "return"]
    assert "traffic that looks the same; calls to the same numbers" in alarm.text


def test_the_same_software_and_the_same_habits_together(gone: Desk) -> None:
    assert known_again(gone, profile("newshop", hours=OFFICE, agents=("a" * 16,))) == {}, "software alone says too little"
    later = profile("newshop", agents=("a" * 16,), until=Micros(micros(NOON) + DAY))
    assert known_again(gone, later) == {"newshop": ["traffic that looks the same", "the same software"]}


def test_software_that_a_person_noted_is_the_software_that_watch_saw(gone: Desk) -> None:
    seen = token(settings.RINGFENCE_KEY, "user_agent", "Dialler/1.2")
    services.note_trait(party="shop", kind="agent", value=" Dialler/1.2 ", actor=ANALYST, now=NOON)
    known_again(gone, profile("newshop", agents=(seen,)))
    assert set(Trait.objects.filter(kind="agent", token=seen).values_list("party", flat=True)) == {"shop", "newshop"}


def test_habits_that_many_have_say_nothing(gone: Desk) -> None:
    crowd = [profile(party) for party in ("newshop", "new1", "new2", "new3", "new4")]
    services.note_trait(party="shop", kind="payment", value="tok", actor=ANALYST, now=NOON)
    assert known_again(gone, *crowd) == {}
    assert Trait.objects.filter(kind="fingerprint").count() == 6


def test_whose_contract_ends_later_is_compared_with_all_that_were_there_before(climbing: Desk) -> None:
    imported(climbing, parties=b"party,parent,kind\nresell2,,reseller\nnewshop,resell2,customer\n")
    assert known_again(climbing, profile("shop", callees=NUMBERS), profile("newshop", callees=NUMBERS)) == {}
    ended(climbing)
    assert sorted(known_again(climbing)) == ["newshop"]


def test_a_profile_that_is_older_unreadable_or_of_nobody_changes_nothing(gone: Desk) -> None:
    known_again(gone, profile("newshop", attempts=7))
    gone.write("profiles", b"{", profile("nobody"), profile("newshop", until=Micros(micros(NOON) - DAY)))
    known_again(gone)
    assert Profile.objects.get(party="newshop").facts["attempts"] == 7
    assert not Profile.objects.filter(party="nobody").exists()
    assert audit.entries(actor=AUDITOR, verb="took-profiles").first().details["parties"] == 0  # type: ignore[union-attr]  # there are three


def test_only_the_desks_own_processes_take_profiles_in_and_compare() -> None:
    for who in (ANALYST, STRANGER):
        with pytest.raises(NotPermitted):
            traffic.record_profiles(feed="profiles", records=[Record(1, b"{}")], after=0, actor=who, now=NOON)
        with pytest.raises(NotPermitted):
            traffic.compare(actor=who, now=NOON)


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, ["fingerprint"]),
        ({"hours": OFFICE}, []),
        ({"countries": {"BE": 1.0}}, []),
        ({"lengths": (0.0, *SHORT[:-1])}, []),
        ({"lengths": ()}, []),
        ({"attempts": FEWEST - 1}, []),
        ({"callees": NUMBERS[:10]}, ["fingerprint", "called"]),
        ({"callees": NUMBERS[:9]}, ["fingerprint"]),
        ({"callees": NUMBERS[:10] + tuple(f"f{number:015x}" for number in range(90)), "hours": OFFICE}, []),
        ({"callees": NUMBERS[:20] + tuple(f"f{number:015x}" for number in range(80)), "hours": OFFICE}, ["called"]),
    ],
)
def test_what_counts_as_the_same(changes: dict[str, object], kinds: list[str]) -> None:
    assert alike(profile("one", callees=NUMBERS), profile("other", **changes)) == kinds
    assert alike(profile("other", **changes), profile("one", callees=NUMBERS)) == kinds
