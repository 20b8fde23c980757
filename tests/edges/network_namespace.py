"""A network of its own for one test: what is refused there touches nothing of the machine's."""

import shutil
import subprocess
from typing import Final, Self

import pytest

_UNSHARE: Final = ("unshare", "--user", "--map-root-user", "--net")


class NetworkNamespace:
    """Lives as long as one process in it. `enter` is what a command must begin with to run there."""

    def __init__(self) -> None:
        for program in ("unshare", "nsenter", "ip"):
            if shutil.which(program) is None:
                pytest.skip(f"not installed here: {program}")
        self._keeper = subprocess.Popen(
            [*_UNSHARE, "sh", "-c", "ip link set lo up && echo ready && exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._keeper.stdout is not None
        assert self._keeper.stderr is not None
        if self._keeper.stdout.readline() != b"ready\n":
            pytest.skip(f"no network namespace can be made here: {self._keeper.stderr.read().decode(errors='replace').strip()}")
        self.enter: Final = (
            "nsenter",
            "--preserve-credentials",
            "--user",
            "--net",
            "--target",
            str(self._keeper.pid),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._keeper.communicate(b"")

    def run(self, *command: str, told: str = "") -> str:
        """Run a command there; return what it printed."""
        return subprocess.run([*self.enter, *command], input=told, capture_output=True, text=True, check=True, timeout=30).stdout
