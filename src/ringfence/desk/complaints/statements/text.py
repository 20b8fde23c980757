"""From free text to a statement: times first, then numbers in what is left, each in the role that the words before it give."""

import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from ringfence.desk.complaints.statements.characters import even, folded
from ringfence.desk.complaints.statements.numbers import MOST, Found, numbers_in
from ringfence.desk.complaints.statements.statement import Around, Named, NumberRole, Statement
from ringfence.desk.complaints.statements.times import spans_and_times
from ringfence.desk.complaints.statements.words import ROLES, WITHHELD
from ringfence.desk.complaints.statements.zones import zone, zones_of_number
from ringfence.vocabulary.times import utc

_LONGEST: Final = 20_000
_LOOK_BACK: Final = 60
_ZONES: Final = 4
_CUES: Final = {
    NumberRole(role): re.compile(rf"(?<!\w)(?:{'|'.join(sorted(map(re.escape, words.split('|')), key=len, reverse=True))})(?!\w)")
    for role, words in ROLES.items()
}
_WITHHELD: Final = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, WITHHELD.split('|')))})")
_TOWARDS: Final = re.compile(r"(?:(?<!\w)(?:to|an|a|naar|til|till|do|on|auf|sur|op|en|na|pa|su)|[-=]>|→)\s?[:(]?\s?$")
_SENTENCE_END: Final = re.compile(r"[.!?;](?=\s+[^\W\d]|\s*$)|\n\s*\n")


def statement_of(text: str, around: Around) -> Statement:
    """Return what the text names. The first 20 000 characters are read; no text makes it raise."""
    written = even(text[:_LONGEST])
    small = folded(written)
    spans, _ = spans_and_times(small, written, around)
    masked = _masked(written, spans)
    found = numbers_in(masked, around.countries)
    named = _roles(small, found, written)
    zoned = replace(around, zones=_zones(named, around))
    _, times = spans_and_times(_masked(small, [(one.begin, one.end) for one in found]), written, zoned)
    withheld = _WITHHELD.search(small) is not None and not any(one.role is NumberRole.CALLER for one in named)
    return Statement(numbers=named, times=tuple(times), withheld=withheld, is_cut=len(found) >= MOST)


def _zones(named: Sequence[Named], around: Around) -> tuple[str, ...]:
    """Return the zones that may be meant, each of another offset when the complaint came."""
    called = [one for one in named if one.role is NumberRole.CALLEE]
    others = [one for one in named if one.role is not NumberRole.CALLEE]
    names = [
        *([around.own_zone] if around.own_zone else []),
        *(name for one in called for name in zones_of_number(one.readings[0])),
        *around.zones,
        *(name for one in others for name in zones_of_number(one.readings[0])),
    ]
    then = utc(around.received)
    by_offset = {then.astimezone(held).utcoffset(): name for name in reversed(names) if (held := zone(name)) is not None}
    return tuple(name for name in dict.fromkeys(names) if name in by_offset.values())[:_ZONES]


def _roles(small: str, found: Sequence[Found], written: str) -> tuple[Named, ...]:
    named = []
    previous = 0
    for one in found:
        role = _role(small, previous, one.begin)
        named.append(Named(text=written[one.begin : one.end].strip(), role=role, readings=one.readings))
        previous = one.end
    return tuple(_settled(named))


def _role(small: str, previous: int, begin: int) -> NumberRole:
    """Return the role that the cue nearest before the number gives, within its sentence and behind the number before."""
    before = small[max(previous, begin - _LOOK_BACK) : begin]
    ends = [match.end() for match in _SENTENCE_END.finditer(before)]
    before = before[ends[-1] :] if ends else before
    nearest = {
        role: max((match.end(), len(match.group())) for match in found)
        for role, cue in _CUES.items()
        if (found := list(cue.finditer(before)))
    }
    cue = max(nearest, key=nearest.__getitem__, default=NumberRole.UNKNOWN)
    towards = _TOWARDS.search(before) if previous or _WITHHELD.search(before) else None
    if towards is not None and (cue is NumberRole.UNKNOWN or (cue is NumberRole.CALLER and nearest[cue][0] < towards.start())):
        return NumberRole.CALLEE
    return cue


def _settled(named: list[Named]) -> list[Named]:
    """A number that is repeated without a cue has the role it had; of two, one with a role, the other is its counterpart."""
    known = {one.readings[0]: one.role for one in reversed(named) if one.role is not NumberRole.UNKNOWN}
    named = [replace(one, role=known.get(one.readings[0], one.role)) if one.role is NumberRole.UNKNOWN else one for one in named]
    roles = {one.role for one in named}
    if NumberRole.CALLER not in roles:
        for place, one in enumerate(named):
            if one.role is NumberRole.UNKNOWN:
                named[place] = replace(one, role=NumberRole.CALLER)
                break
    return named


def _masked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    characters = list(text)
    for begin, end in spans:
        characters[begin:end] = [character if character == "\n" else "\u25a1" for character in characters[begin:end]]
    return "".join(characters)
