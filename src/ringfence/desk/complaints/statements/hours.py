"""Times of day in free text: 14:05, 2.05 pm, 14h05, 14 Uhr 05, between two of them, in the afternoon. Text is `folded`."""

import re
from collections.abc import Iterator
from datetime import tzinfo
from typing import Final, NamedTuple

from ringfence.desk.complaints.statements.words import PARTS, ROUGHLY
from ringfence.desk.complaints.statements.zones import zone_after

DAY_S: Final = 86_400
_HOUR_S: Final = 3_600
_ROUGHLY_S: Final = 1_800
_NOON: Final = 12
_LOOK_BACK: Final = 16
_LOOK_ON: Final = 22
_PART_WORD: Final = {
    word: hours for hours, words in PARTS.items() for word in words.split() if word not in ("am", "pm", "a.m", "p.m")
}
_PART_WORDS: Final = "|".join(sorted(map(re.escape, _PART_WORD), key=len, reverse=True))
_CLOCK: Final = re.compile(
    r"(?<![\d.:/+-])(?P<hour>[01]?\d|2[0-4])(?::|\s?(?:h|u|uhr|uur|hrs?|h\.)\s?|\.|時\s?|ч\s?)(?P<minute>[0-5]\d|(?<=時)\d)(?!\d|[./-]\d|\s?(?:euro|eur|€|%))"
    r"(?::(?P<second>[0-5]\d)(?:[.,]\d{1,6})?)?(?:\s?分)?(?P<unit>\s?(?:uhr|uur|hrs?|h)\b)?\s?(?P<half>[ap]\.?\s?m\b\.?)?"
)
_PLAIN: Final = re.compile(
    r"(?<![\d.:/+-])(?P<hour>[01]?\d|2[0-4])(?P<second>)(?P<minute>)\s?(?:(?P<half>[ap]\.?m\b\.?)|(?P<unit>(?:uhr|uur|hrs|heures?|horas?|ore|o'clock|h|u|時|час\w*)\b))"
)
_WITH_PART: Final = re.compile(
    r"(?<![\d.:/+-])(?P<hour>0?[1-9]|1[0-2])(?P<minute>)(?P<second>)(?P<half>)"
    rf"(?=\s(?:de la |del |da |di |in the |in de |at |de l.)?(?P<unit>{_PART_WORDS})(?!\w))"
)
_MILITARY: Final = re.compile(
    r"(?<![\d.:/+-])(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?P<second>)(?P<half>)\s?(?P<unit>hrs|h|hours|utc|zulu)\b"
)
_TWELVE: Final = re.compile(r"\d{1,2}[:.]")
"""What may be an hour of twelve: other notations are of twenty-four."""
_UNTIL: Final = re.compile(r"\s?(?:-|to|and|und|et|en|y|e|a|bis|tot|i|do|og|och|ve|и|до|until)\s?$")
_PARTS: Final = re.compile(rf"(?<!\w)({_PART_WORDS})(?!\w)")
_ROUGH: Final = re.compile(
    rf"(?:^|[\s(])(?:{'|'.join(map(re.escape, ROUGHLY.split()))})\s?(?:a |as |le |las |alle |kl\.? |um |om |\w{{1,4}} )?$"
)


class Hour(NamedTuple):
    """Words at [`begin`, `end`): from second `first` to second `last` of the day. `others`: further meanings, less likely.

    `zone` where it is written behind them.
    """

    begin: int
    end: int
    first: int
    last: int
    others: tuple[tuple[int, int], ...] = ()
    zone: tzinfo | None = None


def hours_in(text: str, written: str) -> list[Hour]:
    """Return the times of day that the text names, in order; two with a word between them that says `from … to` are one.

    `written` is the same text with its capitals, by which abbreviations of zones are known.
    """
    found: list[Hour] = []
    for hour in (each for pattern in (_CLOCK, _MILITARY, _PLAIN, _WITH_PART) for each in _matched(pattern, text, written)):
        if not any(hour.begin < other.end and other.begin < hour.end for other in found):
            found.append(hour)
    return list(_joined(sorted(found, key=lambda hour: hour.begin), text))


def part_in(text: str, begin: int, end: int) -> tuple[int, int] | None:
    """Return the part of the day that is named in [`begin`, `end`) as seconds of the day."""
    match = _PARTS.search(text, max(begin, 0), min(end, len(text)))
    return (_PART_WORD[match[1]][0] * _HOUR_S, _PART_WORD[match[1]][1] * _HOUR_S) if match else None


def _matched(pattern: re.Pattern[str], text: str, written: str) -> Iterator[Hour]:
    for match in pattern.finditer(text):
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        length = 1 if match["second"] else 60 if match["minute"] else _HOUR_S
        if hour * 60 + minute > 24 * 60:
            continue
        half = (match["half"] or "").replace(".", "").replace(" ", "")
        part = part_in(text, match.end(), match.end() + _LOOK_ON) or part_in(text, match.start() - _LOOK_BACK, match.start())
        hour, open_half = _of_day(hour, half, part)
        zone = zone_after(written, match.end())
        first = (hour * 60 + minute) * 60 + int(match["second"] or 0)
        last, slack = first + length - 1, 0
        if _ROUGH.search(text[max(0, match.start() - _LOOK_BACK) : match.start()]):
            slack = _ROUGHLY_S
        is_open = open_half and not match["hour"].startswith("0") and not match["unit"] and _TWELVE.match(match.group())
        others = ((first + DAY_S // 2 - slack, last + DAY_S // 2 + slack),) if is_open else ()
        yield Hour(match.start(), zone[1] if zone else match.end(), first - slack, last + slack, others, zone[0] if zone else None)


def _of_day(hour: int, half: str, part: tuple[int, int] | None) -> tuple[int, bool]:
    """Return the hour of 24, and whether it may as well be meant twelve hours later."""
    if half:
        return hour % _NOON + (_NOON if half == "pm" else 0) if hour <= _NOON else hour, False
    if part is not None and hour <= _NOON:
        late = part[0] >= _NOON * _HOUR_S or (part[0] == 0 and hour >= 9)
        return (hour + _NOON if late and hour < _NOON else hour), False
    return hour, 0 < hour < _NOON


def _joined(found: list[Hour], text: str) -> Iterator[Hour]:
    held: Hour | None = None
    for hour in found:
        if (
            held is not None
            and hour.begin - held.end < 8
            and _UNTIL.fullmatch(text[held.end : hour.begin])
            and held.first < hour.last
        ):
            held = Hour(held.begin, hour.end, held.first, hour.last, (), hour.zone or held.zone)
            continue
        if held is not None:
            yield held
        held = hour
    if held is not None:
        yield held
