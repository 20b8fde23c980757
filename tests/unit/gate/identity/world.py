"""A gate that verifies and signs, for tests: a root, a provider's certificate, customers with numbers, and a server to ask."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.unit.gate.test_redirect import EDGE
from tests.unit.watch.identity.authorities import NOW_S, SP, Holder, der, provider

from ringfence.feeds import FeedWriter
from ringfence.gate.configuration import IdentityConfiguration, RedirectConfiguration, SigningKey
from ringfence.gate.identity import Fetcher, Identity, Keys, Signing
from ringfence.gate.identity.service import Verifying
from ringfence.gate.inline import RulesBefore
from ringfence.gate.orders import OrdersTail
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect import RedirectServer
from ringfence.gate.redirect.plain import Batch
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import (
    AccountLink,
    NumberLink,
    Order,
    OrderChange,
    PartyLink,
    PresentationRight,
    Reference,
    TrunkLink,
)
from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.identity import Trust

NOW: Final = Micros(NOW_S * SECOND)
CALLER: Final = "+12155551212"
CALLEE: Final = "+12355551212"
HELD: Final = "+3225550000"
SHOWN: Final = "+3225559999"
TRUNK: Final = "198.51.100.10"
TRANSIT: Final = "198.51.100.20"
OWN: Final = "1234"
ROOT: Final = Holder("Root", authority_for_others=True)
SIGNER: Final = Holder("Provider 77", ROOT, authority=der(0x30, provider("77")))
OURSELVES: Final = Holder("Provider 1234", ROOT, authority=der(0x30, provider(OWN)))
OWN_AT: Final = "https://certificates.example/own.pem"
STRANGER: Final = Holder("Stranger", authority=der(0x30, provider("66")))
REFERENCE: Final = Reference(
    time=NOW,
    policy="first",
    parties=(PartyLink(party="shop"), PartyLink(party="carrier")),
    accounts=(AccountLink(account="acme", party="shop"), AccountLink(account="transit", party="carrier")),
    numbers=(NumberLink(number=HELD, account="acme"),),
    trunks=(TrunkLink(trunk="t1", account="acme", address=TRUNK), TrunkLink(trunk="in", account="transit", address=TRANSIT)),
    rights=(PresentationRight(account="acme", number=SHOWN, verified="letter of the holder"),),
    lists={"emergency-numbers": ("112",)},
)


def key_files(folder: Path, holder: Holder = OURSELVES, name: str = "sign", location: str = OWN_AT) -> SigningKey:
    """Write a holder's key and certificate; return how they are configured."""
    (folder / f"{name}.crt").write_bytes(holder.pem)
    path = folder / f"{name}.key"
    path.write_bytes(holder.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return SigningKey(key=path.name, certificate=f"{name}.crt", location=location)


class World:
    """A redirect server that verifies by `files`, at a clock that the test sets."""

    def __init__(
        self,
        folder: Path,
        *orders: Order,
        files: Mapping[str, bytes] | None = None,
        rules: RulesBefore | None = None,
        keys: tuple[SigningKey, ...] = (),
        gateways: tuple[str, ...] = (),
        revoked: frozenset[tuple[str, int]] = frozenset(),
        fetcher: Fetcher | None = None,
        asked_by: tuple[str, ...] = (f"{EDGE}/32",),
        **manners: object,
    ) -> None:
        self.now = NOW
        self.clock: Callable[[], Micros] = lambda: self.now
        for name, record in (("reference", REFERENCE), ("orders", OrderChange(generation=1, upserts=orders))):
            writer = FeedWriter(folder / "feeds" / name)
            writer.append([msgspec.json.encode(record)])
            writer.close()
        self.tail = OrdersTail(folder / "feeds", OrdersTable())
        news = self.tail.read(NOW)
        self.tail.take(news, NOW)
        self.book = ReceiptBook(folder / "receipts")
        configuration = IdentityConfiguration(certificates="", provider_code=OWN, fetch=fetcher is not None)
        given = {SP: SIGNER.pem, OWN_AT: OURSELVES.pem} if files is None else files
        self.read: tuple[Trust, Mapping[str, bytes]] | None = (Trust((ROOT.certificate,), revoked), given)
        self.verifying = Verifying(configuration, self.news, fetcher or Fetcher(), clock=lambda: self.clock())
        self.signing = Signing(Keys(keys, folder), secret=b"k" * 32, gateways=gateways) if keys else None
        self.identity = Identity(self.verifying, self.signing)
        if rules is not None:
            rules.take(rules.prepare(news.reference, NOW), news.reference, self.tail.directory)
        made = RedirectConfiguration(listen="127.0.0.1:0", peers=asked_by, **manners)  # type: ignore[arg-type]  # as each test says
        self.redirect = RedirectServer(made, self.tail, self.book, clock=lambda: self.clock(), rules=rules, identity=self.identity)
        self.responder = self.redirect.responder
        self.responder.begin()
        self.responder.take(self.responder.course(self.tail.read(NOW)))

    def news(self) -> tuple[Trust, Mapping[str, bytes]] | None:
        """Return what the folder says, once."""
        found, self.read = self.read, None
        return found

    def send(self, *messages: bytes, peer: str = EDGE) -> list[str]:
        """Return the answers to datagrams that came together."""
        octets = b"".join(messages)
        starts: list[int] = []
        ends: list[int] = []
        for message in messages:
            starts.append(ends[-1] if ends else 0)
            ends.append(starts[-1] + len(message))
        answers = self.responder.respond_all(Batch(octets, starts, ends, [peer] * len(messages)))
        return [bytes(answer).decode() if answer is not None else "" for answer in answers]


def invite(
    *identities: str,
    number: int = 1,
    caller: str = CALLER,
    callee: str = CALLEE,
    source: str = TRANSIT,
    to: str | None = None,
    lines: tuple[str, ...] = (),
    call_id: str | None = None,
    name: str = "Identity",
) -> bytes:
    """Return call `number` as an edge forwards it, with these Identity header fields."""
    head = [
        f"INVITE sip:{callee}@edge.example SIP/2.0",
        f"Via: SIP/2.0/UDP {EDGE}:5060;branch=z9hG4bKe{number}",
        f"Via: SIP/2.0/UDP 10.0.0.1:5061;received={source};branch=z9hG4bKu{number}",
        "Max-Forwards: 69",
        f"From: <sip:{caller}@edge.example>;tag=f{number}",
        f"To: <sip:{to or callee}@edge.example>",
        f"Call-ID: {call_id or f'call-{number}'}",
        "CSeq: 1 INVITE",
        *(f"{name}: {identity}" for identity in identities),
        *lines,
        "Content-Length: 0",
    ]
    return ("\r\n".join(head) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def claims(caller: str = CALLER, attest: str = "A") -> dict[str, object]:
    """Return what a signature of now for a call to `CALLEE` says."""
    return {
        "attest": attest,
        "dest": {"tn": [CALLEE.lstrip("+")]},
        "iat": NOW_S,
        "orig": {"tn": caller.lstrip("+")},
        "origid": "o",
    }
