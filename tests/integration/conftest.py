"""Real servers for the tests of this folder. Each has its own folder, ports and loopback addresses, and ends with its test."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.kamailio import CARRIER, Kamailio
from tests.ports import free_port


@pytest.fixture
def hep_socket() -> Iterator[socket.socket]:
    """A socket that takes the mirror."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
        made.bind(("127.0.0.1", 0))
        made.setblocking(False)
        yield made


@pytest.fixture
def kamailio(tmp_path: Path, hep_socket: socket.socket) -> Iterator[Kamailio]:
    """A Kamailio that mirrors to `hep_socket`; its carrier is nobody."""
    folder = tmp_path / "kamailio"
    folder.mkdir()
    made = Kamailio(folder, hep_port=hep_socket.getsockname()[1], carrier_port=free_port(CARRIER))
    made.start()
    try:
        yield made
    finally:
        made.stop()
