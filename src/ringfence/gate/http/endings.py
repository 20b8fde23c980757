"""Calls that have ended, told by whoever asked about them: they count under no cap any more."""

from typing import Final

import msgspec
from msgspec import Struct

from ringfence.gate.http.verdicts import Unanswerable
from ringfence.gate.table import OrdersTable

MOST_ENDS: Final = 10_000
"""In one request."""


class Ended(Struct, frozen=True, kw_only=True):
    """A call is over: hung up, refused further on, or never answered. Without `tag` all calls of the Call-ID are."""

    call_id: str
    tag: str | None = None


class Noted(Struct, frozen=True, kw_only=True):
    """How many of the calls named counted under a cap until now. To tell an end twice does no harm."""

    counted: int


_ONE: Final = msgspec.json.Decoder(Ended)
_MANY: Final = msgspec.json.Decoder(list[Ended])


def note_ends(body: bytes, table: OrdersTable) -> bytes:
    """Take in one end, or a list of them; return what became of it. Raises `Unanswerable`."""
    many = body.lstrip()[:1] == b"["
    try:
        told = _MANY.decode(body) if many else [_ONE.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        text, _, place = str(error).partition(" - at `")
        raise Unanswerable(text, "GET /v1/voice/openapi.json describes an end", place.rstrip("`")) from error
    if len(told) > MOST_ENDS:
        raise Unanswerable(f"{len(told)} ends at once", f"send at most {MOST_ENDS:,} in one request")
    return msgspec.json.encode(Noted(counted=sum(table.calls.ended(each.call_id, each.tag) for each in told)))
