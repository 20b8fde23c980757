"""Posting."""

import os
import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.db import transaction

from ringfence.desk.actor import Actor, require
from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.data_folder import data_folder
from ringfence.desk.outbox import services as outbox
from ringfence.desk.policies.models import PolicyVersion
from ringfence.policy import load, read_folder

POSTED: Final = "policy.posted"
"""Topic of the message that a version was posted: the parties are told."""
REMIND: Final = "acceptance.remind"
"""Topic of the message that it is time to remind those who are silent about a version."""
REMIND_AFTER: Final = timedelta(days=14)


def post_bundle(*, folder: Path, actor: Actor, now: datetime) -> int:
    """Post the bundle that lies in `folder` and return its number; a bundle posted before keeps the number it has.

    Its files are copied to DIR/policies/<hash>/ whole, before the row names them. Raises `BundleRefused`, `OSError`.
    """
    return post_files(files=read_folder(folder), actor=actor, now=now).number


def post_files(*, files: Mapping[str, bytes], actor: Actor, now: datetime) -> PolicyVersion:
    """Post the bundle that `files` make up, in force at that moment, as `post_bundle` does. Raises `BundleRefused`, `OSError`."""
    require(actor.administers, actor, "post a policy")
    bundle = load(files)
    _keep(data_folder() / "policies" / bundle.hash, files)
    with transaction.atomic():
        posted = PolicyVersion.objects.filter(hash=bundle.hash).first()
        if posted is not None:
            return posted
        last = PolicyVersion.objects.order_by("-number").first()
        number = last.number + 1 if last else 1
        made = PolicyVersion.objects.create(number=number, hash=bundle.hash, posted=now, posted_by=actor.id)
        act = Act(verb="posted", about=("policy", str(number)), details={"hash": bundle.hash})
        audit.record(acts=[act], actor=actor, now=now)
        outbox.enqueue(topic="reference.changed", payloads=[{}], now=now)
        told = {"version": number, "after": 0}
        outbox.enqueue(topic=POSTED, payloads=[told], now=now)
        outbox.enqueue(topic=REMIND, payloads=[told], now=now, due=now + REMIND_AFTER)
    return made


def _keep(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files under a draft's name, sync them, and give the folder its name: it is there whole or not at all."""
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    for name, content in files.items():
        path = draft / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    for path in (*(path for path in draft.rglob("*") if path.is_dir()), draft):
        _sync(path)
    try:
        draft.rename(folder)
    except OSError:
        shutil.rmtree(draft)
        if not folder.exists():
            raise
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
