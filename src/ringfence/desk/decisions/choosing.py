"""What a person typed who leaves the ladder, as a measure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, TypeVar

from ringfence.desk.decisions.measures import Measure, misfit
from ringfence.desk.errors import DeskError
from ringfence.policy.durations import parse_duration
from ringfence.vocabulary.contracts import Action, ActionKind, CallClass, Scope
from ringfence.vocabulary.numbers import is_e164
from ringfence.vocabulary.subjects import SubjectKind

SCOPES: Final = (
    SubjectKind.ACCOUNT,
    SubjectKind.PARTY,
    SubjectKind.TRUNK,
    SubjectKind.NUMBER,
    SubjectKind.RANGE,
    SubjectKind.PAIR,
    SubjectKind.SOURCE,
    SubjectKind.REGISTRATION,
)
"""Against what a person may take a measure."""

WARN: Final = "warn"
"""What a form says for a warning, which is no order."""
LONGEST: Final = timedelta(days=366)
_FASTEST: Final = 10_000.0
_DIGITS: Final = 9

_Choice = TypeVar("_Choice", ActionKind, SubjectKind, CallClass)


class NoMeasure(DeskError):
    """What was typed is no measure; the text says what is missing."""


def chosen(told: Mapping[str, str]) -> Measure:
    """Return the measure of a form's fields: `do`, `scope`, `value`, `length`, `ends`, and what the action needs.

    A warning needs no length. Raises `NoMeasure` with what to write.
    """
    scope = Scope(kind=_one_of(SubjectKind, told.get("scope", ""), "choose against what"), value=told.get("value", "").strip())
    if scope.kind not in SCOPES or not scope.value or len(scope.value) > 256:
        raise NoMeasure("say against whom: an account, party, trunk, number, range, pair, source or registration by its name")
    if told.get("do") == WARN:
        return Measure(scope, None, None, None)
    kind = _one_of(ActionKind, told.get("do", ""), "choose what to do")
    together = _together(told.get("concurrent", "")) if kind is ActionKind.THROTTLE else None
    action = Action(
        kind=kind,
        rate=_rate(told.get("rate", "")) if kind is ActionKind.THROTTLE and (together is None or told.get("rate")) else None,
        concurrent=together,
        bars=_one_of(CallClass, told.get("bars", ""), "choose which calls are barred") if kind is ActionKind.BAR else None,
        home=_numbers(told.get("home", ""), whole=False) if told.get("bars") == CallClass.INTERNATIONAL else (),
        callers=_numbers(told.get("callers", ""), whole=True) if kind is ActionKind.FIX_CALLER else (),
        target=_target(told.get("target", "")) if kind is ActionKind.DIVERT else None,
    )
    unfit = misfit(scope, action)
    if unfit:
        raise NoMeasure(unfit)
    length_us = parse_duration(told.get("length", "").strip())
    length = timedelta(microseconds=length_us) if length_us else timedelta()
    if not timedelta() < length <= LONGEST:
        raise NoMeasure("say for how long, as 24h or 7d, at most 366 days: no measure is without an end or a review")
    ends = told.get("ends", "for") == "for"
    return Measure(scope, action, length if ends else None, None if ends else length)


def numbers_in(typed: str) -> tuple[int, ...]:
    """Return the numbers of interpretations that somebody typed. Raises `NoMeasure` for what is no number.

    >>> numbers_in("3, 7")
    (3, 7)
    """
    parts = typed.replace(",", " ").split()
    if not all(part.isascii() and part.isdecimal() and len(part) < _DIGITS for part in parts):
        raise NoMeasure("name interpretations by their numbers, as 3, 7")
    return tuple(int(part) for part in parts)


def _one_of(kind: type[_Choice], typed: str, else_say: str) -> _Choice:
    try:
        return kind(typed)
    except ValueError as error:
        raise NoMeasure(else_say) from error


def _rate(typed: str) -> float:
    try:
        rate = float(typed)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= _FASTEST:
        raise NoMeasure("say how many calls a second may pass, as 0.5 or 2, or how many at once")
    return rate


def _together(typed: str) -> int | None:
    if not typed.strip():
        return None
    if not (typed.strip().isascii() and typed.strip().isdecimal() and 0 < int(typed) <= _FASTEST):
        raise NoMeasure("say how many calls may be under way at once, as 5")
    return int(typed)


def _numbers(typed: str, *, whole: bool) -> tuple[str, ...]:
    numbers = tuple(typed.replace(",", " ").split())
    fitting = [is_e164(number) if whole else number.startswith("+") and number[1:].isdecimal() for number in numbers]
    if not numbers or not all(fitting):
        raise NoMeasure(
            "write numbers in international form, as +3225550101" if whole else "write how numbers at home begin, as +32"
        )
    return numbers


def _target(typed: str) -> str:
    target = typed.strip()
    if not target.startswith(("sip:", "sips:")) or any(each in target for each in '<> \r\n"') or not target.isascii():
        raise NoMeasure("say where calls go, as sip:announcement@voice.example")
    return target
