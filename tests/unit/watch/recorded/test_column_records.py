"""Files of records judged in columns give the findings, counts and problems that they give event by event."""

import gzip
import io
import json
from datetime import datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.conftest import ROOT

from ringfence.policy import load, read_folder
from ringfence.vocabulary.contracts import AccountLink, Finding, NumberLink, PartyLink, Reference, TrunkLink
from ringfence.vocabulary.times import SECOND, Micros, from_iso, iso
from ringfence.watch.attribution import EMERGENCY_LIST
from ringfence.watch.engine import Engine, Reads
from ringfence.watch.recorded import FileCounts, Options, Recording, find_inputs, findings
from ringfence.watch.wire.cdr import HEADER

BEGIN = from_iso("2026-03-02T09:00:00Z")
PLAN = load(read_folder(ROOT / "tests" / "bundles" / "four")).plan
REFERENCE = Reference(
    time=Micros(0),
    parties=(PartyLink(party="root"), PartyLink(party="acme", parent="root")),
    accounts=(
        AccountLink(account="dialler", party="acme", plan="office", valid_to=Micros(BEGIN + 200 * SECOND)),
        AccountLink(account="dialler", party="root", plan="home", valid_from=Micros(BEGIN + 200 * SECOND)),
    ),
    trunks=(TrunkLink(trunk="t", account="acme", address="192.0.2.0/24"),),
    numbers=(NumberLink(number="+43720000000", account="acme"),),
    lists={EMERGENCY_LIST: ("112",)},
)


def rows(seed: int, count: int) -> list[str]:
    """Return rows in no order: a dialler, a flood from a stranger, ordinary calls, and some that can't be used."""
    random = Random(seed)
    written = []
    for nth in range(count):
        account, source = random.choice(
            [("dialler", "198.51.100.7"), ("", "203.0.113.9"), ("", "192.0.2.5"), ("shop", "198.51.100.8")]
        )
        start = Micros(BEGIN + random.randrange(600) * SECOND // (20 if source == "203.0.113.9" else 1))
        answer = Micros(start + 2 * SECOND) if random.random() < 0.5 else None
        end = iso(Micros(start + random.randrange(2, 90) * SECOND))
        callee = random.choice([f"+43720{random.randrange(10**6):06}"] * 30 + ["112", "0720 123456", "rubbish"])
        if random.random() < 0.03:
            end = random.choice(["", "soon", iso(Micros(BEGIN - SECOND)), end[:-1]])
        cells = (f"{seed}-{nth}@x", iso(start), iso(answer) if answer else "", end, account, "+43720999999", callee, source)
        written.append(",".join((*cells, random.choice(["", "200", "486"]), "caller", random.choice(["", "A"]))))
    return written + written[::17]


def csv_file(folder: Path, name: str, lines: list[str]) -> Path:
    text = "\n".join((HEADER, *lines)) + "\n"
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def parquet_file(folder: Path, name: str, lines: list[str], *, typed: bool) -> Path:
    columns = dict(zip(HEADER.split(","), zip(*(line.split(",") for line in lines), strict=True), strict=True))
    arrays: dict[str, pa.Array] = {key: pa.array([value or None for value in values]) for key, values in columns.items()}
    if typed:
        arrays["start"] = pa.array(
            [datetime.fromisoformat(value) for value in columns["start"]], pa.timestamp("us", "Europe/Vienna")
        )
        arrays["status"] = pa.array([int(value) if value else None for value in columns["status"]], pa.int32())
        arrays["account"] = arrays["account"].dictionary_encode()
    pq.write_table(pa.table(arrays), folder / name, row_group_size=300)
    return folder / name


def json_file(folder: Path, name: str, lines: list[str]) -> Path:
    objects = [json.dumps(dict(zip(HEADER.split(","), line.split(","), strict=True))) for line in lines]
    (folder / name).write_text("\n".join(objects) + "\n", encoding="utf-8")
    return folder / name


def both(paths: list[Path], options: Options) -> tuple[list[Finding], Recording]:
    """Return the findings of the files in columns, which are those of them event by event, as are all counts."""
    judged, by_event = (Recording(find_inputs(paths, None), REFERENCE, options) for _ in range(2))
    found = list(judged.judged(Engine(PLAN, key=b"", source="test")))
    assert found == list(findings(by_event.events(), Engine(PLAN, key=b"", source="test")))
    assert judged.events_counted == by_event.events_counted
    assert [told(counts) for counts in judged.files] == [told(counts) for counts in by_event.files]
    return found, judged


def told(counts: FileCounts) -> tuple[object, ...]:
    return tuple(getattr(counts, name) for name in counts.__slots__)


@pytest.mark.parametrize("options", [Options(), Options(zone=ZoneInfo("Europe/Vienna"), country="AT")])
def test_several_files_are_judged_as_one_recording(tmp_path: Path, options: Options) -> None:
    paths = [
        csv_file(tmp_path, "a.csv", rows(1, 700)),
        csv_file(tmp_path, "b.csv.gz", rows(2, 400)),
        json_file(tmp_path, "c.json", rows(3, 200)),
        parquet_file(tmp_path, "d.parquet", rows(4, 700), typed=False),
        parquet_file(tmp_path, "e.parquet", rows(5, 400), typed=True),
    ]
    found, recording = both(paths, options)
    assert {finding.rule for finding in found} == {"fan-out-dialler", "invite-flood"}
    assert all(counts.unusable_rows > 10 for counts in recording.files)


def test_only_the_range_that_is_asked_for_is_judged(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "a.csv", rows(1, 700))
    _, recording = both([path], Options(since=Micros(BEGIN + 20 * SECOND), until=Micros(BEGIN + 100 * SECOND)))
    assert recording.files[0].outside_range > 0 < recording.files[0].records


def test_a_file_with_no_usable_row_has_no_finding(tmp_path: Path) -> None:
    found, recording = both([csv_file(tmp_path, "a.csv", ["rubbish", "more,rubbish"])], Options())
    assert (found, recording.files[0].unusable_rows, recording.events_counted) == ([], 2, 0)


def test_a_file_that_is_changed_meanwhile_gives_no_wrong_evidence(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "a.csv", rows(1, 700))
    whole = io.BytesIO(path.read_bytes())

    class Changes:
        def reads(self, others: Reads) -> tuple[Reads, None]:
            """Read no more than the others."""
            return others, None

        def take(self, events: object, found: object) -> None:
            """See nothing."""

    recording = Recording(find_inputs([path], None), REFERENCE, Options(), progress=lambda: None)
    assert list(recording.judged(Engine(PLAN, key=b"", source="test"), observer=Changes()))

    def change() -> None:
        path.write_bytes(whole.getvalue().replace(b"2026", b"2025"))

    recording = Recording(find_inputs([path], None), REFERENCE, Options(), progress=change)
    with pytest.raises(OSError, match="changed while it was read"):
        list(recording.judged(Engine(PLAN, key=b"", source="test")))
