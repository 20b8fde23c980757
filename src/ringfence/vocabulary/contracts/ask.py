"""Ask: may this request pass? What an edge tells the gate: signalling metadata, never content."""

from msgspec import Struct


class Ask(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question. `source` is the sender's address as the edge saw it, `asserted` the P-Asserted-Identity number.

    `registration` is a REGISTER's address-of-record, user@domain. `tag` is the From tag: with `call_id` it tells calls apart, and
    so which call it was that has ended.
    """

    v: int = 1
    call_id: str
    tag: str | None = None
    method: str = "INVITE"
    source: str | None = None
    trunk: str | None = None
    account: str | None = None
    caller: str | None = None
    asserted: str | None = None
    callee: str | None = None
    registration: str | None = None
    identity: tuple[str, ...] = ()
