"""Captures (pcap, pcapng) as datagrams: SIP found by its content in UDP and TCP."""

from ringfence.watch.sources.pcap.counts import CaptureCounts, CaptureDefect
from ringfence.watch.sources.pcap.reader import first_time, read, stretches
from ringfence.watch.sources.pcap.records import is_capture

__all__ = ["CaptureCounts", "CaptureDefect", "first_time", "is_capture", "read", "stretches"]
