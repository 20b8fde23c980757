"""A reader of the few words of JSON Schema that our schemas use, for tests. A word that it does not know is an error."""

import re
from collections.abc import Iterator
from typing import Any

KNOWN = frozenset(
    {
        *("$schema", "title", "description", "type", "enum", "const", "oneOf", "anyOf", "not"),
        *("required", "properties", "additionalProperties", "propertyNames", "minProperties"),
        *("items", "minItems", "pattern", "minLength", "maxLength"),
    }
)
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": int | float}


def faults(schema: dict[str, Any], value: Any, place: str = "$") -> Iterator[str]:  # noqa: ANN401 - whatever YAML holds
    """Yield what `value` has against `schema`."""
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, TYPES[kind]) for kind in kinds):
        yield f"{place} is no {' or '.join(kinds)}"
        return
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        yield f"{place} cannot be {value!r}"
    if "oneOf" in schema and sum(not any(faults(one, value, place)) for one in schema["oneOf"]) != 1:
        yield f"{place} is none or several of oneOf"
    if "anyOf" in schema and all(any(faults(one, value, place)) for one in schema["anyOf"]):
        yield f"{place} is none of anyOf"
    if "not" in schema and not any(faults(schema["not"], value, place)):
        yield f"{place} is what it must not be"
    if isinstance(value, str):
        yield from _of_text(schema, value, place)
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{place} is too short"
        for nth, item in enumerate(value):
            yield from faults(schema.get("items", {}), item, f"{place}[{nth}]")
    elif isinstance(value, dict):
        yield from _of_object(schema, value, place)


def _of_text(schema: dict[str, Any], value: str, place: str) -> Iterator[str]:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield f"{place} is too short or too long"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{place}: {value!r} is not written as {schema['pattern']}"


def _of_object(schema: dict[str, Any], value: dict[str, Any], place: str) -> Iterator[str]:
    for key in schema.get("required", []):
        if key not in value:
            yield f"{place}.{key} is missing"
    if len(value) < schema.get("minProperties", 0):
        yield f"{place} is empty"
    rest = schema.get("additionalProperties", {})
    for key, item in value.items():
        yield from faults(schema.get("propertyNames", {}), key, f"{place}.{key} (name)")
        if key in schema.get("properties", {}):
            yield from faults(schema["properties"][key], item, f"{place}.{key}")
        elif rest is False:
            yield f"{place}.{key} is unknown"
        else:
            yield from faults(rest, item, f"{place}.{key}")
