"""A real server of certificates on a loopback address of its own, port 8443: one that answers, hangs, loops, or never ends."""

import asyncio
import os
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PORT: Final = 8443
_numbers: Final = count(1)

Serving = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class CertificateServer:
    """Answers each path as the test says; `asked` counts requests by path, `sent` what was written."""

    def __init__(self, folder: Path) -> None:
        self.host = f"127.{1 + os.getpid() % 250}.{os.getpid() // 250 % 250}.{1 + next(_numbers) % 250}"
        self.authorities = folder / f"{self.host}.pem"
        self.asked: Counter[str] = Counter()
        self.connections = self.sent = 0
        self.pages: dict[str, bytes | Serving] = {}
        self._context = self._tls(folder)

    def url(self, path: str) -> str:
        return f"https://{self.host}:{PORT}{path}"

    def serve(self, path: str, body: bytes, *lines: str, status: str = "200 OK") -> str:
        """Answer `path` with this; return its address."""
        head = [f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}", "Connection: close"]
        self.pages[path] = ("\r\n".join(head) + "\r\n\r\n").encode() + body
        return self.url(path)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            self.connections += 1
            try:
                await self._answer(reader, writer)
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                tasks.discard(task)
                writer.transport.abort()

        server = await asyncio.start_server(connected, self.host, PORT, ssl=self._context)
        try:
            yield
        finally:
            server.close()
            for task in tuple(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        self.asked[path] += 1
        page = self.pages[path]
        if isinstance(page, bytes):
            writer.write(page)
            await writer.drain()
            writer.close()
        else:
            await page(reader, writer)

    async def endless(self, writer: asyncio.StreamWriter, piece: bytes) -> None:
        """Write for ever, as much as anybody takes."""
        while True:
            writer.write(piece)
            await writer.drain()
            self.sent += len(piece)

    def _tls(self, folder: Path) -> ssl.SSLContext:
        key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.host)])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(self.host))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.authorities.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        private = folder / f"{self.host}.key"
        private.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authorities, private)
        return context
