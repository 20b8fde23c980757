"""TLS to an edge: whose certificate it must show, and which one is shown to it."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ringfence.gate.configuration import EdgeTls
from ringfence.gate.edges.settings import SecretUnusable


class Encryption:
    """What a connection needs to be made by TLS 1.2 or later, with the edge's certificate checked."""

    def __init__(self, context: ssl.SSLContext, name: str | None = None) -> None:
        self.context: Final = context
        self._name = name

    def name(self, host: str) -> str:
        """Return the name that the certificate must be for."""
        return self._name or host


def encryption(tls: EdgeTls | None, file: Callable[[str], Path], *, url: str = "") -> Encryption | None:
    """Return what the settings ask for: `None` for a connection in clear. Raises `SecretUnusable` for a file that is of no use."""
    if tls is None:
        return Encryption(ssl.create_default_context()) if url.startswith("https:") else None
    try:
        context = ssl.create_default_context(cafile=str(file(tls.authorities)))
    except (OSError, ssl.SSLError) as error:
        hint = "Hint: a PEM file of the authorities, or of the edge's own certificate"
        raise SecretUnusable(f"{file(tls.authorities)}: {error}. {hint}") from error
    if tls.certificate is not None and tls.key is not None:
        try:
            context.load_cert_chain(file(tls.certificate), file(tls.key))
        except (OSError, ssl.SSLError) as error:
            hint = "Hint: PEM files of a certificate and its key"
            raise SecretUnusable(f"{file(tls.certificate)}, {file(tls.key)}: {error}. {hint}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return Encryption(context, tls.name)


async def opened(host: str, port: int, tls: Encryption | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a new connection. Raises `OSError`, as which a certificate that is refused counts too."""
    if tls is None:
        return await asyncio.open_connection(host, port)
    return await asyncio.open_connection(host, port, ssl=tls.context, server_hostname=tls.name(host))
