"""Recordings: files of captures and call records as one stream of events, through the same engine as live traffic."""

from ringfence.watch.recorded.counts import MAX_EXAMPLES, FileCounts
from ringfence.watch.recorded.formats import Confidence, Format, MappingFile, Options, Timed
from ringfence.watch.recorded.inputs import Input, format_named, open_input
from ringfence.watch.recorded.recording import Observer, Recording, Skipped, findings
from ringfence.watch.recorded.table import FORMATS

__all__ = [
    "FORMATS",
    "MAX_EXAMPLES",
    "Confidence",
    "FileCounts",
    "Format",
    "Input",
    "MappingFile",
    "Observer",
    "Options",
    "Recording",
    "Skipped",
    "Timed",
    "findings",
    "format_named",
    "open_input",
]
