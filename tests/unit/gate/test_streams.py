"""SIP over TCP and TLS: messages however they are cut, keep-alives, and bounds that no peer can break. Real sockets on loopback."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.ports import free_port
from tests.unit.gate.orders import NOW, order
from tests.unit.gate.test_redirect import request

from ringfence.gate.configuration import RedirectConfiguration, TlsConfiguration
from ringfence.gate.errors import AddressBusy, CertificateUnusable
from ringfence.gate.orders import OrdersTail
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect import RedirectServer, streams
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import OrderChange

Story = Callable[["Peer"], Coroutine[None, None, None]]


class Peer:
    """A redirect server on loopback, refusing `SCANNER`, and ways to speak to it."""

    def __init__(self, server: RedirectServer, port: int, tls_port: int) -> None:
        self.server, self.port, self.tls_port = server, port, tls_port

    @asynccontextmanager
    async def stream(
        self, context: ssl.SSLContext | None = None
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        port = self.port if context is None else self.tls_port
        name = None if context is None else "gate.example"
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


async def answer(reader: asyncio.StreamReader) -> int:
    """Return the status code of the next answer."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
    return int(head.split()[1])


async def ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await asyncio.wait_for(reader.read(), 30) == b""
    except ConnectionError:
        return True


async def ask_once(peer: "Peer", context: ssl.SSLContext) -> int:
    async with peer.stream(context) as (reader, writer):
        writer.write(request())
        return await answer(reader)


def play(folder: Path, story: Story, tls: TlsConfiguration | None = None, **configured: object) -> None:
    async def told() -> None:
        table = OrdersTable()
        table.apply(OrderChange(generation=1, upserts=(order(7),)))
        tail, book, port = OrdersTail(folder / "feeds", table), ReceiptBook(folder / "receipts"), free_port()
        configuration = RedirectConfiguration(listen=f"127.0.0.1:{port}", tls=tls, **configured)  # type: ignore[arg-type]  # as each test says
        server = RedirectServer(configuration, tail, book, clock=lambda: NOW)
        await server.listen("127.0.0.1", port)
        try:
            await story(Peer(server, port, int(tls.listen.rpartition(":")[2]) if tls else 0))
        finally:
            server.close()
            book.close(NOW)
            await asyncio.sleep(0)

    asyncio.run(told())


def with_body(data: bytes, body: bytes) -> bytes:
    return data.replace(b"Content-Length: 0", b"l : %d" % len(body)) + body


def test_messages_are_answered_however_the_stream_is_cut(tmp_path: Path) -> None:
    refused, passed = request(branch="z9hG4bK1"), request(branch="z9hG4bK2", source="192.0.2.9")
    sent = (
        with_body(refused, b"INVITE sip:x SIP/2.0\r\n\r\n") + b"\r\n" + passed + with_body(passed.replace(b"K2", b"K3"), b"z" * 9)
    )

    async def story(peer: Peer) -> None:
        for size in (1, 7, 200, len(sent)):
            async with peer.stream() as (reader, writer):
                for begin in range(0, len(sent), size):
                    writer.write(sent[begin : begin + size])
                    await writer.drain()
                    await asyncio.sleep(0)
                assert [await answer(reader) for _ in range(3)] == [403, 404, 404]

    play(tmp_path, story)


def test_a_ping_is_answered_with_a_pong(tmp_path: Path) -> None:
    async def story(peer: Peer) -> None:
        async with peer.stream() as (reader, writer):
            writer.write(b"\r\n\r\n")
            assert await asyncio.wait_for(reader.readexactly(2), 30) == b"\r\n"
            writer.write(b"\r\n" + request())
            assert await answer(reader) == 403

    play(tmp_path, story)


def test_a_stranger_is_told_so_once_and_the_stream_ends(tmp_path: Path) -> None:
    async def story(peer: Peer) -> None:
        async with peer.stream() as (reader, writer):
            writer.write(request())
            assert await answer(reader) == 403
            assert await ended(reader)
        assert (peer.server.tally.strangers, peer.server.tally.asks) == (1, 0)

    play(tmp_path, story, peers=("192.0.2.0/24",))


@pytest.mark.parametrize(
    "sent",
    [
        b"x" * 70_000,
        b"\r\nINVITE sip:a SIP/2.0\r\n" + b"X: " + b"y" * 66_000,
        request().replace(b"Content-Length: 0", b"Content-Length: 70000"),
        request().replace(b"Content-Length: 0\r\n", b""),
        request().replace(b"Content-Length: 0", b"Content-Length: 0\r\nl: 5"),
    ],
    ids=["no head", "a head too large", "a body too large", "no length", "two lengths"],
)
def test_a_stream_whose_messages_cannot_be_cut_out_ends(tmp_path: Path, sent: bytes) -> None:
    async def story(peer: Peer) -> None:
        async with peer.stream() as (reader, writer):
            writer.write(sent)
            assert await ended(reader)
        assert (peer.server.tally.shed, peer.server.tally.asks) == (1, 0)

    play(tmp_path, story)


