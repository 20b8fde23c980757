"""The plain course of a proxy's questions: one on which nothing can be ordered is answered without Python looking at it.

A filter says under which keys an order could stand, so it errs towards the course that looks at everything (`ringfence.gate`).
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.watch.kernels import sip_fields as f
from ringfence.watch.kernels.compiled import compiled, inner
from ringfence.watch.kernels.questions import CALL_ID, CSEQ, FROM, PLAIN, TO, VIA, VIA_LINES, Octets, Read, is_number_text
from ringfence.watch.kernels.texts import siphash

Words = NDArray[np.uint64]
_Place = tuple[int, int]
"""Where a text begins and ends."""

# What is known of who sends, and of who is called, before a question is answered.
NOTHING, ATTRIBUTED, LOOK = 0, 1, 2  # nothing ordered; likewise, and an account answers for it; an order could stand

# How a question went.
GENERAL, AGAIN, ALLOWED = 0, 1, 2  # not plain; a retransmission of one that was allowed; allowed
KNOWN_ALLOWED, KNOWN_GENERAL = 1, 2

EMERGENCY_KIND: Final = 255
NUMBERS_ASKED: Final = 3  # caller, asserted, called
NUMBER_KINDS: Final = 3  # columns of `kinds`: the filter's numbers for a number, a range and a pair

_CR, _LF, _PLUS, _COMMA, _COLON = 13, 10, 43, 44, 58
_SCHEME: Final = 3  # octets of "urn"
LONGEST_KEY: Final = 2 * f.LONGEST_TEXT + 1
_PROBES: Final = 3
_ODD: Final = 0x9E3779B97F4A7C15


def _word(text: bytes) -> Octets:
    return np.frombuffer(text, np.uint8)


_VIA_TEXT, _FROM_TEXT, _TO_TEXT = _word(b"Via: "), _word(b"From: "), _word(b"To: ")
_TAG_TEXT, _CALL_ID_TEXT, _CSEQ_TEXT, _END_TEXT = (
    *(_word(b";tag="), _word(b"Call-ID: "), _word(b"CSeq: ")),
    _word(b"Content-Length: 0\r\n\r\n"),
)
_HEX: Final = _word(b"0123456789abcdef")
_CRC_POLYNOMIAL: Final = 0xEDB88320


def _crc_table() -> NDArray[np.uint32]:
    """Return the remainders of all octets (ISO 3309), as zlib's crc32 has them."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_CRC_POLYNOMIAL), table >> 1).astype(np.uint32)
    return table


_CRC: Final = _crc_table()


class Asking(NamedTuple):
    """Who asks and who sends, for each question."""

    senders: NDArray[np.uint8]  # NOTHING, ATTRIBUTED or LOOK
    hosts: Words  # the peers that ask, as hashes
    greetings: NDArray[np.uint8]  # which status line allows it


class Marks(NamedTuple):
    """Under which keys an order could stand: bits of two filters (powers of two), of what is merged and of what came since."""

    merged: Words
    recent: Words
    kinds: NDArray[np.int64]  # the numbers of NUMBER_KINDS
    lengths: NDArray[np.int64]  # of ranges
    key: Words  # two words, this process's own


class Known(NamedTuple):
    """Transactions answered lately in two generations: uint64[2, slots] hashes (0: free), uint8[2, slots] what is known of each."""

    hashes: Words
    words: NDArray[np.uint8]
    counts: NDArray[np.int64]  # how many each generation has; which one is the younger


class Answers(NamedTuple):
    """Where answers are written, and for each question how it went and where its answer begins and ends."""

    octets: Octets
    rows: NDArray[np.int64]
    greetings: Octets  # uint8[n, octets]: the status lines that there are, the first octet of each its length


@inner
def _is_marked(bits: Words, hashed: np.uint64) -> bool:
    """Tell whether the filter may hold the hash."""
    mask = np.uint64(bits.size * 64 - 1)
    step = (hashed >> np.uint64(32)) | np.uint64(1)
    for _ in range(_PROBES):
        place = hashed & mask
        if not (bits[np.int64(place >> np.uint64(6))] >> (place & np.uint64(63))) & np.uint64(1):
            return False
        hashed += step
    return True


