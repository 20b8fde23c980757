"""The plain course of requests and calls followed in one pass over scanned messages: what `calls.life` means, without objects.

What is not plain is left to Python, one message at a time, and nothing of it has happened then: messages that the scanner does not
read, requests over several servers, forks, strangers in a dialog, a Call-ID taken for another callee, full tables.
"""

from typing import Final

import numpy as np

from ringfence.watch.kernels import call_layout as c
from ringfence.watch.kernels import noted
from ringfence.watch.kernels import sip_fields as f
from ringfence.watch.kernels.call_entries import (
    call_hash,
    drop_first,
    enter_entry,
    hash_of,
    keep_entry,
    release_entry,
    request_hash,
    settle,
    slot_of,
)
from ringfence.watch.kernels.call_life import end, keep_call, moves, outcome, tell, touch_call
from ringfence.watch.kernels.compiled import compiled, inner, seldom
from ringfence.watch.kernels.flagged import flags_of, may_help
from ringfence.watch.kernels.layout import NEVER, NOBODY
from ringfence.watch.kernels.sip_scanner import Found

_ROOM: Final = 4
_TAKEN, _LEFT = -1, -2


@seldom
def _close(book: c.Book, row: int, slot: int, call: int, status: int, tag: np.uint64, stale: bool) -> None:  # noqa: PLR0913
    """Take the final response to a request. `call` is its call, or `NOBODY`."""
    requests, calls, marks = book.requests, book.calls, book.marks
    requests[slot, c.STATUS] = status
    keep_entry(marks, book.due, requests, slot, slot, marks[c.CLOCK] + marks[c.ANSWER_US])
    flags = (c.STALE if stale else 0) | (c.CREDENTIALED if requests[slot, c.CREDENTIALS] else 0)
    method = requests[slot, c.METHOD]
    flags |= c.REGISTERS if method == f.REGISTER else c.SENDS_MESSAGE if method == f.MESSAGE else 0
    if call != NOBODY:
        flags |= c.MAY_HELP if calls[call, c.HELP] else 0
        flags |= c.WAS_CHALLENGED if calls[call, c.CHALLENGED] else 0
        flags |= c.WAS_OPEN if calls[call, c.STATE] != c.ENDED else 0
    at = tell(book, c.CLOSED, row, slot, call, status, flags)
    if call != NOBODY:
        outcome(book, at, slot, call, tag)


@seldom
def _call_of(book: c.Book, slot: int) -> int:
    key = np.uint64(book.requests[slot, c.CALL])
    return slot_of(book.cells, c.CALLS, key) if key != np.uint64(0) else NOBODY


@inner
def _fall_due(book: c.Book, code: int) -> None:
    """Let the time of an entry be over, which was just taken out of the queue."""
    marks, requests, calls = book.marks, book.requests, book.calls
    if code >= 0:
        if requests[code, c.STATUS]:
            if marks[c.TELLS_GONE]:
                tell(book, c.GONE_REQUEST, _TAKEN, code, NOBODY, 0, 0)
            release_entry(book, requests, c.REQUESTS, code)
        else:
            inner_status = requests[code, c.INNER_STATUS]
            _close(book, _TAKEN, code, _call_of(book, code), inner_status if inner_status else 408, np.uint64(0), False)
        return
    call = -1 - code
    state = calls[call, c.STATE]
    if state == c.ENDED:
        if marks[c.TELLS_GONE + 1]:
            tell(book, c.GONE_CALL, _TAKEN, NOBODY, call, 0, 0)
        release_entry(book, calls, c.CALLS, call)
    elif state == c.ANSWERS and calls[call, c.SEEN] + marks[c.SILENT_US] > marks[c.CLOCK]:
        keep_call(book, call, calls[call, c.SEEN] + marks[c.SILENT_US] - marks[c.CLOCK])
    elif moves(book, call, c.BY_TIMEOUT):
        if calls[call, c.STATUS] == 0:
            calls[call, c.STATUS] = 408
        until = calls[call, c.SEEN] if calls[call, c.ANSWERED] != c.NEVER else marks[c.CLOCK]
        at = tell(book, c.HUNG_UP, _TAKEN, NOBODY, call, calls[call, c.STATUS], 0)
        end(book, at, call, c.NETWORK, until)


