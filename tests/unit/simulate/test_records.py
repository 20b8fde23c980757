"""Call records and the provider's files."""

import csv
from pathlib import Path

from tests.conftest import ROOT

from ringfence.simulate import carrier, records
from ringfence.simulate.provider import harbour_voice, write_provider
from ringfence.vocabulary.times import MINUTE, Micros, from_iso

PROVIDER = harbour_voice()
BEGIN = from_iso("2026-03-02T09:00:00Z")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_records_have_the_generic_header_and_one_row_a_call(tmp_path: Path) -> None:
    plans = list(carrier.calls(PROVIDER, seed=1, duration=Micros(5 * MINUTE)))

    written = records.write_records(plans, tmp_path / "calls.csv", begin=BEGIN)

    assert written == len(plans) == len(rows(tmp_path / "calls.csv"))
    with (tmp_path / "calls.csv").open(encoding="utf-8") as file:
        header = file.readline()
    assert header.startswith("call_id,start,answer,end,account,caller,callee,source_ip,status,released_by,attestation")


def test_times_of_a_record_are_in_order_and_only_answered_calls_have_an_answer(tmp_path: Path) -> None:
    records.write_records(carrier.calls(PROVIDER, seed=1, duration=MINUTE), tmp_path / "calls.csv", begin=BEGIN)

    for row in rows(tmp_path / "calls.csv"):
        assert (row["answer"] != "") == (row["status"] == "200")
        moments = [from_iso(row[name]) for name in ("start", "answer", "end") if row[name]]
        assert moments == sorted(moments)
        assert moments[0] >= BEGIN


def test_labels_name_the_dialler_and_nobody_else(tmp_path: Path) -> None:
    records.write_labels(PROVIDER, tmp_path / "labels.csv")

    assert [row["account"] for row in rows(tmp_path / "labels.csv") if row["conduct"] == "dialler"] == [PROVIDER.dialler]
    assert len(rows(tmp_path / "labels.csv")) == len(PROVIDER.accounts)


def test_the_examples_are_what_the_provider_writes(tmp_path: Path) -> None:
    for path in write_provider(PROVIDER, tmp_path):
        assert path.read_bytes() == (ROOT / "examples" / "demo" / path.name).read_bytes()


def test_a_reseller_stands_above_three_end_users() -> None:
    above = [account.parent for account in PROVIDER.accounts if account.kind == "end-user"]

    assert above == ["quayside-telecom"] * 3
    assert [account.name for account in PROVIDER.accounts if account.kind == "reseller"] == ["quayside-telecom"]
    assert sum(account.kind == "customer" for account in PROVIDER.accounts) == 5
