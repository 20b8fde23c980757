"""Random expressions that the checker accepts, the lists they ask, and events to hold them against."""

from typing import Any

from hypothesis import strategies as st

from ringfence.policy.expressions import (
    Arithmetic,
    Call,
    Choice,
    Comparison,
    Connective,
    Dimension,
    Expression,
    Field,
    Listed,
    Literal,
    Lookup,
    MeasureValue,
    Membership,
    Negation,
    Past,
    PastValue,
    Type,
    Unset,
)
from ringfence.policy.plan import Row, Table
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.times import DAY, HOUR, MINUTE, SECOND, Micros, from_iso

NOON = from_iso("2026-03-28T12:00:00Z")  # the day before clocks go forward in Europe

LISTS = {
    "tiers": Table(
        "tiers",
        (
            Row("office", {"calls": "100", "longest": "4h", "since": "2026-03-01", "note": "plain"}),
            Row("home", {"calls": "2.5", "longest": "90s", "since": "", "note": ""}, until_us=NOON),
            Row("office:+44", {"calls": "7", "longest": "1d", "since": "2026-04-01", "note": "pair"}, from_us=NOON),
            Row("*", {"calls": "-1", "longest": "1min", "since": "2026-03-28T12:00:00+01:00", "note": "other"}, from_us=NOON),
        ),
        fetched_us=Micros(NOON - 31 * DAY),
    ),
    "ranges": Table(
        "ranges",
        (
            Row("+4416", {"operator": "fixed"}),
            Row("44", {"operator": "any"}, until_us=Micros(NOON + HOUR)),
            Row("+1202", {"operator": "east"}),
            Row("ali", {"operator": "names"}),
        ),
    ),
    "days": Table("days", (Row("03-28"), Row("2026-03-29"), Row("2026-03-29", until_us=NOON))),
    "hours": Table(
        "hours",
        (
            Row("US", {"weekdays": "1-5", "from": "08:00", "to": "21:00"}),
            Row("US", {"weekdays": "6", "from": "09:00", "to": "12:00"}, from_us=Micros(NOON - HOUR)),
            Row("east", {"weekdays": "1-7", "from": "00:00", "to": "24:00"}),
            Row("+32", {"weekdays": "6,7", "from": "10:00", "to": "13:00"}),
            Row("*", {"weekdays": "1-7", "from": "11:00", "to": "14:00"}),
        ),
    ),
}
_NUMBERS = ["+441632960001", "+4416", "+12025550123", "+18005550100", "+32470123456", "112", "alice", "", "+1", "Ali ce"]
_ZONES = ["UTC", "Europe/Brussels", "America/New_York", "Asia/Kathmandu"]
_TEXTS = ["caller", "callee", "asserted", "account", "plan", "content", "traffic_class"]
_FIELDS = {
    Dimension.PLAIN: ["status", "q850", "price", "value"],
    Dimension.TIME: ["duration", "ring"],
    Dimension.MOMENT: ["time", "conduct_time"],
}
_LITERALS = {
    Dimension.PLAIN: [0.0, 1.0, 2.5, -3.0, 200.0, 0.000001],
    Dimension.TIME: [6.0 * SECOND, 90.0 * MINUTE, 1500.0, -1.0 * HOUR, 250.0],
    Dimension.MOMENT: [float(NOON), NOON + 1.0, float(from_iso("2026-03-01T00:00:00Z"))],
}
_COLUMNS = {Dimension.PLAIN: "calls", Dimension.TIME: "longest", Dimension.MOMENT: "since"}
MEASURES = {"calls": Dimension.PLAIN, "minutes": Dimension.TIME}


def _text(value: str) -> Literal:
    return Literal(value, Type.TEXT)


