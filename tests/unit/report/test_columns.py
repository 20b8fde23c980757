"""The report of records in columns is the one of the same records' events taken one by one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.report.scene import bundle, deck, report

from ringfence.report import Collector, Given, RateDeck, Read
from ringfence.simulate import carrier, records
from ringfence.simulate.provider import harbour_voice, write_provider
from ringfence.vocabulary.contracts import Finding, Reference
from ringfence.vocabulary.times import MINUTE, Micros, from_iso
from ringfence.watch.attribution import CsvFile, read_reference
from ringfence.watch.engine import Engine
from ringfence.watch.recorded import Options, Recording, find_inputs, findings

BEGIN = from_iso("2026-03-02T09:00:00Z")


@pytest.fixture(name="calls", scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Reference]:
    """Half an hour of the demo network, with a dialler in it."""
    folder = tmp_path_factory.mktemp("records")
    path = folder / "calls.csv"
    records.write_records(carrier.calls(harbour_voice(), seed=11, duration=Micros(30 * MINUTE)), path, begin=BEGIN)
    accounts, trunks, numbers = (CsvFile(each.name, each.read_bytes()) for each in write_provider(harbour_voice(), folder))
    reference, problems = read_reference(time=Micros(0), accounts=accounts, numbers=numbers, trunks=trunks)
    assert problems == []
    return path, reference


def pages(path: Path, reference: Reference, rates: RateDeck | None) -> Iterator[str]:
    for in_columns in (True, False):
        policy = bundle()
        engine = Engine(policy.plan, key=b"", source="test")
        collector = Collector(policy, rates=rates, hashes=engine.reads.hashes)
        recording = Recording(find_inputs([path], None), reference, Options())
        found: list[Finding] = []
        found += (
            recording.judged(engine, observer=collector) if in_columns else findings(recording.events(), engine, observer=collector)
        )
        assert found
        yield report(collector, Read.of(recording, engine), Given(rates=rates))


@pytest.mark.parametrize(
    "rates", [None, deck("prefix,class,price_per_minute,currency\n44,Britain,0.01,GBP\n447,Mobile,0.03,GBP\n")]
)
def test_columns_give_the_report_that_events_give(calls: tuple[Path, Reference], rates: RateDeck | None) -> None:
    of_columns, of_events = pages(*calls, rates)
    assert of_columns == of_events
