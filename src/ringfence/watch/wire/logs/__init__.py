"""Switch logs: lines to what they tell of requests and registrations. No I/O, and no line raises."""

from ringfence.watch.wire.logs.asterisk import looks_like_security_log, read_security_log
from ringfence.watch.wire.logs.entry import LogEntry, call_id_of_line
from ringfence.watch.wire.logs.freeswitch import looks_like_freeswitch_log, read_freeswitch_log
from ringfence.watch.wire.logs.manager import looks_like_manager_events, read_manager_events
from ringfence.watch.wire.logs.proxy_events import looks_like_proxy_events, read_proxy_events
from ringfence.watch.wire.logs.switch_events import looks_like_switch_events, read_switch_events

__all__ = [
    "LogEntry",
    "call_id_of_line",
    "looks_like_freeswitch_log",
    "looks_like_manager_events",
    "looks_like_proxy_events",
    "looks_like_security_log",
    "looks_like_switch_events",
    "read_freeswitch_log",
    "read_manager_events",
    "read_proxy_events",
    "read_security_log",
    "read_switch_events",
]
