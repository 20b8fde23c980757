"""The gate's process: feeds in, answers and pushes out, receipts back, health beside."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

import msgspec
import structlog

from ringfence.feeds import FeedError
from ringfence.gate.configuration import RedirectConfiguration
from ringfence.gate.edges import Edge, EdgeDriver
from ringfence.gate.edges.in_path import NAME as IN_PATH
from ringfence.gate.edges.in_path import InPath
from ringfence.gate.edges.kinds import AnyEdge, edge_of
from ringfence.gate.edges.settings import secrets_in
from ringfence.gate.edges.under_way import CallsAtEdge
from ringfence.gate.http import VerdictServer
from ringfence.gate.http.signatures import Signatures
from ringfence.gate.http.verdicts import Verdicts
from ringfence.gate.identity import Identity
from ringfence.gate.identity.told import FEED as SIGNATURES
from ringfence.gate.identity.told import SignaturesFeed
from ringfence.gate.inline import Prepared, RulesBefore
from ringfence.gate.inline.told import FEED, FindingsFeed
from ringfence.gate.kept_sources import KeptSources
from ringfence.gate.orders import News, OrdersTail
from ringfence.gate.receipts import ReceiptBook
from ringfence.gate.redirect import RedirectServer
from ringfence.gate.redirect.course import course_of
from ringfence.gate.redirect.peers import Peers
from ringfence.gate.table import OrdersTable
from ringfence.gate.table.help_calls import Flood
from ringfence.vocabulary.contracts import Finding
from ringfence.vocabulary.times import SECOND, Micros

POLL_S: Final = 0.020
HEALTH_S: Final = 1.0
HEALTH_FILE: Final = "gate-health.json"
FLOOD_FILE: Final = "gate-emergency.json"
"""The last flood of calls for help: the desk calls a person."""
CALLS_FILE: Final = "gate-calls.json"
"""How many calls are under way, by edge and scope: what the desk shows before a measure is confirmed."""
_SWITCH_S: Final = 0.000_1

_LOG: Final = structlog.get_logger("gate")


def clock() -> Micros:
    """Return the time of day."""
    return Micros(time.time_ns() // 1_000)


def _answer_first() -> None:
    """Have the process hold up answers as little as it can: threads that read and write hand over soon.

    A thread that computes gives way only after this time, and the loop asks for its turn again after each call of the system.
    """
    sys.setswitchinterval(_SWITCH_S)


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


class Gate:
    """Everything that one gate process does, on one data folder."""

    def __init__(
        self,
        data: Path,
        redirect: RedirectConfiguration,
        edges: tuple[AnyEdge, ...],
        *,
        key: bytes,
        identity: Identity | None = None,
    ) -> None:
        self._data = data
        self._identity = identity or Identity(None, None)
        self._listen, self._http_listen = redirect.listen, redirect.http
        self._table = OrdersTable()
        self._orders = OrdersTail(data / "feeds", self._table)
        self._receipts = ReceiptBook(data / "feeds" / "receipts")
        self._receipts.forget_edges(but={IN_PATH, *(edge.name for edge in edges)}, now=clock())
        self._rules = RulesBefore(
            data / "policies", key=key, verifies=self._identity.verifying is not None, ends=redirect.ends_told
        )
        self._findings = FindingsFeed(data / "feeds")
        self._redirect = RedirectServer(
            redirect, self._orders, self._receipts, clock=clock, rules=self._rules, identity=self._identity
        )
        self._verdicts = Verdicts(
            self._orders, self._receipts, asked=self._redirect.asked, clock=clock, rules=self._rules, identity=self._identity
        )
        self._signatures = SignaturesFeed(data / "feeds") if self._identity.signing is not None else None
        self._http = self._answering_http(Peers(redirect))
        self._edges: list[Edge] = [edge_of(edge, secrets_in(data)) for edge in edges]
        self._drivers = [self._driving(edge, each.reconcile_s) for edge, each in zip(self._edges, edges, strict=True)]
        self._calls = [
            CallsAtEdge(edge, self._table, clock=clock, directory=lambda: self._orders.directory, asks_from=each.asks_from)
            for edge, each in zip(self._edges, edges, strict=True)
        ]
        self._kept_sources = KeptSources(data, self._table.used)
        self._in_path = InPath(self._table, self._receipts, clock=clock)
        self._trouble: str | None = None

    def _driving(self, edge: Edge, reconcile_s: int) -> EdgeDriver:
        """Return what keeps an edge at what is ordered."""
        return EdgeDriver(
            edge,
            self._table,
            self._receipts,
            clock=clock,
            reconcile_s=reconcile_s,
            directory=lambda: self._orders.directory,
        )

    def _answering_http(self, peers: Peers) -> VerdictServer:
        """Return what answers over HTTP, and signs where there is a key."""
        signing, signatures = self._identity.signing, None
        if signing is not None:
            signatures = Signatures(signing, lambda: self._orders.directory, clock=clock)
        return VerdictServer(self._verdicts, peers, lambda: self.health(clock()), signatures)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set. Raises `AddressBusy`, or what ended one of the tasks."""
        _answer_first()
        self._take(self._orders.read(clock()))
        await self._redirect.listen(*_address(self._listen))
        if self._http_listen is not None:
            await self._http.listen(*_address(self._http_listen))
        _LOG.info("gate is up", sip=self._listen, edges=[edge.name for edge in self._edges], generation=self._table.generation)
        work: list[Coroutine[None, None, None]] = [driver.run() for driver in self._drivers]
        work += [self._ask_for_calls(at) for at in self._calls]
        work += [self._follow(), self._write_receipts(), self._tell_health(), self._drive_in_path()]
        work += [self._begin_plain_course(), self._identity.run()]
        tasks = [asyncio.create_task(each) for each in work]
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (*tasks, stopping):
                task.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)
            await self._close()

    async def _close(self) -> None:
        self._redirect.close()
        await self._http.close()
        await self._identity.close()
        for edge in self._edges:
            await edge.close()
        with suppress(FeedError):
            self._write(self._rules.findings())
            self._write_signatures()
        self._findings.close()
        if self._signatures is not None:
            self._signatures.close()
        self._receipts.close(clock())
        self._save(HEALTH_FILE, json.dumps(self.health(clock())))
        self._kept_sources.save(clock())
        _LOG.info("gate has ended", generation=self._table.generation)

    async def _follow(self) -> None:
        """Read the feeds for ever, in another thread: answers wait neither for the disk nor for a large directory."""
        responder = self._redirect.responder
        while True:
            news = await asyncio.to_thread(self._orders.read, clock())
            prepared = await asyncio.to_thread(self._rules.prepare, news.reference, clock())
            course = await asyncio.to_thread(responder.course, news)
            if news.directory is not None and self._identity.verifying is not None:
                await asyncio.to_thread(news.directory.has_numbers, "")  # goes through all numbers, once for each directory
            changed = self._take(news, prepared)
            responder.take(course)
            if changed:
                self._in_path.notice()
                for driver in self._drivers:
                    driver.notice()
            await asyncio.sleep(POLL_S)

    def _take(self, news: News, prepared: Prepared | None = None) -> bool:
        """Take in what was read; tell whether the table or the lists may have changed."""
        changed = self._orders.take(news, clock())
        prepared = prepared or self._rules.prepare(news.reference, clock())
        self._rules.take(prepared, news.reference, self._orders.directory)
        return changed

    async def _begin_plain_course(self) -> None:
        """Answer what is plain apart, as soon as that can be done: the first start after an upgrade compiles for some seconds."""
        responder = self._redirect.responder
        await asyncio.to_thread(responder.prepare)
        await asyncio.to_thread(self._verdicts.prepare, course_of(self._table.standing, self._orders.directory))
        responder.begin()
        self._verdicts.begin(lambda: responder.plain_now)
        _LOG.info("plain questions are answered apart")
        await asyncio.Event().wait()

    async def _drive_in_path(self) -> None:
        """Tell the desk of orders at the redirect server: from the first question on, or where it was told of some before."""
        if not self._receipts.standing(IN_PATH):
            await self._redirect.asked.wait()
        await self._in_path.run()

    async def _ask_for_calls(self, at: CallsAtEdge) -> None:
        """Ask an edge for its calls for ever; one that knows none is asked nothing."""
        await at.run()
        await asyncio.Event().wait()

    async def _write_receipts(self) -> None:
        """Make receipts durable in another thread: a sync must not hold up an answer. A full disk is waited out."""
        while True:
            self._receipts.settle(clock())
            findings = self._rules.findings()
            try:
                await asyncio.to_thread(self._write, findings)
                await asyncio.to_thread(self._write_signatures)
                self._trouble = None
            except FeedError as error:
                self._rules.give_back(findings)
                if self._trouble != str(error):
                    _LOG.error("receipts cannot be written; they are kept and tried again", cause=str(error))
                self._trouble = str(error)
            await asyncio.sleep(POLL_S if self._trouble is None else HEALTH_S)

    def _write(self, findings: Sequence[Finding]) -> None:
        """Write receipts and findings. Raises `FeedError`; receipts are kept then."""
        self._receipts.write()
        try:
            self._findings.write(findings, clock())
        except OSError as error:
            raise FeedError(f"{FEED}: {error.strerror}", permanent=False) from error

    def _write_signatures(self) -> None:
        """Write the record of what was signed. Raises `FeedError`; the records are kept then."""
        signing, feed = self._identity.signing, self._signatures
        if signing is None or feed is None:
            return
        records = signing.taken()
        try:
            feed.write(records, clock())
        except (FeedError, OSError) as error:
            signing.give_back(records)
            raise FeedError(f"{SIGNATURES}: {error}", permanent=False) from error

    async def _tell_health(self) -> None:
        told: Flood | None = None
        while True:
            await asyncio.to_thread(self._save, HEALTH_FILE, json.dumps(self.health(clock())))
            calls = {at.edge.name: at.told() for at in self._calls if at.seen is not None}
            if calls:
                await asyncio.to_thread(self._save, CALLS_FILE, json.dumps(calls))
            flood = self._table.help.flood
            if flood is not None and flood is not told:
                await asyncio.to_thread(self._save, FLOOD_FILE, msgspec.json.encode(flood).decode())
                told = flood
            if self._kept_sources.is_due(clock()):
                await asyncio.to_thread(self._kept_sources.save, clock())
            await asyncio.sleep(HEALTH_S)

    def _save(self, name: str, told: str) -> None:
        """Write a file whole or not at all. A disk that refuses it has been named by the receipts already.

        It waits for the disk: to replace a file makes some file systems write its data first.
        """
        path = self._data / name
        draft = path.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            draft.write_text(told, encoding="utf-8")
            draft.replace(path)

    def health(self, now: Micros) -> dict[str, object]:
        """Return how the gate stands: the table's generation and age, what was asked, how each edge is."""
        tally = self._redirect.tally
        changed = self._orders.changed_at
        return {
            "time": now,
            "generation": self._table.generation,
            "orders": len(self._table),
            "orders_octets": self._table.standing.octets,
            "plain_course": self._redirect.responder.plain_now is not None,
            "last_word_from_desk_s": None if changed is None else round((now - changed) / SECOND, 1),
            "unreadable_records": self._orders.unreadable,
            "feed_problem": self._orders.problem,
            "asks": tally.asks,
            "refused": tally.refused,
            "throttled": tally.throttled,
            "strangers": tally.strangers,
            "ignored": tally.ignored,
            "shed": self._redirect.shed,
            "streams": self._redirect.connections,
            "http": asdict(self._verdicts.tally),
            "rules": self._rules.health(),
            "identity": self._identity.health(now),
            "receipts_pending": self._receipts.pending,
            "receipts_problem": self._trouble,
            "edges": {
                driver.edge.name: {"holds": driver.holds, "failures": driver.failures, "drifts": driver.drifts}
                for driver in self._drivers
            },
        }
