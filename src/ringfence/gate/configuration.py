"""What the gate is told: who may ask it, which edges it drives, what signs. The data folder's ringfence.toml holds it."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from ringfence.vocabulary.identity import IdentityOutcome

Treatment = Literal["allow", "mark", "refuse"]
LookedUp = Literal["source", "number", "range", "account", "trunk", "pair", "registration"]
"""The kinds of orders that a Kamailio can look up, as the shipped configuration does."""
PENDING: Final = "pending"
"""The word for a signed identity whose certificate is being fetched: the next call has it."""
FAILING: Final = frozenset(
    {
        IdentityOutcome.UNREADABLE,
        IdentityOutcome.LOCATION_REFUSED,
        IdentityOutcome.CERTIFICATE_REFUSED,
        IdentityOutcome.STALE,
        IdentityOutcome.SIGNATURE_WRONG,
        IdentityOutcome.FAILED,
        IdentityOutcome.REPLAYED,
        IdentityOutcome.CALLER_MISMATCH,
        IdentityOutcome.CALLEE_MISMATCH,
        IdentityOutcome.NOT_COVERED,
        IdentityOutcome.OVER_ATTESTED,
    }
)
"""What `failed` stands for in `on_identity`: there was a signature, and it proves nothing or a falsehood."""
_OUTCOMES: Final = frozenset({PENDING, *IdentityOutcome})
_SOUND: Final = (IdentityOutcome.VERIFIED, IdentityOutcome.VERIFIED_DIVERTED)


class EdgeTls(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """TLS to an edge, whose certificate must be of one of the `authorities` (a PEM file), for `name` where that is not the address.

    `certificate` and `key` are shown to it. Paths are taken from the data folder.
    """

    authorities: str
    name: str | None = None
    certificate: str | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        """Refuse half of what is shown."""
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: name both or none")


class EdgeConfiguration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="kamailio"):
    """One Kamailio that orders are pushed to.

    `name` stands in receipts. `url` is where its JSON-RPC answers: give it an address that only the gate reaches. With https `tls`
    says whose certificate it must show.
    `table` is the hash table that is Ringfence's alone, `location` the registrar's. `deadline_ms` is for one command.
    `scopes` are the kinds of orders that its configuration looks up there.
    `asks_from` are the addresses from which it asks whether calls may pass: such a call counts under caps as long as it lists it.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="lower-case letters, digits and hyphens")]
    url: Annotated[str, Meta(pattern=r"^https?://[^/\s]+/[!-~]*$", description="http://address:port/path, or https")]
    tls: EdgeTls | None = None
    table: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{1,32}$")] = "ringfence"
    location: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{1,32}$")] = "location"
    scopes: Annotated[tuple[LookedUp, ...], Meta(min_length=1)] = (
        "source",
        "number",
        "range",
        "account",
        "trunk",
        "pair",
        "registration",
    )
    deadline_ms: Annotated[int, Meta(ge=10, le=60_000)] = 1_000
    reconcile_s: Annotated[int, Meta(ge=1, le=3_600)] = 5
    asks_from: tuple[str, ...] = ()


