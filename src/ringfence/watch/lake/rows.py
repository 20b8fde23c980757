"""Events as rows of the lake, and rows as the events that they were."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

import pyarrow as pa

from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.contracts import Event, EventKind
from ringfence.vocabulary.identity import IdentityOutcome
from ringfence.watch.lake.derived import Tokens, steps
from ringfence.watch.lake.schema import BY_NAME, COLUMNS, NUMBERS, SCHEMA, STEP

_KINDS: Final = {kind.value: kind for kind in EventKind}
_ATTESTATIONS: Final = {each.value: each for each in Attestation}
_OUTCOMES: Final = {each.value: each for each in IdentityOutcome}


def table_of(events: Sequence[Event], tokens: Tokens) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the events, in their order, as a table of `SCHEMA`."""
    arrays: dict[str, Any] = {}
    for column in COLUMNS:
        values = list(map(attrgetter(column.name), events))
        arrays[column.name] = _array(values, column.type)
        if column.sealed:
            kind = column.token_kind
            arrays[column.token] = pa.array([None if each is None else tokens.of(kind, each) for each in values], pa.uint64())
    for name in NUMBERS:
        about = [tokens.about(getattr(event, name)) for event in events]
        arrays[f"{name}_country"] = pa.array([each.country for each in about], pa.string())
        arrays[f"{name}_type"] = pa.array([each.type for each in about], pa.string())
        arrays[f"{name}_block"] = pa.array([each.block for each in about], pa.uint64())
    arrays[STEP] = pa.array(steps(events), pa.int32())
    tokens.bound()
    return pa.table([arrays[name] for name in SCHEMA.names], schema=SCHEMA)


def events_of(columns: dict[str, list[Any]], size: int) -> list[Event]:
    """Return `size` events from their fields' values by name. A field that is left away, or `None`, has its default."""
    names = [name for name in columns if name in BY_NAME]
    kinds, times = columns["kind"], columns["time"]
    rest = [(name, columns[name]) for name in names if name not in ("kind", "time")]
    events = []
    for place in range(size):
        fields = {name: values[place] for name, values in rest if values[place] is not None}
        if "party_path" in fields:
            fields["party_path"] = tuple(fields["party_path"])
        if "attestation" in fields:
            fields["attestation"] = _ATTESTATIONS[fields["attestation"]]
        if "verification" in fields:
            fields["verification"] = _OUTCOMES[fields["verification"]]
        events.append(Event(kind=_KINDS[kinds[place]], time=times[place], **fields))
    return events


def sealed_as_tokens(values: list[int | None]) -> list[str | None]:
    """Return what stands for sealed values that nobody can open any more: their tokens' text."""
    return [None if each is None else f"{each:016x}" for each in values]


def _array(values: list[Any], kind: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:  # a broken wire can bring lone surrogates, which no column of text can hold
        return pa.array([each if each is None else each.encode("utf-8", "replace").decode() for each in values], kind)
