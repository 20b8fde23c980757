"""The table of formats. A new one is a line here."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from ringfence.watch.recorded.counts import FileCounts
from ringfence.watch.recorded.formats import Confidence, Format, Options, Timed
from ringfence.watch.recorded.switches import SWITCH_FORMATS
from ringfence.watch.sources import hep_file, pcap
from ringfence.watch.sources.datagram import Datagram
from ringfence.watch.sources.stretch import Stretch


def _is_capture(start: bytes, name: str) -> Confidence:  # noqa: ARG001 - the content tells
    return Confidence.CERTAIN if pcap.is_capture(start) else Confidence.NO


def _capture(file: BinaryIO, options: Options, counts: FileCounts) -> Iterator[Timed]:  # noqa: ARG001 - a capture needs none
    counts.capture = pcap.CaptureCounts()
    return pcap.read(file, counts.capture)


def _stretches(file: BinaryIO, options: Options, counts: FileCounts) -> Iterator[Stretch | Datagram]:  # noqa: ARG001 - likewise
    counts.capture = pcap.CaptureCounts()
    return pcap.stretches(file, counts.capture)


def _is_hep_file(start: bytes, name: str) -> Confidence:  # noqa: ARG001 - the content tells
    return Confidence.CERTAIN if hep_file.is_hep_file(start) else Confidence.NO


def _hep_file(file: BinaryIO, options: Options, counts: FileCounts) -> Iterator[Timed]:  # noqa: ARG001 - packets need none
    counts.capture = pcap.CaptureCounts()
    return hep_file.read(file, counts.capture)


FORMATS: Final[tuple[Format, ...]] = (
    Format("capture", "a capture (pcap or pcapng)", _is_capture, _capture, pcap.first_time, _stretches),
    Format("hep", "HEP3 packets one after another", _is_hep_file, _hep_file, hep_file.first_time),
    *SWITCH_FORMATS,
)
"""Every format, those that are surest of themselves first."""