@inner
def _pass(book: c.Book, now: int) -> bool:
    """Let time go on to `now`, with what falls due on the way, in order; false where there is no room for more of it."""
    marks, due, requests, calls = book.marks, book.due, book.requests, book.calls
    while marks[c.QUEUED] > 0 and due[0, 0] <= now:
        deadline, serial, code = due[0, 0], due[0, 1], due[0, 2]
        is_request = code >= 0
        is_same = (requests[code, c.SERIAL] if is_request else calls[-1 - code, c.SERIAL]) == serial
        agreed = requests[code, c.DEADLINE] if is_request else calls[-1 - code, c.DEADLINE]
        if not is_same or agreed < deadline:
            drop_first(marks, due)
        elif agreed > deadline:
            settle(marks, due, agreed, serial, code)
        elif marks[c.QUEUED] + _ROOM > due.shape[0] or marks[c.TOLD] + _ROOM > book.told.shape[0]:
            return False
        else:
            drop_first(marks, due)
            # What is kept from now on is queued again, whatever its deadline.
            if is_request:
                requests[code, c.DEADLINE] = NEVER
            else:
                calls[-1 - code, c.DEADLINE] = NEVER
            marks[c.CLOCK] = max(marks[c.CLOCK], deadline)
            _fall_due(book, code)
    marks[c.CLOCK] = max(marks[c.CLOCK], now)
    return True


@seldom
def _tell_callee(book: c.Book, found: Found, row: int) -> None:
    """Where a callee's tag is new, say where it stands in the answer, and what that names."""
    told, head, details = book.told[book.marks[c.TOLD] - 1], found.heads[row], found.details[row]
    if told[c.FLAGS] & c.WITH_TAG:
        told[c.AT], told[c.END] = head[f.TO_TAG], head[f.TO_TAG + 1]
        told[c.NAMED], told[c.NAMED_END] = details[f.NAMING], details[f.NAMING + 1]


@inner
def _answer(book: c.Book, coming: c.Coming, found: Found, row: int, call_id: np.uint64) -> bool:
    """Take a response; false where it is not plain."""
    heads, octets, marks, key, requests, calls = found.heads, coming.octets, book.marks, book.key, book.requests, book.calls
    head = heads[row]
    branch = hash_of(octets, head[f.BRANCH], head[f.BRANCH + 1], key)
    destination = coming.destinations[row]
    slot = slot_of(
        book.cells, c.REQUESTS, request_hash(call_id, np.int64(head[f.CSEQ]), np.uint64(head[f.METHOD]), branch, destination)
    )
    if slot == NOBODY:
        # Where its Via says so too, its other key is the same.
        if head[f.VIAS] == 1 and hash_of(octets, head[f.SENT_BY], head[f.SENT_BY + 1], key) == destination:
            marks[c.UNMATCHED] += 1
            return True
        return False
    status = int(np.int64(head[f.STATUS]))  # of one type, or the compiler would make what takes it twice
    before = requests[slot, c.STATUS]
    if status < 200:
        if before or requests[slot, c.METHOD] != f.INVITE:
            return True
        deadline = requests[slot, c.BEGUN] + marks[c.RING_US]
        if requests[slot, c.DEADLINE] < deadline:
            keep_entry(marks, book.due, requests, slot, slot, deadline)
        if book.meanings[status] & c.RINGS:
            call = _call_of(book, slot)
            if call != NOBODY and calls[call, c.RANG] == c.NEVER and moves(book, call, c.BY_RING):
                calls[call, c.RANG] = marks[c.CLOCK]
                touch_call(book, call)
        return True
    if before and status >= 300:
        return True
    call = _call_of(book, slot)
    tag = np.uint64(0)
    if call != NOBODY and status < 300:
        if before or calls[call, c.TAGS]:
            return False  # another callee's answer, perhaps
        tag = hash_of(octets, head[f.TO_TAG], head[f.TO_TAG + 1], key)
    if not before:
        _close(book, row, slot, call, status, tag, head[f.STALE] == 1)
        _tell_callee(book, found, row)
    return True


