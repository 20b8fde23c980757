"""Columns of events of records are those of the events themselves, whatever the directory says, and however records are cut up."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ringfence.policy.fields import FIELDS
from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.contracts import AccountLink, Event, EventKind, NumberLink, PartyLink, Reference, TrunkLink
from ringfence.vocabulary.identity import IdentityOutcome
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import EMERGENCY_LIST, Directory
from ringfence.watch.calls import events_of_record
from ringfence.watch.columns import NumberCodes, Part, TextHashes, columns_of, number_code
from ringfence.watch.columns import numbers as number_module
from ringfence.watch.columns.records import KINDS, RecordEvents, RecordExpander, Wholes
from ringfence.watch.recorded.runs import Runs
from ringfence.watch.recorded.spool import Spool
from ringfence.watch.wire.cdr import CallRecord
from ringfence.watch.wire.cdr.blocks import block_of

_MOMENTS = st.one_of(st.none(), st.integers(0, 40).map(Micros))
_ACCOUNTS = st.sampled_from(["a1", "a2", "a3"])
_NUMBERS = st.sampled_from(["+43720123456", "+43720123457", "112"])
_SOURCES = st.sampled_from(["198.51.100.7", "198.51.100.8", "203.0.113.1", "2001:db8::1"])
_UNSET = st.none()


def _spans(link: type, **fields: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    built = st.builds(link, valid_from=_MOMENTS, valid_to=_MOMENTS, **fields)
    return st.lists(built, max_size=6).map(tuple)


_REFERENCES = st.builds(
    Reference,
    time=st.just(Micros(0)),
    parties=st.just((PartyLink(party="root"), PartyLink(party="acme", parent="root"), PartyLink(party="other", parent="acme"))),
    accounts=_spans(
        AccountLink,
        account=_ACCOUNTS,
        party=st.sampled_from(["root", "acme", "other"]),
        plan=st.sampled_from([None, "office", "home"]),
        country=st.sampled_from([None, None, "GB", "JP"]),
    ),
    trunks=_spans(
        TrunkLink,
        trunk=st.sampled_from(["t1", "t2"]),
        account=_ACCOUNTS,
        address=st.sampled_from([None, "198.51.100.7", "198.51.100.0/24", "2001:db8::/32"]),
        user=st.sampled_from([None, "u"]),
    ),
    numbers=_spans(NumberLink, number=_NUMBERS, account=_ACCOUNTS),
    emergency=st.sampled_from([{}, {"GB": ("112", "+441174960678"), "ZZ": ("112",)}]),
    lists=st.sampled_from([{}, {EMERGENCY_LIST: ("112",)}]),
)
_RECORDS = st.lists(
    st.builds(
        lambda start, ring, talk, answered, has_end, **fields: CallRecord(
            line=0,
            start=Micros(start),
            answer=Micros(start + ring) if answered else None,
            end=Micros(start + ring + talk) if has_end else None,
            **fields,
        ),
        start=st.integers(0, 40),
        ring=st.integers(0, 5),
        talk=st.one_of(st.integers(0, 5), st.integers(0, 9_000_000)),
        answered=st.booleans(),
        has_end=st.integers(0, 9).map(bool),
        call_id=st.sampled_from(["c1", "c2", "Ü3"]),
        account=st.one_of(_UNSET, _ACCOUNTS, st.just("unknown")),
        caller=st.one_of(_UNSET, _NUMBERS),
        callee=st.one_of(_UNSET, _NUMBERS, st.sampled_from(["+441174960678", "112"])),
        source_ip=st.one_of(_UNSET, _SOURCES),
        status=st.sampled_from([0, 200, 486]),
        released_by=st.sampled_from([None, "caller", "callee", "network"]),
        attestation=st.sampled_from([None, *Attestation]),
        verification=st.sampled_from([None, *IdentityOutcome]),
        trunk=st.sampled_from([None, "t1", "own"]),
        direction=st.sampled_from([None, "outbound", "inbound"]),
        ring_ms=st.sampled_from([None, 0, 1_500]),
        user_agent=st.sampled_from([None, "Softphone/1"]),
    ),
    min_size=1,
    max_size=20,
)
_KINDS = st.sets(st.sampled_from(KINDS), min_size=1)


def numbered(records: Sequence[CallRecord]) -> list[CallRecord]:
    return [replace(each, line=2 + nth) for nth, each in enumerate(records)]


def batches(
    records: Sequence[CallRecord], directory: Directory, kinds: set[EventKind], hashes: TextHashes, cut: int, spool: Spool
) -> tuple[list[RecordEvents], int]:
    """Return the events of the records in columns, in order, `cut` records at a time; and how many there are of all kinds."""
    expander = RecordExpander(directory, hashes, kinds, set(FIELDS), numbers={"caller", "target", "asserted", "time"})
    runs = Runs(expander.dtype, run_octets=cut * expander.dtype.itemsize, held_octets=1)
    every = 0
    for first in range(0, len(records), cut):
        block = block_of(records[first : first + cut], expander.hashing)
        rows, count = expander.expand(block, spool.add(block))
        runs.add(rows)
        every += count
    return [RecordEvents(rows, spool, hashes) for rows in runs.merged()], every


def words_of(batch: RecordEvents, name: str) -> list[int]:
    words = batch.words(name)
    assert words is not None
    found: list[int] = words.tolist()
    return found


@settings(deadline=None, max_examples=300)
@given(_REFERENCES, _RECORDS, _KINDS, st.integers(1, 30))
def test_columns_of_records_are_those_of_their_events(
    reference: Reference, records: list[CallRecord], kinds: set[EventKind], cut: int
) -> None:
    directory, hashes, records = Directory(reference), TextHashes(b"key"), numbered(records)
    expected = [event for record in records for event in events_of_record(record, directory)]
    wanted = sorted((event for event in expected if event.kind in kinds), key=lambda event: (event.time, event.sequence))
    spool = Spool(directory)
    taken, every = batches(records, directory, kinds, hashes, cut, spool)
    assert every == len(expected)
    assert [event for batch in taken for event in batch] == wanted
    assert [call_id for batch in taken for call_id in batch.call_ids] == [event.call_id for event in wanted]
    names, ends = sorted(FIELDS), {"clock": Micros(-1), "now": Micros(1 << 60)}
    whole = columns_of(wanted, names, hashes, **ends)
    parts = [columns_of(batch, names, hashes, **ends) for batch in taken if len(batch)]
    assert [word for batch in taken for word in words_of(batch, "caller")] == [number_code(event.caller or "") for event in wanted]
    assert [word for batch in taken for word in words_of(batch, "callee")] == [number_code(event.callee or "") for event in wanted]
    assert all(batch.words("diverted") is None for batch in taken)
    if parts:
        assert np.concatenate([part.kind for part in parts]).tolist() == whole.kind.tolist()
        assert np.concatenate([part.time for part in parts]).tolist() == whole.time.tolist()
        for name in names:
            column = np.concatenate([part.fields[name] for part in parts])
            assert column.dtype == whole.fields[name].dtype, name
            np.testing.assert_array_equal(column, whole.fields[name], err_msg=name)
    spool.close()


@settings(deadline=None, max_examples=150)
@given(_REFERENCES, _RECORDS, _KINDS, st.integers(1, 30))
def test_attempts_tell_whole_calls_where_that_is_wanted(
    reference: Reference, records: list[CallRecord], kinds: set[EventKind], cut: int
) -> None:
    directory, hashes, records = Directory(reference), TextHashes(b"key"), numbered(records)
    spool, numbers = Spool(directory), NumberCodes()
    wholes = Wholes(numbers, frozenset({"caller", "callee"}))
    expander = RecordExpander(directory, hashes, kinds | {EventKind.ATTEMPT}, {"call_id"}, wholes)
    runs = Runs(expander.dtype, run_octets=cut * expander.dtype.itemsize, held_octets=1)
    for first in range(0, len(records), cut):
        block = block_of(records[first : first + cut], expander.hashing)
        runs.add(expander.expand(block, spool.add(block))[0])
    for batch in (RecordEvents(rows, spool, hashes) for rows in runs.merged()):
        told = batch.outcomes(hashes)
        callers, callees = batch.codes("caller", numbers), batch.codes("callee", numbers)
        for place, event in enumerate(batch):
            whole = [each for each in batch.told_with(place) if event.kind is EventKind.ATTEMPT]
            assert told.parts[place] == sum(Part[each.kind.name] for each in whole)
            assert (numbers.text(int(callers[place])) or None) == event.caller
            assert (numbers.text(int(callees[place])) or None) == event.callee
            for end in (each for each in whole if each.kind is EventKind.END):
                assert (told.status[place], told.answered[place], told.duration_ms[place]) == (
                    end.status,
                    end.answered,
                    end.duration_ms,
                )
            assert not whole or told.until[place] == max(each.time for each in whole)
            assert (event.call_id, place) in batch.places_of_calls([event.call_id], hashes)
    spool.close()


@settings(deadline=None, max_examples=200)
@given(st.lists(st.one_of(st.none(), st.text(max_size=20), st.from_regex(r"\A\+?[0-9]{0,17}\Z")), max_size=20))
def test_a_code_is_read_as_its_text_and_numbers_stand_in_their_order(texts: list[str | None]) -> None:
    numbers = NumberCodes()
    codes = numbers.of(texts).tolist()
    assert [numbers.text(code) for code in codes] == [text or "" for text in texts]
    octets = [(text or "").encode("utf-8", "surrogatepass") for text in texts]
    cells = np.zeros((len(texts), 1, 2), np.int32)
    cells[:, 0, 1] = list(map(len, octets))
    cells[:, 0, 0] = np.cumsum(cells[:, 0, 1]) - cells[:, 0, 1]
    assert numbers.of_cells(np.frombuffer(b"".join(octets), np.uint8), cells, 0).tolist() == codes
    plain = [(text, code) for text, code in zip(texts, codes, strict=True) if text and number_code(text) is not None]
    assert [text for text, _ in sorted(plain, key=lambda each: each[1])] == sorted(text for text, _ in plain)


def test_texts_beyond_the_bound_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(number_module, "MOST_TEXTS", 3)
    numbers = NumberCodes()
    codes = numbers.of([f"user{nth}" for nth in range(9)]).tolist()
    assert [numbers.text(code) for code in codes] == ["user0", "user1", "user2", *["…"] * 6]
    assert len(numbers) == 3


def test_a_part_of_a_batch_is_a_batch() -> None:
    directory, hashes = Directory(Reference(time=Micros(0))), TextHashes(b"key")
    records = numbered([replace(_ONE, start=Micros(nth), end=Micros(nth + 3)) for nth in range(9)])
    spool = Spool(directory)
    ((batch,), _) = batches(records, directory, set(KINDS), hashes, 100, spool)
    events: list[Event] = list(batch)
    assert list(batch[4:9]) == events[4:9]
    assert batch[4:9].times.tolist() == [event.time for event in events[4:9]]
    assert list(batch.call_ids[4:9]) == [event.call_id for event in events[4:9]]
    assert batch[-1] == events[-1]
    spool.close()


_ONE = CallRecord(
    line=0,
    call_id="c",
    start=Micros(0),
    answer=None,
    end=Micros(3),
    account="a1",
    caller=None,
    callee="112",
    source_ip=None,
    status=486,
    released_by=None,
    attestation=None,
)