@inner
def _mark(bits: Words, hashed: np.uint64) -> None:
    mask = np.uint64(bits.size * 64 - 1)
    step = (hashed >> np.uint64(32)) | np.uint64(1)
    for _ in range(_PROBES):
        place = hashed & mask
        bits[np.int64(place >> np.uint64(6))] |= np.uint64(1) << (place & np.uint64(63))
        hashed += step


@inner
def _key_hash(octets: Octets, at: int, end: int, kind: int, key: Words) -> np.uint64:
    """Return the hash of a key of this kind of scope."""
    return siphash(octets, at, end - at, key) + np.uint64(kind) * np.uint64(_ODD)


@compiled
def mark_keys(
    octets: Octets, places: NDArray[np.int64], lengths: NDArray[np.int64], kinds: NDArray[np.int64], key: Words, bits: Words
) -> None:
    """Mark keys in a filter: the values that stand at `places` of `octets`, each of a kind of scope."""
    for row in range(places.size):
        _mark(bits, _key_hash(octets, places[row], places[row] + lengths[row], kinds[row], key))


@inner
def is_marked(octets: Octets, kind: int, marks: Marks) -> bool:
    """Tell whether an order could stand under the key that `octets` are."""
    hashed = _key_hash(octets, 0, octets.size, kind, marks.key)
    return _is_marked(marks.merged, hashed) or _is_marked(marks.recent, hashed)


@inner
def _is_ordered(octets: Octets, at: int, end: int, kind: int, marks: Marks) -> bool:
    hashed = _key_hash(octets, at, end, kind, marks.key)
    return _is_marked(marks.merged, hashed) or _is_marked(marks.recent, hashed)


@inner
def _number_is_ordered(octets: Octets, at: int, end: int, marks: Marks) -> bool:
    """Tell whether an order could stand against a number, or a range that it is in."""
    if at < 0:
        return False
    if _is_ordered(octets, at, end, marks.kinds[0], marks):
        return True
    for length in marks.lengths:
        if octets[at] == _PLUS and end - at >= length and _is_ordered(octets, at, at + length, marks.kinds[1], marks):
            return True
    return False


@inner
def _put(out: Octets, size: int, octets: Octets, at: int, end: int) -> int:
    for place in range(at, end):
        out[size] = octets[place]
        size += 1
    return size


@inner
def _numbers_are_ordered(octets: Octets, caller: _Place, callee: _Place, scratch: Octets, marks: Marks) -> bool:
    """Tell whether an order could stand against calls of one number to another; a place is negative where there is none."""
    if caller[0] < 0 or callee[0] < 0:
        return False
    size = _put(scratch, 0, octets, caller[0], caller[1])
    scratch[size] = _COMMA
    size = _put(scratch, size + 1, octets, callee[0], callee[1])
    return _is_ordered(scratch, 0, size, marks.kinds[2], marks)


@inner
def _pair_is_ordered(read: Read, row: int, column: int, scratch: Octets, marks: Marks) -> bool:
    """Tell whether an order could stand against calls of the number in a column of `details` to the one that is called."""
    details = read.details
    caller, callee = (details[row, column], details[row, column + 1]), (details[row, f.URI + 1], details[row, f.URI + 2])
    return _numbers_are_ordered(read.octets, caller, callee, scratch, marks)


@inner
def _is_open(read: Read, row: int, sender: int, scratch: Octets, marks: Marks) -> bool:
    """Tell whether nothing can be ordered on the numbers of a request, and it is no call for help."""
    octets, details = read.octets, read.details
    callee, callee_end = details[row, f.URI + 1], details[row, f.URI + 2]
    if sender == ATTRIBUTED and callee >= 0 and _is_ordered(octets, callee, callee_end, EMERGENCY_KIND, marks):
        return False
    for column in (f.URI + 1, f.FROM + 1, f.ASSERTED_USER):
        if _number_is_ordered(octets, details[row, column], details[row, column + 1], marks):
            return False
    return not (
        _pair_is_ordered(read, row, f.FROM + 1, scratch, marks) or _pair_is_ordered(read, row, f.ASSERTED_USER, scratch, marks)
    )


