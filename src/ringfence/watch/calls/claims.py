"""Which users were proven where: credentials count only after a server accepted them."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from ringfence.vocabulary.times import DAY, Micros
from ringfence.watch.calls.entries import Claim, ClaimKey, Origin

VALID_US: Final = DAY


class Claimant(NamedTuple):
    """Who a request claims to come from: `user` by its credentials, `from_user` by its From."""

    user: str | None
    from_user: str | None
    source: str
    port: int
    has_credentials: bool
    time: int


def claimant_of(origin: Origin) -> Claimant:
    """Return who a request claims to come from."""
    return Claimant(origin.user, origin.from_user, origin.source, origin.source_port, origin.credentials, origin.time)


class Claims:
    """Users whose credentials were accepted, by where they came from; the oldest leave first beyond `limit`.

    An attempt counts at its start, before its own credentials are judged. What vouches for it then:
    credentials in it, if the same user was accepted from the same address within a day; or, without credentials,
    its From user, if that was accepted from the same address and port (so a neighbour behind the same address gains nothing).
    """

    def __init__(self, limit: int, told: Callable[[ClaimKey], None]) -> None:
        """`told` is told of each key that comes with no request: where one's credentials may vouch is known since it began."""
        self._limit = limit
        self._told = told
        self._claims: OrderedDict[ClaimKey, Claim] = OrderedDict()
        self._touched: dict[ClaimKey, Claim] = {}
        self.notes_changes = True
        self.dropped = 0

    def accept(self, claimant: Claimant, time: Micros) -> None:
        """Remember that the credentials of a request were accepted."""
        user, from_user, source, port, *_ = claimant
        if user is None:
            return
        claim = Claim(user, time)
        self.put((user, source, 0), claim)
        if from_user is not None:
            self.put((from_user, source, port), claim)

    def vouched(self, claimant: Claimant) -> str | None:
        """Return the user that earlier acceptance vouches for, or `None`."""
        user, from_user, source, port, has_credentials, time = claimant
        claim = self._claims.get((user or "", source, 0) if has_credentials else (from_user or "", source, port))
        return claim.user if claim is not None and claim.time + VALID_US > time else None

    def accepted(self, user: str, source: str, port: int, time: Micros) -> bool:
        """Tell whether credentials of `user` were accepted from there within a day."""
        known = (self._claims.get((user, source, at)) for at in (0, port))
        return any(claim is not None and claim.time + VALID_US > time for claim in known)

    def put(self, key: ClaimKey, claim: Claim) -> None:
        """Set one claim, as the newest."""
        self._set(key, claim)
        if self.notes_changes:
            self._touched.pop(key, None)
            self._touched[key] = claim

    def keys(self) -> Iterable[ClaimKey]:
        """Return the keys of all."""
        return self._claims.keys()

    def items(self) -> list[tuple[ClaimKey, Claim]]:
        """Return all, oldest first."""
        return list(self._claims.items())

    def changes(self) -> list[tuple[ClaimKey, Claim]]:
        """Return those set since the last time, in the order of setting."""
        changed = list(self._touched.items())
        self._touched.clear()
        return changed

    def load(self, claims: Iterable[tuple[ClaimKey, Claim]]) -> None:
        """Set `claims` in their order; not noted as changes."""
        for key, claim in claims:
            self._told(key)
            self._set(key, claim)

    def clear(self) -> None:
        """Forget everything."""
        self._claims.clear()
        self._touched.clear()

    def _set(self, key: ClaimKey, claim: Claim) -> None:
        claims = self._claims
        if key in claims:
            claims.move_to_end(key)
            claims[key] = claim
            return
        claims[key] = claim
        if len(claims) > self._limit:
            claims.popitem(last=False)
            self.dropped += 1
