"""Whatever stands in a file of records or logs, reading it never raises, and what follows is still read."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.watch.wire.cdr.test_switch_layouts import ACC, TEMPLATES, acc, cel, json_cdr, master
from tests.unit.watch.wire.logs.test_switch_logs import security

from ringfence.watch.wire.cdr import CallRecord, RowProblem, once, read_json_records, read_mapped_records, read_mapping
from ringfence.watch.wire.cdr.asterisk import looks_like_master, read_master
from ringfence.watch.wire.cdr.cel import looks_like_cel, read_cel
from ringfence.watch.wire.cdr.freeswitch_csv import looks_like_templates, read_templates
from ringfence.watch.wire.cdr.freeswitch_json import looks_like_json_cdr, read_json_cdr
from ringfence.watch.wire.cdr.kamailio import looks_like_dump, looks_like_syslog, read_dump, read_syslog
from ringfence.watch.wire.logs import (
    LogEntry,
    looks_like_freeswitch_log,
    looks_like_security_log,
    read_freeswitch_log,
    read_security_log,
)

Read = Callable[[Iterable[str]], Iterator[CallRecord | RowProblem | LogEntry]]
_MAPPING: Final = read_mapping("m", b'[columns]\ncall_id = "id"\nstart = "begin"\ncallee = "to"\nduration = "long"\n')
_MAPPED: Final = "c1,2026-01-31T10:00:00Z,+3225550101,5"
_JSON: Final = '{"id": 1, "begin": "2026-01-31T10:00:00Z", "to": "+3225550101", "long": 5}'
_REFUSED: Final = "2026-01-31 10:00:00.1 [WARNING] sofia_reg.c:1 Can't find user [u@d] from 198.51.100.7"
_ACCOUNTED: Final = "ACC: call missed: timestamp=1769850000;method=INVITE;from_tag=f;to_tag=t;call_id=c1;code=486;reason=Busy"
_READERS: Final[dict[str, tuple[Read, str]]] = {
    "asterisk": (lambda lines: once(read_master(lines, zone=UTC)), master()),
    "cel": (read_cel, cel("CHAN_START", "1769850000.0")),
    "freeswitch": (lambda lines: read_templates(lines, zone=UTC), TEMPLATES["example"]),
    "json": (read_json_cdr, json_cdr()),
    "kamailio": (lambda lines: read_dump([ACC, *lines], zone=UTC), acc("INVITE", 486, "10:00:00")),
    "kamailio syslog": (read_syslog, _ACCOUNTED),
    "mapped": (lambda lines: read_mapped_records(["id,begin,to,long", *lines], _MAPPING), _MAPPED),
    "mapped json": (lambda lines: read_json_records(lines, _MAPPING), _JSON),
    "security log": (read_security_log, security()),
    "freeswitch log": (lambda lines: read_freeswitch_log(lines, zone=UTC), _REFUSED),
}


@pytest.mark.parametrize("name", _READERS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_line_costs_itself_only(name: str, data: st.DataObject) -> None:
    read, whole = _READERS[name]
    begin = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(begin, len(whole)))
    put = data.draw(st.text(st.sampled_from('",;=\\[]{}:-/ 09azé\0٣\ud800\t'), max_size=12))
    damaged = whole[:begin] + put + whole[end:]
    found = list(read([damaged, whole.replace("c1", "c2"), damaged]))
    assert any(isinstance(row, CallRecord | LogEntry) for row in found)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('",;=\\[]{}:-/ 09azé\0٣\ud800\t\n'), max_size=60))
def test_recognising_never_raises(line: str) -> None:
    looks = (looks_like_master, looks_like_cel, looks_like_templates, looks_like_json_cdr, looks_like_dump, looks_like_syslog)
    assert not any(look(line) for look in (*looks, looks_like_security_log, looks_like_freeswitch_log))
