"""`ringfence watch`: turns live signalling into findings."""

import asyncio
import ipaddress
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Final

import msgspec
import structlog
import typer
import uvloop

from ringfence.cli.carried_keeper import CarriedKeeper
from ringfence.cli.certificates import CertificatesRefused, identities_of
from ringfence.cli.checkpoint_keeper import CheckpointKeeper
from ringfence.cli.collection import spare_collection
from ringfence.cli.compiling import compiling_said
from ringfence.cli.compiling_beside import CALLS, compile_beside
from ringfence.cli.configuration import (
    CONFIGURATION_FILE,
    Configuration,
    ConfigurationRefused,
    WatchPart,
    address_port,
    installation_key,
    load,
)
from ringfence.cli.countries import countries_of
from ringfence.cli.kept_bundles import kept_bundle
from ringfence.cli.lake import FOLDER, KEYS
from ringfence.cli.lake_keeper import LakeKeeper
from ringfence.cli.pass_keeper import PassKeeper
from ringfence.cli.tails import tails_of
from ringfence.feeds import FeedError
from ringfence.policy import read_folder
from ringfence.policy.plan import Plan
from ringfence.vocabulary.contracts import Observation, ObservationKind, Reference
from ringfence.vocabulary.times import MILLISECOND, SECOND, Micros, iso
from ringfence.watch.attribution import Directory
from ringfence.watch.calls import Edges, Tracker, TrackerOptions
from ringfence.watch.identity import Identities
from ringfence.watch.lake import Checkpoint, CheckpointDamaged, Journal, read_checkpoints
from ringfence.watch.lake.store import Lake
from ringfence.watch.live import MOST_WAITING, DeskTail, Judges, Log, Pipeline, ReferenceTail, ReorderBuffer
from ringfence.watch.recorded import StandingTails, Tail
from ringfence.watch.sinks import DeskFeeds, write_health
from ringfence.watch.sources.errors import SourceError
from ringfence.watch.sources.hep import HepCounts, HepListener, Intake

FATAL_EXIT: Final = 2
_TURN_SECONDS: Final = 0.02
_SWITCH_S: Final = 0.0005
"""For how long a turn may keep the interpreter's lock when a socket is to be read; by default it is ten times as long."""
_REFERENCE_US: Final = 250 * MILLISECOND
_REGULAR_US: Final = 10 * SECOND
_CATCH_UP_US: Final = 60 * SECOND
_AGENTS_TOLD: Final = 20
_MOST_HELD_UP: Final = 50_000
"""Datagrams that may wait while what was written to files before is caught up with."""
HEALTH_FILE: Final = "watch-health.json"


def command(
    data: Annotated[Path, typer.Option(help="Folder that holds everything this installation knows.")] = Path("data"),
) -> None:
    """Turn mirrored signalling (HEP), call records and switch logs into findings, until ended."""
    log: Log = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
    )
    try:
        configuration, key = load(data), installation_key(data)
        live = _Live(data.resolve(), configuration, tails_of(data.resolve(), configuration.watch), key, log)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(live.run())
    except (ConfigurationRefused, FeedError, SourceError) as refusal:
        print(refusal, file=sys.stderr)
        raise typer.Exit(FATAL_EXIT) from None
    except OSError as failure:
        print(f"{failure}. Hint: is the disk full, or does another user own {data}?", file=sys.stderr)
        raise typer.Exit(1) from None