@inner
def _transaction(octets: Octets, at: int, end: int, host: np.uint64, method: int, key: Words) -> np.uint64:
    """Return the hash of a transaction, never 0."""
    hashed = siphash(octets, at, end - at, key) + host + np.uint64(method) * np.uint64(_ODD)
    return hashed if hashed != 0 else np.uint64(1)


@inner
def _place_of(hashes: Words, generation: int, hashed: np.uint64) -> int:
    """Return where a transaction stands, or would."""
    mask = np.uint64(hashes.shape[1] - 1)
    place = hashed & mask
    while hashes[generation, place] != 0 and hashes[generation, place] != hashed:
        place = (place + np.uint64(1)) & mask
    return int(np.int64(place))


@inner
def _known(known: Known, hashed: np.uint64) -> int:
    """Return what is known of a transaction, 0 where nothing is."""
    for generation in range(2):
        place = _place_of(known.hashes, generation, hashed)
        if known.hashes[generation, place] != 0:
            return int(known.words[generation, place])
    return 0


@inner
def _learn(known: Known, hashed: np.uint64, word: int) -> None:
    """Keep what is known of a transaction. Where the younger generation is full nothing more is kept until another begins."""
    younger = known.counts[2]
    place = _place_of(known.hashes, younger, hashed)
    if known.hashes[younger, place] == 0:
        if known.counts[younger] * 2 >= known.hashes.shape[1]:
            return
        known.counts[younger] += 1
    known.hashes[younger, place] = hashed
    known.words[younger, place] = word


@compiled
def learn(branch: Octets, host: np.uint64, method: int, word: int, known: Known, key: Words) -> None:
    """Keep what is known of a transaction that was answered elsewhere."""
    _learn(known, _transaction(branch, 0, branch.size, host, method, key), word)


@inner
def _field_line(out: Octets, size: int, name: Octets, octets: Octets, at: int, end: int) -> int:
    """Write a header line without its end; return the place after it."""
    return _put(out, _put(out, size, name, 0, name.size), octets, at, end)


@inner
def _line_end(out: Octets, size: int) -> int:
    out[size], out[size + 1] = _CR, _LF
    return size + 2


@inner
def _tag(out: Octets, size: int, octets: Octets, at: int, end: int) -> int:
    """Write the To tag, which follows from the branch: its crc32 in hexadecimal digits."""
    size = _put(out, size, _TAG_TEXT, 0, _TAG_TEXT.size)
    rest = np.uint32(0xFFFFFFFF)
    for place in range(at, end):
        rest = _CRC[(rest ^ octets[place]) & np.uint32(255)] ^ (rest >> np.uint32(8))
    rest = ~rest
    for shift in range(28, -4, -4):
        out[size] = _HEX[(rest >> np.uint32(shift)) & np.uint32(15)]
        size += 1
    return size


@inner
def _answer(answers: Answers, size: int, read: Read, row: int, greeting: Octets) -> int:
    """Write the answer to a request; return the place after it."""
    octets, heads, _, asked = read
    out = answers.octets
    size = _put(out, size, greeting, 1, 1 + int(greeting[0]))
    for nth in range(asked[row, VIA_LINES]):
        column = VIA + 2 * nth
        size = _line_end(out, _field_line(out, size, _VIA_TEXT, octets, asked[row, column], asked[row, column + 1]))
    size = _line_end(out, _field_line(out, size, _FROM_TEXT, octets, asked[row, FROM], asked[row, FROM + 1]))
    size = _field_line(out, size, _TO_TEXT, octets, asked[row, TO], asked[row, TO + 1])
    size = _line_end(out, _tag(out, size, octets, heads[row, f.BRANCH], heads[row, f.BRANCH + 1]))
    size = _line_end(out, _field_line(out, size, _CALL_ID_TEXT, octets, asked[row, CALL_ID], asked[row, CALL_ID + 1]))
    size = _line_end(out, _field_line(out, size, _CSEQ_TEXT, octets, asked[row, CSEQ], asked[row, CSEQ + 1]))
    return _put(out, size, _END_TEXT, 0, _END_TEXT.size)


