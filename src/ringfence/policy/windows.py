"""What stands under `window:` — how far back a rule's measures look, and by which clock."""

import re
from dataclasses import dataclass
from typing import Final

from ringfence.policy.documents import Mapping, Scalar
from ringfence.policy.durations import DURATION_HINT, parse_duration, write_duration
from ringfence.policy.keys import Keys
from ringfence.policy.moments import zone_problem
from ringfence.policy.plan import Calendar, Rolling, Unit, Window, span_us
from ringfence.policy.questions import LeftOpen, Question
from ringfence.policy.tokens import FOREIGN_WORDS, WORDS, ExpressionRefused
from ringfence.vocabulary.times import DAY, MILLISECOND, SECOND, Micros

SHORTEST_WINDOW: Final = Micros(100 * MILLISECOND)
LONGEST_WINDOW: Final = Micros(400 * DAY)
LONGEST_WITHOUT_GRAIN: Final = DAY
"""Beyond it a rolling window keeps whole grains instead of single events, and says of which length."""

SHORTEST_GRAIN: Final = SECOND
MOST_GRAINS: Final = 10_000
MAX_WINDOWS: Final = 8
ONLY: Final = "window"
"""The name of a window that stands alone."""

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}\Z", re.ASCII)

_ZONE: Final = re.compile(r"""(?P<in>in)(?:\s+(?P<zone>"[^"]*"|'[^']*'))?\s*\Z""", re.ASCII)
_WORD: Final = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int


def read_windows(keys: Keys) -> tuple[Window, ...] | None:
    """Return the rule's windows, none where the key is absent; `None` where one has a problem, which was reported."""
    node = keys.node.entries.get("window")
    if node is None:
        return ()
    if not isinstance(node, Mapping):
        scalar = keys.scalar("window")
        window = keys.expression(scalar, lambda text: parse_window(ONLY, text)) if scalar else None
        return (window,) if window else None
    inner = Keys(keys.file, node, keys.report)
    if not 1 <= len(node.entries) <= MAX_WINDOWS:
        keys.refuse(node.mark, f"window names {len(node.entries)} windows", f"name one to {MAX_WINDOWS}, or split the rule")
        return None
    windows = [_named(inner, name) for name in node.entries]
    return tuple(window for window in windows if window) if all(windows) else None


def _named(keys: Keys, name: str) -> Window | None:
    if not NAME.match(name) or name in WORDS | FOREIGN_WORDS:
        keys.refuse(keys.mark(name), f"{name!r} is no name for a window", "write a lower-case word; _ joins several")
        return None
    scalar: Scalar | None = keys.scalar(name)
    return keys.expression(scalar, lambda text: parse_window(name, text)) if scalar else None


def parse_window(name: str, text: str) -> Window:
    """Return the window that `text` states. Raises `ExpressionRefused`.

    >>> parse_window("window", "30d rolling by 1d").length_us // 86_400_000_000
    30
    >>> parse_window("window", '6 months in "Europe/Brussels"').periods
    6
    """
    words = [_Word(match[0], match.start()) for match in _WORD.finditer(text)]
    periods = int(words[0].text) if re.fullmatch(r"[0-9]{1,4}", words[0].text, re.ASCII) else None
    rest = words[1:] if periods is not None else words
    unit = _unit(rest) if rest else None
    window = _calendar(name, text, unit, rest, periods) if unit else _rolling(name, text, words, counted=periods is not None)
    if span_us(window) > LONGEST_WINDOW:
        raise ExpressionRefused(0, f"a window of {text.strip()} cannot be kept", f"at most {write_duration(LONGEST_WINDOW)}")
    return window


def _unit(words: list[_Word]) -> Unit | None:
    first = words[0].text
    if first == "billing":
        return Unit.BILLING_CYCLE if len(words) > 1 and words[1].text in ("cycle", "cycles") else None
    single = first.removesuffix("s")
    return Unit(single) if single in tuple(Unit) else None


def _calendar(name: str, text: str, unit: Unit, words: list[_Word], periods: int | None) -> Calendar:
    rest = words[2:] if unit is Unit.BILLING_CYCLE else words[1:]
    if periods == 0:
        raise ExpressionRefused(0, "a window of no period", f"write {unit}, or 2 {unit}s")
    match = _ZONE.match(text, rest[0].start) if rest else None
    if match is None or match["zone"] is None:
        where = rest[0].start if rest else len(text.rstrip())
        hint = f'write {unit} in "UTC", or another zone'
        raise LeftOpen(Question.ZONE, where, f"whose {unit}? The window has no zone", hint)
    return Calendar(name, unit, zone_named(match["zone"][1:-1], match.start("zone")), periods or 1)


def zone_named(zone: str, offset: int) -> str:
    """Return the name of a time zone as the zone database has it. Raises `ExpressionRefused` at `offset`."""
    hint = zone_problem(zone)
    if hint is not None:
        raise ExpressionRefused(offset, f"{zone!r} is no time zone", hint)
    return zone


def _rolling(name: str, text: str, words: list[_Word], *, counted: bool) -> Rolling:
    first = words[0].text
    length = parse_duration(first)
    if length is None:
        units = ", ".join(Unit)
        hint = f"write {words[0].text} and one of {units}, or a duration" if counted else f"{DURATION_HINT}; or one of {units}"
        raise ExpressionRefused(0, f"window: {first!r} is no duration", hint)
    told = [word.text for word in words[1:]]
    if told[:1] != ["rolling"] or (len(told) > 1 and (told[1] != "by" or len(told) != 3)):
        raise ExpressionRefused(0, f"window {' '.join(text.split())!r} says not how it moves", f"write {first} rolling")
    if length < SHORTEST_WINDOW:
        raise ExpressionRefused(0, f"a window of {first} cannot be kept", f"at least {write_duration(SHORTEST_WINDOW)}")
    grain = _grain(words[3], length) if len(told) == 3 else None
    if length > LONGEST_WITHOUT_GRAIN and grain is None and length <= LONGEST_WINDOW:
        hint = f"write {first} rolling by 1h: events leave an hour at a time"
        raise ExpressionRefused(0, f"a rolling window of {first} needs a grain", hint)
    return Rolling(name, length, grain)


def _grain(word: _Word, length: Micros) -> Micros:
    grain = parse_duration(word.text)
    if grain is None:
        raise ExpressionRefused(word.start, f"{word.text!r} is no duration", DURATION_HINT)
    least = max(SHORTEST_GRAIN, Micros(-(-length // MOST_GRAINS)))
    if not least <= grain <= length or length % grain:
        raise ExpressionRefused(
            word.start,
            f"a window of {write_duration(length)} cannot move by {word.text}",
            f"a grain divides the window and is at least {write_duration(Micros(-(-least // SECOND) * SECOND))}",
        )
    return grain
