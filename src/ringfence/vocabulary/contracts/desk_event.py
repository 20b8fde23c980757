"""DeskEvent: a complaint, decision or traceback told to watch, so that rules can count it like traffic."""

from msgspec import Struct

from ringfence.vocabulary.times import Micros


class DeskEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`time` is when the desk received or made it; `conduct_time` when the conduct took place, if somebody said."""

    v: int = 1
    kind: str
    """`complaint`, `decision` or `traceback`."""
    id: str
    time: Micros
    conduct_time: Micros | None = None
    account: str | None = None
    party_path: tuple[str, ...] = ()
    clause: str | None = None
    caller: str | None = None
    callee: str | None = None
