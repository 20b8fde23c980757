"""Honest kinds of party, each with what makes it look like abuse to whoever counts carelessly."""

from ringfence.simulate.labelled.honest.homes import HOMES
from ringfence.simulate.labelled.honest.kind import Day, HonestKind
from ringfence.simulate.labelled.honest.offices import OFFICES
from ringfence.simulate.labelled.honest.services import SERVICES

HONEST_KINDS = (*HOMES, *OFFICES, *SERVICES)

__all__ = ["HONEST_KINDS", "Day", "HonestKind"]