@inner
def _within(book: c.Book, coming: c.Coming, row: int, method: int, call_id: np.uint64, tags: tuple[np.uint64, np.uint64]) -> int:
    """Take a request with both tags: `_TAKEN` where it is part of a call, `_LEFT` where it is not plain, 0 where it is of none."""
    calls, marks = book.calls, book.marks
    for turn in range(2):
        ours, theirs = tags[turn], tags[1 - turn]
        call = slot_of(book.cells, c.CALLS, call_hash(call_id, ours))
        if call == NOBODY:
            continue
        if calls[call, c.TAGS] > 1:
            return _LEFT
        state = calls[call, c.STATE]
        if calls[call, c.TAGS] == 1:
            if np.uint64(calls[call, c.TAG]) != theirs:
                continue
        elif method != f.BYE if state == c.ENDED else method == f.INVITE:
            continue
        source = np.int64(coming.sources[row])
        if source not in (calls[call, c.SOURCE], calls[call, c.DESTINATION]):
            return _LEFT
        calls[call, c.SEEN] = marks[c.CLOCK]
        touch_call(book, call)
        if method == f.BYE and state != c.ENDED and moves(book, call, c.BY_BYE):
            at = tell(book, c.HUNG_UP, row, NOBODY, call, calls[call, c.STATUS], 0)
            end(book, at, call, c.CALLER if turn == 0 else c.CALLEE, marks[c.CLOCK])
        return _TAKEN
    return 0


@seldom
def _is_full(book: c.Book, table: int) -> bool:
    """Tell whether a table has as many entries as it may."""
    return bool(book.marks[c.LIMIT + table] + book.marks[c.FREE + table] <= book.free.shape[1])


@seldom
def _cancel(book: c.Book, invite: int, call: int, call_key: np.uint64) -> bool:
    """Note that a caller gave up; false where there is no INVITE: it is perhaps a stranger's."""
    if invite == NOBODY:
        return False
    if call != NOBODY and np.uint64(book.requests[invite, c.CALL]) == call_key:
        book.calls[call, c.CANCELLED] = 1
        touch_call(book, call)
    return True


@seldom
def _enter_call(book: c.Book, coming: c.Coming, row: int, key: np.uint64, to_user: np.uint64) -> int:
    """Begin a call; return its slot."""
    calls, clock = book.calls, book.marks[c.CLOCK]
    call = enter_entry(book, calls, c.CALLS, key, clock + book.marks[c.RING_US] + book.marks[c.ANSWER_US], 0)
    calls[call, c.SEEN], calls[call, c.RANG], calls[call, c.ANSWERED] = clock, c.NEVER, c.NEVER
    calls[call, c.TO_USER], calls[call, c.SOURCE] = np.int64(to_user), np.int64(coming.sources[row])
    calls[call, c.DESTINATION] = np.int64(coming.destinations[row])
    return call


