"""What a capture held, what was passed over, and what was damaged."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class CaptureDefect(StrEnum):
    """What was wrong with a capture. The good packets before it (and after it, where it can be stepped over) are kept."""

    TRUNCATED = "truncated"  # the file ends within a record
    RECORD_SIZE = "record-size"  # a record announces an impossible length: what follows can't be found
    WITHOUT_TIME = "without-time"  # a pcapng block that carries no time
    CUT_PACKET = "cut-packet"  # the capture holds only the packet's beginning
    PACKET = "packet"  # addresses or lengths inside it do not hold together
    FRAGMENT_LOST = "fragment-lost"  # parts of an IP packet never came
    SEGMENT_LOST = "segment-lost"  # parts of a TCP stream never came


@dataclass(slots=True)
class CaptureCounts:
    """All counts since the file's start."""

    frames: int = 0
    messages: int = 0
    """SIP messages yielded."""
    other_frames: int = 0
    """Frames that carry neither UDP nor TCP over IP."""
    not_sip: int = 0
    """UDP datagrams that are not SIP by their content."""
    unknown_links: Counter[int] = field(default_factory=Counter)
    """Frames of link types that can't be read here, by LINKTYPE."""
    stream_octets_lost: int = 0
    """Octets of TCP streams that belonged to no message."""
    defects: Counter[CaptureDefect] = field(default_factory=Counter)

    @property
    def is_damaged(self) -> bool:
        """Tell whether part of the file could not be read: what stands beyond the place where it breaks."""
        return any(self.defects[defect] for defect in (CaptureDefect.TRUNCATED, CaptureDefect.RECORD_SIZE))
