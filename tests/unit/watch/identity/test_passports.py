"""Identity headers as they come: read where they are whole, refused with a cause where not, never raising anything else."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import shared_data
from tests.unit.watch.identity.authorities import NOW_S, encoded

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.identity import Outcome, PassportRefused, read_certificates, read_passport
from ringfence.watch.identity.authority import AuthorityUnreadable, read_authority
from ringfence.watch.identity.certificates import CertificateRefused, Trust, signature_holds, signer_of

_HEAD = {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": "https://a.example/c.pem"}
_CLAIMS = {"attest": "A", "dest": {"tn": ["1"]}, "iat": NOW_S, "orig": {"tn": "2"}, "origid": "o"}
_SIGNATURE = encoded(bytes(64))


def _header(head: object = _HEAD, claims: object = _CLAIMS, signature: str = _SIGNATURE, parameters: str = "") -> str:
    parts = (part if isinstance(part, str) else json.dumps(part) for part in (head, claims))
    return ".".join([*(encoded(part.encode()) for part in parts), signature]) + parameters


@pytest.mark.parametrize(
    "header",
    [
        "",
        "a.b",
        "!.!.!",
        _header("[]"),
        _header("[" * 10_000),
        _header('{"alg":"ES256","alg":"none","ppt":"shaken","typ":"passport","x5u":"https://a.example/c.pem"}'),
        _header({**_HEAD, "x5u": 7}),
        _header({**_HEAD, "typ": "JWT"}),
        _header(claims={**_CLAIMS, "iat": True}),
        _header(claims={**_CLAIMS, "iat": 10**40}),
        _header(claims={**_CLAIMS, "iat": "now"}),
        _header(claims={**_CLAIMS, "attest": "D"}),
        _header(claims={**_CLAIMS, "orig": {"tn": ["1", "2"]}}),
        _header(claims={**_CLAIMS, "dest": {"tn": []}}),
        _header(claims={**_CLAIMS, "dest": "[]"}),
        _header(signature="AA"),
        _header(signature=_SIGNATURE + "+/"),
        _header(parameters=";info=<https://b.example/c.pem>;ppt=shaken"),
        _header(parameters=";info=<https://a.example/c.pem>;ppt=div"),
        _header() + "x" * 20_000,
    ],
)
def test_what_is_no_token_is_unreadable(header: str) -> None:
    with pytest.raises(PassportRefused) as refused:
        read_passport(header)
    assert refused.value.outcome is Outcome.UNREADABLE
    assert refused.value.cause


@pytest.mark.parametrize(
    "header", [f"..{_SIGNATURE};info=<x>", _header({**_HEAD, "ppt": "rph"}), _header({**_HEAD, "alg": "none"})]
)
def test_what_nobody_verifies_here_is_unsupported(header: str) -> None:
    with pytest.raises(PassportRefused) as refused:
        read_passport(header)
    assert refused.value.outcome is Outcome.UNSUPPORTED


@given(st.one_of(st.text(), st.builds(_header, st.text(), st.text(), st.text())))
def test_no_text_makes_the_reader_raise_anything_else(text: str) -> None:
    with contextlib.suppress(PassportRefused):
        read_passport(text)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_other_readers_raise_anything_else(data: bytes) -> None:
    for read, refused in ((read_authority, AuthorityUnreadable), (read_certificates, CertificateRefused)):
        with contextlib.suppress(refused):
            read(data)


def test_the_tokens_of_other_implementations_are_read_and_their_signatures_hold() -> None:
    folder = shared_data("stir-shaken")
    vectors = [one for one in json.loads((folder / "vectors.json").read_text()) if one["header"].get("typ") == "passport"]
    assert len(vectors) == 5
    held = 0
    for one in vectors:
        passport = read_passport(one["token"])
        assert (passport.location, passport.issued_s) == (one["header"]["x5u"], one["payload"]["iat"])
        origin = one["payload"]["orig"]
        assert passport.origin == (json.loads(origin) if isinstance(origin, str) else origin)["tn"]
        for name in one["verifies_with"]:
            file = folder / name.removeprefix("libstirshaken/")
            if file.exists():
                (certificate,) = read_certificates(file.read_bytes())
                assert signature_holds(certificate.public_key(), passport.signed, passport.signature)  # type: ignore[arg-type]  # P-256 by the data's page
                assert not signature_holds(certificate.public_key(), passport.signed + b" ", passport.signature)  # type: ignore[arg-type]  # as above
                held += 1
    assert held == 4


def test_a_certificate_whose_authority_is_a_web_address_is_refused_for_that() -> None:
    folder = shared_data("stir-shaken", "test", "ref")
    (leaf,) = read_certificates((folder / "sp" / "sp.pem").read_bytes())
    trust = Trust(read_certificates((folder / "ca" / "ca.pem").read_bytes()))
    with pytest.raises(CertificateRefused, match="TNAuthList can't be read"):
        signer_of((leaf,), trust, Micros(1_603_458_131 * SECOND))
    (wrong,) = read_certificates((folder / "sp" / "wrongsp.pem").read_bytes())
    with pytest.raises(CertificateRefused, match="no path"):
        signer_of((wrong,), trust, Micros(1_603_458_131 * SECOND))
