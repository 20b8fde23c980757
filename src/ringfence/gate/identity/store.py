"""Certificates by their addresses: those in the operator's folder, and those that were fetched. A call never waits for one."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import structlog
from msgspec import Struct

from ringfence.gate.identity.fetching import Fetched, Fetcher, FetchFailed
from ringfence.vocabulary.times import DAY, HOUR, MINUTE, SECOND, Micros
from ringfence.watch.identity import CertificateRefused, location_defect, read_certificates

MOST: Final = 10_000
MOST_OCTETS: Final = 32 * 1024 * 1024
MOST_WAITING: Final = 1_024
MOST_OF_A_HOST: Final = 16
"""That wait, or failed: a host which serves nothing keeps nobody else waiting."""
WORKERS: Final = 32
SHORTEST_US: Final = Micros(MINUTE)
USUAL_US: Final = Micros(HOUR)
LONGEST_US: Final = Micros(DAY)
"""For so long a file is taken as it was fetched, whatever its server says; the usual time where it says nothing."""
GRACE_US: Final = Micros(HOUR)
"""For so long after that it still counts, where it cannot be had again."""
FIRST_WAIT_US: Final = Micros(30 * SECOND)
LONGEST_WAIT_US: Final = Micros(HOUR)
"""How long nobody asks again for what could not be had: doubled each time."""

_LOG: Final = structlog.get_logger("gate.identity")


class _Kept(Struct):
    data: bytes
    until: Micros


class _Failure(Struct):
    cause: str
    wait_us: int
    until: Micros


class CertificateStore(Mapping[str, bytes]):
    """Files by address, for the verifier. What it asks for and nobody has is fetched meanwhile by `run`: the next call has it.

    Bounded in number, octets, fetches at once, and what waits of one host. For one event loop.
    """

    def __init__(self, given: Mapping[str, bytes], fetcher: Fetcher | None, *, clock: Callable[[], Micros]) -> None:
        self.given = given
        """Those of the operator's folder, which are never fetched."""
        self._fetcher = fetcher
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._octets = 0
        self._failures: OrderedDict[str, _Failure] = OrderedDict()
        self._waiting: dict[str, None] = {}
        self._of_host: Counter[str] = Counter()
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._missed = False
        self.fetched = self.failed = self.shed = 0

    def __getitem__(self, url: str) -> bytes:
        """Return the file; note that it is wanted where it is not at hand, or too old."""
        data = self.given.get(url)
        if data is not None:
            return data
        kept = self._kept.get(url)
        now = self._clock()
        if kept is None or kept.until <= now:
            self._want(url, now)
        if kept is None or kept.until + GRACE_US <= now:
            self._missed = self._missed or url in self._waiting
            raise KeyError(url)
        self._kept.move_to_end(url)
        return kept.data

    def __iter__(self) -> Iterator[str]:
        """Yield the addresses of what is at hand."""
        return iter({**self.given, **self._kept})

    def __len__(self) -> int:
        return len(self.given) + len(self._kept)

    def begin(self) -> None:
        """Forget what was missed: before a call is looked at."""
        self._missed = False

    @property
    def missed(self) -> bool:
        """Tell whether something that was asked for since `begin` is not at hand, and on its way."""
        return self._missed

    def health(self) -> dict[str, object]:
        """Return what is at hand, what waits, and why the newest failures failed, by host."""
        causes = {_host(url): failure.cause for url, failure in list(self._failures.items())[-10:]}
        return {
            "given": len(self.given),
            "kept": len(self._kept),
            "octets": self._octets,
            "waiting": len(self._waiting),
            "fetched": self.fetched,
            "failed": self.failed,
            "shed": self.shed,
            "failures": causes,
        }

    async def run(self) -> None:
        """Fetch for ever what is wanted, some at a time."""
        await asyncio.gather(*(self._work() for _ in range(WORKERS)))

    async def _work(self) -> None:
        while True:
            url = await self._queue.get()
            await self._fetch(url)

    async def _fetch(self, url: str) -> None:
        assert self._fetcher is not None  # nothing is wanted without
        try:
            fetched = await self._fetcher.fetch(url)
            read_certificates(fetched.data)
        except (FetchFailed, CertificateRefused) as failure:
            self._fail(url, str(failure))
        else:
            self._keep(url, fetched)
        finally:
            self._waiting.pop(url, None)
            self._done_with(_host(url))

    def _want(self, url: str, now: Micros) -> None:
        """Have it fetched, unless it waits already, failed lately, or too much waits."""
        failure = self._failures.get(url)
        if self._fetcher is None or url in self._waiting or (failure is not None and now < failure.until):
            return
        host = _host(url)
        if location_defect(url) is not None:
            return
        if len(self._waiting) >= MOST_WAITING or self._of_host[host] >= MOST_OF_A_HOST:
            self.shed += 1
            return
        self._of_host[host] += 1
        self._waiting[url] = None
        self._queue.put_nowait(url)

    def _done_with(self, host: str) -> None:
        self._of_host[host] -= 1
        if self._of_host[host] <= 0:
            del self._of_host[host]

    def _keep(self, url: str, fetched: Fetched) -> None:
        self.fetched += 1
        self._failures.pop(url, None)
        self._drop(url)
        said = USUAL_US if fetched.max_age_s is None else fetched.max_age_s * SECOND
        kept_us = min(max(said, SHORTEST_US), LONGEST_US)
        self._kept[url] = _Kept(fetched.data, Micros(self._clock() + kept_us))
        self._octets += len(fetched.data)
        while len(self._kept) > MOST or self._octets > MOST_OCTETS:
            self._drop(next(iter(self._kept)))

    def _drop(self, url: str) -> None:
        gone = self._kept.pop(url, None)
        if gone is not None:
            self._octets -= len(gone.data)

    def _fail(self, url: str, cause: str) -> None:
        self.failed += 1
        before = self._failures.pop(url, None)
        wait_us = FIRST_WAIT_US if before is None else min(2 * before.wait_us, LONGEST_WAIT_US)
        self._failures[url] = _Failure(cause, wait_us, Micros(self._clock() + wait_us))
        while len(self._failures) > MOST:
            self._failures.popitem(last=False)
        _LOG.warning("a certificate could not be fetched", host=_host(url), cause=cause)


def _host(url: str) -> str:
    """Return a URL's host as written, with its port, whatever the rest is."""
    return url.removeprefix("https://").partition("/")[0].lower()[:255]
