"""What a watch process says of its own health, for people to read. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from ringfence.desk.detections.models import Observation
from ringfence.vocabulary.times import MILLISECOND

SILENT_AFTER: Final = timedelta(seconds=60)
"""Watch speaks every ten seconds: after six it missed, it is silent."""


class Counts(Struct, frozen=True):
    """The counts that watch tells, all since its start but the lag. What an older or newer release does not tell is 0."""

    messages: int = 0
    events: dict[str, int] = {}  # msgspec copies an empty dict
    findings: int = 0
    defects: dict[str, int] = {}  # msgspec copies an empty dict
    hep_defects: dict[str, int] = {}  # msgspec copies an empty dict
    late: int = 0
    unusable: int = 0
    dropped: int = 0
    overflowed: int = 0
    kernel_drops: int = 0
    lost_events: int = 0
    refused_agents: int = 0
    agents: int = 0
    lag_us: int = 0
    memory_bytes: int = 0
    forgotten: dict[str, int] = {}  # msgspec copies an empty dict


@dataclass(frozen=True, slots=True)
class Health:
    """One watch process. `remark` is what it said instead of counts; `is_silent`: it should have spoken long ago."""

    name: str
    heard: datetime
    is_silent: bool
    counts: Counts
    remark: str = ""

    @property
    def events(self) -> int:
        """All events, of every kind."""
        return sum(self.counts.events.values())

    @property
    def defects(self) -> int:
        """Messages and HEP packets with a defect; what of them can be read is used."""
        return sum(self.counts.defects.values()) + sum(self.counts.hep_defects.values())

    @property
    def lost(self) -> int:
        """What came and was not looked at: more than could be taken in, without use, or while the disk was full."""
        counts = self.counts
        return counts.dropped + counts.overflowed + counts.kernel_drops + counts.lost_events + counts.unusable

    @property
    def forgotten(self) -> int:
        """Events that rules forgot before they left their windows, to bound memory: what they count is short of them."""
        return sum(self.counts.forgotten.values())

    @property
    def lag_ms(self) -> float:
        """From the arrival of the message that was consumed last to its consumption."""
        return round(self.counts.lag_us / MILLISECOND, 1)


def health_of(agents: Iterable[Observation], *, now: datetime) -> list[Health]:
    """Return how each watch process stands."""
    return [_health(agent, now - agent.last > SILENT_AFTER) for agent in agents]


def _health(agent: Observation, is_silent: bool) -> Health:
    try:
        return Health(agent.subject, agent.last, is_silent, msgspec.json.decode(agent.text, type=Counts))
    except msgspec.DecodeError:
        return Health(agent.subject, agent.last, is_silent, Counts(), agent.text)
