"""When a registration contests another's."""

from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import HOUR, MINUTE, SECOND, Micros
from ringfence.watch.detectors.registrations import AFTER_GUESSING, CONTESTED, NEW_US, Registrations, oddity_of

OWNER, THIEF = ("192.0.2.1", "Oak"), ("203.0.113.9", "Elm")


def lags(*registered: tuple[int, tuple[str, str]]) -> list[int | None]:
    """Return what is said of registrations at times (s)."""
    registrations = Registrations()
    return [registrations.contested("u", "h", *who, Micros(at * SECOND)) for at, who in registered]


def test_a_new_place_soon_after_the_owner_contests_each_time() -> None:
    found = lags((0, OWNER), (600, OWNER), (620, THIEF), (1200, OWNER), (1210, THIEF))
    assert found == [None, None, 20 * SECOND, None, 10 * SECOND]


def test_the_owner_contests_nothing_by_coming_back() -> None:
    assert lags((0, OWNER), (1, THIEF), (2, OWNER))[2] is None


def test_who_comes_late_contests_nothing() -> None:
    assert lags((0, OWNER), (61, THIEF)) == [None, None]


def test_two_phones_that_keep_a_way_through_nat_open_contest_nothing() -> None:
    pattern = [(0, OWNER), (60, OWNER), (70, THIEF), (120, OWNER), (130, THIEF)]
    assert lags(*pattern) == [None] * 5


MOVED = ("198.51.100.4", OWNER[1])
"""Another place, where the same equipment is."""


def test_one_telephone_that_moves_contests_nothing() -> None:
    assert lags((0, OWNER), (30, MOVED)) == [None, None]
    stays = [(0, OWNER), (600, OWNER), (630, MOVED), (1230, MOVED), (1830, OWNER), (1850, MOVED), (2450, OWNER), (2470, MOVED)]
    assert lags(*stays) == [None] * 8


def test_the_same_equipment_that_takes_turns_with_the_owner_contests_from_the_second_time_on() -> None:
    found = lags((0, OWNER), (600, OWNER), (620, MOVED), (1200, OWNER), (1210, MOVED), (1800, OWNER), (1805, MOVED))
    assert found == [None, None, None, None, 10 * SECOND, None, 5 * SECOND]


def test_a_place_that_has_long_been_known_contests_nothing() -> None:
    late = NEW_US // SECOND + 600
    assert lags((0, OWNER), (500, THIEF), (late, OWNER), (late + 5, THIEF))[-1] is None


def test_an_oddity_is_the_registration_under_another_kind() -> None:
    registrations = Registrations()
    owner = Event(
        kind=EventKind.REGISTRATION, time=Micros(HOUR), call_id="1", method="REGISTER", status=200, target="u", domain="h",
        source="192.0.2.1", user_agent="Oak", account="acme",
    )  # fmt: skip
    thief = Event(
        kind=EventKind.REGISTRATION, time=Micros(HOUR + 7 * SECOND), call_id="2", method="REGISTER", status=200, target="u",
        domain="h", source="203.0.113.9", user_agent="Elm", account="acme",
    )  # fmt: skip
    assert oddity_of(owner, registrations) is None
    oddity = oddity_of(thief, registrations)
    assert oddity is not None
    assert (oddity.kind, oddity.name, oddity.value, oddity.source) == (EventKind.ODDITY, CONTESTED, 7.0, "203.0.113.9")


def test_refused_registrations_are_no_place() -> None:
    registrations = Registrations()
    told = {"call_id": "1", "method": "REGISTER", "target": "u", "domain": "h"}
    refused = Event(kind=EventKind.REGISTRATION, time=Micros(0), status=403, source="192.0.2.1", user_agent="A", **told)  # type: ignore[arg-type]  # read by the contract's types
    taken = Event(kind=EventKind.REGISTRATION, time=Micros(SECOND), status=200, source="192.0.2.9", user_agent="B", **told)  # type: ignore[arg-type]  # as above
    assert [oddity_of(refused, registrations), oddity_of(taken, registrations)] == [None, None]


def test_users_are_forgotten_beyond_the_limit() -> None:
    registrations = Registrations(limit=1)
    registrations.contested("a", "h", *OWNER, Micros(0))
    registrations.contested("b", "h", *OWNER, Micros(0))
    assert registrations.contested("a", "h", *THIEF, Micros(MINUTE // 2)) is None


def told(at: int, status: int, source: str, *, credentials: bool = True) -> Event:
    return Event(
        kind=EventKind.REGISTRATION, time=Micros(at * SECOND), call_id=f"{at}", method="REGISTER", status=status, target="u",
        domain="h", source=source, credentials=credentials, user_agent=source,
    )  # fmt: skip


def names(*events: Event) -> list[tuple[str | None, float | None]]:
    registrations = Registrations()
    return [(odd.name, odd.value) for event in events if (odd := oddity_of(event, registrations)) is not None]


def test_a_first_success_after_five_failures_at_a_new_place_is_a_guess() -> None:
    guesses = [told(1000 + nth, 403, "203.0.113.9") for nth in range(5)]
    assert names(told(0, 200, "192.0.2.1"), *guesses, told(1100, 200, "203.0.113.9")) == [(AFTER_GUESSING, 5.0)]


def test_a_forgotten_password_at_home_or_at_the_only_place_is_no_guess() -> None:
    home = [told(1000 + nth, 403, "192.0.2.1") for nth in range(9)]
    assert names(told(0, 200, "192.0.2.1"), *home, told(1100, 200, "192.0.2.1")) == []
    assert names(*home, told(1100, 200, "192.0.2.1")) == []


def test_challenges_and_failures_long_ago_are_no_guesses() -> None:
    challenges = [told(1000 + nth, 401, "203.0.113.9", credentials=False) for nth in range(9)]
    assert names(told(0, 200, "192.0.2.1"), *challenges, told(1100, 200, "203.0.113.9")) == []
    old = [told(1000 + nth, 403, "203.0.113.9") for nth in range(5)]
    assert names(told(0, 200, "192.0.2.1"), *old, told(100_000, 200, "203.0.113.9")) == []
