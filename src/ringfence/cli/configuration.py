"""`ringfence.toml` in the data folder: where each process listens, who may speak to it, which edges the gate drives."""

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from ringfence.gate.configuration import (
    IdentityConfiguration,
    Manners,
    PeerProfile,
    SigningConfiguration,
    TlsConfiguration,
)
from ringfence.gate.edges.in_path import NAME as IN_PATH
from ringfence.gate.edges.kinds import AnyEdge

CONFIGURATION_FILE: Final = "ringfence.toml"
KEY_FILE: Final = "installation.key"
KEY_BYTES: Final = 32
_PORTS: Final = 65_536

Listen = Annotated[str, Meta(pattern=r"^(\[[0-9a-fA-F:.]+\]|[0-9.]+):[0-9]{1,5}$", description="address:port")]


class ConfigurationRefused(Exception):
    """The configuration can't be used: `text` says where, why, and what would help."""


class DeskPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The web pages."""

    listen: Listen = "127.0.0.1:8080"


class TailPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Call records, a switch log, or a folder of them, followed while they are written.

    `format` is one of scan's, known by the content if empty; `mapping` a mapping file, `timezone` and `country` as in scan.
    `from_start`: what stands there when it is first seen counts too.
    """

    path: str
    format: str = ""
    mapping: str = ""
    timezone: str = ""
    country: str | None = None
    from_start: bool = False


class WatchPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where mirrors of signalling come in.

    `agents` are addresses or networks that may send HEP; `key` is what they must send as authenticate key, empty for none. `edges`
    are the providers' own proxies (both legs of a call pass them), `lateness_ms` how long a message may overtake another. `ignore`
    lists address:port endpoints whose traffic is no customer's, such as the gate's own. `tails` are files that are still written.
    `certificates` is a folder by which signed identities are verified, empty for none, and `provider_code` is this provider's own;
    `countries` is a database of the countries of addresses, empty for none. Paths are taken from the data folder.
    """

    hep: Listen = "127.0.0.1:9060"
    agents: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    key: str = ""
    edges: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    country: str | None = None
    lateness_ms: Annotated[int, Meta(ge=0, le=60_000)] = 100
    certificates: str = ""
    provider_code: str = ""
    countries: str = ""
    tails: tuple[str | TailPart, ...] = ()


class GatePart(Manners, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The SIP redirect server and the edges that orders are pushed to.

    `peers` may ask over UDP and TCP at `sip`, over TLS, and over HTTP at `http` where that is set; `trusted` peers may say in
    P-Ringfence-Source whom they ask about. With `ends_told` they also tell how each call ended (docs/edges/rules.md).
    The first of `profiles` that fits a peer says how it is spoken to instead. With `identity` signed identities are verified, with
    `signing` calls get one.
    """

    sip: Listen = "127.0.0.1:5062"
    peers: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    trusted: tuple[str, ...] = ()
    profiles: tuple[PeerProfile, ...] = ()
    tls: TlsConfiguration | None = None
    http: Listen | None = None
    ends_told: bool = False
    edges: tuple[AnyEdge, ...] = ()
    identity: IdentityConfiguration | None = None
    signing: SigningConfiguration | None = None


class ImapPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mailbox elsewhere that is fetched from. `address` is host:port; `password_file` lies in the data folder."""

    address: str
    user: str
    password_file: str
    tls: bool = True
    folder: str = "INBOX"
    done: str = "Taken"
    every_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 60


class MailPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The abuse mailbox, and where notices go. `size_limit` in bytes.

    `relay` is smtp://user:password@host:port or smtps://…; without it mails are kept in the data folder. `sender` is the mailbox
    that they come from; with `dkim_key`, a PEM file, they are signed for its domain by `dkim_selector`. `dns` says through which
    servers senders are checked: `system`, `off`, or addresses apart by spaces. `code_hook` is an address that delivers codes to
    called numbers, `console` for the log, empty for none. `imap`: a mailbox elsewhere that is fetched from. `service` are the
    addresses of the service mailbox, that of the policy in force where none is written; `service_imap` fetches its mails.
    """

    listen: Listen = "127.0.0.1:2525"
    size_limit: Annotated[int, Meta(ge=1_000)] = 26_214_400
    relay: Annotated[str, Meta(pattern=r"^smtps?://\S+$", description="smtp://user:password@host:port")] | None = None
    sender: Annotated[str, Meta(pattern=r"^[^@\s<>\"]+@[A-Za-z0-9.-]+$", description="a mailbox")] = "abuse@localhost"
    dkim_key: str | None = None
    dkim_selector: str = "ringfence"
    dns: str = "system"
    code_hook: str = "console"
    imap: ImapPart | None = None
    service: tuple[str, ...] = ()
    service_imap: ImapPart | None = None


