"""The player sends to this machine alone."""

import pytest

from ringfence.simulate.addresses import AddressRefused, LoopbackAddress


@pytest.mark.parametrize("text", ["127.0.0.1:9060", "127.8.9.10:1", "[::1]:65535"])
def test_loopback_addresses_are_taken(text: str) -> None:
    assert LoopbackAddress.parse(text).port in (9060, 1, 65535)


@pytest.mark.parametrize(
    "text",
    ["192.0.2.1:9060", "[2001:db8::1]:9060", "0.0.0.0:9060", "localhost:9060", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", ":5"],
)
def test_anything_else_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(AddressRefused, match="Hint"):
        LoopbackAddress.parse(text)
