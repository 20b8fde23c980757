"""`python -m bench.gate.signed [CALLS]`: processor time of a verdict with signed identities verified and not, and of signing.

In one process, without sockets: the same calls are asked about with verification off, then on, then with the outcome told.
Each call has a signature of its own, as a replay takes another course.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ringfence.feeds import FeedWriter
from ringfence.gate.configuration import IdentityConfiguration, RedirectConfiguration, SigningKey
from ringfence.gate.identity import Fetcher, Identity, Keys, Signing
from ringfence.gate.identity.service import Verifying
from ringfence.gate.inline.situations import Situation
from ringfence.gate.orders import OrdersTail
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect.plain import Batch
from ringfence.gate.redirect.responder import Responder
from ringfence.gate.service import clock
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import AccountLink, Ask, NumberLink, PartyLink, Reference, TrunkLink
from ringfence.watch.identity import Trust
from ringfence.watch.identity.authority import TN_AUTH_LIST

AT: Final = "https://certificates.example/own.pem"
CALLER: Final = "+32470123456"
PEER: Final = "127.0.0.1"
TOGETHER: Final = 64
_AUTHORITY: Final = b"\x30\x08\xa0\x06\x16\x041234"
"""A TNAuthList with the provider code 1234."""


def main(calls: int) -> int:
    """Measure; print the time a call and the ratios."""
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-") as name:
        folder = Path(name)
        authority, key = _certified(folder)
        signing = Signing(Keys((key,), folder), secret=b"k" * 32)
        tail = _told(folder)
        began = time.process_time()
        identities = [signing.sign(_situation(number), tail.directory, clock()).identity for number in range(calls)]
        print(f"signing: {(time.process_time() - began) / calls * 1e6:.0f} us a call, ES256")
        plain, signed = [_invite(n, None) for n in range(calls)], [_invite(n, each) for n, each in enumerate(identities)]
        files = {AT: (folder / "own.crt").read_bytes()}
        off = {"plain": _measured(folder / "a", tail, None, plain), "signed": _measured(folder / "b", tail, None, signed)}
        on: dict[str, float] = {}
        for which, messages, manners in (("plain", plain, {}), ("on", signed, {}), ("told", signed, {"verified": "mark"})):
            configuration = IdentityConfiguration(certificates="", freshness_s=600)
            verifying = Verifying(configuration, lambda: (Trust((authority,)), files), Fetcher(), clock=clock)
            on[which] = _measured(folder / which, tail, Identity(verifying, None), messages, **manners)
            assert verifying.checks.outcomes["verified"] == (0 if which == "plain" else calls), verifying.checks.outcomes
    print(f"verification off: {off['plain']:.1f} us a call without a signature, {off['signed']:.1f} us with one")
    print(f"verification on: {on['plain']:.1f} us a call without a signature, {on['on']:.1f} us with one, {on['told']:.1f} us told")
    print(f"ratio to off: {on['plain'] / off['plain']:.2f} without a signature, {on['on'] / off['signed']:.1f} with one")
    return 0


def _measured(folder: Path, tail: OrdersTail, identity: Identity | None, messages: Sequence[bytes], **on_identity: str) -> float:
    """Return the processor time, in microseconds, of an answer to messages that come `TOGETHER`."""
    configuration = msgspec.convert({"listen": "127.0.0.1:0", "on_identity": on_identity}, RedirectConfiguration)
    responder = Responder(configuration, tail, ReceiptBook(folder), clock=clock, identity=identity)
    responder.prepare()
    responder.begin()
    responder.take(responder.course(tail.read(clock())))
    began = time.process_time()
    for first in range(0, len(messages), TOGETHER):
        some = messages[first : first + TOGETHER]
        starts = [0]
        for message in some:
            starts.append(starts[-1] + len(message))
        answers = responder.respond_all(Batch(b"".join(some), starts[:-1], starts[1:], [PEER] * len(some)))
        assert all(answers)
    return (time.process_time() - began) / len(messages) * 1e6


def _told(folder: Path) -> OrdersTail:
    writer = FeedWriter(folder / "feeds" / "reference")
    reference = Reference(
        time=clock(),
        parties=(PartyLink(party="shop"),),
        accounts=(AccountLink(account="acme", party="shop"),),
        numbers=(NumberLink(number=CALLER, account="acme"),),
        trunks=(TrunkLink(trunk="t1", account="acme", address="198.51.100.10"),),
        lists={"emergency-numbers": ("112",)},
    )
    writer.append([msgspec.json.encode(reference)])
    writer.close()
    tail = OrdersTail(folder / "feeds", OrdersTable())
    tail.poll(clock())
    return tail


def _situation(number: int) -> Situation:
    return Situation(Ask(call_id=f"c{number}", caller=CALLER, callee="+3225550101", account="acme", trunk="t1"), ())


def _invite(number: int, identity: str | None) -> bytes:
    line = "" if identity is None else f"Identity: {identity}\r\n"
    return (
        "INVITE sip:+3225550101@edge.example SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK{number:x}\r\n"
        "Via: SIP/2.0/UDP 10.0.0.1:5061;received=198.51.100.10;branch=z9hG4bKu\r\n"
        f"Max-Forwards: 69\r\nFrom: <sip:{CALLER}@edge.example>;tag=f\r\nTo: <sip:+3225550101@edge.example>\r\n"
        f"Call-ID: c{number}\r\nCSeq: 1 INVITE\r\nContact: <sip:{CALLER}@10.0.0.1:5061>\r\n{line}Content-Length: 0\r\n\r\n"
    ).encode()


def _certified(folder: Path) -> tuple[x509.Certificate, SigningKey]:
    """Write a provider's key and certificate; return the root that issued it and how the key is configured."""
    now, keys = datetime.now(UTC), [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("Root", "Own")]
    made = []
    for place in (0, 1):
        builder = x509.CertificateBuilder(
            names[0], names[place], keys[place].public_key(), place + 1, now - timedelta(days=1), now + timedelta(days=9)
        ).add_extension(x509.BasicConstraints(ca=place == 0, path_length=None), critical=True)
        if place:
            builder = builder.add_extension(x509.UnrecognizedExtension(TN_AUTH_LIST, _AUTHORITY), critical=False)
        made.append(builder.sign(keys[0], hashes.SHA256()))
    (folder / "own.crt").write_bytes(made[1].public_bytes(Encoding.PEM))
    path = folder / "own.key"
    path.write_bytes(keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return made[0], SigningKey(key=path.name, certificate="own.crt", location=AT)


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000))
