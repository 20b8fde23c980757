"""What OpenSIPS tells of dialogs and contacts (`dlg_list_ctx`, `ul_dump`). Session descriptions in it are never looked at."""

from typing import Final

import msgspec
from msgspec import Struct, field

from ringfence.gate.edges.edge import LiveCall, Registration
from ringfence.vocabulary.times import SECOND, Micros

_CONFIRMED: Final = (3, 4)
_DELETED: Final = 5


class _Context(Struct, frozen=True):
    values: tuple[dict[str, str], ...] = ()


class _Dialog(Struct, frozen=True):
    id: str = field(name="ID")
    state: int
    callid: str
    timestart: int = 0
    from_uri: str = ""
    to_uri: str = ""
    caller_tag: str | None = None
    context: _Context = _Context()


class Dialogs(Struct, frozen=True):
    """The answer to `dlg_list_ctx`."""

    dialogs: tuple[_Dialog, ...] = field(name="Dialogs")


class _Contact(Struct, frozen=True):
    contact: str = field(name="Contact")
    received: str | None = field(name="Received", default=None)


class _Aor(Struct, frozen=True):
    aor: str = field(name="AOR")
    contacts: tuple[_Contact, ...] = field(name="Contacts", default=())


class _Domain(Struct, frozen=True):
    name: str
    aors: tuple[_Aor, ...] = field(name="AORs", default=())


class Contacts(Struct, frozen=True):
    """The answer to `ul_dump`."""

    domains: tuple[_Domain, ...] = field(name="Domains")


def calls(told: msgspec.Raw) -> list[LiveCall]:
    """Return the dialogs that have not ended. What the configuration noted of each (`ringfence_…`) says whose it is."""
    found = []
    for dialog in msgspec.json.decode(told, type=Dialogs).dialogs:
        if dialog.state >= _DELETED:
            continue
        noted = {name: value for pair in dialog.context.values for name, value in pair.items()}
        found.append(
            LiveCall(
                handle=dialog.id,
                call_id=dialog.callid,
                tag=dialog.caller_tag,
                caller=user_of(dialog.from_uri),
                called=user_of(noted.get("ringfence_called", dialog.to_uri)),
                source=noted.get("ringfence_source"),
                user=noted.get("ringfence_user"),
                began=Micros(dialog.timestart * SECOND) if dialog.timestart else None,
                answered=dialog.state in _CONFIRMED,
            )
        )
    return found


def registrations(told: msgspec.Raw, location: str) -> list[Registration]:
    """Return the contacts of the registrar's table. An address is known only of those behind a NAT."""
    return [
        Registration(
            handle=f"{aor.aor} {contact.contact}",
            user=aor.aor.partition("@")[0],
            domain=aor.aor.partition("@")[2] or None,
            source=_host_of(contact.received),
        )
        for domain in msgspec.json.decode(told, type=Contacts).domains
        if domain.name == location
        for aor in domain.aors
        for contact in aor.contacts
    ]


def user_of(uri: str) -> str | None:
    """Return a SIP URI's user, or a whole `urn:service:…`."""
    scheme, _, rest = uri.partition(":")
    if scheme.lower() == "urn":
        return uri
    user, at, _ = rest.partition("@")
    return user.partition(";")[0] or None if at else None


def _host_of(uri: str | None) -> str | None:
    """Return the address of `sip:address:port`."""
    if uri is None:
        return None
    place = uri.partition(":")[2].partition(";")[0].rpartition("@")[2]
    return place[1:].partition("]")[0] if place.startswith("[") else place.partition(":")[0] or None
