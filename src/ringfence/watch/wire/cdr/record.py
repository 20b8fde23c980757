"""A call record: one call with its times and outcome, as a switch or an operator's export tells it."""

from typing import NamedTuple

from msgspec import Struct

from ringfence.vocabulary.attestation import Attestation
from ringfence.vocabulary.identity import IdentityOutcome
from ringfence.vocabulary.times import Micros


class CallRecord(Struct, frozen=True, kw_only=True, gc=False):
    """One call. What the record leaves empty is `None`; `answer` `None`: not answered; `status` 0: not told.

    `end` is `None` where the file ends before the call. `caller` and `callee` are E.164 or a short code of up to six digits; from
    switches, which write users too, else the user part as sent. `callee` is `None` where a switch was not told to write it. `pai`
    and `diversion` are as written, `source_ip` is canonical text. `released_by` is `caller`, `callee` or `network`; `direction`
    `outbound` or `inbound`, seen from the provider's party.
    `line` is where in the file it stands.
    """

    line: int
    call_id: str
    start: Micros
    answer: Micros | None
    end: Micros | None
    account: str | None
    caller: str | None
    callee: str | None
    source_ip: str | None
    status: int
    released_by: str | None
    attestation: Attestation | None
    trunk: str | None = None
    direction: str | None = None
    ring_ms: int | None = None
    q850: int | None = None
    pai: str | None = None
    diversion: str | None = None
    user_agent: str | None = None
    verification: IdentityOutcome | None = None


class RowProblem(NamedTuple):
    """A row that was left out. `column`, where one is to blame, as in the header; `cause` names no more of the row than it must."""

    line: int
    column: str | None
    cause: str


class WrongHeader(Exception):
    """The first line does not name the columns. `seen` is what it says, `missing` what it lacks."""

    def __init__(self, cause: str, *, seen: str, missing: tuple[str, ...], hint: str) -> None:
        super().__init__(cause)
        self.seen = seen
        self.missing = missing
        self.hint = hint
