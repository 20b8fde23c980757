"""How people and machines call: the distributions that the generated carrier draws from, each with where it comes from."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """How an attempt ends."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    CANCELLED = "cancelled"
    UNALLOCATED = "unallocated"


STATUS: Final[dict[Outcome, int]] = {
    Outcome.ANSWERED: 200,
    Outcome.BUSY: 486,
    Outcome.NO_ANSWER: 480,
    Outcome.CANCELLED: 487,
    Outcome.UNALLOCATED: 404,
}
"""Outcome to the final SIP status (RFC 3261 section 21)."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One way of calling.

    `calls_per_second` is the mean rate; gaps are exponential (Poisson arrivals, as teletraffic engineering has them since Erlang,
    1909) unless `paced`, where they are even within a fifth, as a machine's are (ours). Talk times are log-normal (V. A. Bolotin,
    "Modeling call holding time distributions for CCS network design and performance analysis", IEEE JSAC 12(3), 1994) with
    `talk_median_s` and `talk_sigma`. `contacts` is the size of the book of numbers called again and again, 0 where none is
    called twice; `strangers` is the share of calls to anybody else.
    """

    calls_per_second: float
    paced: bool
    contacts: int
    strangers: float
    talk_median_s: float
    talk_sigma: float
    outcomes: tuple[tuple[Outcome, float], ...]


# 0.65 answered is ours: healthy traffic lies above the least that interconnect terms ask of conversational traffic (0.5). The rest
# is shared among busy, no answer and callers who give up (ours); numbers out of service are rare among repeated contacts (ours).
_PEOPLE: Final = (
    (Outcome.ANSWERED, 0.65),
    (Outcome.BUSY, 0.10),
    (Outcome.NO_ANSWER, 0.145),
    (Outcome.CANCELLED, 0.10),
    (Outcome.UNALLOCATED, 0.005),
)

# Diallers reach fewer people: published call centre terms ask for 0.4 answered; 0.35 is ours. Bought lists hold dead numbers.
_MACHINE: Final = (
    (Outcome.ANSWERED, 0.35),
    (Outcome.BUSY, 0.11),
    (Outcome.NO_ANSWER, 0.30),
    (Outcome.CANCELLED, 0.22),
    (Outcome.UNALLOCATED, 0.02),
)

# Median and sigma give means of 164 s (office), 148 s (business) and 207 s (contact centre), and over a fifth of calls above 120 s:
# conversational traffic by published terms. Rates and books are ours: together some four ordinary calls a second.
PROFILES: Final[dict[str, Profile]] = {
    "wholesale": Profile(0.15, False, 20, 0.02, 80.0, 1.2, _PEOPLE),
    "office": Profile(0.35, False, 25, 0.02, 80.0, 1.2, _PEOPLE),
    "business": Profile(0.55, False, 30, 0.02, 90.0, 1.0, _PEOPLE),
    "contact-centre": Profile(1.30, False, 40, 0.01, 150.0, 0.8, _PEOPLE),
}
"""An account's plan to how it calls."""

# Two to three distinct numbers a second (ours), most answered calls under six seconds: published mitigation programmes look at the
# share of calls of at most six seconds, with 15 to 20 percent as the limit.
DIALLER: Final = Profile(2.5, True, 0, 1.0, 4.0, 0.6, _MACHINE)
"""How the dialler calls, whatever its plan. No number twice in an hour."""
