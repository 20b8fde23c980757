"""The generated hour: the same for a seed, life-like for people, and a dialler that dials."""

from collections import Counter
from itertools import pairwise

import pytest

from ringfence.simulate import carrier
from ringfence.simulate.carrier import CallPlan
from ringfence.simulate.numbering import OWN_RANGES, WORLD_RANGES
from ringfence.simulate.profiles import Outcome
from ringfence.simulate.provider import harbour_voice
from ringfence.vocabulary.numbers import is_e164
from ringfence.vocabulary.times import HOUR, MINUTE, SECOND, Micros

PROVIDER = harbour_voice()


@pytest.fixture(scope="module")
def hour() -> list[CallPlan]:
    return list(carrier.calls(PROVIDER, seed=7))


def of_dialler(plans: list[CallPlan]) -> list[CallPlan]:
    return [plan for plan in plans if plan.account.name == PROVIDER.dialler]


def test_the_same_seed_gives_the_same_hour(hour: list[CallPlan]) -> None:
    assert list(carrier.calls(PROVIDER, seed=7)) == hour


def test_another_seed_gives_another_hour(hour: list[CallPlan]) -> None:
    other = list(carrier.calls(PROVIDER, seed=8))

    assert not {plan.call_id for plan in hour} & {plan.call_id for plan in other}


def test_all_calls_begin_within_the_hour_and_in_order(hour: list[CallPlan]) -> None:
    assert all(0 <= plan.offset < HOUR for plan in hour)
    assert all(first.offset <= second.offset for first, second in pairwise(hour))


def test_five_to_ten_calls_begin_in_a_second(hour: list[CallPlan]) -> None:
    assert 5 <= len(hour) / 3600 <= 10


def test_the_dialler_calls_two_to_three_distinct_numbers_a_second(hour: list[CallPlan]) -> None:
    dialled = of_dialler(hour)

    assert 2 <= len(dialled) / 3600 <= 3
    assert len({plan.callee for plan in dialled}) == len(dialled)


def test_most_calls_the_dialler_gets_answered_last_under_six_seconds(hour: list[CallPlan]) -> None:
    talks = [plan.talk_us for plan in of_dialler(hour) if plan.outcome is Outcome.ANSWERED]

    assert sum(talk < 6 * SECOND for talk in talks) / len(talks) > 0.5


def test_nobody_else_calls_sixty_numbers_in_any_five_minutes(hour: list[CallPlan]) -> None:
    for account in PROVIDER.accounts:
        if account.name == PROVIDER.dialler:
            continue
        own = [plan for plan in hour if plan.account.name == account.name]
        for begin in range(0, HOUR, MINUTE):
            assert len({plan.callee for plan in own if begin <= plan.offset < begin + 5 * MINUTE}) < 60


def test_two_thirds_of_ordinary_calls_are_answered(hour: list[CallPlan]) -> None:
    outcomes = Counter(plan.outcome for plan in hour if plan.account.name != PROVIDER.dialler)

    assert outcomes[Outcome.ANSWERED] / outcomes.total() == pytest.approx(0.65, abs=0.02)


def test_callers_are_numbers_the_account_holds_and_callees_are_the_worlds(hour: list[CallPlan]) -> None:
    world = tuple(area.prefix for area in WORLD_RANGES)

    assert all(plan.caller in plan.account.numbers for plan in hour)
    assert all(plan.callee.startswith(world) and is_e164(plan.callee) for plan in hour)


def test_no_number_is_held_twice() -> None:
    held = Counter(number for account in PROVIDER.accounts for number in account.numbers)

    assert set(held.values()) == {1}
    assert all(number.startswith(tuple(area.prefix for area in OWN_RANGES)) for number in held)


def test_a_shorter_time_is_the_beginning_of_the_hour(hour: list[CallPlan]) -> None:
    minute = list(carrier.calls(PROVIDER, seed=7, duration=MINUTE))

    assert minute == [plan for plan in hour if plan.offset < Micros(MINUTE)]
