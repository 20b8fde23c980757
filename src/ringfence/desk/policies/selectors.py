"""Questions about posted versions. The text is public: everybody bound by it may read it, so these take any actor."""

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from django.db.models import QuerySet

from ringfence.desk.actor import Actor
from ringfence.desk.data_folder import data_folder
from ringfence.desk.errors import NotThere
from ringfence.desk.policies.models import PolicyVersion, Ruling, RulingKind
from ringfence.policy import Bundle, load, read_folder
from ringfence.policy.differences import Difference, Part, Version, compare
from ringfence.policy.packs import emergency_by_country, told_to_others


def versions(*, actor: Actor) -> QuerySet[PolicyVersion]:  # noqa: ARG001 # public, see above
    """Return every posted version, newest first."""
    return PolicyVersion.objects.order_by("-number")


def current(*, actor: Actor) -> PolicyVersion | None:
    """Return the version in force; `None` before the first posting."""
    return versions(actor=actor).first()


def in_force_at(*, moment: datetime, actor: Actor) -> PolicyVersion | None:
    """Return the version that was in force at a moment; `None` before the first posting."""
    return versions(actor=actor).filter(posted__lte=moment).first()


def version(*, number: int, actor: Actor) -> PolicyVersion | None:
    """Return one version by its number."""
    return versions(actor=actor).filter(number=number).first()


def version_id(*, hash: str, actor: Actor) -> int:
    """Return the row of the version with this hash. Raises `NotThere` where it was never posted here."""
    found = versions(actor=actor).filter(hash=hash).values_list("id", flat=True).first()
    if found is None:
        raise NotThere(f"policy version {hash} was never posted here")
    return found


def folder(*, hash: str) -> Path:
    """Return where the files of a posted version lie."""
    return data_folder() / "policies" / hash


def bundle(*, hash: str) -> Bundle:
    """Return the checked bundle of a posted version."""
    return _bundle(folder(hash=hash))


@lru_cache(maxsize=8)
def _bundle(folder: Path) -> Bundle:
    """Read once: a posted version never changes, and deciding must not wait for YAML."""
    return load(read_folder(folder), posted=True)


@lru_cache(maxsize=32)
def _differences(older: Path, newer: Path) -> tuple[Difference, ...]:
    """Compare once: posted versions never change."""
    return compare(*(Version(_bundle(place), read_folder(place)) for place in (older, newer)))


def differences(*, older: str, newer: str) -> tuple[Difference, ...]:
    """Return what differs between two posted versions, by their hashes."""
    return _differences(folder(hash=older), folder(hash=newer))


def before(*, version: PolicyVersion, actor: Actor) -> PolicyVersion | None:
    """Return the version that was in force before this one."""
    return versions(actor=actor).filter(number__lt=version.number).first()


def changed_clauses(*, version: PolicyVersion, actor: Actor) -> str:
    """Return in one sentence what a version's text changed."""
    earlier = before(version=version, actor=actor)
    if earlier is None:
        return "The first version."
    found = differences(older=earlier.hash, newer=version.hash)
    clauses = [f"{one.name} ({one.fate})" for one in found if one.part is Part.TEXT]
    rules = sum(one.part is Part.RULES for one in found)
    return f"Clauses whose text differs: {', '.join(clauses) or 'none'}. Rules that differ: {rules}."


def laid_over(*, actor: Actor) -> dict[str, list[Ruling]]:  # noqa: ARG001 # courts speak in public
    """Return the strikes of each clause, oldest first, each with the ruling that ended it."""
    found: dict[str, list[Ruling]] = {}
    for one in Ruling.objects.filter(kind=RulingKind.STRIKE).select_related("reinstated_by").order_by("valid_from", "id"):
        found.setdefault(one.clause, []).append(one)
    return found


def lists(*, hash: str, on: date) -> dict[str, tuple[str, ...]]:
    """Return a posted version's lists by name, the entries that hold on a day; emergency numbers are the provider's country's."""
    posted = bundle(hash=hash)
    return told_to_others(posted.lists, posted.settings.jurisdiction, on)


def emergency(*, hash: str, on: date) -> dict[str, tuple[str, ...]]:
    """Return a posted version's emergency numbers on a day, by country."""
    return emergency_by_country(bundle(hash=hash).lists.get("emergency-numbers", ()), on)
