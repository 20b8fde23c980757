"""Which addresses trunks and registrations used: kept for 30 days, over a restart too."""

import asyncio
import json
from pathlib import Path

from tests.unit.gate.orders import NOW

from ringfence.gate.edges import Registration
from ringfence.gate.edges.under_way import CallsAtEdge
from ringfence.gate.kept_sources import USED_FILE, KeptSources
from ringfence.gate.table import OrdersTable
from ringfence.gate.table.used_sources import KEPT_US, UsedSources
from ringfence.vocabulary.contracts import Ask, Reference, TrunkLink
from ringfence.vocabulary.times import DAY, MINUTE, Micros
from ringfence.watch.attribution import Directory


def test_an_address_is_known_for_thirty_days_after_its_last_use() -> None:
    used = UsedSources()
    assert used.note("203.0.113.9", NOW)
    assert not used.note("203.0.113.9", Micros(NOW + MINUTE)), "it is known"
    assert used.was_used("203.0.113.9", Micros(NOW + MINUTE + KEPT_US - 1))
    assert not used.was_used("203.0.113.9", Micros(NOW + MINUTE + KEPT_US))
    assert not used.was_used("203.0.113.10", NOW)


def test_a_trunks_network_counts_as_long_as_it_was_its_within_thirty_days() -> None:
    used = UsedSources()
    ended = Micros(NOW - 29 * DAY)
    links = (
        TrunkLink(trunk="now", account="a", address="192.0.2.0/28"),
        TrunkLink(trunk="before", account="a", address="198.51.100.1", valid_to=ended),
        TrunkLink(trunk="long ago", account="a", address="198.51.100.2", valid_to=Micros(NOW - 30 * DAY)),
        TrunkLink(trunk="later", account="a", address="198.51.100.3", valid_from=Micros(NOW + 1)),
    )
    used.know(Directory(Reference(time=NOW, trunks=links)))
    there = ["192.0.2.15", "192.0.2.16", "198.51.100.1", "198.51.100.2", "198.51.100.3", "no address"]
    assert [used.was_used(each, NOW) for each in there] == [True, False, True, False, False, False]


def test_a_request_with_an_account_behind_it_shows_its_address_in_use_and_a_strangers_does_not() -> None:
    table = OrdersTable()
    table.decide(Ask(call_id="a", source="203.0.113.9", account="acme"), NOW)
    table.decide(Ask(call_id="b", source="203.0.113.10"), NOW)
    assert [table.used.was_used(each, NOW) for each in ("203.0.113.9", "203.0.113.10")] == [True, False]


class Registrar:
    """An edge with one registered contact."""

    name = "edge-1"

    async def registrations(self) -> list[Registration]:
        return [Registration(handle="1", user="alice", source="203.0.113.9"), Registration(handle="2", user="bob")]

    async def drop(self, registration: Registration) -> None:
        raise AssertionError("nobody asked for it")


def test_where_registrations_come_from_is_in_use() -> None:
    table = OrdersTable()
    edge = Registrar()
    looking = CallsAtEdge(edge, table, clock=lambda: NOW, directory=lambda: Directory(Reference(time=NOW)))  # type: ignore[arg-type]  # a registrar alone
    asyncio.run(looking.look())
    assert table.used.was_used("203.0.113.9", NOW)
    assert len(table.used) == 1


def test_what_was_used_outlives_the_gates_process_and_a_broken_file_stops_nothing(tmp_path: Path) -> None:
    used = UsedSources()
    used.note("203.0.113.10", Micros(NOW - KEPT_US))
    used.note("203.0.113.9", NOW)
    keeping = KeptSources(tmp_path, used)
    assert keeping.is_due(NOW)
    keeping.save(NOW)
    assert not keeping.is_due(Micros(NOW + MINUTE))
    assert json.loads((tmp_path / USED_FILE).read_text()) == {"203.0.113.9": NOW}
    used.note("203.0.113.11", Micros(NOW + MINUTE))
    assert keeping.is_due(Micros(NOW + MINUTE))
    again = UsedSources()
    KeptSources(tmp_path, again)
    assert [again.was_used(each, NOW) for each in ("203.0.113.9", "203.0.113.10")] == [True, False]
    (tmp_path / USED_FILE).write_text("{")
    broken = UsedSources()
    KeptSources(tmp_path, broken)
    assert len(broken) == 0
