"""How each party's traffic looks, by the lake: when it calls, where to, how long, with what. Tokens alone; nothing is opened."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from ringfence.vocabulary.contracts.traffic_profile import TrafficProfile
from ringfence.vocabulary.times import Micros, utc
from ringfence.watch.lake.questions import Questions

FEWEST: Final = 50
"""Attempts: of fewer nothing is said."""
LENGTHS: Final = 12
_HOURS: Final = 24
_CALLEES: Final = 100
_AGENTS: Final = 5
_EVENTS: Final = """
    WITH theirs AS (
        SELECT *, party_path[len(party_path)] AS party FROM events
        WHERE len(party_path) > 0 AND kind = '{kind}' AND time >= '{since}' AND time < '{until}'
    )
"""
_COUNTED: Final = (
    "SELECT party, {what} AS counted_value, count(*) AS attempts FROM theirs WHERE counted_value IS NOT NULL GROUP BY ALL"
)
_MOST: Final = """, counted AS ({counted})
    SELECT party, counted_value, attempts
    FROM (SELECT *, row_number() OVER (PARTITION BY party ORDER BY attempts DESC, counted_value) AS place FROM counted)
    WHERE place <= {most} ORDER BY party, place
"""
_LENGTH: Final = "CASE WHEN answered THEN least({last}, 1 + floor(log2(1 + duration_ms // 1000))) ELSE 0 END"


def profiles(asked: Questions, *, since: Micros, until: Micros) -> Iterator[TrafficProfile]:
    """Yield how each party's traffic looked in [since, until), by name, of those with at least `FEWEST` attempts."""
    span = {"since": utc(since).isoformat(), "until": utc(until).isoformat()}
    hours = _counts(asked, _EVENTS.format(kind="attempt", **span) + _COUNTED.format(what="hour(time)"))
    countries = _counts(asked, _EVENTS.format(kind="attempt", **span) + _COUNTED.format(what="callee_country"))
    lengths = _counts(asked, _EVENTS.format(kind="end", **span) + _COUNTED.format(what=_LENGTH.format(last=LENGTHS - 1)))
    callees = _counts(
        asked, _EVENTS.format(kind="attempt", **span) + _MOST.format(counted=_COUNTED.format(what="callee"), most=_CALLEES)
    )
    agents = _counts(
        asked, _EVENTS.format(kind="attempt", **span) + _MOST.format(counted=_COUNTED.format(what="user_agent"), most=_AGENTS)
    )
    for party, by_hour in sorted(hours.items()):
        attempts = sum(by_hour.values())
        if attempts < FEWEST:
            continue
        yield TrafficProfile(
            party=party,
            since=since,
            until=until,
            attempts=attempts,
            hours=_shares(by_hour, _HOURS),
            countries={str(name): round(count / attempts, 4) for name, count in sorted(countries[party].items())},
            lengths=_shares(lengths[party], LENGTHS),
            callees=tuple(callees[party]),
            agents=tuple(agents[party]),
        )


def _counts(asked: Questions, question: str) -> defaultdict[str, dict[Any, int]]:
    """Return how often each value stands with each party, in the answer's order."""
    found: defaultdict[str, dict[Any, int]] = defaultdict(dict)
    for party, value, count in asked.ask(question).rows():
        found[party][value] = count
    return found


def _shares(counts: dict[Any, int], size: int) -> tuple[float, ...]:
    whole = sum(counts.values())
    by_place = {int(place): count for place, count in counts.items()}
    return tuple(round(by_place.get(place, 0) / whole, 4) for place in range(size)) if whole else ()
