"""Recordings: files of captures and call records as one stream of events, through the same engine as live traffic."""

from ringfence.watch.recorded.counts import MAX_EXAMPLES, FileCounts
from ringfence.watch.recorded.followed import Followed
from ringfence.watch.recorded.formats import Confidence, Format, MappingFile, Options, Timed
from ringfence.watch.recorded.inputs import STANDARD_INPUT, Choice, Input, Inputs, Skipped, find_inputs, format_named
from ringfence.watch.recorded.recording import Observer, Recording, findings, judged
from ringfence.watch.recorded.standing import StandingTails
from ringfence.watch.recorded.table import FORMATS
from ringfence.watch.recorded.tail import Tail
from ringfence.watch.recorded.tails import Came, Tails

__all__ = [
    "FORMATS",
    "MAX_EXAMPLES",
    "STANDARD_INPUT",
    "Came",
    "Choice",
    "Confidence",
    "FileCounts",
    "Followed",
    "Format",
    "Input",
    "Inputs",
    "MappingFile",
    "Observer",
    "Options",
    "Recording",
    "Skipped",
    "StandingTails",
    "Tail",
    "Tails",
    "Timed",
    "find_inputs",
    "findings",
    "format_named",
    "judged",
]
