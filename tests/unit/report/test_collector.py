"""The collector: one pass, however it is cut, with bounds that hold and findings' subjects that stay."""

import pytest
from tests.unit.report.scene import NINE, ROOT, attempt, bundle, judged, registration, report, rows, walk, words

from ringfence.policy import load, read_folder
from ringfence.report import calls, collector
from ringfence.report.calls import Calls
from ringfence.report.collector import Collector
from ringfence.report.destinations import destinations
from ringfence.report.following import Bounds
from ringfence.report.profiles import ITEM_LIMITS
from ringfence.report.registrations import Registrations
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.columns import ListedEvents, TextHashes


def crowd(accounts: int, *, after: int) -> list[Event]:
    """Many accounts with one call each, long after everything else."""
    return [attempt(100_000 + n, f"+4416320{n:05}", at=after + n, account=f"account-{n}") for n in range(accounts)]


@pytest.mark.parametrize("batch", [1, 7, 1_000])
def test_the_page_is_the_same_however_the_events_are_cut(batch: int) -> None:
    assert report(judged(walk(150), batch=batch)) == report(judged(walk(150)))


SMALL = Bounds(subjects=20, fewest=4, few=30, kept=2, many=60, item_limits=ITEM_LIMITS)


def test_subjects_with_findings_stay_when_others_must_go() -> None:
    seen = judged([*walk(100), *crowd(500, after=3_600 * SECOND)], bounds=SMALL)
    (group,) = seen.groups.values()
    assert seen.track(group) is not None
    profile = seen.profile(group)
    assert profile is not None
    assert profile.attempts == 100
    assert profile.since is None
    assert seen.given_up > 400


def test_a_subject_that_was_given_up_says_from_when_on_it_is_followed() -> None:
    seen = judged([*crowd(500, after=-3_600 * SECOND), *walk(100)], bounds=SMALL)
    assert "Followed from 2026-03-02 09:00:00 on: what came before is not in these pictures" in words(report(seen))


def test_of_the_last_events_no_more_are_remembered_than_calls_are_looked_for_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MOST_RECENT", 100)
    seen = judged([*walk(500), *crowd(3_000, after=3_600 * SECOND)], batch=30)
    assert 100 <= sum(map(len, seen.calls._recent)) < 130


def test_groups_and_findings_are_bounded_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "MOST_GROUPS", 2)
    events = [attempt(n, f"+4416320{n:05}", at=n * 1_000, account=f"dialler-{n // 60}") for n in range(300)]
    seen = judged(events)
    assert len(seen.groups) == 2
    assert seen.totals.findings["fan-out-dialler"] == 5
    assert "3 findings of further subjects are counted but not shown." in words(report(seen))


def test_a_raster_is_thinned_evenly() -> None:
    seen = judged(walk(300), bounds=SMALL)
    (group,) = seen.groups.values()
    profile = seen.profile(group)
    assert profile is not None
    points = profile.dialled
    assert 30 < len(points.points) <= 60
    steps = {int(later.number) - int(earlier.number) for earlier, later in zip(points.points, points.points[1:], strict=False)}
    assert steps == {points.every}
    assert points.seen == 300


def test_registering_pairs_beyond_the_bound_are_counted() -> None:
    pairs = Registrations(10)
    for n in range(25):
        pairs.take(registration(n, f"user{n}", at=n, status=403))
    assert (len(pairs.pairs), pairs.beyond) == (10, 15)


def test_a_call_that_is_kept_gathers_what_is_still_to_come() -> None:
    seen = Calls(TextHashes(b""))
    first = attempt(1, "+441632111111", at=0)
    seen.take(ListedEvents([first]))
    seen.keep("call-1")
    seen.take(ListedEvents([Event(kind=EventKind.END, time=Micros(NINE + 5), call_id="call-1", status=486)]))
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
    looked = {name: rule.looked_at for name, rule in seen.rules.items()}
    assert looked == {rule.name: 100 if rule.name == "fan-out-dialler" else 0 for rule in bundle().plan.rules}


def test_a_collector_that_saw_nothing_has_nothing() -> None:
    assert Collector(bundle()).groups == {}


def test_what_is_remembered_stays_within_bounds_however_many_rules_and_kinds_of_subject_a_policy_has() -> None:
    shipped = Collector(load(read_folder(ROOT / "bundles" / "default")))
    assert len(shipped.bundle.plan.rules) > 40
    assert shipped.octets < 300_000_000
