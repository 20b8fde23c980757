"""What went wrong, as RFC 9457 has it: `application/problem+json`, each error with its field, cause and hint."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from django.http import HttpResponse
from msgspec import Struct
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import Field

from ringfence.desk.errors import DeskError, NotPermitted, NotThere, StaleState
from ringfence.desk.parties.records import RecordRefused

_TITLES: Final = {
    400: "The request can't be read",
    401: "No key, or none that is in force",
    403: "The key may not do this",
    404: "There is no such thing, or none that this key may see",
    409: "Somebody else changed it in between",
    422: "Something said can't be taken; nothing was changed",
    500: "The desk failed; nothing was changed",
}


_UNREAD: Final = "The body must be one JSON object in UTF-8; openapi.json says which fields it may have."


class FieldError(Struct, frozen=True, omit_defaults=True):
    """What is wrong with one field. `item` is the place, from 1, of the thing in `table` where several were sent."""

    field: str
    cause: str
    hint: str
    table: str = ""
    item: int = 0


class ErrorSchema(Schema):
    """One error."""

    field: str
    cause: str
    hint: str
    table: str = ""
    item: int = 0


class Problem(Schema):
    """A refusal (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[ErrorSchema] = Field(default_factory=list)


def problem(status: int, *, detail: str = "", errors: Sequence[FieldError] = ()) -> HttpResponse:
    """Return the answer that says it."""
    said: dict[str, Any] = {"type": "about:blank", "title": _TITLES[status], "status": status}
    if detail:
        said["detail"] = detail
    if errors:
        said["errors"] = errors
    response = HttpResponse(msgspec.json.encode(said), status=status, content_type="application/problem+json")
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def answer_problems(api: NinjaAPI) -> None:
    """Let every refusal of `api` be told as a problem."""
    api.add_exception_handler(NotPermitted, lambda _, error: problem(403, detail=f"{error}."))
    api.add_exception_handler(NotThere, lambda _, error: problem(404, detail=f"{error}."))
    api.add_exception_handler(StaleState, lambda _, error: problem(409, detail=f"{error}."))
    api.add_exception_handler(
        RecordRefused, lambda _, error: problem(422, errors=[FieldError(error.field, error.cause, error.hint)])
    )
    api.add_exception_handler(DeskError, lambda _, error: problem(422, detail=f"{error}."))
    api.add_exception_handler(AuthenticationError, lambda _, __: problem(401, detail="Send Authorization: Bearer rf_…"))
    api.add_exception_handler(ValidationError, lambda _, error: problem(422, errors=[_field_error(one) for one in error.errors]))
    api.add_exception_handler(HttpError, lambda _, __: problem(400, detail=_UNREAD))


def _field_error(said: dict[str, Any]) -> FieldError:
    """Return what a schema's refusal says. `loc` runs from where it stands (body, query …) by the argument's name to the field."""
    place = [str(part) for part in said["loc"]]
    field = ".".join(place[2:] if place[0] == "body" else place[1:]) or "body"
    if said["type"] == "extra_forbidden":
        return FieldError(field, "is not known", "openapi.json says which fields there may be")
    return FieldError(field, str(said["msg"]).lower(), "openapi.json says what it may be")