@inner
def _ask(  # size: one step after another, with what each found out
    book: c.Book, coming: c.Coming, found: Found, row: int, call_id: np.uint64
) -> bool:
    """Take a request outside of all dialogs that are known; false where it is not plain."""
    heads, octets, marks, key, requests, calls = found.heads, coming.octets, book.marks, book.key, book.requests, book.calls
    head = heads[row]
    has_tag = head[f.TO_TAG + 1] > head[f.TO_TAG]
    if head[f.VIAS] > 1 or coming.ways[row] == c.FROM_EDGE or (has_tag and head[f.METHOD] not in (f.REGISTER, f.OPTIONS)):
        return False
    method, cseq, source = head[f.METHOD], np.int64(head[f.CSEQ]), coming.sources[row]
    branch = hash_of(octets, head[f.BRANCH], head[f.BRANCH + 1], key)
    tag = hash_of(octets, head[f.FROM_TAG], head[f.FROM_TAG + 1], key)
    request_key = request_hash(call_id, cseq, np.uint64(method), branch, source)
    slot = slot_of(book.cells, c.REQUESTS, request_key)
    if slot != NOBODY:
        return bool(requests[slot, c.OWN_LEG])  # a copy
    call, call_key, to_user = NOBODY, np.uint64(0), np.uint64(0)
    begins = method == f.INVITE and not has_tag
    if begins or method == f.CANCEL:
        call_key = call_hash(call_id, tag)
        call = slot_of(book.cells, c.CALLS, call_key)
    if method == f.CANCEL:
        invite = slot_of(book.cells, c.REQUESTS, request_hash(call_id, cseq, np.uint64(f.INVITE), branch, source))
        return _cancel(book, invite, call, call_key)
    if begins:
        details = found.details
        if details[row, f.TO + 1] >= 0 and details[row, f.TO + 1] == details[row, f.TO + 2]:
            return False  # an empty user is another than none
        to_user = hash_of(octets, details[row, f.TO + 1], details[row, f.TO + 2], key)
        if call != NOBODY and (calls[call, c.STATE] == c.ENDED or np.uint64(calls[call, c.TO_USER]) != to_user):
            return False
    if _is_full(book, c.REQUESTS) or (begins and _is_full(book, c.CALLS)):
        return False  # the oldest must leave first
    slot = enter_entry(book, requests, c.REQUESTS, request_key, marks[c.CLOCK] + marks[c.ANSWER_US], 0)
    requests[slot, c.METHOD], requests[slot, c.CALL] = method, np.int64(call_key)
    requests[slot, c.BEGUN], requests[slot, c.OWN_LEG] = marks[c.CLOCK], 1
    flags = flags_of(book, coming, found, row, slot)
    if begins:
        if call != NOBODY:
            flags |= c.JOINS
            moves(book, call, c.BY_INVITE)
            keep_call(book, call, marks[c.RING_US] + marks[c.ANSWER_US])
        else:
            flags |= c.NEW_CALL
            call = _enter_call(book, coming, row, call_key, to_user)
            calls[call, c.HELP] = may_help(book, octets, found.details[row])
            flags |= c.MAY_HELP if calls[call, c.HELP] else 0
        calls[call, c.INVITE] = requests[slot, c.SERIAL]
    at = tell(book, c.BEGAN, row, slot, call, 0, flags)
    book.told[at, c.AT] = noted.write(book, coming, found, row)
    book.told[at, c.END] = marks[c.NOTED]
    return True


@inner
def _take(book: c.Book, coming: c.Coming, found: Found, row: int) -> bool:
    """Take a message; false where it is not plain."""
    head, way = found.heads[row], coming.ways[row]
    if way == c.OTHER or head[f.METHOD] == 0:
        return False
    if way == c.PASSED:
        return True
    method, key = head[f.METHOD], book.key
    if head[f.STATUS] == 0 and method in (f.ACK, f.PRACK):
        return True
    call_id = hash_of(coming.octets, head[f.CALL_ID], head[f.CALL_ID + 1], key)
    if head[f.STATUS]:
        return _answer(book, coming, found, row, call_id)
    if head[f.TO_TAG + 1] > head[f.TO_TAG] and method not in (f.REGISTER, f.PUBLISH):
        tags = (
            hash_of(coming.octets, head[f.FROM_TAG], head[f.FROM_TAG + 1], key),
            hash_of(coming.octets, head[f.TO_TAG], head[f.TO_TAG + 1], key),
        )
        inside = _within(book, coming, row, method, call_id, tags)
        if inside:
            return inside == _TAKEN
    return _ask(book, coming, found, row, call_id)


@compiled
def follow(book: c.Book, coming: c.Coming, found: Found, row: int, now: int) -> int:
    """Take messages from `row` on, or where there are none let time go on to `now`; return the first one not taken.

    `marks[STOP]` says why it stops. For the message that stands there, time has gone on to its own already unless there is no room.
    """
    marks = book.marks
    while True:
        is_over = row >= coming.times.size
        if not _pass(book, now if is_over else coming.times[row]):
            break
        if is_over:
            marks[c.STOP] = c.DONE
            return row
        if marks[c.QUEUED] + _ROOM > book.due.shape[0] or marks[c.TOLD] + _ROOM > book.told.shape[0]:
            break
        if marks[c.FREE] == 0 or marks[c.FREE + 1] == 0 or 2 * (marks[c.CLAIMED] + _ROOM) > book.claimed.size:
            break
        if marks[c.NOTED] + noted.MOST > book.notes.size:
            break
        if not _take(book, coming, found, row):
            marks[c.STOP] = c.UNUSUAL
            return row
        row += 1
    marks[c.STOP] = c.ROOM
    return row
