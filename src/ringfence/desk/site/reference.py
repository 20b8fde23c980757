"""The reference feed's record: the provider's parties, the version in force with its lists, and whether automation is held."""

from datetime import datetime

from ringfence.desk.actor import Actor
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.parties import selectors as parties
from ringfence.desk.policies import selectors as policies
from ringfence.vocabulary.contracts import Reference
from ringfence.vocabulary.times import micros


def reference(*, actor: Actor, now: datetime) -> Reference:
    """Return all that watch and gate must know, as of `now`."""
    version = policies.current(actor=actor)
    links = parties.links(actor=actor)
    return Reference(
        time=micros(now),
        policy=version.hash if version else None,
        automation_held=decisions.automation(actor=actor).held,
        parties=links.parties,
        accounts=links.accounts,
        trunks=links.trunks,
        numbers=links.numbers,
        lists=policies.lists(hash=version.hash, on=now.date()) if version else {},
    )
