"""Everything that one gate does about signed identities: checks, signatures, and what is fetched and read again meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Final

import structlog

from ringfence.gate.configuration import IdentityConfiguration, Manners
from ringfence.gate.identity.checks import Checked, IdentityChecks, calls_for_help
from ringfence.gate.identity.fetching import Fetcher
from ringfence.gate.identity.revocations import Revocations
from ringfence.gate.identity.signing import NotSigned, Signature, Signing
from ringfence.gate.identity.store import CertificateStore
from ringfence.gate.inline.situations import Situation
from ringfence.vocabulary.times import DAY, Micros, micros
from ringfence.watch.attribution import Directory
from ringfence.watch.identity import Trust

AGAIN_S: Final = 30.0
"""So often folder, keys and revocation lists are looked at."""

Read = Callable[[], tuple[Trust, Mapping[str, bytes]] | None]
"""Returns what the operator's folder says, `None` where it is as at the last call. Raises `ValueError` (why not), `OSError`."""

_LOG: Final = structlog.get_logger("gate.identity")


class Verifying:
    """What verifies: checks by the operator's folder, and by what is fetched."""

    def __init__(self, configuration: IdentityConfiguration, read: Read, fetcher: Fetcher, *, clock: Callable[[], Micros]) -> None:
        """Raises what `read` raises."""
        found = read()
        assert found is not None  # the first time it is news
        self._read = read
        self._clock = clock
        self._fetcher = fetcher
        self._given, files = found
        self.store: Final = CertificateStore(files, fetcher if configuration.fetch else None, clock=clock)
        self.checks: Final = IdentityChecks(
            self._given,
            self.store,
            own_code=configuration.provider_code or None,
            country=configuration.country,
            freshness_s=configuration.freshness_s,
        )
        self._revocations = Revocations(configuration.revocations, fetcher, clock=clock)
        self.problem: str | None = None
        """Why the folder can't be used as it is now: what it said before counts."""

    async def run(self) -> None:
        """Fetch, and look at the folder and the lists again, for ever."""
        await asyncio.gather(self.store.run(), self._follow())

    async def _follow(self) -> None:
        while True:
            changed = await asyncio.to_thread(self._reread)
            changed = await self._revocations.refresh(self._given, self.store.given) or changed
            if changed:
                revoked = self._given.revoked | self._revocations.revoked
                self.checks.trust(Trust(self._given.roots, revoked))
            await asyncio.sleep(AGAIN_S)

    def _reread(self) -> bool:
        try:
            found = self._read()
        except (ValueError, OSError) as error:
            if self.problem != str(error):
                _LOG.error("the folder of certificates cannot be used; what it said before counts", cause=str(error))
            self.problem = str(error)
            return False
        self.problem = None
        if found is None:
            return False
        self._given, self.store.given = found
        return True

    async def close(self) -> None:
        """Close connections."""
        await self._fetcher.close()

    def health(self, now: Micros) -> dict[str, object]:
        """Return how certificates stand, and what verification came to so far."""
        ends = [micros(root.not_valid_after_utc) for root in self._given.roots]
        return {
            "roots": len(ends),
            "roots_expired": sum(end <= now for end in ends),
            "next_root_ends_in_days": None if not ends else (min(ends) - now) // DAY,
            "revoked": len(self._given.revoked | self._revocations.revoked),
            "revocation_lists": self._revocations.health(),
            "problem": self.problem,
            "certificates": self.store.health(),
            "outcomes": dict(sorted(self.checks.outcomes.items())),
            "replays_forgotten": self.checks.forgotten,
        }


class Identity:
    """What the gate's answers ask: either part may be missing."""

    def __init__(self, verifying: Verifying | None, signing: Signing | None) -> None:
        self.verifying: Final = verifying
        self.signing: Final = signing

    @property
    def looks(self) -> bool:
        """Tell whether any call is looked at: where nothing is verified and nothing signed, none is."""
        return self.verifying is not None or self.signing is not None

    def look(
        self, situation: Situation, directory: Directory, now: Micros, manners: Manners, *, own: bool = False
    ) -> tuple[Situation, Checked | None]:
        """Return the situation with what its signatures come to, as `IdentityChecks.look` does."""
        if self.verifying is None:
            return situation, None
        return self.verifying.checks.look(situation, directory, now, treatments=manners.on_identity, own=own)

    def concerns(self, manners: Manners, *, signed: bool) -> bool:
        """Tell whether a call must be looked at although nothing is ordered about it; `signed`: it may carry an identity."""
        if manners.sign and self.signing is not None:
            return True
        return self.verifying is not None and (signed or manners.on_identity.get("unsigned", "allow") != "allow")

    def signed(self, situation: Situation, directory: Directory, now: Micros) -> Signature | None:
        """Return the identity to be put on a call that may pass, `None` where it gets none."""
        if self.signing is None or situation.ask.method != "INVITE" or calls_for_help(situation.ask.callee, directory):
            return None
        diverted_from = situation.diverted if situation.ask.identity else None
        try:
            return self.signing.sign(situation, directory, now, diverted_from=diverted_from)
        except NotSigned:
            self.signing.signed["none"] += 1
            return None

    async def run(self) -> None:
        """Keep certificates and keys as they are outside, for ever."""
        work: list[Coroutine[None, None, object]] = [asyncio.Event().wait()]  # for ever also where there is nothing to keep
        if self.verifying is not None:
            work.append(self.verifying.run())
        if self.signing is not None:
            work.append(self._refresh_keys(self.signing))
        await asyncio.gather(*work)

    async def _refresh_keys(self, signing: Signing) -> None:
        while True:
            await asyncio.sleep(AGAIN_S)
            await asyncio.to_thread(signing.keys.refresh)

    async def close(self) -> None:
        """Close connections."""
        if self.verifying is not None:
            await self.verifying.close()

    def health(self, now: Micros) -> dict[str, object]:
        """Return how certificates and keys stand."""
        told: dict[str, object] = {}
        if self.verifying is not None:
            told["verification"] = self.verifying.health(now)
        if self.signing is not None:
            key, following = self.signing.keys.current(now), self.signing.keys.next(now)
            told["signing"] = {
                "location": None if key is None else key.location,
                "ends_in_days": None if key is None else (key.valid_until - now) // DAY,
                "next": None if following is None else following.location,
                "problem": self.signing.keys.problem,
                "signed": dict(sorted(self.signing.signed.items())),
                "records_dropped": self.signing.dropped,
            }
        return told