class _Grower:
    """Grows expressions of a type, up to a depth. With `measured` they read measures too."""

    def __init__(self, draw: st.DrawFn, *, measured: bool) -> None:
        self._draw = draw
        self._measured = measured

    def among(self, *values: Any) -> Any:  # noqa: ANN401 - whatever it is given
        return self._draw(st.sampled_from(values))

    def field(self) -> Field:
        return Field(self.among(*_TEXTS), Type.TEXT)

    def text(self, depth: int) -> Expression:
        ways = ["field", "prefix", "lookup", "lookup_prefix", "name", "choice"]
        match self.among(*ways[: 1 if depth == 0 else None]):
            case "field":
                return self.field()
            case "prefix":
                count = Literal(float(self.among(1, 2, 5, 9)), Type.NUMBER)
                return Call(self.among("prefix", "without_last", "suffix"), (self.text(depth - 1), count), Type.TEXT)
            case "lookup":
                return self.lookup("note", Type.TEXT, depth)
            case "lookup_prefix":
                return Lookup("ranges", "operator", (self.text(depth - 1),), True, Type.TEXT)
            case "name":
                return Call(self.among("lower", "country", "number_type", "holder"), (self.text(depth - 1),), Type.TEXT)
            case _:
                return Choice(self.truth(depth - 1), self.text(depth - 1), self.text(depth - 1), Type.TEXT)

    def lookup(self, column: str, kind: Type, depth: int) -> Expression:
        keys = tuple(self.text(depth - 1) for _ in range(self.among(1, 2)))
        return Lookup("tiers", column, keys, False, kind)

    def literal(self, dimension: Dimension) -> Literal:
        value = self.among(*_LITERALS[dimension])
        return Literal(value, Type.NUMBER, dimension if value else Dimension.ANY)

    def number(self, dimension: Dimension, depth: int) -> Expression:
        """Return an expression that is no constant."""
        if depth == 0:
            return self.measure(dimension) if self._measured and self.among(True, False) else self.number_field(dimension)
        match self.among("plain", "lookup", "sum", "several", "choice", "special", "special"):
            case "plain":
                return self.number(dimension, 0)
            case "lookup":
                return self.lookup(_COLUMNS[dimension], Type.NUMBER, depth)
            case "sum":
                added = Dimension.TIME if dimension is Dimension.MOMENT else dimension
                operand = self.literal(added) if self.among(True, False) else self.number(added, depth - 1)
                return Arithmetic(self.among("+", "-"), self.number(dimension, depth - 1), operand)
            case "several":
                others = (self.number(dimension, depth - 1), self.literal(dimension))
                return Call(self.among("min", "max"), (self.number(dimension, depth - 1), *others), Type.NUMBER)
            case "choice":
                return Choice(self.truth(depth - 1), self.number(dimension, depth - 1), self.literal(dimension), Type.NUMBER)
            case _:
                return self.special(dimension, depth - 1)

    def number_field(self, dimension: Dimension) -> Expression:
        return Field(self.among(*_FIELDS[dimension]), Type.NUMBER)

    def measure(self, dimension: Dimension) -> Expression:
        if dimension is Dimension.MOMENT:
            return self.number_field(dimension)
        name = {Dimension.PLAIN: "calls", Dimension.TIME: "minutes"}[dimension]
        match self.among("now", *Past):
            case Past.USUAL:
                return PastValue(Past.USUAL, name, self.among(1, 4, 52))
            case Past.PEERS:
                return PastValue(Past.PEERS, name, 1, self.among(0.0, 0.25, 0.5, 1.0))
            case Past.BEFORE:
                return PastValue(Past.BEFORE, name)
            case _:
                return MeasureValue(name)

    def special(self, dimension: Dimension, depth: int) -> Expression:
        """Return what only numbers of that dimension can be made of."""
        if dimension is Dimension.MOMENT:
            return Arithmetic(self.among("+", "-"), self.number(Dimension.MOMENT, depth), self.number(Dimension.TIME, depth))
        if dimension is Dimension.TIME:
            match self.among("span", "share", "age"):
                case "span":
                    return Arithmetic("-", self.number(Dimension.MOMENT, depth), self.number(Dimension.MOMENT, depth))
                case "share":
                    return Arithmetic(self.among("*", "/"), self.number(Dimension.TIME, depth), self.number(Dimension.PLAIN, depth))
                case _:
                    return Call("age", (_text("tiers"),), Type.NUMBER)
        match self.among("ratio", "product", "length", "clock", "round"):
            case "ratio":
                unit = self.literal(Dimension.TIME) if self.among(True, False) else self.number(Dimension.TIME, depth)
                return Arithmetic("/", self.number(Dimension.TIME, depth), unit)
            case "product":
                return Arithmetic(self.among("*", "/"), self.number(Dimension.PLAIN, depth), self.number(Dimension.PLAIN, depth))
            case "length":
                return Call("length", (self.text(depth),), Type.NUMBER)
            case "clock":
                return Call(self.among("hour", "minute", "weekday"), (_text(self.among(*_ZONES)),), Type.NUMBER)
            case _:
                return Call(self.among("round", "floor", "ceil", "abs"), (self.number(Dimension.PLAIN, depth),), Type.NUMBER)

    def truth(self, depth: int) -> Expression:
        if depth == 0:
            return Field(self.among("answered", "credentials", "late"), Type.BOOL)
        match self.among("compare", "compare", "text", "member", "listed", "unset", "call", "call", "not", "join"):
            case "compare":
                dimension = self.among(*_FIELDS)
                other = self.literal(dimension) if self.among(True, False) else self.number(dimension, depth - 1)
                return Comparison(self.among("==", "!=", "<", "<=", ">", ">="), self.number(dimension, depth - 1), other)
            case "text":
                other = self.word() if self.among(True, False) else self.text(depth - 1)
                left = self.field() if isinstance(other, Literal) else self.text(depth - 1)
                return Comparison(self.among("==", "!="), left, other)
            case "member":
                options = tuple(self.word() for _ in range(self.among(1, 2, 3)))
                return Membership(self.field(), options, self.among(True, False))
            case "listed":
                return Listed(self.text(depth - 1), self.among("tiers", "ranges"), self.among(True, False), self.among(True, False))
            case "unset":
                asked = self.among(self.field(), Field("conduct_time", Type.NUMBER), self.lookup("calls", Type.NUMBER, depth))
                return Unset(asked, self.among(True, False))
            case "call":
                return self.truth_call(depth - 1)
            case "not":
                return Negation(self.truth(depth - 1))
            case _:
                return Connective(self.among("and", "or"), tuple(self.truth(depth - 1) for _ in range(self.among(2, 3))))

    def word(self) -> Literal:
        return _text(self.among("office", "+4416", "alice", "it's", 'a "b"'))

    def truth_call(self, depth: int) -> Expression:
        arguments: tuple[Expression, ...]
        name = self.among(
            "same_prefix",
            "sampled",
            "matches",
            "valid",
            "possible",
            "held",
            "holiday",
            "calling_hours",
            "local_time",
            "public_holiday",
            "emergency",
            "may_show",
        )
        match name:
            case "same_prefix":
                arguments = (self.text(depth), self.text(depth), Literal(float(self.among(1, 4)), Type.NUMBER))
            case "sampled":
                arguments = (self.text(depth), Literal(float(self.among(1, 2, 16)), Type.NUMBER))
            case "matches":
                arguments = (self.text(depth), _text(self.among("[+]44.*", "ali[a-z]{2}", "1|112")))
            case "holiday":
                arguments = (_text("days"), _text(self.among(*_ZONES)))
            case "local_time":
                arguments = (self.text(depth), _text(self.among("08:00", "13:30")), _text(self.among("00:00", "24:00")))
            case "emergency":
                arguments = (self.text(depth), self.text(depth))
            case "calling_hours":
                states = (self.text(depth),) if self.among(True, False) else ()
                arguments = (_text("hours"), self.text(depth), *states)
            case _:
                arguments = (self.text(depth),)
        return Call(name, arguments, Type.BOOL)


