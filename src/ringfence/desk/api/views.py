"""The page that describes the API: from its own OpenAPI document, without another host's scripts."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ringfence.desk.api.sync import api


@dataclass(frozen=True, slots=True)
class Operation:
    """One route as the page shows it. `parameters` and `fields` are names with type, whether needed, and words."""

    method: str
    path: str
    summary: str
    text: str
    parameters: list[tuple[str, str, bool]]
    fields: list[tuple[str, str, bool]]


def docs(request: HttpRequest) -> HttpResponse:
    """Show every operation. It is public, as the document is: neither holds anything of anybody."""
    document = api.get_openapi_schema()
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            groups.setdefault(said["tags"][0], []).append(_operation(document, path, method, said))
    return render(request, "api/docs.html", {"title": document["info"]["title"], "text": api.description, "groups": groups.items()})


def _operation(document: dict[str, Any], path: str, method: str, said: dict[str, Any]) -> Operation:
    parameters = [(one["name"], _type(one["schema"]), one.get("required", False)) for one in said.get("parameters", ())]
    body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    schema = document["components"]["schemas"].get(body.get("$ref", "").rpartition("/")[2], {})
    needed = schema.get("required", ())
    fields = [(name, _type(one), name in needed) for name, one in schema.get("properties", {}).items()]
    return Operation(method.upper(), path, said["summary"], said.get("description", ""), parameters, fields)


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    return str(schema.get("type", "object")).replace("null", "nothing")
