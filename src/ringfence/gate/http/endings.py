"""Calls that have ended, told by whoever asked about them: they count under no cap any more."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from ringfence.gate.http.unanswerable import Unanswerable
from ringfence.gate.inline import RulesBefore
from ringfence.gate.inline.judge import Outcome
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.times import Micros

MOST_ENDS: Final = 10_000
"""In one request."""


class Ended(Struct, frozen=True, kw_only=True):
    """A call is over: hung up, refused further on, or never answered. Without `tag` all calls of the Call-ID are, for caps.

    Rules that decide before read the rest, where `gate.ends_told` promises that each end is told, with the tag that was asked with:
    `status` is the final answer's code, `released_by` is `caller`, `callee` or `network`.
    """

    call_id: str
    tag: str | None = None
    status: Annotated[int, Meta(ge=0, le=699)] = 0
    answered: bool = False
    duration_ms: Annotated[int, Meta(ge=0)] = 0
    ring_ms: Annotated[int, Meta(ge=0)] = 0
    released_by: Literal["caller", "callee", "network"] | None = None

    @property
    def outcome(self) -> Outcome:
        """How it ended, for rules."""
        return Outcome(self.status, self.answered, self.duration_ms, self.ring_ms, self.released_by)


class Noted(Struct, frozen=True, kw_only=True):
    """How many of the calls named counted under a cap until now. To tell an end twice does no harm."""

    counted: int


_ONE: Final = msgspec.json.Decoder(Ended)
_MANY: Final = msgspec.json.Decoder(list[Ended])


def note_ends(body: bytes, table: OrdersTable, rules: RulesBefore | None = None, *, now: Micros | None = None) -> bytes:
    """Take in one end, or a list of them; return what became of it. Raises `Unanswerable`."""
    many = body.lstrip()[:1] == b"["
    try:
        told = _MANY.decode(body) if many else [_ONE.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        text, _, place = str(error).partition(" - at `")
        raise Unanswerable(text, "GET /v1/voice/openapi.json describes an end", place.rstrip("`")) from error
    if len(told) > MOST_ENDS:
        raise Unanswerable(f"{len(told)} ends at once", f"send at most {MOST_ENDS:,} in one request")
    if rules is not None and now is not None:
        for each in told:
            rules.ended(each.call_id, each.tag, now, each.outcome)
    return msgspec.json.encode(Noted(counted=sum(table.calls.ended(each.call_id, each.tag) for each in told)))
