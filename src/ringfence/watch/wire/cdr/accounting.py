"""Accounted transactions joined to calls: an INVITE's answer is a call's beginning, the BYE of the same dialog its end."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final, NamedTuple

from ringfence.vocabulary.times import MINUTE, Micros
from ringfence.watch.wire.cdr.record import CallRecord, RowProblem

MOST_OPEN: Final = 100_000
"""Answered calls that wait for their BYE. Beyond it the oldest is given out without an end."""
_WAIT_US: Final = 3 * MINUTE
"""How long a failure waits for another branch of the same call to succeed."""
_SUCCESS: Final = range(200, 300)
_CHALLENGES: Final = (401, 407)


class Row(NamedTuple):
    """One accounted transaction. `tags` are both; `from_tag` is that of who asked."""

    line: int
    call_id: str
    method: str
    tags: frozenset[str]
    from_tag: str
    status: int
    time: int
    caller: str | None
    callee: str | None
    source: str | None
    account: str | None


class Joiner:
    """Takes transactions in the order of the file and gives calls: at once where they failed, else at their BYE.

    Accounting writes when a transaction ended, so a call starts with its answer, or with its failure. A failure that both tables
    hold (acc and missed_calls), or that comes before another branch's success, is no call of its own.
    """

    def __init__(self) -> None:
        self._open: OrderedDict[str, Row] = OrderedDict()
        self._failed: OrderedDict[str, Row] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._early: OrderedDict[str, Row] = OrderedDict()

    def take(self, row: Row) -> Iterator[CallRecord | RowProblem]:
        """Take in the next transaction."""
        if row.method == "INVITE" and row.status in _SUCCESS:
            yield from self._answered(row)
        elif row.method == "INVITE" and row.status >= 300 and row.status not in _CHALLENGES:
            self._failed.setdefault(row.call_id, row)
        elif row.method == "BYE":
            yield from self._released(row)
        while self._failed and next(iter(self._failed.values())).time < row.time - _WAIT_US:
            yield _call(self._failed.popitem(last=False)[1], None)
        yield from self._bounded(MOST_OPEN)

    def rest(self) -> Iterator[CallRecord | RowProblem]:
        """Give out what is left: calls without an end, failures, and BYEs whose call the file does not hold."""
        yield from self._bounded(0)
        for row in self._early.values():
            yield RowProblem(row.line, None, "a BYE of a call that the file does not hold")

    def _answered(self, row: Row) -> Iterator[CallRecord | RowProblem]:
        self._failed.pop(row.call_id, None)
        if row.call_id in self._ended or row.call_id in self._open:
            return  # a re-INVITE, or the same row again
        bye = self._early.pop(row.call_id, None)
        if bye is not None and bye.time >= row.time:
            self._ended[row.call_id] = None
            yield _call(row, bye)
        else:
            self._open[row.call_id] = row

    def _released(self, bye: Row) -> Iterator[CallRecord | RowProblem]:
        row = self._open.get(bye.call_id)
        if row is None:
            if bye.call_id not in self._ended:
                self._early[bye.call_id] = bye
        elif _is_of(bye, row) and bye.time >= row.time:
            del self._open[bye.call_id]
            self._ended[bye.call_id] = None
            yield _call(row, bye)
        else:
            cause = "a BYE with other tags than its call" if bye.time >= row.time else "a BYE before its call's answer"
            yield RowProblem(bye.line, None, cause)

    def _bounded(self, most: int) -> Iterator[CallRecord | RowProblem]:
        while len(self._open) > most:
            yield _call(self._open.popitem(last=False)[1], None)
        while len(self._failed) > most:
            yield _call(self._failed.popitem(last=False)[1], None)
        for remembered in (self._ended, self._early):
            while len(remembered) > MOST_OPEN:
                remembered.popitem(last=False)


def answer_and_end(  # noqa: PLR0913 - what a dialog's record tells, one value after another
    line: int, call_id: str, began: int, ended: int, caller: str | None, callee: str | None, source: str | None, account: str | None
) -> CallRecord:
    """Return the record of a call that is known from its answer on."""
    row = Row(line, call_id, "INVITE", frozenset(), "", 200, began, caller, callee, source, account)
    return _call(row, row._replace(method="BYE", time=max(began, ended)))


def _is_of(bye: Row, row: Row) -> bool:
    """Tell whether the tags are the same, in whatever order; a row that lacks one does not contradict."""
    return "" in bye.tags or "" in row.tags or bye.tags == row.tags


def _call(row: Row, bye: Row | None) -> CallRecord:
    is_answered = row.status in _SUCCESS
    released_by = None
    if bye is not None and bye.from_tag and row.from_tag:
        released_by = "caller" if bye.from_tag == row.from_tag else "callee"
    end = bye.time if bye is not None else None if is_answered else row.time
    return CallRecord(
        line=row.line,
        call_id=row.call_id,
        start=Micros(row.time),
        answer=Micros(row.time) if is_answered else None,
        end=Micros(end) if end is not None else None,
        account=row.account,
        caller=row.caller,
        callee=row.callee,
        source_ip=row.source,
        status=row.status,
        released_by=released_by,
        attestation=None,
    )