class _Live:
    """The process: its parts, and the loop that drives them."""

    def __init__(self, data: Path, configuration: Configuration, tails: list[Tail], key: bytes, log: Log) -> None:
        self._data = data
        self._log = log
        self._options = configuration.watch
        self._configured = tails
        self._tails = StandingTails((), ())
        self._catching_up_until: Micros | None = None
        self._tail = ReferenceTail(data / "feeds")
        self._reference = self._tail.newest() or Reference(time=_now())
        self._journal = Journal(data / "journal")
        self._feeds = DeskFeeds(data / "feeds")
        lake = Lake(data / FOLDER, data / KEYS, key) if configuration.lake.keep_days else None
        judges = Judges(self._plan, key=key, log=log, lake=lake, feeds=data / "feeds")
        self._countries = countries_of(self._options, data)
        judges.locate(self._countries)
        self._pipeline = Pipeline(
            tracker=Tracker(Directory(self._reference), _tracker_options(self._options, data)),
            journal=self._journal,
            feeds=self._feeds,
            judges=judges,
            reorder=ReorderBuffer(self._options.lateness_ms * MILLISECOND),
            log=log,
        )
        self._desk = DeskTail(data / "feeds", after=0, log=log)
        self._heard = Micros(0)
        self._intake = Intake(
            deliver=self._pipeline.take,
            clock=_now,
            allowed=tuple(ipaddress.ip_network(agent, strict=False) for agent in self._options.agents),
            key=self._options.key.encode() or None,
            deliver_many=self._pipeline.take_many,
        )
        self._listener: HepListener | None = None
        self._turns = ThreadPoolExecutor(1, "turns")
        self._tried = Micros(0)
        self._checkpoints = CheckpointKeeper(data / "journal", self._pipeline, log)
        self._lake = LakeKeeper(data, log, keep_days=configuration.lake.keep_days)
        self._passes = PassKeeper(data, log)
        self._carried = CarriedKeeper(data / "feeds", log)
        self._pipeline.looks_on = self._carried.look

    async def run(self) -> None:
        """Go on where the process before ended, listen, and work until asked to end."""
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        host, port = address_port(self._options.hep)
        listener = self._listener = HepListener(self._intake, host, port)
        await listener.start()
        try:
            waits = f"messages wait until it is ready, up to {MOST_WAITING}"
            self._log.info("watch.starting", address=host, port=listener.port, hint=waits)
            # In another thread, so that the socket is read meanwhile: compiling and filling windows may take half a minute.
            await asyncio.get_running_loop().run_in_executor(self._turns, self._recover)
            self._follow()
            self._log.info("watch.listening", address=host, port=listener.port, policy=self._pipeline.policy)
            spare_collection()
            sys.setswitchinterval(_SWITCH_S)
            await self._checkpoint(_now())
            await self._work(stop)
        finally:
            await listener.stop()
            await self._lake.stop()
            await self._passes.stop()
        await self._end()

    def _recover(self) -> None:
        self._pipeline.rule(self._reference.struck)
        compile_beside(CALLS)  # while this process compiles what judges
        with compiling_said(self._log):
            self._pipeline.recover(self._usable_checkpoints())
            self._pipeline.use(self._reference, _now())
        self._desk = DeskTail(self._data / "feeds", after=self._pipeline.desk, log=self._log)

    def _usable_checkpoints(self) -> Iterator[Checkpoint]:
        for each in read_checkpoints(self._data / "journal"):
            if isinstance(each, CheckpointDamaged):
                self._log.warning("checkpoint.damaged", cause=str(each), hint="falling back to what is older")
            else:
                yield each

    def _follow(self) -> None:
        """Go on with the tails where the process before left them."""
        if self._configured:
            self._tails = StandingTails(self._configured, self._pipeline.places.values())
            self._tails.start()
            self._catching_up_until = Micros(_now() + _CATCH_UP_US)

    def _turn(self, now: Micros) -> bool:
        """Consume what files gave, then signalling; tell whether more is due already."""
        if self._pipeline.is_at_rest:  # else the disk refuses: what is not taken stays in the files
            taken = self._tails.taken()
            self._pipeline.record(*taken)
            self._hear_desk(now)
            for path, text in self._tails.remarks():
                self._log.warning("tail.said", path=path, text=text)
            if self._is_catching_up(now):
                self._pipeline.catch_up(now)
                return bool(taken.items)
            return self._pipeline.turn(now) or bool(taken.items)
        return self._pipeline.turn(now)

    def _hear_desk(self, now: Micros) -> None:
        """Take in what the desk told, a few times a second; an unreadable feed less often."""
        if self._heard - _REGULAR_US < now < self._heard + _REFERENCE_US:  # a clock that was put back far doesn't stop it
            return
        self._heard = now
        try:
            events, upto = self._desk.next(self._pipeline.tracker.directory)
        except (FeedError, OSError) as error:
            self._heard = Micros(now + _REGULAR_US)
            self._log.error("desk-events.unreadable", cause=str(error), hint="restart the worker; rules go on without them")
            return
        if upto is not None:
            self._pipeline.tell(events, upto, now)

    def _is_catching_up(self, now: Micros) -> bool:
        """Tell whether signalling must wait for what was written before it. Bounded in time and in what waits."""
        until = self._catching_up_until
        if until is not None and (self._tails.is_caught_up or now > until or self._pipeline.arrived > _MOST_HELD_UP):
            self._catching_up_until = None
        return self._catching_up_until is not None

    async def _work(self, stop: asyncio.Event) -> None:
        asked = regular = _now()
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            now = _now()
            # In another thread, so that sockets are read while the disk is waited for. Nothing else touches the pipeline then.
            behind = await loop.run_in_executor(self._turns, self._turn, now)
            if now - asked >= _REFERENCE_US:
                asked = now
                await loop.run_in_executor(self._turns, self._carried.follow, now)
                reference = self._newest(now)
                if reference is not None:
                    await loop.run_in_executor(self._turns, self._pipeline.use, reference, now)
            if now - regular >= _REGULAR_US:
                regular = now
                await loop.run_in_executor(self._turns, self._tell_health, now, self._health())
                await self._checkpoint(now)
                self._lake.look(now)
                if self._passes.look(now, self._pipeline.policy):
                    await loop.run_in_executor(self._turns, self._pipeline.take_up_passes)
            await asyncio.sleep(0 if behind else _TURN_SECONDS)

    async def _end(self) -> None:
        """Consume what is held and remember everything."""
        self._tails.stop()
        self._turns.shutdown()
        await self._checkpoints.stop()
        self._pipeline.finish(_now())
        self._checkpoints.write()
        self._tell_health(_now(), self._health())
        self._journal.close()
        self._feeds.close()
        self._log.info("watch.ended")

    def _newest(self, now: Micros) -> Reference | None:
        """Return a reference to take over: a new one, or that which names a version that could not be used yet."""
        try:
            newest = self._tail.newest()
        except (FeedError, msgspec.DecodeError) as error:
            self._log.error("reference.unreadable", cause=str(error), hint="restart the worker; the last good one stays in force")
            return None
        if newest is not None:
            self._reference = newest
            return newest
        if self._reference.policy not in (None, self._pipeline.policy) and now - self._tried >= _REGULAR_US:
            self._tried = now
            return self._reference
        return None

    async def _checkpoint(self, now: Micros) -> None:
        """Begin to remember, beside the work."""
        if self._checkpoints.is_due:
            copy = await asyncio.get_running_loop().run_in_executor(self._turns, self._copied, now)
            if copy is not None:
                self._checkpoints.follow(copy)

    def _copied(self, now: Micros) -> int | None:
        self._pipeline.trim(now=now, keep_after=self._checkpoints.saved)
        self._desk.mark(now, upto=self._pipeline.desk, rules=self._pipeline.rules)
        return self._checkpoints.begin()

    def _tell_health(self, now: Micros, health: dict[str, object]) -> None:
        """Waits for the disk."""
        text = msgspec.json.encode(health).decode()
        self._pipeline.observe(Observation(kind=ObservationKind.AGENT, time=now, subject="watch", text=text))
        try:
            write_health(self._data / HEALTH_FILE, {"time": now, **health})
        except OSError as error:
            self._log.error("health.not-written", cause=str(error))
        self._log.info("watch.health", **health)

    def _health(self) -> dict[str, object]:
        memory, forgotten = self._pipeline.remembered
        counts, hep, tracker, reorder = self._pipeline.counts, self._intake.counts, self._pipeline.tracker, self._pipeline.reorder
        return {
            "policy": self._pipeline.policy,
            "short": self._pipeline.short(_now()),
            "lacks": self._pipeline.lacks(_now()),
            "filling": self._pipeline.filling,
            "memory_bytes": memory,
            "forgotten": forgotten,
            "messages": counts.messages,
            "defects": dict(counts.defects),
            "events": dict(counts.events),
            "findings": counts.findings,
            "lag_us": counts.lag_us,
            "late": reorder.late,
            "hurried": reorder.hurried,
            "overflowed": counts.overflowed,
            "unusable": tracker.unusable,
            "dropped": tracker.dropped,
            "lost_events": counts.lost_events,
            "write_failures": counts.write_failures,
            "refused_agents": hep.refused_address + hep.refused_key,
            "hep_defects": {str(defect): number for defect, number in hep.defects.items()},
            "kernel_drops": 0 if self._listener is None else self._listener.kernel_drops(),
            "waiting": self._pipeline.arrived + len(reorder),
            "agents": len(hep.agents),
            "by_agent": _by_agent(hep),
            "tails": self._tails.health(),
            "countries_built": None if self._countries is None or self._countries.built is None else iso(self._countries.built),
        }

    def _plan(self, policy: str) -> Plan:
        return kept_bundle(read_folder(self._data / "policies" / policy), posted=True).plan


