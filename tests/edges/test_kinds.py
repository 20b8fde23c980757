"""Each kind of edge as ringfence.toml names it: what is wrong there is said, and one command lists and clears them all."""

import asyncio
from pathlib import Path

import pytest
from tests.edges.conftest import now
from tests.edges.rig_nftables import NftablesRig
from tests.unit.gate.orders import order as made_order
from typer.testing import CliRunner

from ringfence.cli.configuration import ConfigurationRefused, load
from ringfence.cli.edges import app
from ringfence.gate.edges.kinds import edge_of
from ringfence.gate.edges.settings import secrets_in
from ringfence.vocabulary.times import SECOND, Micros

ALL = """
[[gate.edges]]
kind = "kamailio"
name = "a"
url = "http://127.0.0.1:1/RPC"
[[gate.edges]]
kind = "asterisk"
name = "b"
address = "127.0.0.1:5038"
password_file = "secret"
[[gate.edges]]
kind = "opensips"
name = "c"
url = "http://127.0.0.1:8888/mi"
[[gate.edges]]
kind = "freeswitch"
name = "d"
address = "[::1]:8021"
password_file = "secret"
[[gate.edges]]
kind = "nftables"
name = "e"
command = ["ssh", "firewall", "nft"]
[[gate.edges]]
kind = "webhook"
name = "f"
url = "https://billing.internal/orders"
secret_file = "secret"
scopes = ["account"]
"""


def test_every_kind_can_be_configured(tmp_path: Path) -> None:
    (tmp_path / "ringfence.toml").write_text(ALL, encoding="utf-8")
    (tmp_path / "secret").write_text("a secret\n", encoding="utf-8")
    edges = [edge_of(each, secrets_in(tmp_path)) for each in load(tmp_path).gate.edges]
    assert [edge.name for edge in edges] == ["a", "b", "c", "d", "e", "f"]
    assert [edge.name for edge in edges if edge.reach.firewall] == ["e"]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('kind = "nftables"\nports = [0]', "ports"),
        ('kind = "nftables"\ncommand = []', "command"),
        ('kind = "nftables"\ntable = "inet; flush ruleset"', "table"),
        ('kind = "webhook"\nurl = "ftp://host/"\nsecret_file = "s"', "url"),
        ('kind = "webhook"\nurl = "https://host/"', "secret_file"),
        ('kind = "webhook"\nurl = "https://host/"\nsecret_file = "s"\nscopes = ["everybody"]', "scopes"),
        ('kind = "asterisk"\naddress = "pbx"\npassword_file = "s"', "address"),
        ('kind = "freeswitch"\naddress = "127.0.0.1:8021"\npassword_file = "s"\nrealm = "a b"', "realm"),
        ('kind = "opensips"\nurl = "ftp://host/mi"', "url"),
        ('kind = "opensips"\nurl = "http://host/mi"\nurll = "x"', "urll"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(tmp_path: Path, text: str, cause: str) -> None:
    (tmp_path / "ringfence.toml").write_text(f'[[gate.edges]]\nname = "a"\n{text}\n', encoding="utf-8")
    with pytest.raises(ConfigurationRefused, match=cause) as refused:
        load(tmp_path)
    assert "Hint:" in str(refused.value)


def test_a_missing_secret_ends_the_command_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "ringfence.toml").write_text(ALL, encoding="utf-8")
    result = CliRunner().invoke(app, ["list", "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert "secret: " in result.output
    assert "Hint: the file holds the secret alone" in result.output


def test_one_command_lists_and_clears_a_firewall_without_gate_or_database(tmp_path: Path) -> None:
    rig, at = NftablesRig(tmp_path), now()
    asyncio.run(rig.edge().place(made_order(1, start=at, until=Micros(at + 600 * SECOND)), at))
    text = f'[[gate.edges]]\nkind = "nftables"\nname = "wall"\ncommand = ["{tmp_path}/nft"]\ndeadline_ms = 10000\n'
    (tmp_path / "ringfence.toml").write_text(text, encoding="utf-8")
    listed = CliRunner().invoke(app, ["list", "--data", str(tmp_path)])
    assert (listed.exit_code, listed.output) == (0, f"wall\tsource:203.0.113.9\t{1:032x}\n")
    done = CliRunner().invoke(app, ["clear", "--data", str(tmp_path)])
    assert (done.exit_code, done.output) == (0, "wall: 1 taken away, 0 left\n")
    assert rig.space.run("nft", "list", "ruleset") == ""
    rig.space.__exit__()
