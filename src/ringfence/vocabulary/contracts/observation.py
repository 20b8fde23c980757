"""Observation: something watch saw that is not a rule's claim but that the desk must know."""

from enum import StrEnum

from msgspec import Struct

from ringfence.vocabulary.times import Micros


class ObservationKind(StrEnum):
    """Why the desk is told."""

    FIRST_USE = "first-use"  # an account used the service for the first time after a posting: subject is the account
    REFUSAL = "refusal"  # an edge refused a request because of `order`
    CARRIED = "carried"  # what began at `time` was answered or delivered, though `order` refuses it; at most one a second
    AGENT = "agent"  # a capture agent's health: `text` says how it stands


class Use(StrEnum):
    """How an account used the service: what `text` says of a first use."""

    CALL = "call"  # it began one
    ANSWERED_CALL = "answered call"  # one to a number of its own was answered
    REGISTRATION = "registration"
    MESSAGE = "message"  # it sent one that was taken
    RECEIVED_MESSAGE = "received message"  # one to a number of its own was delivered


class Observation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One sighting at `time`. `call_id` is the request that proves it."""

    v: int = 1
    kind: ObservationKind
    time: Micros
    subject: str
    order: str | None = None
    edge: str | None = None
    call_id: str | None = None
    policy: str | None = None
    text: str | None = None
