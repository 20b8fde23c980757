"""Standing orders stop and page a person beyond an hour's parties, numbers or share of the traffic."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.unit.desk.decisions.conftest import PARTIES
from tests.unit.desk.scene import ADMIN, ANALYST, BUNDLE, LEAD, NOON, WORKER, Desk, write_bundle

from ringfence.desk.decisions import budget, selectors, services
from ringfence.desk.decisions.models import Decision, Spent, TrafficMark
from ringfence.desk.detections.models import Observation as Kept
from ringfence.desk.errors import NotPermitted
from ringfence.desk.parties import services as parties
from ringfence.desk.policies import services as policies
from ringfence.vocabulary.contracts import Evidence, Observation, ObservationKind, Subject
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros, micros

pytestmark = pytest.mark.django_db

LADDER = """unauthorised-access:
  strikes: {weight: 1, expires: 30d}
  steps:
    - for: outsider
      do: refuse source for 1h, silent
      standing: yes
    - at: 1
      do: throttle 1 call/s for 1h
      standing: yes
"""
MINUTE = timedelta(minutes=1)


@pytest.fixture
def automatic(data: Path, tmp_path: Path, db: None) -> Iterator[Callable[[str], Desk]]:
    """Open a desk whose standing orders answer parties too, with a budget."""
    opened: list[Desk] = []

    def open_desk(limits: str) -> Desk:
        settings = f"{BUNDLE['bundle.toml']}\n[automation]\n{limits}\n"
        folder = write_bundle(tmp_path / "automatic", **{"ladder.yaml": LADDER, "bundle.toml": settings})
        policies.post_bundle(folder=folder, actor=ADMIN, now=NOON)
        assert not parties.import_parties(files=PARTIES, actor=ADMIN, now=NOON).problems
        opened.append(Desk(data, next(path.name for path in (data / "policies").iterdir())))
        return opened[0]

    yield open_desk
    for desk in opened:
        desk.close()


def crossed(desk: Desk, account: str, party: str, *, events: int = 5, seconds: int = 0) -> None:
    desk.find(
        subject=Subject(kind=SubjectKind.ACCOUNT, id=account),
        party_path=("reseller", party) if party == "shop" else (party,),
        evidence=Evidence(events=events, sample=()),
        time=Micros(micros(NOON) + seconds * SECOND),
    )


def held_because(desk: Desk) -> str:
    desk.work()
    state = selectors.automation(actor=ANALYST)
    return state.reason if state.held else ""


def test_a_second_party_beyond_the_budget_stops_automation_and_pages(automatic: Callable[[str], Desk]) -> None:
    desk = automatic("parties_per_hour = 1")
    crossed(desk, "shop-1", "shop")
    crossed(desk, "shop-2", "shop", seconds=1)
    assert held_because(desk) == "", "one party, however many of its accounts"
    crossed(desk, "other-1", "other", seconds=2)
    assert held_because(desk) == "2 parties within an hour, where 1 are allowed: the budget is used up"
    assert Decision.objects.count() == Spent.objects.count() == 2
    (alarm,) = selectors.alarms(actor=ANALYST)
    assert (alarm.kind, "2 parties" in alarm.text) == ("budget", True)


def test_numbers_are_counted_before_they_are_touched(automatic: Callable[[str], Desk]) -> None:
    desk = automatic("numbers_per_hour = 100")
    crossed(desk, "shop-1", "shop")
    assert held_because(desk) == ""
    crossed(desk, "shop-2", "shop", seconds=1)
    assert held_because(desk).startswith("101 numbers within an hour, where 100 are allowed")


def test_a_party_with_more_than_its_share_of_the_traffic_is_left_to_a_person(automatic: Callable[[str], Desk]) -> None:
    desk = automatic("traffic_percent = 20")
    TrafficMark.objects.create(watch="watch", at=NOON, total=2000, seen=2000)
    crossed(desk, "shop-1", "shop", events=300)
    assert held_because(desk) == ""
    crossed(desk, "other-1", "other", events=200, seconds=1)
    assert held_because(desk).startswith("25 % of the hour's traffic (500 of 2000 events), where 20 % is allowed")
    services.resume_automation(actor=LEAD, now=desk.clock())
    crossed(desk, "other-1", "other", events=200, seconds=3600)
    assert held_because(desk) == "", "who resumed has looked, and granted a new budget"


def test_an_outsiders_flood_is_no_partys_traffic_and_little_traffic_says_nothing(automatic: Callable[[str], Desk]) -> None:
    desk = automatic("traffic_percent = 1")
    TrafficMark.objects.create(watch="watch", at=NOON, total=budget.LEAST_TRAFFIC - 1, seen=budget.LEAST_TRAFFIC - 1)
    crossed(desk, "shop-1", "shop", events=900)
    assert held_because(desk) == ""
    TrafficMark.objects.create(watch="watch", at=NOON + MINUTE, total=200_000, seen=199_001)
    desk.clock.now = NOON + MINUTE
    desk.find(evidence=Evidence(events=150_000, sample=()), time=Micros(micros(NOON) + 61 * SECOND))
    assert held_because(desk) == ""
    assert Decision.objects.count() == 2


def test_traffic_is_marked_once_a_minute_and_a_restarted_watch_begins_anew(automatic: Callable[[str], Desk]) -> None:
    desk = automatic("traffic_percent = 20")

    def told(total: int) -> None:
        text = msgspec.json.encode({"events": {"request": total}}).decode()
        desk.write("observations", Observation(kind=ObservationKind.AGENT, time=micros(NOON), subject="watch", text=text))
        desk.work()

    told(1000)
    TrafficMark.objects.all().delete()
    assert budget.mark_traffic(actor=WORKER, now=NOON) == 1
    assert budget.traffic(now=NOON) == 0, "what came before the first mark is not known to be of this hour"
    Kept.objects.update(text='{"events":{"request":1500}}')
    assert budget.mark_traffic(actor=WORKER, now=NOON + MINUTE / 2) == 0
    assert budget.mark_traffic(actor=WORKER, now=NOON + MINUTE) == 1
    assert budget.traffic(now=NOON + MINUTE) == 500
    Kept.objects.update(text='{"events":{"request":70}}')
    budget.mark_traffic(actor=WORKER, now=NOON + 2 * MINUTE)
    assert budget.traffic(now=NOON + 2 * MINUTE) == 570
    assert budget.traffic(now=NOON + 61 * MINUTE) == 70
    with pytest.raises(NotPermitted):
        budget.mark_traffic(actor=ANALYST, now=NOON)
    budget.mark_traffic(actor=WORKER, now=NOON + timedelta(hours=6))
    assert TrafficMark.objects.count() == 1
