"""The reference feed's record: the provider's parties, the version in force with its lists, rulings, whether automation is held."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ringfence.desk.actor import Actor
from ringfence.desk.complaints.peer_lists import selectors as peer_lists
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.parties.told import Named, links
from ringfence.desk.policies import rulings
from ringfence.desk.policies import selectors as policies
from ringfence.vocabulary.contracts import BroughtList, Reference
from ringfence.vocabulary.times import Micros, micros

_NONE: Final[Mapping[str, BroughtList]] = {}


def reference(*, actor: Actor, now: datetime, named: Named | None = None, files: Mapping[str, BroughtList] = _NONE) -> Reference:
    """Return all that watch and gate must know, as of `now`; with `named` that these changed, and nothing of lists.

    `files` is what the operator's files add to the policy's lists.
    """
    version = policies.current(actor=actor)
    told = links(actor=actor, named=named)
    brought = _brought(files, actor, now) if named is None else {}
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
        lists=_lists(version.hash, brought, now) if version and named is None else {},
        brought=brought,
    )


def _brought(files: Mapping[str, BroughtList], actor: Actor, now: datetime) -> dict[str, BroughtList]:
    """Return what peers and the operator's files add to the policy's lists, by the list's name."""
    brought = peer_lists.brought(actor=actor, now=now)
    for name, each in files.items():
        brought[name] = brought[name].joined(each) if name in brought else each
    return brought


def _lists(policy: str, brought: Mapping[str, BroughtList], now: datetime) -> dict[str, tuple[str, ...]]:
    """Return a version's lists with what is brought to them and in force now."""
    lists, at = policies.lists(hash=policy, on=now.date()), Micros(micros(now))
    for name, each in brought.items():
        entries = (one.entry for one in each.entries if one.holds(at))
        lists[name] = tuple(dict.fromkeys((*lists.get(name, ()), *entries)))
    return lists
