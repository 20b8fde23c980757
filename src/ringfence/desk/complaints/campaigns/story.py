"""What of a complaint tells whether another is of its campaign: words as a sketch, numbers as tokens, who sent the call. Pure."""

import re
from collections.abc import Callable, Iterable, Sequence
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
_MOST_CAPITALS: Final = 0.2
"""Where a greater part of the words is written large, as in German, a capital tells less: many of them are plain nouns."""
_TITLES: Final = frozenset(
    [
        "madame",
        "monsieur",
        "mme",
        "mister",
        "mrs",
        "officer",
        "herr",
        "frau",
        "kommissar",
        "señor",
        "señora",
        "signor",
        "signora",
        "pan",
        "pani",
    ]
)
"""A name after one of these is the name; else of several in a row the first, and the others tell little more."""
_LEADING: Final = frozenset(["von", "bei", "aus", "um", "namens", "firma", "herr", "herrn", "frau", "fa"])
_NEVER: Final = frozenset(
    ["sie", "ihr", "ihre", "ihrem", "ihren", "ihrer", "ihres", "euro", "eur", "der", "die", "das", "den", "dem", "ein", "eine"]
)
_GERMAN: Final = frozenset(
    ["und", "der", "das", "ich", "nicht", "mich", "mir", "sich", "ein", "eine", "einen", "wurde", "ist", "mit", "von", "auf"]
)
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
    """One complaint. `words` are keyed hashes; `names`, `capitals` and `amounts` those among them that are such.

    `capitals` are written large in a text where much is, and so are names perhaps. `callbacks`, `callers` and `blocks` are tokens;
    `sender` names who sent the call, or is empty.
    """

    complaint: int
    received: Micros
    words: frozenset[int] = frozenset()
    names: frozenset[int] = frozenset()
    capitals: frozenset[int] = frozenset()
    amounts: frozenset[int] = frozenset()
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


class Marked(Struct, frozen=True, kw_only=True):
    """Those words of a sketch that tell one story from another."""

    names: frozenset[int] = frozenset()
    capitals: frozenset[int] = frozenset()
    amounts: frozenset[int] = frozenset()


def marked(text: str, key: bytes) -> Marked:
    """Return which words of a sketch are names, written large within a sentence, and which are amounts."""
    written = even(text)
    words = list(_WORD.finditer(written))
    amounts = [match.group() for match in words if match.group().isdigit()]
    large = [at for at, match in enumerate(words) if not match.group().isdigit() and _is_name(written, match.start())]
    german = len(large) >= _MOST_CAPITALS * len(words) and any(match.group().lower() in _GERMAN for match in words)
    sure = {at for at in large if _is_sure(written, words, at, german=german)}
    begun = {at for at in sure if at - 1 not in sure or not written[words[at - 1].end() : words[at].start()].isspace()}
    return Marked(
        names=sketch(" ".join(words[at].group() for at in sorted(begun)), key),
        capitals=sketch(" ".join(words[at].group() for at in large if at not in begun), key),
        amounts=sketch(" ".join(amounts), key),
    )


def _is_sure(text: str, words: Sequence[re.Match[str]], at: int, *, german: bool) -> bool:
    """Tell whether a word written large is a name. In German it follows another large one, or a word that names follow."""
    if words[at].group().lower() in _TITLES:
        return False
    if not german:
        return True
    before = words[at - 1] if at else None
    if before is None or not text[before.end() : words[at].start()].isspace():
        return False
    return before.group().lower() in _LEADING or (_is_name(text, before.start()) and before.group().lower() not in _NEVER)


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
