"""What Kamailio 5.6 says of its dialogs (`dlg.list`) and of its registrar (`ul.dump`)."""

from collections.abc import Iterator
from typing import Final, TypeVar

import msgspec
from msgspec import Raw, Struct, field

from ringfence.gate.edges.edge import EdgeRefused, LiveCall, Registration
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.wire.sip.uri import parse_uri

_ENDED: Final = 5
_ANSWERED: Final = frozenset({3, 4})
_NOT_SET: Final = "[not set]"
_T = TypeVar("_T")


class _Side(Struct, frozen=True):
    tag: str | None = None
    cseq: str | None = None


class _Dialog(Struct, frozen=True):
    """One dialog. `variables` are what the configuration kept: where the INVITE came from, whom it named, whose credentials."""

    h_entry: int
    h_id: int
    state: int
    init_ts: int
    call_id: str = field(name="call-id")
    from_uri: str | None = None
    caller: _Side = _Side()
    variables: tuple[dict[str, str | None], ...] = ()


class _Contact(Struct, frozen=True):
    address: str = field(name="Address")
    received: str = field(name="Received", default=_NOT_SET)


class _Holder(Struct, frozen=True):
    contact: _Contact = field(name="Contact")


class _Record(Struct, frozen=True):
    name: str = field(name="AoR")
    contacts: tuple[_Holder, ...] = field(name="Contacts", default=())


class _Row(Struct, frozen=True):
    info: _Record = field(name="Info")


class _Domain(Struct, frozen=True):
    name: str = field(name="Domain")
    rows: tuple[_Row, ...] = field(name="AoRs", default=())


class _DomainRow(Struct, frozen=True):
    domain: _Domain = field(name="Domain")


class _Registrar(Struct, frozen=True):
    domains: tuple[_DomainRow, ...] = field(name="Domains", default=())


def calls(told: Raw) -> list[LiveCall]:
    """Return the calls of a `dlg.list` but those that have ended. Raises `EdgeRefused`."""
    return [_call(dialog) for dialog in _decoded(told, tuple[_Dialog, ...], "dlg.list") if dialog.state != _ENDED]


def _call(dialog: _Dialog) -> LiveCall:
    kept = {name: value for pair in dialog.variables for name, value in pair.items()}
    return LiveCall(
        handle=f"{dialog.h_entry}:{dialog.h_id}",
        call_id=dialog.call_id,
        tag=dialog.caller.tag,
        caller=_user(dialog.from_uri),
        called=_user(kept.get("called")),
        source=kept.get("source"),
        user=kept.get("user") or None,
        began=Micros(dialog.init_ts * SECOND) if dialog.init_ts else None,
        sequence=int(dialog.caller.cseq) if dialog.caller.cseq and dialog.caller.cseq.isdecimal() else None,
        answered=dialog.state in _ANSWERED,
    )


def registrations(told: Raw, table: str) -> list[Registration]:
    """Return the contacts of a registrar's table. Raises `EdgeRefused`."""
    return list(_contacts(_decoded(told, _Registrar, "ul.dump"), table))


def _contacts(told: _Registrar, table: str) -> Iterator[Registration]:
    for each in told.domains:
        for row in each.domain.rows if each.domain.name == table else ():
            user, _, domain = row.info.name.partition("@")
            for holder in row.info.contacts:
                contact = holder.contact
                yield Registration(
                    handle=f"{row.info.name} {contact.address}",
                    user=user,
                    domain=domain or None,
                    source=None if contact.received == _NOT_SET else _host(contact.received),
                )


def _user(uri: str | None) -> str | None:
    """Return a URI's user; a service's name (RFC 5031) whole."""
    if uri is None or uri.lower().startswith("urn:"):
        return uri
    found = parse_uri(uri, [])
    return None if found is None else found.user


def _host(uri: str) -> str | None:
    found = parse_uri(uri, [])
    return None if found is None or found.host is None else found.host.strip("[]")


def _decoded(told: Raw, into: type[_T], command: str) -> _T:
    try:
        return msgspec.json.decode(told or b"[]", type=into)
    except msgspec.MsgspecError as error:
        raise EdgeRefused(f"{command}: unknown kind of answer: {error}", permanent=True, reached=True) from error