class LakePart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The history of traffic. `keep_days`: how long, in whole days (UTC); 0 keeps none."""

    keep_days: Annotated[int, Meta(ge=0, le=3_660)] = 90


class Configuration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it. Every part has defaults that work on one machine without privileges."""

    desk: DeskPart = DeskPart()
    watch: WatchPart = WatchPart()
    gate: GatePart = GatePart()
    mail: MailPart = MailPart()
    lake: LakePart = LakePart()


def load(data: Path) -> Configuration:
    """Read the data folder's configuration; the defaults where it has none. Raises `ConfigurationRefused`."""
    path = data / CONFIGURATION_FILE
    if not path.exists():
        return Configuration()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        configuration = msgspec.convert(table, Configuration)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationRefused(f"{path}: not valid TOML: {error}. Hint: compare with docs/configuration.md") from error
    except msgspec.ValidationError as error:
        raise ConfigurationRefused(f"{path}: {error}. Hint: docs/configuration.md lists every key") from error
    _check_networks(path, "watch.agents", configuration.watch.agents)
    _check_networks(path, "gate.peers", configuration.gate.peers)
    _check_networks(path, "gate.trusted", configuration.gate.trusted)
    for profile in configuration.gate.profiles:
        _check_networks(path, "gate.profiles.peers", profile.peers)
    _check_identity(path, configuration.gate)
    _check_listening(path, configuration)
    _check_edges(path, configuration.gate.edges)
    return configuration


def installation_key(data: Path) -> bytes:
    """Return the installation's key, made at the first call (file mode 0600). Raises `ConfigurationRefused` for a damaged one."""
    path = data / KEY_FILE
    if not path.exists():
        _write_once(path, os.urandom(KEY_BYTES))
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ConfigurationRefused(
            f"{path}: {len(key)} bytes instead of {KEY_BYTES}. "
            "Hint: restore it from the backup; a new key makes old tokens unreadable"
        )
    return key


def address_port(listen: str) -> tuple[str, int]:
    """Split a listen address, `[::1]:8080` or `127.0.0.1:8080`."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def own_address(listen: str) -> str:
    """Return the address by which a browser on this machine reaches the desk: one that listens everywhere is there by loopback."""
    host, port = address_port(listen)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _check_networks(path: Path, name: str, networks: tuple[str, ...]) -> None:
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ConfigurationRefused(f"{path}: {name}: {error}. Hint: write 192.0.2.0/24 or 192.0.2.7") from error


def _check_identity(path: Path, gate: GatePart) -> None:
    """What is done about outcomes needs somebody who verifies, and a signature a key."""
    if gate.identity is None and any(manners.on_identity for manners in (gate, *gate.profiles)):
        raise ConfigurationRefused(f"{path}: gate.on_identity: nothing is verified here. Hint: [gate.identity] certificates = …")
    if gate.signing is None and any(manners.sign for manners in (gate, *gate.profiles)):
        raise ConfigurationRefused(f"{path}: gate.sign: there is no key. Hint: [[gate.signing.keys]], see docs/stir.md")
    if gate.identity is not None:
        _check_networks(path, "gate.identity.fetch_networks", gate.identity.fetch_networks)


def _check_listening(path: Path, configuration: Configuration) -> None:
    listening = {
        "desk.listen": configuration.desk.listen,
        "watch.hep": configuration.watch.hep,
        "gate.sip": configuration.gate.sip,
        "mail.listen": configuration.mail.listen,
    }
    if configuration.gate.tls is not None:
        listening["gate.tls.listen"] = configuration.gate.tls.listen
    if configuration.gate.http is not None:
        listening["gate.http"] = configuration.gate.http
    for name, listen in listening.items():
        host, port = address_port(listen)
        try:
            ipaddress.ip_address(host)
        except ValueError as error:
            raise ConfigurationRefused(f"{path}: {name}: {error}. Hint: write 127.0.0.1:8080 or [::1]:8080") from error
        if not 0 < port < _PORTS:
            raise ConfigurationRefused(f"{path}: {name}: there is no port {port}. Hint: ports are 1 to {_PORTS - 1}")


def _check_edges(path: Path, edges: tuple[AnyEdge, ...]) -> None:
    """Receipts tell edges apart by their names alone."""
    names = [IN_PATH, *(edge.name for edge in edges)]
    for name in (edge.name for edge in edges if names.count(edge.name) > 1):
        raise ConfigurationRefused(
            f"{path}: gate.edges: two are called {name}. Hint: give each a name of its own; {IN_PATH} is the redirect server's"
        )


def _write_once(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; another process that was first wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
