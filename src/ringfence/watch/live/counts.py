"""What live watch counts."""

from collections import Counter
from dataclasses import dataclass, field

from ringfence.watch.wire.sip import Defect


@dataclass(slots=True)
class Counts:
    """All since the start but `lag_us`: how long ago the message arrived that was consumed last."""

    messages: int = 0
    defects: Counter[Defect] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    findings: int = 0
    observations: int = 0
    overflowed: int = 0
    """Datagrams dropped because more came than could be consumed."""
    lost_events: int = 0
    """Events and observations that could not be kept while the disk was full or broken."""
    write_failures: int = 0
    lag_us: int = 0
