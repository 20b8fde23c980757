"""The lake's columns: every field of an event, a token for each that could tell who it was, and what may be said beside it.

A field that is neither plain nor known here is sealed: a new one is private until somebody says otherwise.
"""

from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa

from ringfence.vocabulary.contracts import Event

TOKEN_KINDS: Final = {
    "caller": "number",
    "callee": "number",
    "target": "number",
    "asserted": "number",
    "diverted": "number",
    "source": "source",
    "destination": "source",
    "call_id": "call",
}
"""The kind under which a field's token is made, where it isn't the field's name: a number has one token wherever it stands."""

_PLAIN_TEXT: Final = frozenset(
    {
        "kind",
        "method",
        "transport",
        "account",
        "trunk",
        "plan",
        "direction",
        "released_by",
        "attestation",
        "currency",
        "name",
        "traffic_class",
        "rule",
        "clause",
        "severity",
        "verification",
        "signer",
    }
)
"""Words of the field, and names that the provider itself has given."""

_LEFT_OUT: Final = frozenset({"v"})
NUMBERS: Final = ("caller", "callee")
"""The fields that have columns of country, type and block beside their token."""
MOMENT: Final = pa.timestamp("us", tz="UTC")


class Column(NamedTuple):
    """One field of an event as a column of the same name. `sealed`: encrypted, with a token beside it."""

    name: str
    type: Any
    sealed: bool
    default: object

    @property
    def token(self) -> str:
        """The name of the column that holds its token."""
        return f"{self.name}_token"

    @property
    def token_kind(self) -> str:
        """The kind under which its token is made."""
        return TOKEN_KINDS.get(self.name, self.name)


def _type_of(kind: msgspec.inspect.Type) -> tuple[Any, bool]:
    """Return how a field's values stand in a column, and whether they are text. Raises `TypeError` for what no column can hold."""
    match kind:
        case msgspec.inspect.UnionType(types=types):
            return next(_type_of(each) for each in types if not isinstance(each, msgspec.inspect.NoneType))
        case msgspec.inspect.IntType():
            return pa.int64(), False
        case msgspec.inspect.FloatType():
            return pa.float64(), False
        case msgspec.inspect.BoolType():
            return pa.bool_(), False
        case msgspec.inspect.StrType() | msgspec.inspect.EnumType():
            return pa.string(), True
        case msgspec.inspect.VarTupleType(item_type=msgspec.inspect.StrType()):
            return pa.list_(pa.string()), False
        case _:
            raise TypeError(f"no column can hold {kind}")


def _columns() -> tuple[Column, ...]:
    made = []
    described = msgspec.inspect.type_info(Event)
    assert isinstance(described, msgspec.inspect.StructType)
    for field in described.fields:
        if field.name in _LEFT_OUT:
            continue
        kind, is_text = _type_of(field.type)
        default = None if field.default is msgspec.NODEFAULT else field.default
        made.append(
            Column(field.name, MOMENT if field.name == "time" else kind, is_text and field.name not in _PLAIN_TEXT, default)
        )
    return tuple(made)


COLUMNS: Final = _columns()
SEALED: Final = tuple(column for column in COLUMNS if column.sealed)
BY_NAME: Final = {column.name: column for column in COLUMNS}
STEP: Final = "callee_step"


def _schema() -> Any:  # noqa: ANN401 - pyarrow has no types
    fields = [pa.field(column.name, column.type) for column in COLUMNS]
    fields += [pa.field(column.token, pa.uint64()) for column in SEALED]
    for name in NUMBERS:
        fields += [
            pa.field(f"{name}_country", pa.string()),
            pa.field(f"{name}_type", pa.string()),
            pa.field(f"{name}_block", pa.uint64()),
        ]
    return pa.schema([*fields, pa.field(STEP, pa.int32())])


SCHEMA: Final = _schema()
"""Of every file. A file of an older version may lack columns; what it lacks has its default."""
