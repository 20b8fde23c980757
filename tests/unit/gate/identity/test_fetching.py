"""What is fetched, from where, how much and how long: against real servers on loopback that misbehave."""

import asyncio
import gzip
import socket
from collections.abc import Callable, Coroutine
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from tests.unit.gate.identity.certificate_server import PORT, CertificateServer
from tests.unit.gate.identity.world import SIGNER

from ringfence.gate.identity.addresses import AddressRefused, GuardedResolver, checked, refused_because
from ringfence.gate.identity.fetching import LARGEST, Fetched, Fetcher, FetchFailed

LOOPBACK = ("127.0.0.0/8",)
Story = Callable[[CertificateServer, Fetcher], Coroutine[None, None, None]]


def play(folder: Path, story: Story, *, networks: tuple[str, ...] = LOOPBACK, wait_s: float = 20.0) -> None:
    async def told() -> None:
        server = CertificateServer(folder)
        fetcher = Fetcher(networks=networks, authorities=str(server.authorities), wait_s=wait_s)
        try:
            async with server.running():
                await story(server, fetcher)
        finally:
            await fetcher.close()

    asyncio.run(told())


async def refused(fetcher: Fetcher, url: str) -> str:
    with pytest.raises(FetchFailed) as failure:
        await fetcher.fetch(url)
    return str(failure.value)


def test_a_certificate_is_fetched_with_how_long_it_may_be_kept(tmp_path: Path) -> None:
    async def story(server: CertificateServer, fetcher: Fetcher) -> None:
        url = server.serve("/sp.pem", SIGNER.pem, "Cache-Control: public, max-age=600")
        assert await fetcher.fetch(url) == Fetched(SIGNER.pem, 600)
        assert (await fetcher.fetch(server.serve("/b", b"x", "Cache-Control: no-store"))).max_age_s == 0
        assert (await fetcher.fetch(server.serve("/c", b"x"))).max_age_s is None

    play(tmp_path, story)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "240.0.0.1",
        ),
        *("::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
        *("2001:0:1::1", "198.18.0.1", "192.0.2.1", "255.255.255.255", "::127.0.0.1"),
    ],
)
def test_an_address_that_is_not_public_is_refused_and_named_networks_are_not(address: str) -> None:
    assert refused_because(ip_address(address)) == "is no public address"
    plain = ip_address(address)
    plain = getattr(plain, "ipv4_mapped", None) or plain
    assert refused_because(ip_address(address), (ip_network(plain),)) is None


def test_a_public_address_is_taken_and_a_name_with_one_that_is_not_is_refused_whole() -> None:
    assert checked(["8.8.8.8", "2606:4700::1111"], ()) == ["8.8.8.8", "2606:4700::1111"]
    with pytest.raises(AddressRefused):
        checked(["8.8.8.8", "10.0.0.1"], ())
    with pytest.raises(AddressRefused):
        checked([], ())


def test_a_server_in_ones_own_network_is_not_even_connected_to(tmp_path: Path) -> None:
    async def story(server: CertificateServer, fetcher: Fetcher) -> None:
        assert await refused(fetcher, server.serve("/sp.pem", SIGNER.pem)) == "the host is no public address"
        assert await refused(fetcher, f"https://localhost:{PORT}/sp.pem") == "the host's address is no public address"
        assert await refused(fetcher, f"https://[::ffff:{server.host}]:{PORT}/sp.pem") == "the host is no public address"
        assert server.connections == 0

    play(tmp_path, story, networks=())


@pytest.mark.parametrize(
    "host", ["0x7f000001", "2130706433", "017700000001", "127.1", "127.0.0.1.", "127.0.0.%31", "[::1%25lo]", "a\\b"]
)
def test_an_address_that_is_written_oddly_is_refused_like_any_other(tmp_path: Path, host: str) -> None:
    async def story(_: CertificateServer, fetcher: Fetcher) -> None:
        said = await refused(fetcher, f"https://{host}:{PORT}/sp.pem")
        assert said.endswith(("is no public address", "(InvalidUrlClientError)", "no plain name or address")) or "known" in said

    play(tmp_path, story, networks=())


def test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_checked() -> None:
    async def told() -> None:
        found = await GuardedResolver((ip_network("127.0.0.0/8"), ip_network("::1/128"))).resolve("localhost", PORT)
        assert {entry["host"] for entry in found} <= {"127.0.0.1", "::1"}
        assert all(entry["flags"] & socket.AI_NUMERICHOST for entry in found)
        with pytest.raises(AddressRefused):
            await GuardedResolver().resolve("localhost", PORT)

    asyncio.run(told())


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8443/a",
        "https://127.0.0.1:22/a",
        "https://u:p@127.0.0.1:8443/a",
        "https://127.0.0.1:8443/a?b",
        "file:///etc/passwd",
    ],
)
def test_only_https_on_its_two_ports_and_without_users_or_queries_is_fetched(tmp_path: Path, url: str) -> None:
    async def story(_: CertificateServer, fetcher: Fetcher) -> None:
        assert await refused(fetcher, url)

    play(tmp_path, story)


