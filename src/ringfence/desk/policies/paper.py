"""A version as PDF: made once for what stands over it, kept in the data folder."""

import os
from hashlib import blake2b
from typing import Final

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from ringfence.desk.actor import Actor
from ringfence.desk.data_folder import data_folder
from ringfence.desk.letters.paper import NoPaper, printed
from ringfence.desk.policies import selectors
from ringfence.desk.policies.models import PolicyVersion

__all__ = ["NoPaper", "paper"]

FOLDER: Final = "paper"


def paper(*, version: PolicyVersion, actor: Actor) -> bytes:
    """Return the PDF of a version. Raises `NoPaper` where Pango is missing."""
    context = {
        "version": version,
        "bundle": selectors.bundle(hash=version.hash),
        "laid_over": selectors.laid_over(actor=actor),
        "address": settings.RINGFENCE_PUBLIC_URL + reverse("policies:version", args=[version.number]),
    }
    html = render_to_string("policies/paper.html", context)
    name = f"{version.hash[:32]}-{blake2b(html.encode(), digest_size=8).hexdigest()}.pdf"
    path = data_folder() / FOLDER / name
    if path.exists():
        return path.read_bytes()
    octets = printed(html)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{name}.{os.getpid()}")
    draft.write_bytes(octets)
    draft.replace(path)
    return octets
