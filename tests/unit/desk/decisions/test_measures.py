"""From a step of the ladder and what was found to a measure: what is done once, and caps."""

import pytest
from tests.unit.policy.minimal import LADDER, files

from ringfence.desk.decisions.measures import Found, measure_of
from ringfence.policy import load
from ringfence.vocabulary.subjects import Role, SubjectKind

BY_ACCOUNT = Found(kind=SubjectKind.ACCOUNT, value="A1", party="shop", country="BE")


def deed_of(do: str, found: Found) -> str | None:
    """Return what a step does to what was found, for people to read."""
    step = load(files(ladder=LADDER.replace("do: notify", f"do: {do}"))).ladder.step("spam", Role.OFFENDER, 1)
    assert step is not None
    measure = measure_of(step, found)
    return None if measure is None else f"{measure.deed} {measure.length}"


@pytest.mark.parametrize(
    ("do", "deed"),
    [
        ("end-calls for 1h", "end the calls under way of account A1, once, but no emergency call for 1h"),
        ("deregister for 2h", "drop what account A1 has registered, once for 2h"),
        ("throttle 10 calls at once for 24h", "throttle account A1 to 10 calls at once for 1d"),
        (
            "throttle 2 calls/s and 10 calls at once until review 1d",
            "throttle account A1 to 2 calls/s and 10 calls at once until a review within 1d",
        ),
    ],
)
def test_a_step_does_once_or_caps_what_was_found(do: str, deed: str) -> None:
    assert deed_of(do, BY_ACCOUNT) == deed


def test_what_cannot_be_done_to_what_was_found_is_done_to_its_party() -> None:
    registered = Found(kind=SubjectKind.REGISTRATION, value="a@b,192.0.2.1", party="shop", country="BE")
    assert deed_of("deregister for 1h", registered) == "drop what registration a@b,192.0.2.1 has registered, once for 1h"
    assert deed_of("end-calls for 1h", registered) == "end the calls under way of party shop, once, but no emergency call for 1h"
    nobodys = Found(kind=SubjectKind.REGISTRATION, value="a@b,192.0.2.1", party="", country="BE")
    assert deed_of("end-calls for 1h", nobodys) is None
