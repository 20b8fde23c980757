"""Text from traffic made harmless, numbers and times as people write them, and the last digits hidden where that is asked for."""

import re
import unicodedata
from typing import Final

from ringfence.vocabulary.times import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Micros, utc

LONGEST: Final = 80
_MARKS_IN_A_ROW: Final = 3
_HIDDEN: Final = 4
_LONG_NUMBER: Final = re.compile(r"\+?[0-9]{5,}")
_REPLACED: Final = "\ufffd"


def plain(text: str, longest: int = LONGEST) -> str:
    """Return text from traffic without what could steer a reader's screen: control, format and bidi characters become `�`.

    It is at most `longest` characters long, and no letter carries more than three marks.
    """
    kept: list[str] = []
    marks = 0
    for character in text[: longest * 2]:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(character if character.isprintable() else _REPLACED)
    whole = len(kept) <= longest and len(text) <= longest * 2
    return "".join(kept) if whole else "".join(kept[: longest - 1]) + "…"


class Writer:
    """Writes what came from traffic. With `masked` the last four digits of every number are hidden.

    A hidden number is the same wherever it stands: digits that are shown, four dots, and which of the numbers with the same
    beginning it is, in the order in which the report names them.
    """

    def __init__(self, *, masked: bool) -> None:
        self.is_masked: Final = masked
        self._known: dict[str, dict[str, int]] = {}

    def text(self, text: str | None, longest: int = LONGEST) -> str:
        """Return `text`, harmless, and masked where it holds five digits in a row or more; a dash for `None`."""
        if text is None:
            return "–"
        if self.is_masked:
            text = _LONG_NUMBER.sub(lambda found: self._hidden(found[0]), text[: longest * 2])
        return plain(text, longest)

    def _hidden(self, digits: str) -> str:
        shown = digits[:-_HIDDEN]
        alike = self._known.setdefault(shown, {})
        return f"{shown}····#{alike.setdefault(digits, len(alike) + 1)}"


def number(value: float) -> str:
    """Return a number as people write it: whole where it is whole, else with four significant digits.

    >>> number(1200.0), number(0.25)
    ('1,200', '0.25')
    """
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return a count and its noun.

    >>> counted(1, "call"), counted(1200, "call"), counted(0, "party", "parties")
    ('1 call', '1,200 calls', '0 parties')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def moment(time: Micros) -> str:
    """Return a time in UTC to the second, for people; one beyond the calendar as it is."""
    try:
        return utc(time).strftime("%Y-%m-%d %H:%M:%S")
    except OverflowError:
        return f"{time} µs"


def clock(time: Micros, *, width: Micros) -> str:
    """Return a time as a label beside others that lie `width` apart.

    >>> clock(Micros(1_772_442_024_275_868), width=Micros(10_000)), clock(Micros(1_772_442_024_275_868), width=Micros(60_000_000))
    ('09:00:24.27', '09:00')
    """
    if width >= 6 * HOUR:
        form = "%d %b"
    elif width >= MINUTE:
        form = "%H:%M"
    else:
        form = "%H:%M:%S" if width >= SECOND else "%H:%M:%S.%f"
    try:
        text = utc(time).strftime(form)
    except OverflowError:
        return f"{time} µs"
    if width >= SECOND:
        return text
    return text[:-5] if width >= 100 * MILLISECOND else text[:-4]


def length(length_us: int) -> str:
    """Return a length of time in the two largest units that say something.

    >>> length(90_000_000), length(300_000_000), length(2_500_000), length(3_700_000_000)
    ('1 min 30 s', '5 min', '2.5 s', '1 h 1 min')
    """
    if length_us < MINUTE:
        return f"{number(round(length_us / SECOND, 1 if length_us >= SECOND else 3))} s"
    units = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"))
    parts: list[str] = []
    rest = length_us
    for unit, name in units:
        whole, rest = divmod(rest, unit)
        if whole or parts:
            parts.append(f"{whole:,} {name}" if whole else "")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if part)