def _by_agent(hep: HepCounts) -> dict[str, dict[str, int]]:
    """Return what came from each of the busiest capture agents, by address and the id it gives itself."""
    busiest = sorted(hep.agents.items(), key=lambda item: -item[1].packets)[:_AGENTS_TOLD]
    return {
        f"{key.address}#{key.agent}": {"packets": told.packets, "dropped": told.dropped, "clock_refused": told.clock_refused}
        for key, told in busiest
    }


def _tracker_options(watch: WatchPart, data: Path) -> TrackerOptions:
    addresses, endpoints = set(), set()
    for edge in watch.edges:
        try:
            addresses.add(str(ipaddress.ip_address(edge.strip("[]"))))
        except ValueError:
            endpoints.add(_endpoint("watch.edges", edge))
    ignored = frozenset(_endpoint("watch.ignore", each) for each in watch.ignore)
    edges = Edges(frozenset(addresses), frozenset(endpoints), ignored)
    return TrackerOptions(edges=edges, country=watch.country, identities=_identities(watch, data))


def _identities(watch: WatchPart, data: Path) -> Identities | None:
    """Return what verifies signed identities. The folder's path is taken from the data folder. Raises `ConfigurationRefused`."""
    if not watch.certificates:
        return None
    try:
        return identities_of(data / watch.certificates, own_code=watch.provider_code or None)
    except (CertificatesRefused, OSError) as refused:
        raise ConfigurationRefused(f"{CONFIGURATION_FILE}: watch.certificates: {refused}") from refused


def _endpoint(name: str, text: str) -> tuple[str, int]:
    """Read `address:port`. Raises `ConfigurationRefused`."""
    try:
        host, port = address_port(text)
        return str(ipaddress.ip_address(host)), port
    except ValueError:
        raise ConfigurationRefused(f"{name}: {text!r} is no address with port. Hint: write 192.0.2.7:5060") from None


def _now() -> Micros:
    return Micros(time.time_ns() // 1000)
