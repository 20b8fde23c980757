"""Live watch between sources and sinks: reorder, track, keep, judge, tell; and go on exactly there after a crash."""

from ringfence.watch.live.counts import Counts
from ringfence.watch.live.desk_tail import DeskTail
from ringfence.watch.live.judges import Judges
from ringfence.watch.live.log import Log
from ringfence.watch.live.pipeline import MOST_WAITING, Pipeline
from ringfence.watch.live.reference_tail import ReferenceTail
from ringfence.watch.live.reorder import ReorderBuffer

__all__ = ["MOST_WAITING", "Counts", "DeskTail", "Judges", "Log", "Pipeline", "ReferenceTail", "ReorderBuffer"]
