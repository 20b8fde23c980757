"""Abusive kinds, by the clause that they are against."""

from ringfence.simulate.labelled.abusive import (
    bait,
    dialling,
    floods,
    identity,
    intrusion,
    messages,
    pairs,
    resale,
    scanning,
    sessions,
    unseen,
)

ABUSIVE_KINDS = (
    *dialling.KINDS,
    *identity.KINDS,
    *floods.KINDS,
    *scanning.KINDS,
    *intrusion.KINDS,
    *sessions.KINDS,
    *messages.KINDS,
    *bait.KINDS,
    *pairs.KINDS,
    *resale.KINDS,
    *unseen.KINDS,
)

__all__ = ["ABUSIVE_KINDS"]