def test_a_message_that_trickles_in_ends_its_stream_and_disturbs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "UNFINISHED_S", 0.3)

    async def story(peer: Peer) -> None:
        async with peer.stream() as (slow, slowly), peer.stream() as (reader, writer):
            ending = asyncio.create_task(ended(slow))
            for octet in request():
                if ending.done():
                    break
                slowly.write(bytes((octet,)))
                await asyncio.sleep(0.01)
            assert await ending
            writer.write(request())
            assert await answer(reader) == 403
        assert peer.server.tally.shed == 1

    play(tmp_path, story)


def test_an_idle_stream_is_closed_and_not_counted_as_an_attack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "IDLE_S", 0.2)

    async def story(peer: Peer) -> None:
        async with peer.stream() as (reader, _):
            assert await ended(reader)
        assert peer.server.tally.shed == 0

    play(tmp_path, story)


def test_more_streams_than_one_address_may_open_are_not_taken_and_places_come_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_FROM_ONE", 2)

    async def story(peer: Peer) -> None:
        async with peer.stream() as (first, writer), peer.stream():
            writer.write(request())
            assert await answer(first) == 403
            while peer.server.connections < 2:
                await asyncio.sleep(0.01)
            async with peer.stream() as (third, _):
                assert await ended(third)
        while peer.server.connections:
            await asyncio.sleep(0.01)
        async with peer.stream() as (reader, writer):
            writer.write(request(branch="z9hG4bKagain"))
            assert await answer(reader) == 403
        assert peer.server.tally.shed == 1

    play(tmp_path, story)


class Authority:
    """A certificate authority of its own, with files in `folder`."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.path = folder / f"{name}.pem"
        made = self._builder(self.name, self.key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.path.write_bytes(made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return x509.CertificateBuilder(
            self.name, subject, key.public_key(), x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1)
        )

    def issue(self, host: str) -> tuple[str, str]:
        """Return the files of a certificate for `host` and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = self._builder(subject, key).add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        certificate, private = self.folder / f"{host}.crt", self.folder / f"{host}.key"
        certificate.write_bytes(made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return str(certificate), str(private)

    def client(self, host: str | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.path))
        if host is not None:
            context.load_cert_chain(*self.issue(host))
        return context


def configured(authority: Authority, *, clients: bool = False, names: tuple[str, ...] = ()) -> TlsConfiguration:
    certificate, key = authority.issue("gate.example")
    return TlsConfiguration(
        listen=f"127.0.0.1:{free_port()}",
        certificate=certificate,
        key=key,
        clients=str(authority.path) if clients else None,
        client_names=names,
    )


def test_over_tls_a_peer_is_answered_as_over_udp(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "root")

    async def story(peer: Peer) -> None:
        async with peer.stream(authority.client()) as (reader, writer):
            writer.write(request() + request(branch="z9hG4bK2", source="192.0.2.9"))
            assert [await answer(reader), await answer(reader)] == [403, 404]

    play(tmp_path, story, configured(authority))


def test_a_client_with_a_certificate_of_the_right_name_may_ask_from_anywhere_and_no_other(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "root")

    async def story(peer: Peer) -> None:
        for host, codes in (("sbc.example", [403, 404]), ("other.example", [403])):
            async with peer.stream(authority.client(host)) as (reader, writer):
                writer.write(request(branch=f"z9hG4bK{host}"))
                writer.write(request(branch=f"z9hG4bK2{host}", source="192.0.2.9"))
                assert [await answer(reader) for _ in codes] == codes
        assert (peer.server.tally.strangers, peer.server.tally.asks) == (1, 2)

    play(tmp_path, story, configured(authority, clients=True, names=("SBC.example",)), peers=("192.0.2.0/24",))


def test_without_a_certificate_of_the_authority_nobody_gets_in(tmp_path: Path) -> None:
    authority, impostor = Authority(tmp_path, "root"), Authority(tmp_path, "impostor")

    async def story(peer: Peer) -> None:
        foreign = authority.client()
        foreign.load_cert_chain(*impostor.issue("sbc.example"))
        for context in (authority.client(), foreign):
            with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                await ask_once(peer, context)
        assert peer.server.tally.asks == 0

    play(tmp_path, story, configured(authority, clients=True))


def test_a_handshake_that_never_ends_disturbs_nobody(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "root")

    async def story(peer: Peer) -> None:
        idle = [await asyncio.open_connection("127.0.0.1", peer.tls_port) for _ in range(20)]
        async with peer.stream(authority.client()) as (reader, writer):
            writer.write(request())
            assert await answer(reader) == 403
        for _, writer in idle:
            writer.transport.abort()

    play(tmp_path, story, configured(authority))


def test_files_that_are_no_certificates_and_a_busy_tls_port_are_named(tmp_path: Path) -> None:
    async def nothing(_: Peer) -> None:
        raise AssertionError("it must not start")

    authority = Authority(tmp_path, "root")
    right = configured(authority)
    (tmp_path / "broken.pem").write_text("no certificate")
    wrong = TlsConfiguration(listen=right.listen, certificate=str(tmp_path / "broken.pem"), key=right.key)
    with pytest.raises(CertificateUnusable, match=r"broken\.pem"):
        play(tmp_path / "a", nothing, wrong)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(right.listen.rpartition(":")[2])))
        taken.listen()
        with pytest.raises(AddressBusy, match=r"\(TLS\)"):
            play(tmp_path / "b", nothing, right)