@compiled
def answer_questions(read: Read, asking: Asking, marks: Marks, known: Known, answers: Answers) -> None:
    """Answer the questions that are plain: each row of `answers` gets how it went, and where its answer stands."""
    octets, heads, _, asked = read
    size = LONGEST_KEY
    scratch = answers.octets[:LONGEST_KEY]
    for row in range(asking.hosts.size):
        answers.rows[row, 0] = GENERAL
        if asked[row, PLAIN] != 1:
            continue
        branch, branch_end = heads[row, f.BRANCH], heads[row, f.BRANCH + 1]
        hashed = _transaction(octets, branch, branch_end, asking.hosts[row], heads[row, f.METHOD], marks.key)
        before = _known(known, hashed)
        if before == KNOWN_GENERAL:
            continue
        if before == 0:
            if asking.senders[row] == LOOK or not _is_open(read, row, asking.senders[row], scratch, marks):
                continue
            _learn(known, hashed, KNOWN_ALLOWED)
        answers.rows[row, 0] = AGAIN if before else ALLOWED
        answers.rows[row, 1] = size
        size = _answer(answers, size, read, row, answers.greetings[asking.greetings[row]])
        answers.rows[row, 2] = size


class Room(NamedTuple):
    """What `find_open` writes into as it goes: the longest key, and where a question's texts stand."""

    key: Octets  # [LONGEST_KEY]
    texts: NDArray[np.int64]  # [NUMBERS_ASKED, 2]


@inner
def _text_is_doubtful(octets: Octets, at: int, end: int) -> bool:
    """Tell whether what a text means is not for the plain course: it is empty, too long, a number to be rewritten, or "urn:…"."""
    if at < 0:
        return False
    if at == end or end - at > f.LONGEST_TEXT or not is_number_text(octets, at, end):
        return True
    return end - at > _SCHEME and octets[at + _SCHEME] == _COLON


@inner
def _all_are_open(octets: Octets, texts: NDArray[np.int64], sender: int, scratch: Octets, marks: Marks) -> bool:
    """Tell whether nothing can be ordered on caller, asserted and called number, and the call is none for help."""
    for nth in range(NUMBERS_ASKED):
        at, end = texts[nth, 0], texts[nth, 1]
        if _text_is_doubtful(octets, at, end) or _number_is_ordered(octets, at, end, marks):
            return False
    callee = texts[2, 0], texts[2, 1]
    if sender == ATTRIBUTED and callee[0] >= 0 and _is_ordered(octets, callee[0], callee[1], EMERGENCY_KIND, marks):
        return False
    caller, asserted = (texts[0, 0], texts[0, 1]), (texts[1, 0], texts[1, 1])
    return not (
        _numbers_are_ordered(octets, caller, callee, scratch, marks)
        or _numbers_are_ordered(octets, asserted, callee, scratch, marks)
    )


@compiled
def find_open(octets: Octets, senders: NDArray[np.uint8], marks: Marks, room: Room, are_open: NDArray[np.bool_]) -> int:
    """Find the questions on whose numbers nothing can be ordered; return how many texts there are.

    `octets` are three texts for each: caller, asserted and called number, each before a line end; the octet 0 alone is for none.
    `senders` say of each question what is known of who sends. Where there are other than three texts a question, `are_open` means
    nothing.
    """
    texts = room.texts
    at = found = 0
    for place in range(octets.size):
        if octets[place] != _LF:
            continue
        row, nth = found // NUMBERS_ASKED, found % NUMBERS_ASKED
        found += 1
        texts[nth, 0] = -1 if place - at == 1 and octets[at] == 0 else at
        texts[nth, 1] = place
        at = place + 1
        if nth == NUMBERS_ASKED - 1 and row < senders.size:
            are_open[row] = senders[row] != LOOK and _all_are_open(octets, texts, senders[row], room.key, marks)
    return found
