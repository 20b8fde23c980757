"""Revocation lists that are fetched: the policy administrator's, or those of authorities (RFC 5280 section 5, ATIS-1000080)."""

from collections.abc import Callable, Mapping
from typing import Final

import structlog
from cryptography import x509
from msgspec import Struct

from ringfence.gate.identity.fetching import LARGEST_LIST, Fetcher, FetchFailed
from ringfence.vocabulary.times import HOUR, MINUTE, SECOND, Micros
from ringfence.watch.identity import CertificateRefused, Trust, read_certificates, read_revocations

SHORTEST_US: Final = Micros(5 * MINUTE)
USUAL_US: Final = Micros(HOUR)
LONGEST_US: Final = Micros(24 * HOUR)
"""When a list is fetched again: as its server says within these bounds, the usual time where it says nothing."""

_LOG: Final = structlog.get_logger("gate.identity")


class _Listed(Struct):
    """`due` is when we look again, `next_due` when by its own word there is a newer one."""

    due: Micros
    issued: Micros = Micros(0)
    next_due: Micros | None = None
    fetched: Micros | None = None
    revoked: frozenset[tuple[str, int]] = frozenset()
    problem: str | None = None

    def is_overdue(self, now: Micros) -> bool:
        """Tell whether by its own word there is a newer one."""
        return self.next_due is not None and self.next_due <= now


class Revocations:
    """The lists at some addresses. What one said counts while it can't be had: nobody is trusted again for a server's silence.

    Nor for an old list served anew: one that was issued before the one that counts takes nothing back. One whose next is due says
    nothing of what was revoked since: what it names counts all the same, and that it is overdue is told.
    """

    def __init__(self, addresses: tuple[str, ...], fetcher: Fetcher, *, clock: Callable[[], Micros]) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._lists = {address: _Listed(Micros(0)) for address in addresses}

    @property
    def revoked(self) -> frozenset[tuple[str, int]]:
        """What all lists name."""
        return frozenset[tuple[str, int]]().union(*(each.revoked for each in self._lists.values()))

    async def refresh(self, trust: Trust, files: Mapping[str, bytes]) -> bool:
        """Fetch what is due, signed by a trusted root or a certificate of `files`; tell whether anything else is revoked now."""
        before = self.revoked
        for address, listed in self._lists.items():
            if listed.due <= self._clock():
                await self._renew(address, listed, trust, files)
        return self.revoked != before

    async def _renew(self, address: str, listed: _Listed, trust: Trust, files: Mapping[str, bytes]) -> None:
        issuers = (*trust.roots, *(one for data in files.values() for one in _readable(data)))
        try:
            fetched = await self._fetcher.fetch(address, largest=LARGEST_LIST)
            found = read_revocations(fetched.data, issuers)
            if found.issued < listed.issued:
                raise CertificateRefused("a revocation list that was issued before the one that counts")
        except (FetchFailed, CertificateRefused) as error:
            if listed.problem != str(error):
                _LOG.error("a revocation list cannot be had; the one before counts", address=address, cause=str(error))
            listed.problem, listed.due = str(error), Micros(self._clock() + SHORTEST_US)
            return
        said = USUAL_US if fetched.max_age_s is None else fetched.max_age_s * SECOND
        now = self._clock()
        listed.revoked, listed.issued, listed.next_due = found.revoked, found.issued, found.due
        listed.problem, listed.fetched, listed.due = None, now, Micros(now + min(max(said, SHORTEST_US), LONGEST_US))
        if found.due is not None:
            listed.due = max(min(listed.due, found.due), Micros(now + SHORTEST_US))
        if listed.is_overdue(now):
            listed.problem = "its next one is due, and is not there"
            _LOG.error("a revocation list is overdue; what it names counts", address=address)

    def health(self) -> list[dict[str, object]]:
        """Return of each list how old it is, and why it can't be had now."""
        now = self._clock()
        return [
            {
                "address": address,
                "age_s": None if listed.fetched is None else (now - listed.fetched) // SECOND,
                "revoked": len(listed.revoked),
                "overdue": listed.is_overdue(now),
                "problem": listed.problem,
            }
            for address, listed in self._lists.items()
        ]


def _readable(data: bytes) -> tuple[x509.Certificate, ...]:
    try:
        return read_certificates(data)
    except CertificateRefused:
        return ()
