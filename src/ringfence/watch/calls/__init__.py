"""Messages to attempts, calls, requests and registrations: each once, however often a mirror shows it."""

from ringfence.watch.calls.legs import Edges
from ringfence.watch.calls.log_entries import attributed, events_of_entry
from ringfence.watch.calls.memory import OtherVersion
from ringfence.watch.calls.records import events_of_record
from ringfence.watch.calls.tracker import Tracker, TrackerOptions

__all__ = ["Edges", "OtherVersion", "Tracker", "TrackerOptions", "attributed", "events_of_entry", "events_of_record"]
