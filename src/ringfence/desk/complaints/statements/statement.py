"""Statement: the numbers and times that a complaint names, whatever door it came through."""

from enum import StrEnum

from msgspec import Struct

from ringfence.vocabulary.times import Micros


class NumberRole(StrEnum):
    """What a number is in what is told."""

    CALLER = "caller"  # it called
    CALLEE = "callee"  # it was called
    CALLBACK = "callback"  # one is asked to call it
    UNKNOWN = "unknown"  # nothing says


class Named(Struct, frozen=True, kw_only=True):
    """One number. `readings` are what it can mean in E.164, the likeliest first: a national form may be several countries'."""

    text: str
    role: NumberRole
    readings: tuple[str, ...]


class Told(Struct, frozen=True, kw_only=True):
    """One time: it lies in [`begin`, `end`]. `rank` counts from 0 for the likeliest reading of the same words.

    `is_zoned`: the words name the zone; otherwise it was taken from the numbers, the mail or the provider.
    """

    begin: Micros
    end: Micros
    rank: int = 0
    is_zoned: bool = False
    is_day: bool = False
    """Only a day was named, or a part of one."""
    text: str = ""


class Statement(Struct, frozen=True, kw_only=True):
    """All that is named, in the order in which it stands. `withheld`: the caller's number is said not to have been shown."""

    numbers: tuple[Named, ...] = ()
    times: tuple[Told, ...] = ()
    withheld: bool = False
    is_cut: bool = False
    """More numbers or times were named than are read."""

    def of(self, *roles: NumberRole) -> tuple[Named, ...]:
        """Return the numbers in these roles."""
        return tuple(number for number in self.numbers if number.role in roles)


class Around(Struct, frozen=True, kw_only=True):
    """What helps to read the words: `received` bounds every time, `countries` (ISO 3166) read national numbers, `zones` times.

    Both are in order of preference. `zones` are names of the time zone database, or offsets such as `+01:00`.
    """

    received: Micros
    countries: tuple[str, ...] = ()
    zones: tuple[str, ...] = ("UTC",)
    own_zone: str = ""
    """That of who writes, where it is known: it goes before the called number's, and that before `zones`."""
    skew_us: int = 0
    """How far clocks are said to be off, or times to be uncertain."""
