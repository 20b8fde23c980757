"""`ringfence scan` with an operator's certificates and records of rights: from files to findings."""

import socket
from pathlib import Path

import dpkt
import msgspec
import pyarrow as pa
import pyarrow.parquet
import pytest
import typer
from tests.unit.policy.minimal import files
from tests.unit.watch.attribution.databases import database
from tests.unit.watch.calls.recordings import request
from tests.unit.watch.identity.authorities import NOW_S, SP, Holder, der, provider

from ringfence.cli.certificates import CertificatesRefused, identities_of
from ringfence.cli.scan import command
from ringfence.vocabulary.contracts import Finding
from ringfence.watch.wire.cdr import HEADER

ROOT = Holder("Root", authority_for_others=True)
SIGNER = Holder("SP 1234", ROOT, authority=der(0x30, provider("1234")))
CALL = "c1,2026-03-02T09:00:00Z,,2026-03-02T09:00:09Z,a,+3225550100,+32470000001,,487,caller,A"
INSIDE = SP.removeprefix("https://")
REPLAYS = """\
rule: replays
clause: spam
says: A signature of another call stood on a call.
source: ours
on: attempt where verification == "replayed" and signer == "1234"
per: source
window: 1min rolling
measure:
  replays: count()
when: replays >= 1
severity: warn
mode: report
cool_down: 1h
"""
FOREIGN = """\
rule: foreign-callers
clause: spam
says: A caller that the account neither holds nor may show.
source: ours
on: attempt where not held(caller) and not may_show(caller)
per: account
window: 1min rolling
measure:
  calls: count()
when: calls >= 1
severity: warn
mode: report
cool_down: 1h
"""


def bundle(folder: Path, rule: str) -> Path:
    for path, content in files(rule=rule).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def certificates(folder: Path) -> Path:
    for path, content in ((f"roots/{'root'}.pem", ROOT.pem), (INSIDE, SIGNER.pem)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def capture(path: Path, *payloads: bytes) -> Path:
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        for nth, payload in enumerate(payloads):
            datagram = dpkt.udp.UDP(sport=5060, dport=5060, data=payload, ulen=8 + len(payload))
            source, destination = (socket.inet_aton(address) for address in ("198.51.100.7", "192.0.2.1"))
            packet = dpkt.ip.IP(src=source, dst=destination, p=17, data=datagram, len=28 + len(payload))
            writer.writepkt(bytes(dpkt.ethernet.Ethernet(data=packet, type=0x0800)), ts=NOW_S + nth)
    return path


def found(capsys: pytest.CaptureFixture[str], file: Path, **options: object) -> list[Finding]:
    with pytest.raises(typer.Exit):
        command([file], json=True, **options)  # type: ignore[arg-type]  # a test's shorthand
    return [msgspec.json.decode(line, type=Finding) for line in capsys.readouterr().out.splitlines()]


def test_a_replayed_signature_in_a_capture_is_found_by_an_operators_certificates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = f"Identity: {SIGNER.shaken()}"
    calls = [request(to="+12355551212", user="+12155551212", call_id=name, branch=name, extra=[header]) for name in ("c1", "c2")]
    file, policy = capture(tmp_path / "calls.pcap", *calls), bundle(tmp_path / "policy", REPLAYS)
    (finding,) = found(capsys, file, policy=policy, certificates=certificates(tmp_path / "certificates"))
    assert (finding.rule, finding.subject.id) == ("replays", "198.51.100.7")
    assert found(capsys, file, policy=policy) == []  # nobody verified


def test_a_right_to_show_a_number_is_read_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        f"{name},2026-03-02T09:00:00Z,,2026-03-02T09:00:09Z,{name},+3225550100,+32470000001,,487,caller," for name in ("a", "b")
    ]
    file = tmp_path / "calls.csv"
    file.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    rights = tmp_path / "rights.csv"
    rights.write_text("account,number,verified,valid_from,valid_to\na,+3225550000-+3225559999,letter,,\n", encoding="utf-8")
    policy = bundle(tmp_path / "policy", FOREIGN)
    assert [finding.subject.id for finding in found(capsys, file, policy=policy, rights=rights)] == ["b"]
    assert len(found(capsys, file, policy=policy)) == 2


