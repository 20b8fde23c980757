"""The HTTP interface's description (OpenAPI 3.1), from the types that are read and written."""

from typing import Final

import msgspec

from ringfence.gate.http.endings import Ended, Noted
from ringfence.gate.http.signatures import Call
from ringfence.gate.http.verdicts import MOST_ASKS, Question
from ringfence.gate.identity import Signature
from ringfence.vocabulary.contracts import Verdict


def openapi() -> dict[str, object]:
    """Return the interface's description (OpenAPI 3.1)."""
    (question, verdict, call, signature, end, noted), components = msgspec.json.schema_components(
        (Question, Verdict, Call, Signature, Ended, Noted), ref_template="#/components/schemas/{name}"
    )

    problems = {code: _problem(why) for code, why in _WHY.items()}
    decide = {
        "summary": "May this request pass?",
        "requestBody": {"required": True, **_either(question)},
        "responses": {"200": {"description": "the verdict, or one for each question in order", **_either(verdict)}, **problems},
    }
    health = {"summary": "How the gate stands", "responses": {"200": {"description": "its table's age and counters", **_json({})}}}
    sign = {
        "summary": "Sign a call that begins here, or is diverted here",
        "requestBody": {"required": True, **_json(call)},
        "responses": {
            "200": {"description": "the Identity header's value, what it attests, and why", **_json(signature)},
            **problems,
            "404": _problem("this gate signs nothing"),
            "422": _problem("this call is not signed"),
        },
    }
    ended = {
        "summary": "Calls have ended: they count under no cap any more",
        "requestBody": {"required": True, **_either(end)},
        "responses": {"200": {"description": "how many of them counted until now", **_json(noted)}, **problems},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ringfence gate", "version": "1"},
        "paths": {
            "/v1/voice/decide": {"post": decide},
            "/v1/voice/ended": {"post": ended},
            "/v1/voice/sign": {"post": sign},
            "/v1/voice/health": {"get": health},
        },
        "components": {"schemas": components},
    }


def _json(schema: object) -> dict[str, object]:
    return {"content": {"application/json": {"schema": schema}}}


def _either(schema: object) -> dict[str, object]:
    return _json({"oneOf": [schema, {"type": "array", "items": schema, "maxItems": MOST_ASKS}]})


def _problem(why: str) -> dict[str, object]:
    texts = {name: {"type": "string"} for name in ("title", "detail", "field")}
    problem = {"type": "object", "required": ["title", "detail"], "properties": texts}
    return {"description": why, "content": {"application/problem+json": {"schema": problem}}}


_WHY: Final = {
    "400": "no question",
    "403": "the address is not one that may ask",
    "413": "more octets than a question may have",
}
