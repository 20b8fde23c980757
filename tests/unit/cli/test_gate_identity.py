"""From the configuration to what the gate verifies and signs with, and what doctor says of it."""

import json
import os
import time
from pathlib import Path

import pytest
from tests.unit.gate.identity.world import NOW, OURSELVES, OWN_AT, ROOT, SIGNER, STRANGER, key_files
from tests.unit.watch.identity.authorities import SP

from ringfence.cli.configuration import ConfigurationRefused, load
from ringfence.cli.doctor_identity import identity_checks
from ringfence.cli.gate_identity import Folder, identity_of
from ringfence.gate.identity import Identity, KeyUnusable

KEYS = f'[[gate.signing.keys]]\nkey = "sign.key"\ncertificate = "sign.crt"\nlocation = "{OWN_AT}"\n'
VERIFYING = '[gate.identity]\ncertificates = "certificates"\nprovider_code = "1234"\n'


def folder_of(data: Path) -> Path:
    folder = data / "certificates"
    for place, content in (("roots/root.pem", ROOT.pem), (SP.removeprefix("https://"), SIGNER.pem)):
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def identity(data: Path, text: str) -> Identity:
    (data / "ringfence.toml").write_text(text)
    return identity_of(load(data).gate, data, key=b"k" * 32)


def test_without_a_word_of_it_nothing_is_verified_or_signed(tmp_path: Path) -> None:
    found = identity(tmp_path, "[gate]\n")
    assert (found.verifying, found.signing, found.health(NOW)) == (None, None, {})


def test_what_is_configured_verifies_signs_and_is_told(tmp_path: Path) -> None:
    folder_of(tmp_path)
    key_files(tmp_path)
    found = identity(tmp_path, f'[gate]\nsign = true\non_identity = {{failed = "refuse"}}\n{VERIFYING}{KEYS}')
    assert found.verifying is not None
    assert found.verifying.store.given == {SP: SIGNER.pem}
    health = json.loads(json.dumps(found.health(NOW)))
    assert (health["verification"]["roots"], health["verification"]["next_root_ends_in_days"]) == (1, 365)
    assert (health["signing"]["location"], health["signing"]["ends_in_days"]) == (OWN_AT, 365)


def test_the_folder_is_news_once_and_again_when_it_changed(tmp_path: Path) -> None:
    folder = Folder(folder_of(tmp_path))
    first = folder.read()
    assert first is not None
    assert folder.read() is None
    (tmp_path / "certificates" / "revoked").mkdir()
    (tmp_path / "certificates" / "revoked" / "list.pem").write_bytes(ROOT.revoke(SIGNER))
    again = folder.read()
    assert again is not None
    assert len(again[0].revoked) == 1
    (tmp_path / "certificates" / "revoked" / "list.pem").write_bytes(STRANGER.revoke(SIGNER))
    os.utime(tmp_path / "certificates" / "revoked" / "list.pem", ns=(1, 1))
    with pytest.raises(ValueError, match="revocation list"):
        folder.read()


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('[gate]\non_identity = {failed = "refuse"}\n', "gate.on_identity: nothing is verified"),
        ('[[gate.profiles]]\npeers = ["192.0.2.1"]\non_identity = {failed = "mark"}\n', "gate.on_identity: nothing is verified"),
        ('[gate]\non_identity = {forged = "refuse"}\n', "'forged' is no outcome"),
        ('[gate]\non_identity = {failed = "block"}\n', "on_identity"),
        ("[gate]\nsign = true\n", "gate.sign: there is no key"),
        ('[gate.identity]\ncertificates = "nowhere"\n', "nowhere: no such folder"),
        (f'{VERIFYING}revocations = ["http://a.example/list"]\n', "gate.identity.revocations: http://a.example/list: not https"),
        (f'{VERIFYING}fetch_networks = ["10.0.0.0/33"]\n', "gate.identity.fetch_networks"),
        (f'{VERIFYING}fetch_authorities = "none.pem"\n', "gate.identity.fetch_authorities: none.pem"),
        ("[gate.signing]\nkeys = []\n", "gate.signing.keys"),
    ],
)
def test_what_cannot_be_is_refused_with_cause_and_hint(tmp_path: Path, text: str, cause: str) -> None:
    folder_of(tmp_path)
    with pytest.raises(ConfigurationRefused) as refusal:
        identity(tmp_path, text)
    assert cause in str(refusal.value)


def test_a_key_that_others_may_read_stops_the_start(tmp_path: Path) -> None:
    key_files(tmp_path)
    (tmp_path / "sign.key").chmod(0o644)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        identity(tmp_path, KEYS)


def test_doctor_says_how_certificates_stand(tmp_path: Path) -> None:
    path = tmp_path / "gate-health.json"
    assert identity_checks(path) == []
    path.write_text(json.dumps({"identity": {}, "time": time.time()}))
    assert identity_checks(path) == []
    folder_of(tmp_path)
    key_files(tmp_path, OURSELVES)
    found = identity(tmp_path, f'{VERIFYING}revocations = ["https://lists.example/a.crl"]\n{KEYS}')
    path.write_text(json.dumps({"identity": found.health(NOW)}))
    checks = {check.name: check for check in identity_checks(path)}
    assert {name: check.well for name, check in checks.items()} == {
        "trusted roots": True,
        "signers' certificates": True,
        "revocation list https://lists.example/a.crl": False,
        "signing key": True,
    }
    told = found.health(NOW)
    for overdue in (False, True):
        lists = [{"address": "https://lists.example/a.crl", "age_s": 60, "overdue": overdue}]
        path.write_text(json.dumps({"identity": {"verification": {"roots": 1, "revocation_lists": lists}}}))
        [check] = [each for each in identity_checks(path) if each.name.startswith("revocation list")]
        assert check.well is not overdue
    told["signing"] = {"location": OWN_AT, "ends_in_days": 9}
    told["verification"] = {"roots": 1, "roots_expired": 1, "next_root_ends_in_days": -3}
    path.write_text(json.dumps({"identity": told}))
    late = {check.name: check for check in identity_checks(path)}
    assert (late["signing key"].well, late["trusted roots"].well) == (False, False)
    assert "ends in 9 days" in late["signing key"].found
