"""A version as PDF: made once for what stands over it, kept in the data folder."""

import os
from hashlib import blake2b
from typing import Any, Final, NoReturn

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from ringfence.desk.actor import Actor
from ringfence.desk.data_folder import data_folder
from ringfence.desk.errors import DeskError
from ringfence.desk.policies import selectors
from ringfence.desk.policies.models import PolicyVersion

FOLDER: Final = "paper"


class NoPaper(DeskError):
    """PDFs can't be made on this machine; the text says what is missing."""

    permanent = False


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
    octets = _made(html)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{name}.{os.getpid()}")
    draft.write_bytes(octets)
    draft.replace(path)
    return octets


def _made(html: str) -> bytes:
    try:
        from weasyprint import HTML  # noqa: PLC0415 # it needs libraries of the system, which who never prints may lack
    except OSError as error:
        raise NoPaper(f"PDFs can't be made here: {error}. Hint: apt-get install libpango-1.0-0 libpangoft2-1.0-0") from error
    octets: bytes = HTML(string=html, url_fetcher=_nothing).write_pdf()
    return octets


def _nothing(url: str, **_: Any) -> NoReturn:  # noqa: ANN401 # whatever it would be fetched with
    """Fetch nothing: all that is printed stands in the page."""
    raise ValueError(f"{url} is not fetched")
