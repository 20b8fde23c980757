"""What the functions of expressions come to, once their arguments are known and set."""

from collections.abc import Callable, Iterator
from functools import partial
from math import ceil, floor, isfinite, nan
from typing import Final

from ringfence.policy.context import Context
from ringfence.policy.expressions import Call, Expression, Literal
from ringfence.policy.functions import FUNCTIONS, Takes
from ringfence.policy.local_time import Clock, Local, minute_of
from ringfence.policy.patterns import Pattern
from ringfence.vocabulary.contracts import Event

Value = str | float | bool | None
"""What an expression yields. An unset text is `None`, an unset number not-a-number."""

Computation = Callable[..., Value]
"""From an event and the values of `parameters` to a value."""

DRAWING: Final = 0xD6E8FEB86659FD93
"""An odd multiplier whose product's high half is well mixed: a constant of published mixers of 64 bits."""

_COMPUTED: Final = (Takes.TEXT, Takes.NUMBER)


def parameters(call: Call) -> tuple[Expression, ...]:
    """Return the arguments that differ from event to event; the others are written out."""
    return tuple(argument for argument, takes in _taken(call) if takes in _COMPUTED)


def needed(call: Call) -> int:
    """Return how many of `parameters` must be set for the call to have a value; an unset one behind them counts as left out."""
    function = FUNCTIONS[call.function]
    given = len(parameters(call))
    return given - 1 if function.may_omit and len(call.arguments) == len(function.parameters) else given


def computation(call: Call, context: Context) -> Computation:
    """Return what computes the call's value from an event and the values of `parameters`."""
    plain = _PLAIN.get(call.function)
    if plain is not None:
        return lambda _, *values: plain(*values)
    written = [argument.value for argument, takes in _taken(call) if takes not in _COMPUTED and isinstance(argument, Literal)]
    return _MADE[call.function](context, *written)


def _taken(call: Call) -> Iterator[tuple[Expression, Takes]]:
    known = FUNCTIONS[call.function].parameters
    for place, argument in enumerate(call.arguments):
        yield argument, known[min(place, len(known) - 1)].takes


def _length(text: str) -> float:
    return float(len(text.removeprefix("+")))


def _cut(text: str, count: int) -> str:
    return text[: count + text.startswith("+")]


def _rounded(way: Callable[[float], int]) -> Callable[[float], float]:
    return lambda value: float(way(value)) if isfinite(value) else value


_PLAIN: Final[dict[str, Callable[..., Value]]] = {
    "lower": str.lower,
    "length": _length,
    "abs": abs,
    "min": min,
    "max": max,
    "round": _rounded(round),
    "floor": _rounded(floor),
    "ceil": _rounded(ceil),
}
"""Functions of their arguments alone."""


def _prefix(_: Context, count: float) -> Computation:
    return lambda _, text: _cut(text, int(count))


def _without_last(_: Context, count: float) -> Computation:
    def compute(_: Event, text: str) -> str | None:
        kept = text[: -int(count)]
        return kept if kept.removeprefix("+") else None

    return compute


def _suffix(_: Context, count: float) -> Computation:
    def compute(_: Event, text: str) -> str | None:
        bare = text.removeprefix("+")
        return bare[-int(count) :] if len(bare) >= count else None

    return compute


def _sampled(context: Context, count: float) -> Computation:
    hashed, every = context.hashed, int(count)
    return lambda _, text: drawn(hashed(text)) % every == 0


def drawn(hashed: int) -> int:
    """Return 32 bits of a 64-bit hash that depend on all its lower ones: distinct counts sample by the bits themselves."""
    return (hashed * DRAWING & (1 << 64) - 1) >> 32


def _same_prefix(_: Context, count: float) -> Computation:
    def compute(_: Event, left: str, right: str) -> bool:
        return min(_length(left), _length(right)) >= count and _cut(left, int(count)) == _cut(right, int(count))

    return compute


def _matches(_: Context, pattern: str) -> Computation:
    fits = Pattern(pattern).fits
    return lambda _, text: fits(text)


def _holder(context: Context) -> Computation:
    return lambda event, number: None if context.holders is None else context.holders.holder(number, event.time)


def _held(context: Context) -> Computation:
    def compute(event: Event, number: str) -> bool:
        if context.holders is None or event.account is None:
            return False
        return context.holders.holder(number, event.time) == event.account

    return compute


def _address_country(context: Context) -> Computation:
    return lambda _, address: None if context.addresses is None else context.addresses.country(address)


def _may_show(context: Context) -> Computation:
    def compute(event: Event, number: str) -> bool:
        if context.holders is None or event.account is None:
            return False
        return context.holders.may_show(event.account, number, event.time)

    return compute


def _has_numbers(context: Context) -> Computation:
    return lambda _, account: context.holders is not None and context.holders.has_numbers(account)


def _shown(read: Callable[[Local], float]) -> Callable[[Context, str], Computation]:
    def made(_: Context, zone: str) -> Computation:
        clock = Clock(zone)

        def compute(event: Event) -> float:
            local = clock.at(event.time)
            return nan if local is None else float(read(local))

        return compute

    return made


def _holiday(context: Context, name: str, zone: str) -> Computation:
    clock, entries = Clock(zone), context.entries(name)

    def compute(event: Event) -> bool:
        local = clock.at(event.time)
        return local is not None and any(entries.at(day, event.time) is not None for day in (local.date, local.date[5:]))

    return compute


def _calling_hours(context: Context, name: str) -> Computation:
    hours, numbers, places = context.hours(name), context.numbers, context.places

    def compute(event: Event, number: str, state: str | None = None) -> bool:
        return hours.allow(
            number,
            state=state,
            country=numbers.country(number),
            zones=places.zones(number),
            time=event.time,
            closed=partial(places.is_holiday, number),
        )

    return compute


def _local_time(context: Context, first: str, last: str) -> Computation:
    places, since, until = context.places, minute_of(first), minute_of(last)
    return lambda event, number: places.shows(number, event.time, since, until)


def _age(context: Context, name: str) -> Computation:
    entries = context.entries(name)

    def compute(event: Event) -> float:
        fetched = entries.table.fetched_us
        return nan if fetched is None else float(event.time - fetched)

    return compute


_MADE: Final[dict[str, Callable[..., Computation]]] = {
    "prefix": _prefix,
    "without_last": _without_last,
    "suffix": _suffix,
    "sampled": _sampled,
    "same_prefix": _same_prefix,
    "matches": _matches,
    "country": lambda context: lambda _, number: context.numbers.country(number),
    "number_type": lambda context: lambda _, number: context.places.kind(number),
    "valid": lambda context: lambda _, number: context.places.valid(number),
    "possible": lambda context: lambda _, number: context.numbers.possible(number),
    "holder": _holder,
    "held": _held,
    "may_show": _may_show,
    "address_country": _address_country,
    "has_numbers": _has_numbers,
    "hour": _shown(lambda local: local.minute // 60),
    "minute": _shown(lambda local: local.minute),
    "weekday": _shown(lambda local: local.weekday),
    "holiday": _holiday,
    "calling_hours": _calling_hours,
    "public_holiday": lambda context: lambda event, number: context.places.on_holiday(number, event.time),
    "local_time": _local_time,
    "emergency": lambda context: lambda event, dialled, number: context.places.emergency(dialled, number, event.time),
    "age": _age,
}
"""Functions that are made for the arguments that are written out."""