class Manners(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How answers are put for some peers.

    `allow_code` is what "no objection" is called: 404, or 503 for a proxy that stops at 404. `throttle_code` must be another: 503
    unless that is taken, else 480. `refuse_code` stands for every order's own code where a proxy would route on at that one.
    `network_blocked`: refuse by analytics as the United States ask for ("603+"). `on_identity` says what is done about each outcome
    of verifying a signed identity: `allow` says nothing, `mark` tells it, `refuse` refuses; `failed` stands for all that fail.
    `sign`: calls that may pass get a signed identity. What an answer tells so is a 302 back to the request's own target, or with
    `data_by_redirect = false` header fields of the answer that there is no objection.
    """

    allow_code: Literal[404, 503] = 404
    throttle_code: Literal[480, 486, 503] | None = None
    refuse_code: Annotated[int, Meta(ge=400, le=699)] | None = None
    network_blocked: bool = False
    on_identity: dict[str, Treatment] = {}
    sign: bool = False
    data_by_redirect: bool = True

    def __post_init__(self) -> None:
        """Refuse codes that would mean two things, and outcomes that there are not."""
        for word, treatment in sorted(self.on_identity.items()):
            if word not in _OUTCOMES:
                raise ValueError(f"on_identity: {word!r} is no outcome; they are {', '.join(sorted(_OUTCOMES))}")
            if word in _SOUND and treatment == "refuse":
                raise ValueError(f"on_identity: {word} would refuse calls because they are signed as they should be")
        if self.throttle_code == self.allow_code:
            raise ValueError(f"throttle_code and allow_code are both {self.allow_code}: the proxy could not tell them apart")
        if self.refuse_code in (self.allow_code, self.throttled):
            raise ValueError(f"refuse_code {self.refuse_code} already means something else: choose another, such as 403")

    @property
    def throttled(self) -> int:
        """The status code of a throttle that is full."""
        return self.throttle_code or (480 if self.allow_code == 503 else 503)


class PeerProfile(Manners, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Manners for the proxies at these addresses or networks, which may ask. `trusted` as in `RedirectConfiguration`.

    With `hosts` they are for requests whose target is at one of those alone: so several edges behind one address are told apart.
    """

    peers: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    trusted: bool = False


class TlsConfiguration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """SIP over TLS (RFC 3261 section 26.3). `certificate` and `key` are PEM files.

    With `clients`, a PEM file of authorities, every client must show a certificate of theirs, and may then ask from any address;
    `client_names` are the host names that one of them must be for (RFC 5922), empty for any.
    """

    listen: str
    certificate: str
    key: str
    clients: str | None = None
    client_names: tuple[str, ...] = ()


class RedirectConfiguration(Manners, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The SIP redirect server, on UDP and TCP at `listen`.

    `peers` are addresses or networks of the proxies that may ask; `trusted` those among them that say in `P-Ringfence-Source` where
    the request came from, and that ask only after they have checked credentials. The first of `profiles` that fits a peer says how
    it is spoken to instead.
    """

    listen: str
    peers: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    trusted: tuple[str, ...] = ()
    profiles: tuple[PeerProfile, ...] = ()
    tls: TlsConfiguration | None = None
    http: str | None = None
    """Where the same peers may ask over HTTP; `None` for nowhere."""
    ends_told: bool = False
    """Whoever asks about a call also tells how it ended: rules that decide before may count calls under way and ends."""


class IdentityConfiguration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Verification in the path. Paths are taken from the data folder.

    `certificates` is a folder with the roots that are trusted, revocation lists, and certificates that need not be fetched; it is
    read again when it changed. `revocations` are addresses of further lists. `provider_code` is the code by which this provider
    signs, `country` where national numbers are dialled. With `fetch` the certificates that signatures point to are fetched, never
    while a call waits; `fetch_networks` are networks that may be fetched from although they are not public, `fetch_authorities` a
    PEM file of authorities for their servers' certificates instead of the system's.
    """

    certificates: str
    provider_code: str = ""
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$", description="two capital letters")] | None = None
    freshness_s: Annotated[int, Meta(ge=5, le=600)] = 60
    fetch: bool = True
    fetch_networks: tuple[str, ...] = ()
    fetch_authorities: str | None = None
    revocations: tuple[str, ...] = ()


class SigningKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key that signs: a PEM file that nobody else may read, its certificate, and the address at which others find that."""

    key: str
    certificate: str
    location: str


class SigningConfiguration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Signing for calls that begin here. Of `keys` the one signs whose certificate holds and began last.

    `gateways` are trunks over which calls of other networks come in: nothing is known of who calls there.
    """

    keys: Annotated[tuple[SigningKey, ...], Meta(min_length=1)]
    gateways: tuple[str, ...] = ()
