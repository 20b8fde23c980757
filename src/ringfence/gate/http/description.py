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

    def json(schema: object) -> dict[str, object]:
        return {"content": {"application/json": {"schema": schema}}}

    def either(schema: object) -> dict[str, object]:
        return json({"oneOf": [schema, {"type": "array", "items": schema, "maxItems": MOST_ASKS}]})

    problem = {
        "type": "object",
        "required": ["title", "detail"],
        "properties": {"title": {"type": "string"}, "detail": {"type": "string"}, "field": {"type": "string"}},
    }
    problems = {
        code: {"description": why, "content": {"application/problem+json": {"schema": problem}}} for code, why in _WHY.items()
    }
    decide = {
        "summary": "May this request pass?",
        "requestBody": {"required": True, **either(question)},
        "responses": {"200": {"description": "the verdict, or one for each question in order", **either(verdict)}, **problems},
    }
    health = {"summary": "How the gate stands", "responses": {"200": {"description": "its table's age and counters", **json({})}}}
    sign = {
        "summary": "Sign a call that begins here, or is diverted here",
        "requestBody": {"required": True, **json(call)},
        "responses": {
            "200": {"description": "the Identity header's value, what it attests, and why", **json(signature)},
            **problems,
            "404": {"description": "this gate signs nothing", "content": {"application/problem+json": {"schema": problem}}},
            "422": {"description": "this call is not signed", "content": {"application/problem+json": {"schema": problem}}},
        },
    }
    ended = {
        "summary": "Calls have ended: they count under no cap any more",
        "requestBody": {"required": True, **either(end)},
        "responses": {"200": {"description": "how many of them counted until now", **json(noted)}, **problems},
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


_WHY: Final = {
    "400": "no question",
    "403": "the address is not one that may ask",
    "413": "more octets than a question may have",
}
