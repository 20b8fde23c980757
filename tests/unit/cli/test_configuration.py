"""`ringfence.toml` is believed only where it is right."""

from pathlib import Path

import pytest

from ringfence.cli.configuration import (
    Configuration,
    ConfigurationRefused,
    address_port,
    installation_key,
    load,
    own_address,
)


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load(tmp_path) == Configuration()


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("[watch]\nhepp = '127.0.0.1:9060'", "hepp"),
        ("[watch]\nhep = 'localhost'", "watch.hep"),
        ("[watch]\nagents = ['192.0.2.0/33']", "watch.agents"),
        ("[watch\n", "not valid TOML"),
        ("[mail]\nsize_limit = 'much'", "mail.size_limit"),
        ("[[gate.edges]]\nkind = 'unheard-of'", "gate.edges"),
        (2 * "[[gate.edges]]\nkind = 'kamailio'\nname = 'a'\nurl = 'http://127.0.0.1:1/RPC'\n", "gate.edges: two are called a"),
        ("[[gate.edges]]\nkind = 'kamailio'\nname = 'redirect'\nurl = 'http://127.0.0.1:1/RPC'\n", "called redirect"),
        ("[desk]\nlisten = '127.0.0.1:65536'", "desk.listen"),
        ("[gate]\nsip = '999.0.0.1:5062'", "gate.sip"),
    ],
)
def test_a_wrong_key_or_value_is_refused_with_file_cause_and_hint(tmp_path: Path, text: str, cause: str) -> None:
    (tmp_path / "ringfence.toml").write_text(text)
    with pytest.raises(ConfigurationRefused) as refusal:
        load(tmp_path)
    assert str(tmp_path / "ringfence.toml") in str(refusal.value)
    assert cause in str(refusal.value)
    assert "Hint:" in str(refusal.value)


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    key = installation_key(tmp_path)
    assert installation_key(tmp_path) == key
    assert len(key) == 32
    assert (tmp_path / "installation.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["installation.key"]


def test_a_damaged_key_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "installation.key").write_bytes(b"short")
    with pytest.raises(ConfigurationRefused, match="5 bytes instead of 32"):
        installation_key(tmp_path)
    assert (tmp_path / "installation.key").read_bytes() == b"short"


def test_a_listen_address_splits_in_both_families() -> None:
    assert address_port("127.0.0.1:5062") == ("127.0.0.1", 5062)
    assert address_port("[::1]:5062") == ("::1", 5062)


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("127.0.0.1:18471", "http://127.0.0.1:18471"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("[::]:8080", "http://[::1]:8080"),
        ("[2001:db8::1]:80", "http://[2001:db8::1]:80"),
    ],
)
def test_the_desk_is_reached_where_it_listens(listen: str, address: str) -> None:
    assert own_address(listen) == address
