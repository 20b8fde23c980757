"""A small world of signers for tests: roots, certificates with authority, signed headers, revocation lists."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ringfence.watch.identity.authority import TN_AUTH_LIST

NOW = datetime(2026, 3, 10, 14, 5, 7, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
SP = "https://certificates.example/sp.pem"


def der(tag: int, content: bytes) -> bytes:
    """One element, with a length below 128."""
    return bytes((tag, len(content))) + content


def provider(code: str) -> bytes:
    return der(0xA0, der(0x16, code.encode()))


def one_number(digits: str) -> bytes:
    return der(0xA2, der(0x16, digits.encode()))


def number_range(first: str, count: int) -> bytes:
    return der(0xA1, der(0x30, der(0x16, first.encode()) + der(0x02, count.to_bytes(2, "big"))))


class Holder:
    """Somebody with a key and a certificate that another one issued."""

    def __init__(
        self,
        name: str,
        issuer: Self | None = None,
        *,
        authority: bytes | None = None,
        authority_for_others: bool = False,
        path_length: int | None = None,
        days: tuple[int, int] = (-30, 365),
        curve: ec.EllipticCurve | None = None,
        digital_signature: bool = True,
    ) -> None:
        self.key = ec.generate_private_key(curve or ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(issuer.name if issuer else self.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + timedelta(days=days[0]))
            .not_valid_after(NOW + timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=authority_for_others, path_length=path_length), critical=True)
            .add_extension(_usage(digital_signature, issues=authority_for_others), critical=True)
        )
        if authority is not None:
            made = made.add_extension(x509.UnrecognizedExtension(TN_AUTH_LIST, authority), critical=False)
        self.certificate = made.sign((issuer or self).key, SHA256())

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def sign(self, signed: bytes) -> bytes:
        """R and s of a signature, 32 bytes each."""
        r, s = decode_dss_signature(self.key.sign(signed, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def header(self, claims: dict[str, Any], *, location: str = SP, **head: str) -> str:
        """An Identity header's value over `claims`."""
        ppt = "div" if "div" in claims else "shaken"
        signed = b".".join(
            _part(part) for part in ({"alg": "ES256", "ppt": ppt, "typ": "passport", "x5u": location, **head}, claims)
        )
        return f"{signed.decode()}.{encoded(self.sign(signed))};info=<{location}>;alg=ES256;ppt={ppt}"

    def shaken(
        self, caller: str = "12155551212", callee: str = "12355551212", attest: str = "A", age_s: int = 1, **more: object
    ) -> str:
        claims = {"attest": attest, "dest": {"tn": [callee]}, "iat": NOW_S - age_s, "orig": {"tn": caller}, "origid": "of-one-call"}
        return self.header({**claims, **more})

    def diversion(self, caller: str, left: str, reached: str, age_s: int = 1) -> str:
        return self.header({"dest": {"tn": [reached]}, "div": {"tn": left}, "iat": NOW_S - age_s, "orig": {"tn": caller}})

    def revoke(self, *revoked: "Holder", about: "Holder | None" = None, day: int = 0) -> bytes:
        """A list signed by this one on a day, for a week; `about`: its entries are of certificates which that one issued."""
        issued = NOW + timedelta(days=day)
        made = x509.CertificateRevocationListBuilder().issuer_name(self.name)
        made = made.last_update(issued).next_update(issued + timedelta(days=7))
        for one in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number).revocation_date(NOW)
            if about is not None:
                entry = entry.add_extension(x509.CertificateIssuer([x509.DirectoryName(about.name)]), critical=True)
            made = made.add_revoked_certificate(entry.build())
        return made.sign(self.key, SHA256()).public_bytes(Encoding.PEM)


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _part(value: dict[str, Any]) -> bytes:
    return encoded(json.dumps(value, separators=(",", ":")).encode()).encode()


def _usage(digital_signature: bool, *, issues: bool) -> x509.KeyUsage:
    never = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")
    return x509.KeyUsage(digital_signature=digital_signature, key_cert_sign=issues, crl_sign=issues, **dict.fromkeys(never, False))
