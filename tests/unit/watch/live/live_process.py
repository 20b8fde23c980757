"""A real watch process on loopback, with the shipped policy in force, and HEP to feed it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import IO

import msgspec
from tests.conftest import ROOT
from tests.ports import free_port

from ringfence.feeds import FeedReader, FeedWriter
from ringfence.policy import load, read_folder
from ringfence.vocabulary.contracts import AccountLink, Finding, PartyLink, Reference, TrunkLink
from ringfence.vocabulary.times import Micros

KEY = bytes(range(32))
BUNDLE = ROOT / "tests" / "bundles" / "four"


@dataclass
class Watch:
    """`data` is its folder. `start` waits until it listens; `kill` is kill -9; `end` asks, and gives the exit code."""

    data: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    logs: list[str] = field(default_factory=list)
    _log: IO[bytes] | None = None
    _begun: int = 0

    def start(self, until: str = "watch.listening") -> None:
        path = self.data / "watch.log"
        self._log = path.open("ab")
        self._begun = path.stat().st_size
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ringfence.cli", "watch", "--data", str(self.data)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
        self.wait_for(until)

    def wait_for(self, said: str) -> None:
        assert self.process is not None
        path, deadline = self.data / "watch.log", time.monotonic() + 240
        while said not in path.read_text()[self._begun :]:
            assert self.process.poll() is None, path.read_text()
            assert time.monotonic() < deadline, path.read_text()
            time.sleep(0.02)

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._close()

    def pause(self) -> None:
        """Hold the process up until it is told to end."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def end(self) -> int:
        assert self.process is not None
        self.process.terminate()
        self.process.send_signal(signal.SIGCONT)
        code = self.process.wait(120)
        self._close()
        return code

    def stop(self) -> None:
        """Leave nothing behind, whatever happened."""
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.kill()

    def send(self, packets: Iterable[bytes]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for packet in packets:
                sender.sendto(packet, ("127.0.0.1", self.port))

    def findings(self) -> list[Finding]:
        return [msgspec.json.decode(record, type=Finding) for record in self.records("findings")]

    def records(self, feed: str) -> list[bytes]:
        reader = FeedReader(self.data / "feeds" / feed)
        payloads: list[bytes] = []
        while records := reader.read():
            payloads += [record.payload for record in records]
        return payloads

    def _close(self) -> None:
        if self._log is not None:
            self._log.close()


def prepared(folder: Path) -> Watch:
    """Return a watch whose data folder holds configuration, key, the shipped policy and a reference, not yet started."""
    port = free_port()
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "ringfence.toml").write_text(f'[watch]\nhep = "127.0.0.1:{port}"\nlateness_ms = 20\n')
    (folder / "installation.key").write_bytes(KEY)
    policy = load(read_folder(BUNDLE)).hash
    copytree(BUNDLE, folder / "policies" / policy)
    reference = Reference(
        time=Micros(0),
        policy=policy,
        parties=(PartyLink(party="acme"),),
        accounts=(AccountLink(account="A1", party="acme"),),
        trunks=(TrunkLink(trunk="T1", account="A1", address="127.0.0.88"),),
    )
    writer = FeedWriter(folder / "feeds" / "reference")
    writer.append([msgspec.json.encode(reference)])
    writer.close()
    return Watch(folder, port)
