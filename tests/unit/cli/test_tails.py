"""`[watch] tails` is believed only where it is right."""

from pathlib import Path

import pytest
import typer

from ringfence.cli import doctor
from ringfence.cli.configuration import ConfigurationRefused, load
from ringfence.cli.tails import tails_of
from ringfence.watch.recorded import format_named

_MASTER = (
    '"acc","100","200","default","""A"" <100>","SIP/a-1","SIP/b-2","Dial","x",'
    '"2026-03-02 09:00:00","2026-03-02 09:00:02","2026-03-02 09:01:00",60,58,"ANSWERED","DOCUMENTATION"\n'
)


@pytest.mark.parametrize(
    ("tail", "key", "hint"),
    [
        ("{ path = 'x.csv', formatt = 'call-records' }", "formatt", "configuration.md"),
        ("{ format = 'call-records' }", "path", "configuration.md"),
        ("{ path = '' }", "watch.tails[0].path", "a file or a folder"),
        ("{ path = 'x.csv', format = 'csv' }", "watch.tails[0].format", "asterisk-csv"),
        ("{ path = 'x.pcap', format = 'capture' }", "can't be followed", "asterisk-csv"),
        ("{ path = 'x.parquet', format = 'parquet' }", "can't be followed", "asterisk-csv"),
        ("{ path = 'x.csv', timezone = 'Europe/Wien' }", "watch.tails[0].timezone", "Europe/Vienna"),
        ("{ path = 'x.csv', country = 'Austria' }", "watch.tails[0].country", "two letters"),
        ("{ path = 'x.csv', mapping = 'none.toml' }", "watch.tails[0].mapping", "count from the data folder"),
        ("{ path = 'x.csv', mapping = 'wrong.toml' }", "columns.callees is unknown", "did you mean callee"),
        ("{ path = 'x.csv', mapping = 'wrong.toml', format = 'asterisk-csv' }", "columns of its own", "leave out mapping"),
        ("{ path = 'Master.csv' }", "watch.tails[0].timezone", 'timezone = "Europe/Vienna"'),
        ("'logs', 'logs/calls.csv'", "watch.tails[1].path", "not both"),
        ("'logs', { path = 'logs', format = 'call-records' }", "watch.tails[1].path", "not both"),
    ],
)
def test_a_wrong_tail_is_refused_with_file_key_cause_and_hint(tmp_path: Path, tail: str, key: str, hint: str) -> None:
    (tmp_path / "wrong.toml").write_text("[columns]\ncallees = 'x'\n")
    (tmp_path / "Master.csv").write_text(_MASTER)
    (tmp_path / "ringfence.toml").write_text(f"[watch]\ntails = [{tail}]\n")
    with pytest.raises(ConfigurationRefused) as refusal:
        tails_of(tmp_path, load(tmp_path).watch)
    for text in (str(tmp_path / "ringfence.toml"), key, hint, "Hint: "):
        assert text in str(refusal.value)


def test_tails_take_the_keys_that_scan_has_as_options(tmp_path: Path) -> None:
    (tmp_path / "Master.csv").write_text(_MASTER)
    (tmp_path / "ringfence.toml").write_text(
        "[watch]\ncountry = 'GB'\ntails = ['calls.csv', { path = 'Master.csv', timezone = 'Europe/Vienna', country = 'at', "
        "format = 'asterisk-csv', from_start = true }, '/var/log/asterisk/security']\n"
    )
    calls, master, log = tails_of(tmp_path, load(tmp_path).watch)
    assert (calls.path, calls.choice.format, calls.options.country, calls.from_start) == (tmp_path / "calls.csv", None, "GB", False)
    assert (master.choice.format, str(master.options.zone), master.options.country, master.from_start) == (
        format_named("asterisk-csv"),
        "Europe/Vienna",
        "AT",
        True,
    )
    assert log.path == Path("/var/log/asterisk/security")


def test_doctor_says_how_each_tail_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "watch-health.json").write_text(
        '{"time":1,"tails":[{"path":"/a","state":"follows","records":88,"unusable":2,"behind":7,"left_out":{}},'
        '{"path":"/b","state":"waits","records":0,"unusable":0,"behind":0,"left_out":{"/b/c":"it is a picture"}}]}'
    )
    with pytest.raises(typer.Exit):
        doctor.command(tmp_path, as_json=True)
    said = capsys.readouterr().out
    assert '"name":"tail /a","well":true,"found":"follows; 88 records, 2 unusable, 7 octets behind"' in said
    assert '"name":"tail /b","well":false' in said
    assert "/b/c: it is a picture" in said
