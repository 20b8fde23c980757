"""DeskEvent: what people told the desk or the desk decided, told to watch, so that rules can count it like traffic."""

from msgspec import Struct

from ringfence.vocabulary.times import Micros


class DeskEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`time` is when the desk received or made it; `conduct_time` when the conduct took place, if somebody said.

    `rule` is the rule whose finding led to a decision. `reporter` is who complained, as a keyed token: the same for the same
    person. `name` says what a fact is, such as `opt-out` or `consent`, `value` the number that it tells.
    `source` is the address from which it was done, where that is known.
    """

    v: int = 1
    kind: str
    """`complaint`, `decision`, `traceback` or `fact`."""
    id: str
    time: Micros
    conduct_time: Micros | None = None
    account: str | None = None
    party_path: tuple[str, ...] = ()
    clause: str | None = None
    caller: str | None = None
    callee: str | None = None
    rule: str | None = None
    reporter: str | None = None
    name: str | None = None
    value: float | None = None
    source: str | None = None
