"""Commands to edges by TLS: to whom the settings name, over every interface that can be had so, and to nobody else."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from tests.edges.asterisk_server import PASSWORD as MANAGERS_PASSWORD
from tests.edges.asterisk_server import AsteriskServer
from tests.edges.conftest import now
from tests.edges.rig_freeswitch_protocol import PASSWORD, FreeswitchProtocolRig
from tests.edges.rig_kamailio import KamailioRig
from tests.edges.rig_opensips_protocol import OpensipsProtocolRig
from tests.unit.gate.orders import order as made_order
from tests.unit.gate.test_streams import Authority

from ringfence.cli.configuration import ConfigurationRefused, load
from ringfence.gate.configuration import EdgeConfiguration, EdgeTls
from ringfence.gate.edges import Edge, EdgeRefused
from ringfence.gate.edges.asterisk import AsteriskSettings
from ringfence.gate.edges.freeswitch import FreeswitchSettings
from ringfence.gate.edges.kinds import edge_of
from ringfence.gate.edges.opensips import OpensipsSettings
from ringfence.gate.edges.settings import SecretUnusable, secrets_in
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros

NAME: Final = "edge.internal"
RIGS: Final[dict[str, Callable[[], Any]]] = {
    "freeswitch": FreeswitchProtocolRig,
    "kamailio": KamailioRig,
    "opensips": OpensipsProtocolRig,
}


def port_of(rig: Any) -> int:  # noqa: ANN401 - rigs have nothing in common but what tests of conformance need
    port: int = rig.port
    return port


@asynccontextmanager
async def before(port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """Stand before a server as stunnel does: TLS outside, in clear inside."""

    async def pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except (ConnectionError, ssl.SSLError):
            pass
        writer.close()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(asyncio.CancelledError):
            await asyncio.gather(pumped(reader, inner_writer), pumped(inner_reader, writer))
        for each in (writer, inner_writer):
            each.transport.abort()

    tasks: set[asyncio.Task[None]] = set()
    server = await asyncio.start_server(served, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def edge_at(kind: str, port: int, folder: Path, tls: EdgeTls) -> Edge:
    match kind:
        case "freeswitch":
            (folder / "p").write_text(PASSWORD)
            settings: Any = FreeswitchSettings(
                name="edge-1", address=f"127.0.0.1:{port}", password_file="p", deadline_ms=20_000, tls=tls
            )
        case "kamailio":
            settings = EdgeConfiguration(name="edge-1", url=f"https://127.0.0.1:{port}/RPC", deadline_ms=20_000, tls=tls)
        case _:
            settings = OpensipsSettings(name="edge-1", url=f"https://127.0.0.1:{port}/mi", deadline_ms=20_000, tls=tls)
    return edge_of(settings, secrets_in(folder))


def listening(authority: Authority, *, clients: Authority | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue(NAME))
    if clients is not None:
        context.load_verify_locations(str(clients.path))
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def placed(folder: Path, kind: str, context: ssl.SSLContext, tls: EdgeTls) -> set[str]:
    """Place an order through TLS; return what the edge then holds."""

    async def story() -> set[str]:
        async with RIGS[kind]() as rig, before(port_of(rig), context) as port:
            edge, at = edge_at(kind, port, folder, tls), now()
            try:
                await edge.place(made_order(1, SubjectKind.ACCOUNT, "acme", start=at, until=Micros(at + 600 * SECOND)), at)
                assert await edge.placed() == {"account:acme": f"{1:032x}"}
            finally:
                await edge.close()
                keys: set[str] = await rig.keys()
            return keys

    return asyncio.run(story())


@pytest.mark.parametrize("kind", sorted(RIGS))
def test_an_order_is_placed_and_read_back_by_tls(tmp_path: Path, kind: str) -> None:
    authority = Authority(tmp_path, "edges")
    assert placed(tmp_path, kind, listening(authority), EdgeTls(authorities="edges.pem", name=NAME)) == {"account:acme"}


@pytest.mark.parametrize("kind", sorted(RIGS))
@pytest.mark.parametrize(("authorities", "name"), [("others.pem", NAME), ("edges.pem", "another.internal"), ("edges.pem", None)])
def test_an_edge_that_shows_another_certificate_gets_neither_password_nor_order(
    tmp_path: Path, kind: str, authorities: str, name: str | None
) -> None:
    authority, _ = Authority(tmp_path, "edges"), Authority(tmp_path, "others")
    with pytest.raises(EdgeRefused, match="certificate verify failed") as refused:
        placed(tmp_path, kind, listening(authority), EdgeTls(authorities=authorities, name=name))
    assert not refused.value.permanent


def test_the_edge_may_ask_for_a_certificate_too(tmp_path: Path) -> None:
    authority, ours = Authority(tmp_path, "edges"), Authority(tmp_path, "gates")
    ours.issue("gate.internal")
    context = listening(authority, clients=ours)
    shown = EdgeTls(authorities="edges.pem", name=NAME, certificate="gate.internal.crt", key="gate.internal.key")
    assert placed(tmp_path, "kamailio", context, shown) == {"account:acme"}
    with pytest.raises(EdgeRefused):
        placed(tmp_path, "kamailio", context, EdgeTls(authorities="edges.pem", name=NAME))


def test_a_real_asterisk_takes_orders_by_tls_and_one_with_another_certificate_gets_no_login(tmp_path: Path) -> None:
    server = AsteriskServer(tmp_path, certificate=Authority(tmp_path, "edges").issue(NAME))
    Authority(tmp_path, "others")
    (tmp_path / "p").write_text(MANAGERS_PASSWORD)
    server.start()

    async def told(authorities: str) -> dict[str, str]:
        address = f"127.0.0.1:{server.secure_manager}"
        tls = EdgeTls(authorities=authorities, name=NAME)
        settings = AsteriskSettings(name="edge-1", address=address, password_file="p", deadline_ms=20_000, tls=tls)
        edge, at = edge_of(settings, secrets_in(tmp_path)), now()
        try:
            await edge.place(made_order(1, SubjectKind.ACCOUNT, "acme", start=at, until=Micros(at + 600 * SECOND)), at)
            return await edge.placed()
        finally:
            await edge.close()

    try:
        assert asyncio.run(told("edges.pem")) == {"account:acme": f"{1:032x}"}
        with pytest.raises(EdgeRefused, match="certificate verify failed"):
            asyncio.run(told("others.pem"))
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("tls", "cause"),
    [
        ('{ authorities = "nowhere.pem" }', r"nowhere\.pem: .*Hint: a PEM file"),
        ('{ authorities = "edges.pem", certificate = "a.crt", key = "a.key" }', r"a\.crt.*Hint: PEM files"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, tls: str, cause: str) -> None:
    Authority(tmp_path, "edges")
    text = f'[[gate.edges]]\nkind = "opensips"\nname = "a"\nurl = "https://127.0.0.1:1/mi"\ntls = {tls}\n'
    (tmp_path / "ringfence.toml").write_text(text, encoding="utf-8")
    [settings] = load(tmp_path).gate.edges
    with pytest.raises(SecretUnusable, match=cause):
        edge_of(settings, secrets_in(tmp_path))


def test_half_of_what_is_shown_is_refused_with_its_key(tmp_path: Path) -> None:
    text = '[[gate.edges]]\nkind = "asterisk"\nname = "a"\naddress = "127.0.0.1:5039"\npassword_file = "p"\n'
    (tmp_path / "ringfence.toml").write_text(f'{text}tls = {{ authorities = "a.pem", key = "a.key" }}\n', encoding="utf-8")
    with pytest.raises(ConfigurationRefused, match="certificate and key belong together"):
        load(tmp_path)
