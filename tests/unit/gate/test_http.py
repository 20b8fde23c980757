"""Verdicts over HTTP: one question or many, whose word counts, and errors that say what would help. A real server on loopback."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from tests.ports import free_port
from tests.unit.gate.orders import NOW, SCANNER, order

from ringfence.gate.configuration import RedirectConfiguration
from ringfence.gate.errors import AddressBusy
from ringfence.gate.http import VerdictServer
from ringfence.gate.http.verdicts import MOST_ASKS, Verdicts
from ringfence.gate.orders import OrdersTail
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect.peers import Peers
from ringfence.gate.table import OrdersTable
from ringfence.vocabulary.contracts import (
    AccountLink,
    Action,
    ActionKind,
    NumberLink,
    Order,
    OrderChange,
    PartyLink,
    Reference,
    TrunkLink,
)
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.watch.attribution import Directory

TRUNK = "198.51.100.10"


class Asking:
    """A client of a verdict server with some parties and orders."""

    def __init__(self, session: ClientSession, url: str, verdicts: Verdicts) -> None:
        self.session, self.url, self.verdicts = session, url, verdicts

    async def post(self, body: object) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.session.post(f"{self.url}/v1/voice/decide", data=BytesIO(data)) as answer:
            return answer.status, json.loads(await answer.read())

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.session.get(f"{self.url}{path}") as answer:
            return answer.status, json.loads(await answer.read())


def play(
    folder: Path,
    story: Callable[[Asking], Coroutine[None, None, None]],
    *orders: Order,
    trusted: tuple[str, ...] = (),
    **more: tuple[str, ...],
) -> None:
    async def told() -> None:
        table = OrdersTable()
        table.apply(OrderChange(generation=1, upserts=orders))
        tail, book = OrdersTail(folder / "feeds", table), ReceiptBook(folder / "receipts")
        tail.directory = Directory(
            Reference(
                time=NOW,
                parties=(PartyLink(party="reseller"), PartyLink(party="shop", parent="reseller")),
                accounts=(AccountLink(account="acme", party="shop"),),
                numbers=(NumberLink(number="+3225550000", account="acme"),),
                trunks=(
                    TrunkLink(trunk="t1", account="acme", address=TRUNK),
                    TrunkLink(trunk="t2", account="acme", user="acme-user"),
                ),
            )
        )
        peers = Peers(RedirectConfiguration(listen="127.0.0.1:5062", trusted=trusted, **more))  # type: ignore[arg-type]  # lists of addresses
        verdicts = Verdicts(tail, book, asked=asyncio.Event(), clock=lambda: NOW)
        server, port = VerdictServer(verdicts, peers, lambda: {"generation": table.generation}), free_port()
        await server.listen("127.0.0.1", port)
        try:
            async with ClientSession() as session:
                await story(Asking(session, f"http://127.0.0.1:{port}", verdicts))
            with pytest.raises(AddressBusy, match=r"\(HTTP\)"):
                await VerdictServer(verdicts, peers, dict).listen("127.0.0.1", port)
        finally:
            await server.close()
            book.close(NOW)

    asyncio.run(told())


def test_one_question_gets_a_verdict_and_many_get_as_many_in_order(tmp_path: Path) -> None:
    async def story(asking: Asking) -> None:
        refused = {"call_id": "a", "source": SCANNER}
        status, verdict = await asking.post(refused)
        assert (status, verdict["action"], verdict["code"], verdict["order"]) == (200, "reject", 403, f"{7:032x}")
        assert verdict["reason"].startswith("SIP;cause=403;text=")
        status, verdicts = await asking.post([{"call_id": "b"}, refused, {"call_id": "c", "source": "192.0.2.9"}])
        assert (status, [each["action"] for each in verdicts]) == (200, ["allow", "reject", "allow"])
        assert (asking.verdicts.tally.asks, asking.verdicts.tally.refused) == (4, 2)

    play(tmp_path, story, order(7))


@pytest.mark.parametrize(
    ("asked", "trusted", "refused"),
    [
        ({"source": TRUNK}, False, True),
        ({"account": "acme"}, False, False),
        ({"account": "acme"}, True, True),
        ({"user": "acme-user"}, False, False),
        ({"user": "acme-user"}, True, True),
        ({"source": "192.0.2.9"}, True, False),
    ],
)
def test_the_askers_word_on_who_calls_counts_only_where_it_is_trusted(
    tmp_path: Path, asked: dict[str, str], trusted: bool, refused: bool
) -> None:
    async def story(asking: Asking) -> None:
        _, verdict = await asking.post({"call_id": "a", **asked})
        assert verdict["action"] == ("reject" if refused else "allow")

    play(tmp_path, story, order(7, SubjectKind.PARTY, "reseller"), trusted=("127.0.0.1/32",) if trusted else ())


def test_calls_to_a_suspended_partys_number_are_refused_however_it_is_written(tmp_path: Path) -> None:
    async def story(asking: Asking) -> None:
        _, verdict = await asking.post({"call_id": "a", "source": "192.0.2.9", "callee": "+32 2 555 00 00"})
        assert verdict["action"] == "reject"

    play(tmp_path, story, order(7, SubjectKind.ACCOUNT, "acme", action=Action(kind=ActionKind.SUSPEND)))


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (b"", "", "truncated"),
        (b"{", "", "truncated"),
        (b"\xff\xfe", "", ""),
        ({"source": SCANNER}, "", "call_id"),
        ({"call_id": 7}, "$.call_id", "Expected `str`"),
        ([{"call_id": "a"}, {"call_id": "b", "identity": "x"}], "$[1].identity", "Expected `array`"),
        ([{"call_id": "a"}] * (MOST_ASKS + 1), "", "at most 10,000"),
        (b"[" * 100_000, "$[0]", "Expected `object`"),
    ],
    ids=["nothing", "cut", "no text", "no call", "a wrong type", "a wrong type among many", "too many", "deep"],
)
def test_what_is_no_question_is_refused_with_its_place_and_a_hint(tmp_path: Path, body: object, field: str, words: str) -> None:
    async def story(asking: Asking) -> None:
        status, problem = await asking.post(body)
        assert (status, problem["title"], problem.get("field", "")) == (400, "No question", field)
        assert words in problem["detail"]
        assert "Hint: " in problem["detail"]
        assert (await asking.post({"call_id": "a"}))[0] == 200
        assert (asking.verdicts.tally.unanswerable, asking.verdicts.tally.asks) == (1, 1)

    play(tmp_path, story, order(7))


def test_a_stranger_is_told_nothing_and_too_much_is_not_read(tmp_path: Path) -> None:
    async def strange(asking: Asking) -> None:
        for status, problem in (await asking.post({"call_id": "a"}), await asking.get("/v1/voice/health")):
            assert (status, problem["title"]) == (403, "Forbidden")
        assert asking.verdicts.tally.strangers == 2

    async def large(asking: Asking) -> None:
        status, problem = await asking.post(b" " * (9 * 1024 * 1024))
        assert (status, problem["title"]) == (413, "Content Too Large")

    play(tmp_path / "a", strange, peers=("192.0.2.0/24",))
    play(tmp_path / "b", large)


def test_it_describes_itself_and_says_how_the_gate_stands(tmp_path: Path) -> None:
    async def story(asking: Asking) -> None:
        status, described = await asking.get("/v1/voice/openapi.json")
        question = described["components"]["schemas"]["Question"]["properties"]
        assert (status, described["openapi"]) == (200, "3.1.0")
        assert {"call_id", "source", "caller", "callee", "user"} <= question.keys()
        assert await asking.get("/v1/voice/health") == (200, {"generation": 1})

    play(tmp_path, story, order(7))
