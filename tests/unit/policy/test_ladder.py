"""Which step answers a violation."""

import pytest
from tests.unit.policy.minimal import LADDER, files

from ringfence.policy import Ladder, Step, StepAction, load
from ringfence.vocabulary.subjects import Role, SubjectKind
from ringfence.vocabulary.times import DAY, HOUR, Micros


@pytest.fixture
def ladder() -> Ladder:
    return load(files()).ladder


def test_an_offender_climbs_with_every_strike_and_stays_on_the_last_step(ladder: Ladder) -> None:
    taken = [ladder.step("spam", Role.OFFENDER, strikes) for strikes in range(6)]
    assert [step.action if step else None for step in taken] == [
        None,
        StepAction.NOTIFY,
        StepAction.NOTIFY,
        StepAction.SUSPEND,
        StepAction.SUSPEND,
        StepAction.SUSPEND,
    ]


def test_an_outsider_gets_a_silent_standing_order_with_an_end_under_technical_prevention(ladder: Ladder) -> None:
    expected = Step(
        clause="spam",
        role=Role.OUTSIDER,
        at=1,
        action=StepAction.REFUSE,
        under="technical-prevention",
        text="refuse source for 1h, silent",
        scope=SubjectKind.SOURCE,
        lasts_us=HOUR,
        standing=True,
        silent=True,
    )
    assert [ladder.step("spam", Role.OUTSIDER, strikes) for strikes in (0, 1, 9)] == [expected] * 3


def test_a_clause_or_role_without_steps_is_left_to_a_person(ladder: Ladder) -> None:
    assert ladder.step("malware", Role.OFFENDER, 1) is None
    assert ladder.step("spam", Role.VICTIM, 1) is None


def test_a_review_date_is_no_end(ladder: Ladder) -> None:
    step = ladder.step("spam", Role.OFFENDER, 3)
    assert step is not None
    assert (step.lasts_us, step.review_us, step.grave, step.standing, step.under) == (None, 7 * DAY, True, False, "spam")


def test_strikes_have_a_weight_and_expire(ladder: Ladder) -> None:
    assert ladder.strikes["spam"].weight == 1
    assert ladder.strikes["spam"].expires_us == 180 * DAY


@pytest.mark.parametrize(
    ("do", "action", "detail", "lasts", "review"),
    [
        ("ask", StepAction.ASK, None, None, None),
        ("throttle 0.5 calls/s for 24h", StepAction.THROTTLE, 0.5, 24 * HOUR, None),
        ("bar all-outbound until review 7d", StepAction.BAR, "all-outbound", None, 7 * DAY),
        ("refuse trunk until review 1d, silent", StepAction.REFUSE, SubjectKind.TRUNK, None, DAY),
        ("withdraw until review 30d", StepAction.WITHDRAW, None, None, 30 * DAY),
        ("throttle 10 calls at once for 24h", StepAction.THROTTLE, 10, 24 * HOUR, None),
        ("throttle 1.5 calls/s and 1 call at once for 24h", StepAction.THROTTLE, 1.5, 24 * HOUR, None),
        ("end-calls for 1h", StepAction.END_CALLS, None, HOUR, None),
        ("deregister for 1h", StepAction.DEREGISTER, None, HOUR, None),
        ("suspend for 90min", StepAction.SUSPEND, None, 90 * 60 * 1_000_000, None),
    ],
)
def test_every_kind_of_step_is_read(do: str, action: StepAction, detail: object, lasts: Micros, review: Micros) -> None:
    step = load(files(ladder=LADDER.replace("do: notify", f"do: {do}"))).ladder.step("spam", Role.OFFENDER, 1)
    assert step is not None
    assert (step.action, step.lasts_us, step.review_us) == (action, lasts, review)
    assert detail in (step.scope, step.calls_per_second, step.calls_at_once, step.call_class)
    assert (step.calls_at_once is not None) == ("at once" in do)
    assert step.silent == do.endswith("silent")


def test_a_step_may_rest_on_another_clause() -> None:
    text = LADDER.replace("do: notify", "do: notify\n      under: technical-prevention")
    step = load(files(ladder=text)).ladder.step("spam", Role.OFFENDER, 1)
    assert step is not None
    assert step.under == "technical-prevention"
