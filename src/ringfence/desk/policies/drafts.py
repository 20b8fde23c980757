"""Drafts of the policy: handed in, checked, compared with what is in force, posted or discarded."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act, Detail
from ringfence.desk.data_folder import data_folder
from ringfence.desk.errors import DeskError, NotThere, StaleState
from ringfence.desk.policies import selectors
from ringfence.desk.policies.archives import read_archive
from ringfence.desk.policies.models import Draft, DraftState
from ringfence.desk.policies.services import post_files
from ringfence.policy import Bundle, BundleRefused, load, read_folder, render, with_packs
from ringfence.policy.bundle import belongs

FOLDER: Final = "drafts"
"""Where, below the data folder, folders lie that a draft can be read from."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z", re.ASCII)
_LEVEL: Final = 6


class DraftRefused(DeskError):
    """It is no draft, or cannot be posted; the text says why."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the compiler says of a draft: the bundle, or its problems as a terminal would show them."""

    bundle: Bundle | None
    files: Mapping[str, bytes]
    problems: tuple[str, ...]


def check(files: Mapping[str, bytes]) -> Checked:
    """Load a bundle's files, or say what is wrong with them."""
    try:
        return Checked(load(files), files, ())
    except BundleRefused as refused:
        return Checked(None, files, tuple(render(problem, files) for problem in refused.problems))


@transaction.atomic
def draft_from_archive(*, name: str, octets: bytes, actor: Actor, now: datetime) -> Draft:
    """Take a zip or tar archive in. Raises `ArchiveRefused`."""
    require(actor.administers, actor, "draft a policy")
    return _keep(name, with_packs({path: content for path, content in read_archive(octets).items() if belongs(path)}), actor, now)


@transaction.atomic
def draft_from_folder(*, name: str, actor: Actor, now: datetime) -> Draft:
    """Read the folder of that name below DIR/drafts. Raises `DraftRefused`, `NotThere`."""
    require(actor.administers, actor, "draft a policy")
    if name not in folders(actor=actor):
        raise NotThere(f"there is no folder {FOLDER}/{name} in the data folder")
    return draft_from_path(folder=data_folder() / FOLDER / name, actor=actor, now=now)


@transaction.atomic
def draft_from_path(*, folder: Path, actor: Actor, now: datetime) -> Draft:
    """Read a folder. Raises `DraftRefused` where it cannot be read."""
    require(actor.administers, actor, "draft a policy")
    try:
        files = read_folder(folder)
    except BundleRefused as refused:
        raise DraftRefused(str(refused)) from refused
    return _keep(folder.name, files, actor, now)


def folders(*, actor: Actor) -> list[str]:
    """Return the folders below DIR/drafts that a draft can be read from."""
    place = data_folder() / FOLDER
    if not actor.administers or not place.is_dir():
        return []
    return sorted(each.name for each in place.iterdir() if each.is_dir() and not each.is_symlink() and _NAME.match(each.name))


def _keep(name: str, files: dict[str, bytes], actor: Actor, now: datetime) -> Draft:
    checked = check(files)
    made = Draft.objects.create(
        name=name.strip()[:128] or "draft",
        made=now,
        made_by=actor.id,
        hash=checked.bundle.hash if checked.bundle is not None else "",
        problems=len(checked.problems),
        files=zlib.compress(msgspec.msgpack.encode(files), _LEVEL),
    )
    details: dict[str, Detail] = {"hash": made.hash, "problems": made.problems}
    audit.record(acts=[Act(verb="drafted", about=("draft", str(made.pk)), details=details)], actor=actor, now=now)
    return made


def drafts(*, actor: Actor, state: str = DraftState.OPEN) -> QuerySet[Draft]:
    """Return drafts, newest first, without their files: the open ones, or all where `state` is empty."""
    found = Draft.objects.select_related("version").defer("files").order_by("-made", "-id")
    if not actor.sees_the_desk:
        return found.none()
    return found.filter(state=state) if state else found


def draft(*, number: int, actor: Actor) -> Draft | None:
    """Return one draft."""
    return drafts(actor=actor, state="").filter(pk=number).first()


def content(found: Draft) -> Checked:
    """Return a draft's files, checked. Of one that is discarded there are none."""
    held = bytes(Draft.objects.values_list("files", flat=True).get(pk=found.pk))
    return check(msgspec.msgpack.decode(zlib.decompress(held), type=dict[str, bytes]))


def post_draft(*, number: int, hash: str, actor: Actor, now: datetime) -> int:
    """Post what a draft holds, in force from now on, and return the version's number. `hash` is what the person looked at.

    Raises `NotThere`, `DraftRefused` where it does not pass the checks, `StaleState` where somebody settled it meanwhile.
    """
    require(actor.administers, actor, "post a policy")
    found = draft(number=number, actor=actor)
    if found is None:
        raise NotThere(f"no draft {number}")
    if found.state != DraftState.OPEN:
        raise StaleState(f"draft {number} is {found.state} already")
    checked = content(found)
    if checked.bundle is None:
        raise DraftRefused(f"draft {number} does not pass the checks: problems {len(checked.problems)}")
    if checked.bundle.hash != hash:
        raise StaleState("this is not what you looked at: look again")
    before = selectors.versions(actor=actor).filter(hash=hash).first()
    if before is not None:
        raise DraftRefused(f"it is version {before.number}, and a version is posted once: change what shall be said anew")
    with transaction.atomic():
        version = post_files(files=checked.files, actor=actor, now=now)
        _settle(found, DraftState.POSTED, version.pk, actor, now)
    return version.number


@transaction.atomic
def discard_draft(*, number: int, actor: Actor, now: datetime) -> None:
    """Throw a draft's files away. Raises `NotThere`, `StaleState`."""
    require(actor.administers, actor, "discard a draft")
    found = draft(number=number, actor=actor)
    if found is None:
        raise NotThere(f"no draft {number}")
    _settle(found, DraftState.DISCARDED, None, actor, now)
    Draft.objects.filter(pk=number).update(files=zlib.compress(msgspec.msgpack.encode({}), _LEVEL))


def _settle(found: Draft, state: DraftState, version: int | None, actor: Actor, now: datetime) -> None:
    waiting = Draft.objects.filter(pk=found.pk, state=DraftState.OPEN)
    if not waiting.update(state=state, version_id=version, settled=now, settled_by=actor.id):
        raise StaleState("somebody settled it meanwhile")
    audit.record(acts=[Act(verb=f"draft-{state}", about=("draft", str(found.pk)))], actor=actor, now=now)
