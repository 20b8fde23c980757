"""The architecture checks itself: an import in the wrong direction breaks the build."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import ROOT


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src" / "ringfence", tmp_path / "src" / "ringfence", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("gate/__init__.py", "import django.db", "Django stays in the desk"),
        ("policy/__init__.py", "import ringfence.watch.engine", "Packages import in one direction"),
        ("simulate/__init__.py", "import ringfence.feeds", "Packages import in one direction"),
        ("watch/engine/__init__.py", "import time", "Nothing between watch's sources and sinks"),
        ("watch/wire/__init__.py", "import ringfence.watch.engine", "Watch flows from sources to sinks"),
        ("watch/tallies/__init__.py", "import ringfence.watch.windows", "Watch flows from sources to sinks"),
        ("desk/audit/__init__.py", "import ringfence.desk.cases", "Desk apps stand on each other"),
        ("gate/__init__.py", "import ringfence.simulate", "Only the commands know the simulator"),
        ("helpers/__init__.py", "", "Packages import in one direction"),
    ],
)
def test_a_wrong_import_or_an_unplaced_package_is_refused(copy: Path, module: str, line: str, contract: str) -> None:
    path = copy / "src" / "ringfence" / module
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + f"\n{line}\n")
    result = lint_imports(copy)
    broken = [text for text in result.stdout.splitlines() if text.endswith("BROKEN")]
    assert result.returncode != 0
    assert any(contract in text for text in broken) or contract in result.stdout


def test_the_tree_as_it_stands_keeps_every_contract(copy: Path) -> None:
    result = lint_imports(copy)
    assert result.returncode == 0, result.stdout
