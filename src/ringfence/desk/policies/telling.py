"""Mails about versions: to everybody who is bound, when one is posted; and once more to those who are silent about it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.errors import NotThere
from ringfence.desk.letters import services as letters
from ringfence.desk.letters.wording import filled, spoken, texts
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties.models import Contact, ContactRole, Party, PartyKind, in_force
from ringfence.desk.policies import acceptance, selectors
from ringfence.desk.policies.acceptance import State
from ringfence.desk.policies.models import PolicyVersion
from ringfence.desk.policies.services import POSTED, REMIND, REMIND_AFTER
from ringfence.policy.differences import Part

__all__ = ["POSTED", "REMIND", "REMIND_AFTER", "remind", "remind_now", "tell"]

_PACKAGE: Final = "ringfence.desk.policies"
_AT_ONCE: Final = 200
"""Parties a message: it bounds how long people's own changes wait for the database."""
_ROLES: Final = (ContactRole.LEGAL, ContactRole.ABUSE, ContactRole.EMERGENCY, ContactRole.BILLING, ContactRole.TECHNICAL)
"""Whom to write to about the policy: the first of these that a party has, with a mail."""


@transaction.atomic
def tell(*, number: int, after: int, actor: Actor, now: datetime) -> None:
    """Write to each party, from row `after` on, that a version was posted, where that version says so. Twice is once.

    Parties whose people nobody can write to are told by who brought them. Of the first version nobody is told: contracts are.
    """
    require(actor.kind == ActorKind.SYSTEM, actor, "write of postings")
    version = _version(number, actor)
    before = selectors.before(version=version, actor=actor)
    if before is None or "mail" not in selectors.bundle(hash=version.hash).settings.notify:
        return
    parties = _next(after)
    for party in parties:
        _write("posting", version, party, actor, now)
    _go_on(POSTED, version, parties, actor, now)


@transaction.atomic
def remind(*, number: int, after: int, actor: Actor, now: datetime) -> None:
    """Write once more to parties that are silent about a version, and to resellers that have not attested it.

    Nothing where another version is in force by now. Twice is once.
    """
    require(actor.kind == ActorKind.SYSTEM, actor, "remind of acceptance")
    version = _version(number, actor)
    if selectors.current(actor=actor) != version:
        return
    parties = _next(after)
    resellers = set(acceptance.unattested(version=version, actor=actor, now=now).filter(pk__in=[party.pk for party in parties]))
    for standing in acceptance.report(parties=parties, version=version, now=now):
        if standing.party in resellers:
            _write("attest", version, standing.party, actor, now)
        elif standing.state is State.PENDING and standing.party.kind != PartyKind.RESELLER:
            _write("reminder", version, standing.party, actor, now)
    _go_on(REMIND, version, parties, actor, now)


@transaction.atomic
def remind_now(*, number: int, actor: Actor, now: datetime) -> None:
    """Have the reminders written before their time. Whoever was reminded already is not again."""
    require(actor.administers, actor, "remind of acceptance")
    version = _version(number, actor)
    audit.record(acts=[Act(verb="reminded", about=("policy", str(number)))], actor=actor, now=now)
    outbox.enqueue(topic=REMIND, payloads=[{"version": version.number, "after": 0}], now=now)


def _version(number: int, actor: Actor) -> PolicyVersion:
    found = selectors.version(number=number, actor=actor)
    if found is None:
        raise NotThere(f"no version {number} of the policy")
    return found


def _next(after: int) -> list[Party]:
    return list(Party.objects.filter(pk__gt=after).order_by("pk")[:_AT_ONCE])


def _go_on(topic: str, version: PolicyVersion, parties: Sequence[Party], actor: Actor, now: datetime) -> None:
    if len(parties) == _AT_ONCE:
        outbox.enqueue(topic=topic, payloads=[{"version": version.number, "after": parties[-1].pk}], now=now)
    else:
        act = Act(verb="told-parties" if topic == POSTED else "reminded-parties", about=("policy", str(version.number)))
        audit.record(acts=[act], actor=actor, now=now)


def _write(kind: str, version: PolicyVersion, party: Party, actor: Actor, now: datetime) -> None:
    contacts = list(Contact.objects.filter(in_force(now), party=party).exclude(mail="").order_by("name"))
    fitting = next((found for role in _ROLES if (found := [each for each in contacts if each.role == role])), [])
    for contact in fitting:
        language = spoken(_PACKAGE, contact.language)
        words, told = texts(_PACKAGE, language), _places(version, party.name, language, actor)
        draft = letters.Draft(
            key=f"{kind} {version.number} {contact.pk}",
            about=("policy", str(version.number)),
            mail=contact.mail,
            subject=filled(words[kind]["subject"], told),
            text=filled(words[kind]["text"], told).strip() + "\n",
            language=language,
            provider=told["provider"],
        )
        letters.write(draft=draft, actor=actor, now=now)


def _places(version: PolicyVersion, party: str, language: str, actor: Actor) -> dict[str, str]:
    bundle = selectors.bundle(hash=version.hash)
    zone = ZoneInfo(bundle.settings.time_zone)
    told: dict[str, str] = {
        "provider": bundle.settings.provider,
        "service_mailbox": bundle.settings.service_mailbox,
        "party": party,
        "version": str(version.number),
        "posted": version.posted.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z"),
        "page": settings.RINGFENCE_PUBLIC_URL + reverse("policies:version", args=[version.number]),
    }
    before = selectors.before(version=version, actor=actor)
    if before is not None:
        address = reverse("policies:since", args=[version.number, before.number])
        told |= {"before": str(before.number), "differences": settings.RINGFENCE_PUBLIC_URL + address}
        told["changed"] = _changed(before, version, language)
    return told


def _changed(before: PolicyVersion, version: PolicyVersion, language: str) -> str:
    words = texts(_PACKAGE, language)["phrases"]
    found = selectors.differences(older=before.hash, newer=version.hash)
    bundles = [selectors.bundle(hash=one.hash) for one in (version, before)]
    slugs = [one.name for one in found if one.part is Part.TEXT]
    titles = [next((clause.title for bundle in bundles if (clause := bundle.clause(slug))), slug) for slug in slugs]
    return filled(words["changed"], {"clauses": "; ".join(titles)}) if titles else words["unchanged"]
