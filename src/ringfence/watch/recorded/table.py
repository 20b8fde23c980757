"""The table of formats. A new one is a line here."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from ringfence.watch.recorded.counts import FileCounts
from ringfence.watch.recorded.formats import Confidence, Format, Options, Timed
from ringfence.watch.sources import call_records, hep_file, pcap
from ringfence.watch.wire.cdr import looks_like_header


def _is_capture(start: bytes, name: str) -> Confidence:  # noqa: ARG001 - the content tells
    return Confidence.CERTAIN if pcap.is_capture(start) else Confidence.NO


def _capture(file: BinaryIO, options: Options, counts: FileCounts) -> Iterator[Timed]:  # noqa: ARG001 - a capture needs none
    counts.capture = pcap.CaptureCounts()
    return pcap.read(file, counts.capture)


def _is_hep_file(start: bytes, name: str) -> Confidence:  # noqa: ARG001 - the content tells
    return Confidence.CERTAIN if hep_file.is_hep_file(start) else Confidence.NO


def _hep_file(file: BinaryIO, options: Options, counts: FileCounts) -> Iterator[Timed]:  # noqa: ARG001 - packets need none
    counts.capture = pcap.CaptureCounts()
    return hep_file.read(file, counts.capture)


def _is_call_records(start: bytes, name: str) -> Confidence:  # noqa: ARG001 - the content tells
    line = start.decode("utf-8-sig", "replace").lstrip().partition("\n")[0].strip()
    return Confidence.LIKELY if looks_like_header(line) else Confidence.NO


def _call_records(file: BinaryIO, options: Options, counts: FileCounts) -> Iterator[Timed]:  # noqa: ARG001 - rows are counted by the reader
    return call_records.read(file, zone=options.zone, country=options.country)


FORMATS: Final[tuple[Format, ...]] = (
    Format("capture", "a capture (pcap or pcapng)", _is_capture, _capture, pcap.first_time),
    Format("hep", "HEP3 packets one after another", _is_hep_file, _hep_file, hep_file.first_time),
    Format("call-records", "call records of the generic layout (CSV)", _is_call_records, _call_records),
)
"""Every format, those that are surest of themselves first."""
