"""Which users were proven where: credentials count only after a server accepted them."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from ringfence.vocabulary.times import DAY, Micros
from ringfence.watch.calls.entries import Claim, ClaimKey, Origin

VALID_US: Final = DAY


class Claims:
    """Users whose credentials were accepted, by where they came from; the oldest leave first beyond `limit`.

    An attempt counts at its start, before its own credentials are judged. What vouches for it then:
    credentials in it, if the same user was accepted from the same address within a day; or, without credentials,
    its From user, if that was accepted from the same address and port (so a neighbour behind the same address gains nothing).
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._claims: OrderedDict[ClaimKey, Claim] = OrderedDict()
        self._touched: dict[ClaimKey, Claim] = {}
        self.notes_changes = True
        self.dropped = 0

    def accept(self, origin: Origin, time: Micros) -> None:
        """Remember that the credentials of `origin` were accepted."""
        if origin.user is None:
            return
        self.put((origin.user, origin.source, 0), Claim(origin.user, time))
        if origin.from_user is not None:
            self.put((origin.from_user, origin.source, origin.source_port), Claim(origin.user, time))

    def vouched(self, origin: Origin) -> str | None:
        """Return the user that earlier acceptance vouches for, or `None`."""
        if origin.credentials:
            key = (origin.user or "", origin.source, 0)
        else:
            key = (origin.from_user or "", origin.source, origin.source_port)
        claim = self._claims.get(key)
        return claim.user if claim is not None and claim.time + VALID_US > origin.time else None

    def accepted(self, user: str, source: str, port: int, time: Micros) -> bool:
        """Tell whether credentials of `user` were accepted from there within a day."""
        known = (self._claims.get((user, source, at)) for at in (0, port))
        return any(claim is not None and claim.time + VALID_US > time for claim in known)

    def put(self, key: ClaimKey, claim: Claim) -> None:
        """Set one claim, as the newest."""
        self.load([(key, claim)])
        if self.notes_changes:
            self._touched.pop(key, None)
            self._touched[key] = claim

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
            self._claims[key] = claim
            self._claims.move_to_end(key)
            if len(self._claims) > self._limit:
                self._claims.popitem(last=False)
                self.dropped += 1

    def clear(self) -> None:
        """Forget everything."""
        self._claims.clear()
        self._touched.clear()
