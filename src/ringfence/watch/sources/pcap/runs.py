"""Stretches of a classic capture that hold nothing but whole UDP packets over IPv4, read in one go."""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.vocabulary.times import HOUR, SECOND, Micros
from ringfence.watch.kernels import packets as kernel
from ringfence.watch.sources.pcap.counts import CaptureCounts
from ringfence.watch.sources.pcap.window import Window

DISORDER_US: Final = Micros(2 * SECOND)
"""Packets of several queues or cards are written out of order by less."""
LEAP_US: Final = Micros(HOUR)
"""A time so far ahead is believed only if the packet after it has it too."""

_MOST: Final = 1_000
"""SIP packets of one run."""
_LONGEST_WAIT: Final = 256
_BOUNDS: Final = kernel.Bounds(DISORDER_US, LEAP_US)
_ETHERNET, _LINUX_COOKED, _LINUX_COOKED_2 = 1, 113, 276
_PLACES: Final = {
    _ETHERNET: (12, 14, True),
    _LINUX_COOKED: (14, 16, False),
    _LINUX_COOKED_2: (0, 20, False),
    **dict.fromkeys((0, 108), (-1, 4, False)),
    **dict.fromkeys((12, 14, 101, 228, 229), (-1, 0, False)),
}
"""LINKTYPE to where a frame tells its network protocol, where the network's header starts, and whether VLAN tags may come."""


class Frame(NamedTuple):
    """One captured frame. `link` is its LINKTYPE; `cut`: the capture holds only its beginning."""

    time: Micros
    link: int
    octets: bytes
    cut: bool


class Run(NamedTuple):
    """`rows` tell of each SIP packet (see the kernel), `walked` of all. `octets` holds them from `begin` on, in `form`."""

    octets: bytes
    begin: int
    rows: NDArray[np.int64]
    walked: kernel.Walked
    form: "ClassicForm"

    @property
    def time(self) -> Micros:
        """The first packet's."""
        return Micros(self.walked.first)

    def frames(self, counts: CaptureCounts) -> Iterator[Frame]:
        """Yield the packets one by one, for who must look at each; `counts` counts along."""
        counts.frames -= self.walked.found + self.walked.others
        at, form = self.begin, self.form
        while at < self.walked.end:
            seconds, fraction, captured, original = form.record.unpack_from(self.octets, at)
            begin, at = at + form.record.size, at + form.record.size + captured
            counts.frames += 1
            yield Frame(Micros(seconds * SECOND + fraction // form.parts), form.link, self.octets[begin:at], captured < original)


class ClassicForm(NamedTuple):
    """How the records of a classic capture are written. `parts` of its fractions make a microsecond."""

    record: struct.Struct
    order: str
    parts: int
    link: int


class Runner:
    """Finds runs. Where there are none it is asked less and less often."""

    def __init__(self) -> None:
        self._rows = np.empty((_MOST, kernel.COLUMNS), np.int64)
        self._wait = 0
        self._patience = 1

    def run(self, window: Window, form: ClassicForm) -> Run | None:
        """Return the run that starts where the window stands, which goes on behind it; `None` where there is none."""
        if self._wait:
            self._wait -= 1
            return None
        places = _PLACES.get(form.link)
        if places is None:
            return None
        octets, at = window.octets, window.at
        walked = kernel.walk(
            np.frombuffer(octets, np.uint8), at, kernel.Form(form.order == "<", form.parts, *places), _BOUNDS, self._rows
        )
        if walked.end == at:
            self._wait, self._patience = self._patience, min(2 * self._patience, _LONGEST_WAIT)
            return None
        self._patience = 1
        window.at = walked.end
        return Run(octets, at, self._rows[: walked.found].copy(), kernel.Walked(*walked), form)
