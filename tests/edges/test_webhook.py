"""Orders told to a system of the provider's own: signed, repeated without being done twice, and read back."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.edges.conftest import Bench
from tests.edges.rig_webhook import WebhookRig

from ringfence.gate.edges import EdgeRefused
from ringfence.gate.edges.kinds import edge_of
from ringfence.gate.edges.settings import SecretUnusable, secrets_in
from ringfence.gate.edges.webhook import WebhookEdge, WebhookSettings
from ringfence.vocabulary.contracts import Action, ActionKind
from ringfence.vocabulary.times import iso

FIRST = f"{1:032x}"


def told(folder: Path, story: Callable[[Bench, WebhookRig], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        async with WebhookRig() as rig:
            made = Bench(folder / "receipts", rig)
            try:
                await story(made, rig)
            finally:
                await made.end()

    asyncio.run(run())


def test_the_instruction_says_all_that_the_system_needs_to_refuse_by_itself(tmp_path: Path) -> None:
    async def story(b: Bench, rig: WebhookRig) -> None:
        order = b.order(1, action=Action(kind=ActionKind.SUSPEND), redress="https://desk.example/r/1")
        await b.edge.place(order, b.now)
        assert order.until is not None
        assert rig.receiver.held[b.key(0)] == {
            "v": 1,
            "do": "place",
            "edge": "edge-1",
            "key": "account:acme",
            "order": FIRST,
            "scope": {"kind": "account", "value": "acme"},
            "action": {"kind": "suspend"},
            "clause": "unauthorised-access",
            "until": iso(order.until),
            "redress": "https://desk.example/r/1",
        }

    told(tmp_path, story)


def test_an_answer_that_is_lost_is_asked_for_again_and_the_order_carried_out_once(tmp_path: Path) -> None:
    async def story(b: Bench, rig: WebhookRig) -> None:
        rig.receiver.spoiled = ["lost", 503]
        await b.edge.place(b.order(1), b.now)
        assert rig.receiver.carried_out == [("place", b.key(0), FIRST)]
        assert len(rig.receiver.answered) == 1

    told(tmp_path, story)


def test_an_order_placed_again_after_it_was_lost_is_carried_out_again(tmp_path: Path) -> None:
    async def story(b: Bench, rig: WebhookRig) -> None:
        await b.edge.place(b.order(1), b.now)
        await rig.forget()
        await b.edge.place(b.order(1), b.now)
        assert await rig.keys() == {b.key(0)}

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("spoiled", "reached", "left"), [([400, 204], True, 1), ([500, 502, 503, 204], False, 1), ([307, 204], True, 1)]
)
def test_a_refusal_is_final_and_trouble_is_tried_again_some_times(
    tmp_path: Path, spoiled: list[int | str], reached: bool, left: int
) -> None:
    async def story(b: Bench, rig: WebhookRig) -> None:
        rig.receiver.spoiled = spoiled
        with pytest.raises(EdgeRefused, match="POST: status") as refused:
            await b.edge.place(b.order(1), b.now)
        assert refused.value.reached is reached
        assert len(rig.receiver.spoiled) == left

    told(tmp_path, story)


def test_who_does_not_hold_the_secret_is_not_heard(tmp_path: Path) -> None:
    async def story(b: Bench, rig: WebhookRig) -> None:
        stranger = rig.edge(secret="a guess")
        with pytest.raises(EdgeRefused, match="status 403"):
            await stranger.placed()
        with pytest.raises(EdgeRefused, match="status 403"):
            await stranger.place(b.order(1), b.now)
        assert rig.receiver.held == {}
        await stranger.close()

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"", "not understood"),
        (b"[]", "not understood"),
        (b'{"entries": [{"key": 1}]}', "not understood"),
        (b'{"entries": [], "next": "again"}', "pages without an end"),
        (b" " * (4 * 1024 * 1024 + 1), "over 4194304 bytes"),
    ],
)
def test_a_list_that_is_no_list_or_never_ends_is_an_edge_refused(answer: bytes, cause: str) -> None:
    async def run() -> None:
        async def answered(_request: web.Request) -> web.Response:
            return web.Response(body=answer)

        application = web.Application()
        application.router.add_get("/", answered)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        edge = WebhookEdge(WebhookSettings(name="edge-1", url=url, secret_file="s", deadline_ms=60_000, tries=1), "secret")
        try:
            with pytest.raises(EdgeRefused, match=cause):
                await edge.placed()
        finally:
            await edge.close()
            await runner.cleanup()

    asyncio.run(run())


@pytest.mark.parametrize("content", [None, b"", b"two\nlines", b"\xff"])
def test_a_secret_that_cannot_be_used_is_refused_with_its_file(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "hook.secret").write_bytes(content)
    settings = WebhookSettings(name="edge-1", url="http://127.0.0.1:1/", secret_file="hook.secret")
    with pytest.raises(SecretUnusable, match=r"hook\.secret: .*Hint: ") as refused:
        edge_of(settings, secrets_in(tmp_path))
    assert refused.value.permanent
