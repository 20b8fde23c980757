"""Recordings: files of captures and call records as one stream of events, through the same engine as live traffic."""

from ringfence.watch.recorded.inputs import Input, InputKind, open_input
from ringfence.watch.recorded.recording import MAX_EXAMPLES, FileCounts, Recording, findings

__all__ = ["MAX_EXAMPLES", "FileCounts", "Input", "InputKind", "Recording", "findings", "open_input"]
