"""The reference feed's record: the provider's parties, the version in force with its lists, rulings, whether automation is held."""

from datetime import datetime

from ringfence.desk.actor import Actor
from ringfence.desk.complaints.peer_lists import selectors as peer_lists
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.parties.told import Named, links
from ringfence.desk.policies import rulings
from ringfence.desk.policies import selectors as policies
from ringfence.vocabulary.contracts import Reference
from ringfence.vocabulary.times import micros


def reference(*, actor: Actor, now: datetime, named: Named | None = None) -> Reference:
    """Return all that watch and gate must know, as of `now`; with `named` that these changed, and nothing of lists."""
    version = policies.current(actor=actor)
    told = links(actor=actor, named=named)
    return Reference(
        time=micros(now),
        full=named is None,
        policy=version.hash if version else None,
        jurisdiction=policies.bundle(hash=version.hash).settings.jurisdiction if version else None,
        rulings=rulings.told() if actor.sees_the_desk else (),
        automation_held=decisions.automation(actor=actor).held,
        parties=told.parties,
        accounts=told.accounts,
        trunks=told.trunks,
        numbers=told.numbers,
        blocks=told.blocks,
        exemptions=told.exemptions,
        rights=told.rights,
        emergency=policies.emergency(hash=version.hash, on=now.date()) if version and named is None else {},
        lists=_lists(version.hash, actor, now) if version and named is None else {},
    )


def _lists(policy: str, actor: Actor, now: datetime) -> dict[str, tuple[str, ...]]:
    """Return a version's lists with what peers' lists add to them now."""
    lists = policies.lists(hash=policy, on=now.date())
    for name, entries in peer_lists.entries_told(actor=actor, now=now).items():
        lists[name] = tuple(dict.fromkeys((*lists.get(name, ()), *entries)))
    return lists
