"""Who registered as whom from where, and what came of it."""

from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.contracts import Event

_UNANSWERED: Final = frozenset({0, 408})
_CHALLENGES: Final = frozenset({401, 407})


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
    target: str = ""
    """The user alone, where `user` names a domain too."""


def pair_of(event: Event) -> Pair:
    """Return who a registration is of, and from where."""
    user = event.target or ""
    return Pair(event.source or "", f"{user}@{event.domain}" if event.domain else user, user)


def outcome_of(event: Event) -> Outcome:
    """Return what came of a registration. A challenge to a request that carried credentials already is a refusal of them."""
    if 200 <= event.status < 300:
        return Outcome.ACCEPTED
    if event.status in _CHALLENGES and (event.stale or not event.credentials):
        return Outcome.CHALLENGED
    return Outcome.UNANSWERED if event.status in _UNANSWERED else Outcome.REFUSED


def outcome_places(status: NDArray[np.int16], stale: NDArray[np.bool_], credentials: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return where in `OUTCOMES` those of registrations stand, as `outcome_of` tells them."""
    found = np.full(status.size, OUTCOMES.index(Outcome.REFUSED), np.int64)
    found[np.isin(status, list(_UNANSWERED))] = OUTCOMES.index(Outcome.UNANSWERED)
    found[np.isin(status, list(_CHALLENGES)) & (stale | ~credentials)] = OUTCOMES.index(Outcome.CHALLENGED)
    found[(status >= 200) & (status < 300)] = OUTCOMES.index(Outcome.ACCEPTED)
    return found


class Registrations:
    """Outcomes by pair, for the first `most` pairs; `beyond` are the registrations of later ones."""

    __slots__ = ("_most", "beyond", "pairs")

    def __init__(self, most: int) -> None:
        self._most = most
        self.pairs: dict[Pair, dict[Outcome, int]] = {}
        self.beyond = 0

    def take(self, event: Event) -> None:
        """Take in a registration."""
        pair = pair_of(event)
        outcomes = self.pairs.get(pair)
        if outcomes is None:
            if len(self.pairs) >= self._most:
                self.beyond += 1
                return
            outcomes = self.pairs[pair] = dict.fromkeys(OUTCOMES, 0)
        outcomes[outcome_of(event)] += 1
