"""What to call a source that no customer list explains: named plainly, by what the traffic itself shows.

An address that nothing explains is `source 198.51.100.7`. It is `trunk 198.51.100.7` once it carries *answered* calls both ways, or
answered calls of at least `TRUNK_CALLERS` different callers: a telephone does neither. Only answered calls count, so that nobody
becomes a trunk by writing invented callers. Where exactly one user registered there with success, and it is no trunk, it is
`user alice at 198.51.100.7`; with more of them, `198.51.100.7, where 3 users registered`. Where more credentials were refused than
accepted it stays a source: a password that was guessed makes nobody the user. An account goes by its name.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ringfence.report.following import Known
from ringfence.report.profiles import MOST_COUNTERPARTS, TRUNK_CALLERS, Texts
from ringfence.report.registrations import OUTCOMES, Outcome
from ringfence.vocabulary.contracts import Subject
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.watch.columns import TextHashes
from ringfence.watch.kernels import evidence_layout as layout
from ringfence.watch.kernels.evidence import add_hashes
from ringfence.watch.kernels.tables import place_of
from ringfence.words.writing import Writer

MOST_RECEIVERS: Final = 50_000
"""Addresses remembered that received answered calls; later ones are not."""

_ACCEPTED: Final = OUTCOMES.index(Outcome.ACCEPTED)
_REFUSED: Final = OUTCOMES.index(Outcome.REFUSED)


class Names:
    """Tells what addresses are by what is `known` of them, by their hashes, and by which of them received answered calls."""

    def __init__(self, hashes: TextHashes, texts: Texts, known: Callable[[int], Known | None]) -> None:
        self._hashes = hashes
        self._texts = texts
        self._known = known
        self._receivers = HashSet(MOST_RECEIVERS)

    def take_receivers(self, addresses: NDArray[np.uint64]) -> None:
        """Learn which addresses received answered calls."""
        self._receivers.add(addresses)

    def is_trunk(self, address: str) -> bool:
        """Tell whether the traffic shows a trunk at `address`."""
        known = self._known(self._hashes[address])
        if known is None or not known.figures[layout.ANSWERED]:
            return False
        return known.figures[layout.HELD + layout.CALLER] >= TRUNK_CALLERS or self._hashes[address] in self._receivers

    def subject(self, subject: Subject, writer: Writer) -> str:
        """Return what to call `subject`."""
        if subject.kind is SubjectKind.SOURCE:
            return self.source(subject.id, writer)
        if subject.kind is SubjectKind.PAIR:
            caller, _, callee = subject.id.partition(",")
            return f"{writer.text(caller)} calling {writer.text(callee)}"
        return f"{subject.kind} {writer.text(subject.id)}"

    def source(self, address: str, writer: Writer) -> str:
        """Return what to call whoever is at `address`."""
        if self.is_trunk(address):
            return f"trunk {writer.text(address)}"
        users = self._users(address)
        if len(users) == 1:
            return f"user {writer.text(users[0])} at {writer.text(address)}"
        if users:
            most = "or more " if len(users) == MOST_COUNTERPARTS else ""
            return f"{writer.text(address)}, where {len(users)} {most}users registered"
        return f"source {writer.text(address)}"

    def _users(self, address: str) -> list[str]:
        """Return who registered there with success; nobody where more credentials were refused."""
        known = self._known(self._hashes[address])
        if known is None or known.figures[layout.OUTCOMES + _ACCEPTED] < known.figures[layout.OUTCOMES + _REFUSED]:
            return []
        pairs = [self._texts.pairs.get(what) for what, counts in known.items(layout.PAIR) if counts[_ACCEPTED]]
        return sorted({pair.target for pair in pairs if pair is not None and pair.target})


class HashSet:
    """Up to `most` different hashes, none of which is 0."""

    def __init__(self, most: int) -> None:
        self._most = self._room = most
        self._keys: NDArray[np.uint64] = np.zeros(2 << most.bit_length(), np.uint64)

    def __contains__(self, hashed: object) -> bool:
        """Tell whether a hash was added."""
        return isinstance(hashed, int) and bool(self._keys[place_of(self._keys, np.uint64(hashed))])

    def __len__(self) -> int:
        """Return how many there are."""
        return self._most - self._room

    def add(self, hashes: NDArray[np.uint64]) -> None:
        """Take in hashes, 0 aside, for as long as there is room."""
        self._room = add_hashes(self._keys, hashes, self._room)
