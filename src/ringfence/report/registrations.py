"""Who registered as whom from where, and what came of it."""

from enum import StrEnum
from typing import Final, NamedTuple

from ringfence.vocabulary.contracts import Event

_UNANSWERED: Final = frozenset({0, 408})


class Outcome(StrEnum):
    """What came of a REGISTER."""

    ACCEPTED = "accepted"
    CHALLENGED = "asked for credentials"
    REFUSED = "refused"
    UNANSWERED = "not answered"


OUTCOMES: Final = tuple(Outcome)


class Pair(NamedTuple):
    """Who registered from where."""

    source: str
    user: str


def outcome_of(event: Event) -> Outcome:
    """Return what came of a registration. A challenge to a request that carried credentials already is a refusal of them."""
    if 200 <= event.status < 300:
        return Outcome.ACCEPTED
    if event.status in (401, 407) and (event.stale or not event.credentials):
        return Outcome.CHALLENGED
    return Outcome.UNANSWERED if event.status in _UNANSWERED else Outcome.REFUSED


class Registrations:
    """Outcomes by pair, for the first `most` pairs; `beyond` are the registrations of later ones."""

    __slots__ = ("_most", "beyond", "pairs")

    def __init__(self, most: int) -> None:
        self._most = most
        self.pairs: dict[Pair, dict[Outcome, int]] = {}
        self.beyond = 0

    def take(self, event: Event) -> None:
        """Take in a registration."""
        user = event.target or ""
        pair = Pair(event.source or "", f"{user}@{event.domain}" if event.domain else user)
        outcomes = self.pairs.get(pair)
        if outcomes is None:
            if len(self.pairs) >= self._most:
                self.beyond += 1
                return
            outcomes = self.pairs[pair] = dict.fromkeys(OUTCOMES, 0)
        outcomes[outcome_of(event)] += 1
