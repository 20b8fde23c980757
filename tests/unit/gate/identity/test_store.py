"""Certificates at hand: fetched behind the calls, kept as their servers say within bounds, and never too many."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
from tests.unit.gate.identity.certificate_server import CertificateServer
from tests.unit.gate.identity.test_in_path import field, status
from tests.unit.gate.identity.world import NOW, ROOT, SIGNER, STRANGER, World, claims, invite

from ringfence.gate.identity import Fetcher, Identity, store
from ringfence.gate.identity.fetching import LARGEST
from ringfence.gate.identity.revocations import Revocations
from ringfence.gate.identity.store import CertificateStore
from ringfence.vocabulary.times import DAY, HOUR, MINUTE, SECOND, Micros
from ringfence.watch.identity import Trust


class Storing:
    """A store that fetches from a real server, at a clock that the test sets."""

    def __init__(self, folder: Path, wait_s: float = 20.0) -> None:
        self.now = NOW
        self.server = CertificateServer(folder)
        self.fetcher = Fetcher(networks=("127.0.0.0/8",), authorities=str(self.server.authorities), wait_s=wait_s)
        self.store = CertificateStore({"https://given.example/a": b"given"}, self.fetcher, clock=lambda: self.now)

    def after(self, passed_us: int) -> None:
        self.now = Micros(NOW + passed_us)

    async def settle(self) -> None:
        """Wait until nothing is wanted any more."""
        while self.store.health()["waiting"]:
            await asyncio.sleep(0.005)

    async def gets(self, url: str) -> bytes | None:
        """Return what is at hand once what was wanted came or failed."""
        found = self.store.get(url)
        await self.settle()
        return found

    def play(self, story: Callable[[], Coroutine[None, None, None]]) -> None:
        async def told() -> None:
            async with self.server.running():
                working = asyncio.create_task(self.store.run())
                try:
                    await story()
                finally:
                    working.cancel()
                    await asyncio.gather(working, return_exceptions=True)
                    await self.fetcher.close()

        asyncio.run(told())


def test_the_first_call_passes_while_its_certificate_is_fetched_and_the_next_one_is_verified(tmp_path: Path) -> None:
    server = CertificateServer(tmp_path)
    fetcher = Fetcher(networks=("127.0.0.0/8",), authorities=str(server.authorities), wait_s=20.0)
    world = World(tmp_path, files={}, fetcher=fetcher, on_identity={"pending": "mark", "verified": "mark"}, data_by_redirect=False)
    url = server.serve("/sp.pem", SIGNER.pem)

    async def told() -> None:
        async with server.running():
            working = asyncio.create_task(world.verifying.store.run())
            (first,) = world.send(invite(SIGNER.header(claims(), location=url)))
            while world.verifying.store.health()["waiting"]:
                await asyncio.sleep(0.005)
            (second,) = world.send(invite(SIGNER.header(claims(), location=url), number=2))
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        await world.identity.close()
        assert [field(answer, "P-Ringfence-Identity") for answer in (first, second)] == ["pending", 'verified;attest=A;signer="77"']
        assert status(first) == "404 Not Found"
        assert field(first, "Reason") == (
            f'STIR;cause=436;text="Bad Identity Info";ppi="..{(field(first, "Reason") or "").partition("..")[2][:-1]}"'
        )

    asyncio.run(told())


def test_what_is_wanted_many_times_is_fetched_once(tmp_path: Path) -> None:
    each = Storing(tmp_path)

    async def story() -> None:
        url = each.server.serve("/sp.pem", SIGNER.pem)
        assert [each.store.get(url) for _ in range(50)] == [None] * 50
        await each.settle()
        assert (each.store[url], each.server.asked["/sp.pem"]) == (SIGNER.pem, 1)
        assert (each.store.get("https://given.example/a"), len(each.store), url in list(each.store)) == (b"given", 2, True)

    each.play(story)


@pytest.mark.parametrize(
    ("said", "kept_us"),
    [
        ("max-age=7200", 2 * HOUR),
        ("max-age=1", MINUTE),
        ("no-store", MINUTE),
        ("max-age=999999999", DAY),
        ("public", HOUR),
        ("max-age=x", HOUR),
    ],
)
def test_a_file_is_kept_as_its_server_says_within_bounds(tmp_path: Path, said: str, kept_us: int) -> None:
    each = Storing(tmp_path)

    async def story() -> None:
        url = each.server.serve("/sp.pem", SIGNER.pem, f"Cache-Control: {said}")
        await each.gets(url)
        each.after(kept_us - 1)
        assert await each.gets(url) == SIGNER.pem
        assert each.server.asked["/sp.pem"] == 1
        each.after(kept_us)
        assert await each.gets(url) == SIGNER.pem  # the call does not wait for the newer one
        assert each.server.asked["/sp.pem"] == 2

    each.play(story)


def test_a_file_that_cannot_be_had_again_counts_for_another_hour_and_no_longer(tmp_path: Path) -> None:
    each = Storing(tmp_path)

    async def story() -> None:
        url = each.server.serve("/sp.pem", SIGNER.pem)
        await each.gets(url)
        each.server.serve("/sp.pem", b"", status="500 Oh")
        each.after(2 * HOUR - 1)
        assert await each.gets(url) == SIGNER.pem
        each.after(2 * HOUR)
        assert await each.gets(url) is None

    each.play(story)


def test_what_failed_is_asked_for_again_later_and_later(tmp_path: Path) -> None:
    each = Storing(tmp_path)

    async def story() -> None:
        url = each.server.serve("/none.pem", b"<html>no certificate</html>")
        for passed_s, asked in ((0, 1), (29, 1), (30, 2), (89, 2), (90, 3), (209, 3), (210, 4)):
            each.after(passed_s * SECOND)
            assert await each.gets(url) is None
            assert each.server.asked["/none.pem"] == asked
        assert "no certificate can be read" in str(each.store.health()["failures"])
        each.server.serve("/none.pem", SIGNER.pem)
        each.after(HOUR)
        await each.gets(url)
        assert each.store.get(url) == SIGNER.pem

    each.play(story)


def test_a_host_that_hangs_keeps_few_waiting_and_others_are_served(tmp_path: Path) -> None:
    each, other = Storing(tmp_path, wait_s=60.0), CertificateServer(tmp_path)
    each.fetcher = Fetcher(networks=("127.0.0.0/8",), authorities=_together(tmp_path, each.server, other), wait_s=60.0)
    each.store = CertificateStore({}, each.fetcher, clock=lambda: each.now)

    async def story() -> None:
        async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            await reader.read()

        for number in range(100):
            each.server.pages[f"/{number}"] = silent
            each.store.get(each.server.url(f"/{number}"))
        assert each.store.health()["waiting"] == store.MOST_OF_A_HOST
        assert each.store.shed == 100 - store.MOST_OF_A_HOST
        url = other.serve("/sp.pem", SIGNER.pem)
        async with other.running():
            while each.store.get(url) is None:
                await asyncio.sleep(0.005)
        assert each.store.health()["waiting"] == store.MOST_OF_A_HOST

    each.play(story)


def _together(folder: Path, *servers: CertificateServer) -> str:
    path = folder / "both.pem"
    path.write_bytes(b"".join(server.authorities.read_bytes() for server in servers))
    return str(path)


def test_no_more_is_kept_than_there_is_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST", 3)
    each = Storing(tmp_path)

    async def story() -> None:
        urls = [each.server.serve(f"/{number}", SIGNER.pem) for number in range(5)]
        for url in urls:
            await each.gets(url)
        assert [each.store.get(url) for url in urls[:2]] == [None, None]
        assert [url in each.store for url in urls[2:]] == [True, True, True]
        monkeypatch.setattr(store, "MOST_OCTETS", 2 * len(SIGNER.pem))
        await each.settle()
        await each.gets(each.server.serve("/another", SIGNER.pem))
        assert each.store.health()["octets"] == 2 * len(SIGNER.pem)

    each.play(story)


def test_where_nothing_may_be_fetched_nothing_is_on_its_way() -> None:
    alone = CertificateStore({}, None, clock=lambda: NOW)
    alone.begin()
    assert alone.get("https://a.example/b") is None
    assert not alone.missed


def test_a_revocation_list_is_fetched_and_counts_until_another_is_had(tmp_path: Path) -> None:
    each = Storing(tmp_path)
    trust = Trust((ROOT.certificate,))

    async def story() -> None:
        url = each.server.serve("/list.crl", ROOT.revoke(SIGNER))
        lists = Revocations((url,), each.fetcher, clock=lambda: each.now)
        assert await lists.refresh(trust, {})
        assert {serial for _, serial in lists.revoked} == {SIGNER.certificate.serial_number}
        assert not await lists.refresh(trust, {})
        assert each.server.asked["/list.crl"] == 1
        each.server.serve("/list.crl", STRANGER.revoke())
        each.after(HOUR)
        assert not await lists.refresh(trust, {})
        assert lists.revoked
        assert "not signed by a trusted certificate" in str(lists.health())
        each.server.serve("/list.crl", ROOT.revoke())
        each.after(HOUR + 5 * MINUTE)
        assert await lists.refresh(trust, {})
        assert not lists.revoked

    each.play(story)


def test_an_old_revocation_list_served_anew_takes_nothing_back(tmp_path: Path) -> None:
    each = Storing(tmp_path)
    trust = Trust((ROOT.certificate,))

    async def story() -> None:
        url = each.server.serve("/list.crl", ROOT.revoke(SIGNER))
        lists = Revocations((url,), each.fetcher, clock=lambda: each.now)
        assert await lists.refresh(trust, {})
        each.server.serve("/list.crl", ROOT.revoke(day=-1))
        each.after(HOUR)
        assert not await lists.refresh(trust, {})
        assert {serial for _, serial in lists.revoked} == {SIGNER.certificate.serial_number}
        [told] = lists.health()
        assert told["problem"] == "a revocation list that was issued before the one that counts"

    each.play(story)


def test_a_revocation_list_is_asked_for_when_its_next_is_due_and_told_when_that_is_not_there(tmp_path: Path) -> None:
    each = Storing(tmp_path)
    trust = Trust((ROOT.certificate,))

    async def story() -> None:
        url = each.server.serve("/list.crl", ROOT.revoke(SIGNER, day=-6), "Cache-Control: max-age=86400")
        each.after(12 * HOUR)
        lists = Revocations((url,), each.fetcher, clock=lambda: each.now)
        assert await lists.refresh(trust, {})
        assert [told["overdue"] for told in lists.health()] == [False]
        each.after(DAY - MINUTE)
        assert not await lists.refresh(trust, {})
        assert each.server.asked["/list.crl"] == 1
        each.after(DAY)
        assert not await lists.refresh(trust, {})
        assert each.server.asked["/list.crl"] == 2
        assert [(told["overdue"], told["problem"]) for told in lists.health()] == [(True, "its next one is due, and is not there")]
        assert lists.revoked
        each.server.serve("/list.crl", ROOT.revoke(day=1))
        each.after(DAY + 5 * MINUTE)
        assert await lists.refresh(trust, {})
        assert [(told["overdue"], told["problem"]) for told in lists.health()] == [(False, None)]

    each.play(story)


def test_what_the_folder_says_anew_counts_from_then_on(tmp_path: Path) -> None:
    world = World(tmp_path, on_identity={"failed": "refuse"})

    async def story() -> None:
        following = asyncio.create_task(world.verifying.run())
        assert status(world.send(invite(SIGNER.shaken()))[0]) == "404 Not Found"
        revoked = frozenset({(ROOT.certificate.subject.rfc4514_string(), SIGNER.certificate.serial_number)})
        world.read = (Trust((ROOT.certificate,), revoked), dict(world.verifying.store.given))
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        following = asyncio.create_task(world.verifying.run())
        number = 10
        while status(world.send(invite(SIGNER.shaken(), number=number))[0]) != "437 Unsupported Credential":
            number += 1
            await asyncio.sleep(0.005)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    asyncio.run(story())


def test_a_gate_that_neither_verifies_nor_signs_goes_on_all_the_same() -> None:
    async def story() -> None:
        running = asyncio.create_task(Identity(None, None).run())
        await asyncio.sleep(0.02)
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())


def test_a_file_that_is_too_large_is_none(tmp_path: Path) -> None:
    each = Storing(tmp_path)

    async def story() -> None:
        url = each.server.serve("/large", SIGNER.pem + b"-" * LARGEST)
        assert await each.gets(url) is None
        assert "larger than" in str(each.store.health()["failures"])

    each.play(story)
