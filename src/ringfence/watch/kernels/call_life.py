"""What a sign of life changes of a call, and how it is told."""

from typing import Final

import numpy as np

from ringfence.watch.kernels import call_layout as c
from ringfence.watch.kernels.call_entries import keep_entry
from ringfence.watch.kernels.compiled import seldom

_MILLISECOND: Final = 1_000


@seldom
def tell(book: c.Book, what: int, row: int, slot: int, call: int, status: int, flags: int) -> int:  # noqa: PLR0913
    """Tell that something happened; return where it is told, for more to be said."""
    marks = book.marks
    at = int(marks[c.TOLD])
    marks[c.TOLD] = at + 1
    told = book.told[at]
    told[c.WHAT], told[c.ROW], told[c.SLOT], told[c.OF_CALL], told[c.TIME] = what, row, slot, call, marks[c.CLOCK]
    told[c.TOLD_STATUS], told[c.FLAGS], told[c.DURATION_MS], told[c.RING_MS], told[c.RELEASED] = status, flags, 0, 0, 0
    told[c.AT] = told[c.END] = 0
    return at


@seldom
def keep_call(book: c.Book, call: int, span: int) -> None:
    """Let a call be remembered for `span` from now on, as the most recent."""
    keep_entry(book.marks, book.due, book.calls, call, -1 - call, book.marks[c.CLOCK] + span)


@seldom
def touch_call(book: c.Book, call: int) -> None:
    """Make a call the most recent."""
    book.marks[c.TOUCHES] += 1
    book.calls[call, c.TOUCHED] = book.marks[c.TOUCHES]


@seldom
def moves(book: c.Book, call: int, trigger: int) -> bool:
    """Let the call take its course; tell whether anything changed."""
    following = book.course[book.calls[call, c.STATE], trigger]
    if following == c.STAYS:
        return False
    book.calls[call, c.STATE] = following
    return True


@seldom
def measure(book: c.Book, at: int, call: int, until: int) -> None:
    """Say how long a call lasted, and rang."""
    calls, told = book.calls, book.told
    rang, answered = calls[call, c.RANG], calls[call, c.ANSWERED]
    if answered != c.NEVER:
        told[at, c.DURATION_MS] = max(np.int64(0), until - answered) // _MILLISECOND
        told[at, c.FLAGS] |= c.WAS_ANSWERED
    if rang != c.NEVER:
        told[at, c.RING_MS] = max(np.int64(0), (answered if answered != c.NEVER else until) - rang) // _MILLISECOND


@seldom
def end(book: c.Book, at: int, call: int, released: int, until: int) -> None:
    """End a call that has moved, and say so where it is told."""
    book.told[at, c.FLAGS] |= c.ENDS_CALL
    book.told[at, c.RELEASED] = released
    measure(book, at, call, until)
    keep_call(book, call, book.marks[c.ANSWER_US])


@seldom
def outcome(book: c.Book, at: int, slot: int, call: int, tag: np.uint64) -> None:
    """Let a final response to its INVITE have its effect on a call."""
    calls, marks = book.calls, book.marks
    status = book.requests[slot, c.STATUS]
    meaning = book.meanings[status]
    if status < 300:
        if calls[call, c.TAGS] == 0:
            calls[call, c.TAGS], calls[call, c.TAG] = 1, np.int64(tag)
            book.told[at, c.FLAGS] |= c.WITH_TAG
            touch_call(book, call)
        if moves(book, call, c.BY_SUCCESS):
            calls[call, c.STATUS] = status
            calls[call, c.ANSWERED] = calls[call, c.SEEN] = marks[c.CLOCK]
            keep_call(book, call, marks[c.SILENT_US])
            book.told[at, c.FLAGS] |= c.ANSWERS_CALL
            measure(book, at, call, marks[c.CLOCK])
    elif book.requests[slot, c.SERIAL] != calls[call, c.INVITE]:
        return
    elif meaning & c.MENDABLE:
        if moves(book, call, c.BY_CHALLENGE):
            calls[call, c.STATUS] = status
            if meaning & c.DEMANDS:
                calls[call, c.CHALLENGED] = 1
            keep_call(book, call, marks[c.ANSWER_US])
    elif moves(book, call, c.BY_FAILURE):
        calls[call, c.STATUS] = status
        by_caller = calls[call, c.CANCELLED] != 0 or status == 487
        by_callee = meaning & c.REFUSED_BY_CALLEE
        end(book, at, call, c.CALLER if by_caller else c.CALLEE if by_callee else c.NETWORK, marks[c.CLOCK])
