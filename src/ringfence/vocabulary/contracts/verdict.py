"""Verdict: the answer to an Ask, with the reasons."""

from enum import StrEnum

from msgspec import Struct


class VerdictAction(StrEnum):
    """What the edge shall do."""

    ALLOW = "allow"
    THROTTLE = "throttle"
    CHALLENGE = "challenge"
    REJECT = "reject"
    DIVERT = "divert"


class Verdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`code`, `phrase` and `reason` (a Reason header's value) are set with `reject`; it may be kept for `ttl` seconds.

    `target` is the SIP URI where `divert` sends the call.
    """

    v: int = 1
    action: VerdictAction
    code: int | None = None
    phrase: str | None = None
    reason: str | None = None
    target: str | None = None
    order: str | None = None
    clause: str | None = None
    rule: str | None = None
    id: str | None = None
    ttl: int = 0
    headers: dict[str, str] = {}
