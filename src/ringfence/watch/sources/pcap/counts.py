"""What a capture held, what was passed over, and what was damaged."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from ringfence.watch.wire.hep import HepDefect


class CaptureDefect(StrEnum):
    """What was wrong with a capture. The good packets before it (and after it, where they can be found again) are kept."""

    TRUNCATED = "truncated"  # the file ends within a record
    RECORD_SIZE = "record-size"  # a record announces an impossible length: reading went on at the next that holds together
    EMPTY_SPACE = "empty-space"  # a stretch of zeros, as a crash leaves them where nothing was written
    WITHOUT_TIME = "without-time"  # a block or packet that carries no time
    CLOCK_BACK = "clock-back"  # the clock jumped back: what follows counts as if it had gone on
    CLOCK_STRAY = "clock-stray"  # one packet's time far from its neighbours': it counts at theirs
    CUT_PACKET = "cut-packet"  # the capture holds only the packet's beginning
    PACKET = "packet"  # addresses or lengths inside it do not hold together
    FRAGMENT_LOST = "fragment-lost"  # parts of an IP packet never came
    SEGMENT_LOST = "segment-lost"  # parts of a TCP stream never came


_DAMAGE = (CaptureDefect.TRUNCATED, CaptureDefect.RECORD_SIZE, CaptureDefect.EMPTY_SPACE)


@dataclass(slots=True)
class CaptureCounts:
    """All counts since the file's start."""

    frames: int = 0
    messages: int = 0
    """SIP messages yielded."""
    log_lines: int = 0
    """Lines of edges' logs in HEP."""
    other_frames: int = 0
    """Frames that carry neither UDP nor TCP over IP."""
    not_sip: int = 0
    """UDP datagrams and HEP payloads that are not SIP by their content."""
    hep_packets: int = 0
    websocket_streams: int = 0
    encrypted_streams: int = 0
    """Directions of TLS connections: nothing in them can be read."""
    unknown_links: Counter[int] = field(default_factory=Counter)
    """Frames of link types that can't be read here, by LINKTYPE."""
    stream_octets_lost: int = 0
    """Octets of TCP streams that belonged to no message."""
    octets_lost: int = 0
    """Octets of the file that belonged to no record."""
    clock_back_us: int = 0
    """How much is added to the times read last, because the clock jumped back."""
    defects: Counter[CaptureDefect] = field(default_factory=Counter)
    first_at: dict[CaptureDefect, int] = field(default_factory=dict)
    """The number of the packet at which each defect was met first, counted from 1 as packet viewers do."""
    hep_defects: Counter[HepDefect] = field(default_factory=Counter)

    def note(self, defect: CaptureDefect, times: int = 1) -> None:
        """Count a defect at the present packet."""
        self.defects[defect] += times
        self.first_at.setdefault(defect, self.frames)

    @property
    def is_damaged(self) -> bool:
        """Tell whether part of the file could not be read."""
        return any(self.defects[defect] for defect in _DAMAGE)
