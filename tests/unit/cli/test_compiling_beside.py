"""A first start compiles in two processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.cli import compiling_beside
from ringfence.cli.compiling_beside import CALLS, WINDOWS, compile_beside, parts_for
from ringfence.watch.kernels import calls

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What processes were begun for."""
    told: list[list[str]] = []

    class Begun:
        def __init__(self, command: list[str], **_: object) -> None:
            told.append(command[3:])

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(subprocess, "Popen", Begun)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    return told


def test_records_need_no_signalling_compiled() -> None:
    assert parts_for([Path("a.csv"), Path("b.PARQUET")]) == (WINDOWS,)
    assert parts_for([Path("a.csv"), Path("b.pcap")]) == (WINDOWS, CALLS)
    assert parts_for([Path("folder")]) == (WINDOWS, CALLS)


def test_only_what_nobody_compiled_yet_is_compiled_beside(begun: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling_beside, "is_kept", lambda kernel: kernel is calls.follow)
    assert compile_beside(WINDOWS, CALLS)
    assert not compile_beside(CALLS)
    assert begun == [[WINDOWS]]


def test_one_processor_compiles_alone(begun: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling_beside, "is_kept", lambda _: False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert compile_beside(WINDOWS)
    assert begun == []


def test_where_nothing_can_be_kept_nobody_compiles_beside(begun: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling_beside, "is_kept", lambda _: False)
    monkeypatch.setattr(compiling_beside, "folder_of", lambda _: None)
    assert compile_beside(WINDOWS)
    assert begun == []


@pytest.mark.parametrize("part", [WINDOWS, CALLS])
def test_what_is_compiled_beside_is_what_the_engine_calls(part: str) -> None:
    script = (
        "import sys; from ringfence.cli.compiling_beside import compile_now, _KERNELS; compile_now(sys.argv[1:])\n"
        "print(*_KERNELS[sys.argv[1]].signatures)"
    )
    told = subprocess.run([sys.executable, "-c", script, part], env=os.environ, check=True, capture_output=True, text=True).stdout
    scan = (
        "import sys; from ringfence.cli.__main__ import main; from ringfence.cli.compiling_beside import _KERNELS\n"
        "part = sys.argv.pop(1)\n"
        "try: main()\n"
        "except SystemExit: print('signatures:', *_KERNELS[part].signatures)"
    )
    capture = ROOT / "examples" / "captures"
    run = [sys.executable, "-c", scan, part, "scan", str(capture), "--policy", str(ROOT / "tests" / "bundles" / "four")]
    done = subprocess.run(run, env=os.environ, check=True, capture_output=True, text=True).stdout
    assert f"signatures: {told.strip()}" in done
    assert told.strip()