def test_nobody_is_followed_elsewhere_nor_in_circles(tmp_path: Path) -> None:
    async def story(server: CertificateServer, fetcher: Fetcher) -> None:
        other = server.serve("/other.pem", SIGNER.pem)
        for path, target in (("/loop", server.url("/loop")), ("/to-other", other), ("/to-host", "https://10.0.0.1/sp.pem")):
            url = server.serve(path, b"", f"Location: {target}", status="302 Found")
            assert await refused(fetcher, url) == "answered with 302"
        assert server.asked == {"/loop": 1, "/to-other": 1, "/to-host": 1}

    play(tmp_path, story)


def test_a_gigabyte_is_not_read_announced_or_not(tmp_path: Path) -> None:
    async def story(server: CertificateServer, fetcher: Fetcher) -> None:
        async def gigabyte(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
            await server.endless(writer, b"-" * 65_536)

        async def chunks(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            await server.endless(writer, b"8000\r\n" + b"-" * 0x8000 + b"\r\n")

        for path, page in (("/gigabyte", gigabyte), ("/chunks", chunks)):
            server.pages[path] = page
            assert await refused(fetcher, server.url(path)) == f"larger than {LARGEST} octets"
        assert server.sent < 64 * 1024 * 1024  # what the buffers of two systems hold, not what it would have sent

    play(tmp_path, story)


def test_what_is_packed_is_not_unpacked(tmp_path: Path) -> None:
    async def story(server: CertificateServer, fetcher: Fetcher) -> None:
        url = server.serve("/bomb", gzip.compress(b"-" * 50_000_000), "Content-Encoding: gzip")
        assert await refused(fetcher, url) == "packed, which nobody asked for"

    play(tmp_path, story)


def test_a_server_that_hangs_at_any_point_is_left_after_the_time(tmp_path: Path) -> None:
    async def story(server: CertificateServer, fetcher: Fetcher) -> None:
        async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            await reader.read()

        async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
            await reader.read()

        async def dribble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
            while True:
                writer.write(b"-")
                await writer.drain()
                await asyncio.sleep(0.01)

        for path, page in (("/silent", silent), ("/half", half), ("/dribble", dribble)):
            server.pages[path] = page
            assert await refused(fetcher, server.url(path)) == "no whole answer within 0.5 s"

    play(tmp_path, story, wait_s=0.5)


def test_a_port_that_never_shakes_hands_is_left_after_the_time(tmp_path: Path) -> None:
    async def story(server: CertificateServer, _: Fetcher) -> None:
        deaf = f"127.{server.host.split('.')[1]}.251.{server.host.split('.')[3]}"
        with socket.create_server((deaf, PORT)):
            fetcher = Fetcher(networks=LOOPBACK, wait_s=0.3)
            assert await refused(fetcher, f"https://{deaf}:{PORT}/sp.pem") == "no whole answer within 0.3 s"
            await fetcher.close()

    play(tmp_path, story)


def test_headers_without_end_are_not_read(tmp_path: Path) -> None:
    async def story(server: CertificateServer, fetcher: Fetcher) -> None:
        async def line(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nX: ")
            await server.endless(writer, b"x" * 4_096)

        async def lines(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n")
            await server.endless(writer, b"X-Y: z\r\n" * 512)

        for path, page in (("/line", line), ("/lines", lines)):
            server.pages[path] = page
            assert await refused(fetcher, server.url(path))
        assert server.sent < 64 * 1024 * 1024

    play(tmp_path, story, wait_s=5.0)


def test_what_is_no_http_an_error_and_a_server_of_another_name_are_failures_in_our_words(tmp_path: Path) -> None:
    async def story(server: CertificateServer, fetcher: Fetcher) -> None:
        server.pages["/garbage"] = b"\x00\x01secret\r\n\r\n"
        assert "secret" not in await refused(fetcher, server.url("/garbage"))
        assert await refused(fetcher, server.serve("/gone", b"", status="404 Not Found")) == "answered with 404"
        stranger = Fetcher(networks=LOOPBACK)
        assert await refused(stranger, server.serve("/a", b"")) == "the server's certificate or handshake is refused"
        await stranger.close()
        nobody = f"127.{server.host.split('.')[1]}.252.1"
        assert "secret" not in await refused(fetcher, f"https://{nobody}:{PORT}/a")

    play(tmp_path, story)
