"""What of a complaint tells whether another is of its campaign: words as a sketch, numbers as tokens, who sent the call. Pure."""

import re
from collections.abc import Callable, Iterable
from hashlib import blake2b
from struct import pack, unpack
from typing import Final

from msgspec import Struct

from ringfence.desk.complaints.statements.characters import even, folded
from ringfence.desk.complaints.statements.words import DAYS_AGO, MONTHS, PARTS, ROLES, WEEKDAYS, WITHHELD
from ringfence.vocabulary.times import Micros

WORDS: Final = 160
"""The sketch keeps so many words, those with the smallest hashes (bottom-k MinHash): of a shorter text all."""
_STEM: Final = 6
_SHORTEST: Final = 3
_WORD: Final = re.compile(r"[^\W\d_]+|(?<![\d+.,:/-])\d{2,5}(?![\d:/-])")
"""Words, and amounts: a story's sum is often all that tells it from another's. Telephone numbers, dates and hours are no words."""

_LITTLE: Final = (
    "the and was that this with they from for you have had not are our your but his her said told asked please voice hello report "
    "les des une dans pour avec sur pas est que qui vous nous ils elle votre dit bonjour merci voix der die das und ein eine mit "
    "von auf ist nicht wir sie ich war den dem guten tag stimme bitte sagte het een van met niet dat deze voor zijn heb stem los "
    "las una con por para que del mas fue una voz dijo il lo la gli dei con per che non una sono voce detto nie jest na do sie byl"
)
"""Words of the six commonest languages that stand in every text."""


class Story(Struct, frozen=True, kw_only=True):
    """One complaint. `words` are keyed hashes, `names` those of names and amounts, `callbacks`, `callers` and `blocks` tokens.

    `sender` names who sent the call, or is empty.
    """

    complaint: int
    received: Micros
    words: frozenset[int] = frozenset()
    names: frozenset[int] = frozenset()
    callbacks: frozenset[str] = frozenset()
    callers: frozenset[str] = frozenset()
    blocks: frozenset[str] = frozenset()
    sender: str = ""


def sketch(text: str, key: bytes, *, most: int = WORDS) -> frozenset[int]:
    """Return the words of a text as 32-bit keyed hashes: each word's beginning, without accents, so that endings do not count."""
    stems = {word[:_STEM] for word in _WORD.findall(folded(even(text))) if len(word) >= _SHORTEST or word.isdigit()}
    hashes = sorted(int.from_bytes(blake2b(stem.encode(), key=key, digest_size=4).digest(), "big") for stem in stems)
    return frozenset(hashes[:most])


def common(key: bytes) -> frozenset[int]:
    """Return the words that complaints about calls have anyway: of numbers, days and hours, and those between other words."""
    tables = (
        *ROLES.values(),
        *PARTS.values(),
        *DAYS_AGO.values(),
        *(" ".join(one) for one in (*MONTHS, *WEEKDAYS)),
        WITHHELD,
        _LITTLE,
    )
    return frozenset(one for table in tables for one in sketch(table.replace("|", " "), key, most=10_000))


def names(text: str, key: bytes) -> frozenset[int]:
    """Return those words of the sketch that are names or amounts: written large within a sentence, or digits."""
    written = even(text)
    found = {match.group() for match in _WORD.finditer(written) if match.group().isdigit() or _is_name(written, match.start())}
    return sketch(" ".join(found), key)


def _is_name(text: str, place: int) -> bool:
    before = text[max(0, place - 3) : place].rstrip()
    return text[place].isupper() and bool(before) and before[-1] not in '.!?:;\n"«»'


def packed(words: Iterable[int]) -> bytes:
    """Return a sketch as bytes."""
    ordered = sorted(words)
    return pack(f">{len(ordered)}I", *ordered)


def unpacked(data: bytes) -> frozenset[int]:
    """Return the sketch that bytes are."""
    return frozenset(unpack(f">{len(data) // 4}I", data))


def blocks_of(numbers: Iterable[str], token: Callable[[str], str]) -> frozenset[str]:
    """Return the blocks of a thousand that E.164 numbers lie in, as tokens."""
    return frozenset(token(number[:-3]) for number in numbers if len(number) > 6)
