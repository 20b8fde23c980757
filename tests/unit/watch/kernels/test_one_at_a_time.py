"""Of several processes that need the same kernel one compiles it, and the others wait and take it up."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from ringfence.watch.kernels import one_at_a_time
from ringfence.watch.kernels.compiled import compiled

_KERNEL = """
import sys
from ringfence.watch.kernels.compiled import compiled

@compiled
def doubled(number):
    return 2 * number

assert doubled(21) == 42
print(*doubled.stats.cache_hits.values(), "hits", *doubled.stats.cache_misses.values(), "misses")
"""


def run(folder: Path) -> subprocess.Popen[str]:
    script = folder / "kernel.py"
    script.write_text(_KERNEL)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "cache")}
    return subprocess.Popen([sys.executable, str(script)], env=environment, stdout=subprocess.PIPE, text=True)


def test_two_processes_that_start_together_compile_a_kernel_once(tmp_path: Path) -> None:
    processes = [run(tmp_path) for _ in range(2)]
    said = sorted(process.communicate(timeout=300)[0].strip() for process in processes)
    assert said == ["1 hits misses", "hits 1 misses"]
    assert not list(tmp_path.rglob("*.lock"))


def one_more(number: int) -> int:
    return number + 1


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    return tmp_path


def test_a_kernel_that_another_process_holds_is_waited_for(cache: Path) -> None:
    kernel = compiled(one_more)
    folder = Path(kernel._cache.cache_path)  # type: ignore[attr-defined]  # Numba's dispatcher
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / f"{kernel._cache._cache_file._index_name}.lock").open("ab")  # type: ignore[attr-defined]  # likewise
    fcntl.flock(lock, fcntl.LOCK_EX)
    released: list[bool] = []

    def release() -> None:
        released.append(True)
        lock.close()

    Timer(0.2, release).start()
    assert kernel(1) == 2
    assert released
    assert list(cache.rglob("*.nbi"))
    assert not list(cache.rglob("*.lock"))


def test_a_holder_that_hangs_is_not_waited_for(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_at_a_time, "LOOKS", 2)
    kernel = compiled(one_more)
    folder = Path(kernel._cache.cache_path)  # type: ignore[attr-defined]  # Numba's dispatcher
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{kernel._cache._cache_file._index_name}.lock").open("ab") as lock:  # type: ignore[attr-defined]  # likewise
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert kernel(1) == 2
    assert list(cache.rglob("*.nbi"))


def test_where_no_lock_can_be_made_a_kernel_is_compiled_all_the_same(cache: Path) -> None:
    kernel = compiled(one_more)
    folder = Path(kernel._cache.cache_path)  # type: ignore[attr-defined]  # Numba's dispatcher
    (folder / f"{kernel._cache._cache_file._index_name}.lock").mkdir(parents=True)  # type: ignore[attr-defined]  # likewise
    assert kernel(1) == 2
    assert list(cache.rglob("*.nbi"))