def test_what_a_switch_verified_is_judged_from_call_records(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("TN-Validation-Passed", "TN-Validation-Failed", "No-TN-Validation", "")
    calls = [f"c{nth},2026-03-02T09:00:00Z,,2026-03-02T09:00:09Z,a{nth},+3225550100,+32470000001,,487,caller,A" for nth in range(4)]
    rows = [f"{call},{word}" for call, word in zip(calls, words, strict=True)]
    file = tmp_path / "calls.csv"
    file.write_text("\n".join([f"{HEADER},verstat", *rows]) + "\n", encoding="utf-8")
    rule = REPLAYS.replace('"replayed" and signer == "1234"', '"failed"').replace("per: source", "per: account")
    found_in = found(capsys, file, policy=bundle(tmp_path / "policy", rule))
    assert [finding.subject.id for finding in found_in] == ["a1"]
    theirs, mapping = tmp_path / "theirs.csv", tmp_path / "theirs.toml"
    theirs.write_text(file.read_text(encoding="utf-8").replace("verstat", "verdict", 1), encoding="utf-8")
    ours = "\n".join(f'{name} = "{name}"' for name in HEADER.split(","))
    mapping.write_text(f'[columns]\n{ours}\nverstat = "verdict"\n', encoding="utf-8")
    mapped = found(capsys, theirs, policy=tmp_path / "policy", mapping=mapping)
    assert [finding.subject.id for finding in mapped] == ["a1"]


def test_a_folder_of_certificates_is_refused_with_the_file_and_the_cause(tmp_path: Path) -> None:
    with pytest.raises(CertificatesRefused, match="no such folder"):
        identities_of(tmp_path / "nowhere")
    (tmp_path / "roots").mkdir()
    with pytest.raises(CertificatesRefused, match="no certificate of a trusted root"):
        identities_of(tmp_path)
    folder = certificates(tmp_path)
    assert identities_of(folder, own_code="1234").own_code == "1234"
    (folder / "roots" / "broken.pem").write_bytes(b"nothing")
    with pytest.raises(CertificatesRefused, match=r"broken\.pem: no certificate can be read"):
        identities_of(folder)
    (folder / "roots" / "broken.pem").unlink()
    (folder / "revoked").mkdir()
    (folder / "revoked" / "list.pem").write_bytes(Holder("Stranger", authority_for_others=True).revoke(SIGNER))
    with pytest.raises(CertificatesRefused, match=r"list\.pem: a revocation list is not signed"):
        identities_of(folder)


def test_a_revoked_certificate_proves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = certificates(tmp_path / "certificates")
    (folder / "revoked").mkdir()
    (folder / "revoked" / "list.pem").write_bytes(ROOT.revoke(SIGNER))
    call = request(to="+12355551212", user="+12155551212", extra=[f"Identity: {SIGNER.shaken()}"])
    rule = REPLAYS.replace('"replayed" and signer == "1234"', '"certificate-refused"')
    policy = bundle(tmp_path / "policy", rule)
    assert len(found(capsys, capture(tmp_path / "calls.pcap", call), policy=policy, certificates=folder)) == 1


ABROAD = """\
rule: calls-from-abroad
clause: spam
says: A call from an address in the Netherlands.
source: ours
on: attempt where address_country(source) == "NL"
per: source
window: 1min rolling
measure:
  calls: count()
when: calls >= 1
severity: warn
mode: report
cool_down: 1h
"""


def test_countries_of_addresses_come_from_a_file_and_a_rule_that_lacks_them_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, policy = capture(tmp_path / "calls.pcap", request()), bundle(tmp_path / "policy", ABROAD)
    table, made = tmp_path / "countries.csv", tmp_path / "countries.mmdb"
    table.write_text("network,country\n198.51.100.0/24,NL\n", encoding="utf-8")
    made.write_bytes(database({"198.51.100.0/24": {"country": {"iso_code": "NL"}}}, built=1_790_000_000))
    for countries in (table, made):
        assert [finding.subject.id for finding in found(capsys, file, policy=policy, countries=countries)] == ["198.51.100.7"]
    with pytest.raises(typer.Exit):
        command([file], policy=policy)
    assert "rule calls-from-abroad: no countries of addresses were given" in capsys.readouterr().err


def test_rules_over_signed_identities_are_named_where_no_certificates_were_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit):
        command([capture(tmp_path / "calls.pcap", request())], policy=bundle(tmp_path / "policy", REPLAYS))
    assert "rule replays: no certificates were given" in capsys.readouterr().err


def test_what_a_switch_verified_is_judged_from_parquet_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = dict(zip(HEADER.split(","), CALL.split(","), strict=True))
    file = tmp_path / "calls.parquet"
    pa.parquet.write_table(pa.table({name: [text] for name, text in (row | {"verstat": "TN-Validation-Failed"}).items()}), file)
    rule = REPLAYS.replace('"replayed" and signer == "1234"', '"failed"').replace("per: source", "per: account")
    assert len(found(capsys, file, policy=bundle(tmp_path / "policy", rule))) == 1