@st.composite
def expressions(draw: st.DrawFn) -> Expression:
    """An expression over fields that yields anything."""
    grower = _Grower(draw, measured=False)
    kind = draw(st.sampled_from([Type.BOOL, Type.TEXT, *_FIELDS]))
    depth = draw(st.integers(0, 3))
    if isinstance(kind, Dimension):
        return grower.number(kind, depth)
    return grower.truth(depth) if kind is Type.BOOL else grower.text(depth)


@st.composite
def judgements(draw: st.DrawFn) -> Expression:
    """A condition over the measures `calls` and `minutes`, over periods gone by, and over fields."""
    return _Grower(draw, measured=True).truth(draw(st.integers(1, 3)))


_maybe = st.none() | st.sampled_from(_NUMBERS)
_amount = st.none() | st.sampled_from([0.0, 0.25, 16.0, -1.0])
EVENTS: st.SearchStrategy[Event] = st.builds(
    Event,
    kind=st.sampled_from(EventKind),
    time=st.integers(NOON - 2 * DAY, NOON + 2 * DAY).map(Micros)
    | st.sampled_from([0, NOON - MINUTE, NOON - 1, NOON, NOON + 1, NOON + MINUTE, NOON + HOUR]).map(Micros),
    call_id=st.just("c"),
    caller=_maybe,
    callee=_maybe,
    asserted=_maybe,
    account=st.sampled_from([None, "acme", "zeta"]),
    plan=st.sampled_from([None, "office", "home", "other"]),
    status=st.sampled_from([0, 200, 404, 603]),
    answered=st.booleans(),
    credentials=st.booleans(),
    late=st.booleans(),
    duration_ms=st.integers(0, 10_000_000),
    ring_ms=st.sampled_from([0, 20_000]),
    q850=st.sampled_from([None, 16, 21]),
    price=_amount,
    value=_amount,
    content=st.sampled_from([None, "office", "a"]),
    traffic_class=st.sampled_from([None, "home", "east"]),
    conduct_time=st.none() | st.sampled_from([NOON, Micros(NOON - HOUR)]),
)
"""Events with everything that the expressions read, set or not."""


class Holders:
    """One number changes hands at noon."""

    def holder(self, number: str, time: Micros) -> str | None:
        """Return who held it."""
        if number == "+441632960001":
            return "acme" if time < NOON else "zeta"
        return "acme" if number == "+32470123456" else None

    def has_numbers(self, account: str) -> bool:
        return len(account) % 2 == 0

    def may_show(self, account: str, number: str, time: Micros) -> bool:
        """Tell who may: most, of one number, from noon on."""
        return number == "+441632960001" and time >= NOON and account != "zeta"

    def changes_of_right(self, number: str) -> list[Micros]:
        """Return when that began."""
        return [NOON] if number == "+441632960001" else []

    def changes_of_holder(self, number: str) -> list[Micros]:
        """Return when it changed hands."""
        return [NOON] if number == "+441632960001" else []
