"""The collector: one pass, however it is cut, with bounds that hold and findings' subjects that stay."""

import pytest
from tests.unit.report.scene import NINE, attempt, bundle, judged, registration, report, rows, walk, words

from ringfence.report import calls, collector, profiles, tracks
from ringfence.report.calls import Calls
from ringfence.report.collector import Collector
from ringfence.report.destinations import destinations
from ringfence.report.profiles import MOST_POINTS, Raster
from ringfence.report.registrations import Registrations
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import SECOND, Micros


def crowd(accounts: int, *, after: int) -> list[Event]:
    """Many accounts with one call each, long after everything else."""
    return [attempt(100_000 + n, f"+4416320{n:05}", at=after + n, account=f"account-{n}") for n in range(accounts)]


@pytest.mark.parametrize("batch", [1, 7, 1_000])
def test_the_page_is_the_same_however_the_events_are_cut(batch: int) -> None:
    assert report(judged(walk(150), batch=batch)) == report(judged(walk(150)))


def test_subjects_with_findings_stay_when_others_must_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "MOST_PROFILES", 20)
    monkeypatch.setattr(tracks, "MOST_TRACKS", 20)
    seen = judged([*walk(100), *crowd(500, after=3_600 * SECOND)])
    (group,) = seen.groups.values()
    assert seen.track(group) is not None
    profile = seen.profile(group)
    assert profile is not None
    assert profile.attempts == 100
    assert seen.given_up > 0
    assert "was given up to bound memory" in words(report(seen))


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "MOST_POINTS_IN_ALL", 300)
    monkeypatch.setattr(profiles, "MOST_PROFILES", 50)
    monkeypatch.setattr(tracks, "MOST_TRACKS", 30)
    monkeypatch.setattr(tracks, "MOST_HELD", 200)
    monkeypatch.setattr(calls, "MOST_RECENT", 100)
    seen = judged([*walk(500), *crowd(3_000, after=3_600 * SECOND)])
    for followed in seen._profiles.values():
        assert len(followed._profiles) <= 50
        assert sum(profile.held for profile in followed._profiles.values()) <= 300 or len(followed._profiles) == 1
    for rule in seen.tracks.values():
        assert len(rule._tracks) <= 30
        assert sum(track.held for track in rule._tracks.values()) <= 200 or len(rule._tracks) == 1
    assert len(seen.calls._recent) <= 100


def test_groups_and_findings_are_bounded_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "MOST_GROUPS", 2)
    events = [attempt(n, f"+4416320{n:05}", at=n * 1_000, account=f"dialler-{n // 60}") for n in range(300)]
    seen = judged(events)
    assert len(seen.groups) == 2
    assert seen.totals.findings["fan-out-dialler"] == 5
    assert "3 findings of further subjects are counted but not shown." in words(report(seen))


def test_a_raster_is_thinned_evenly() -> None:
    points = Raster()
    for n in range(MOST_POINTS * 5):
        points.add(Micros(NINE + n), str(n))
    assert len(points.points) <= MOST_POINTS
    steps = {int(later.number) - int(earlier.number) for earlier, later in zip(points.points, points.points[1:], strict=False)}
    assert steps == {points.every}
    assert points.seen == MOST_POINTS * 5


def test_registering_pairs_beyond_the_bound_are_counted() -> None:
    pairs = Registrations(10)
    for n in range(25):
        pairs.take(registration(n, f"user{n}", at=n, status=403))
    assert (len(pairs.pairs), pairs.beyond) == (10, 15)


def test_a_call_that_is_kept_gathers_what_is_still_to_come() -> None:
    seen = Calls()
    first = attempt(1, "+441632111111", at=0)
    seen.take(first)
    seen.keep("call-1")
    seen.take(Event(kind=EventKind.END, time=Micros(NINE + 5), call_id="call-1", status=486))
    assert [event.kind for event in seen.of("call-1")] == [EventKind.ATTEMPT, EventKind.END]
    seen.keep("call-unknown")
    assert seen.of("call-unknown") == []


def test_a_finding_s_sample_calls_are_shown() -> None:
    table = rows(report(judged(walk(100))))
    assert ["+0 s", "calling side", "INVITE"] in table


def test_numbers_are_counted_by_country_and_type() -> None:
    counted = destinations({"+4412129": 5, "+3247012": 2, "+4677000": 1, "100": 3, "00441212": 1, "": 4, "+8835100": 1})
    places = {(destination.place, destination.type): count for destination, count in counted}
    assert places[("United Kingdom", "fixed line")] == 5
    assert places[("Belgium", "mobile")] == 2
    assert places[("no international number", "short")] == 3
    assert places[("no international number", "as dialled")] == 1
    assert sum(places.values()) == 17
    assert [count for _, count in counted] == sorted((count for _, count in counted), reverse=True)


def test_rules_say_how_much_they_looked_at() -> None:
    seen = judged(walk(100))
    looked = {name: rule.looked_at for name, rule in seen.tracks.items()}
    assert looked == {rule.name: 100 if rule.name == "fan-out-dialler" else 0 for rule in bundle().plan.rules}


def test_a_collector_that_saw_nothing_has_nothing() -> None:
    assert Collector(bundle()).groups == {}
