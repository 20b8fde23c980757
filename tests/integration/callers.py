"""SIPp: an answering carrier, and customers that call through the proxy for as long as a test lasts."""

import csv
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.conftest import ROOT
from tests.integration.kamailio import ADDRESS, CARRIER, USERS

CALLING: Final = ROOT / "examples" / "first-hour" / "customer.xml"
ANSWERING: Final = ROOT / "examples" / "first-hour" / "carrier.xml"
END_DEADLINE_S: Final = 15.0
_ALONE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Calls:
    """How many calls were made, to the end."""

    successful: int
    failed: int


class Sipp:
    """One running SIPp. It ends by itself after two minutes, should nobody end it."""

    def __init__(self, folder: Path, name: str, arguments: Sequence[str | Path]) -> None:
        self._statistics = folder / f"{name}.csv"
        self._log = (folder / f"{name}.log").open("wb")
        keep: list[str | Path] = [
            "-trace_stat",
            "-stf",
            self._statistics,
            "-fd",
            "1",
            "-trace_err",
            "-error_file",
            folder / f"{name}.errors",
        ]
        self._process = subprocess.Popen(
            ["sipp", *arguments, *keep, "-nostdin", "-timeout", "120s"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    @classmethod
    def carrier(cls, folder: Path, port: int) -> "Sipp":
        """Return a carrier that answers every call."""
        return cls(folder, "carrier", ["-sf", ANSWERING, "-i", CARRIER, "-p", str(port)])

    @classmethod
    def customer(cls, folder: Path, user: str, source: str, proxy_port: int, *, agent: str) -> "Sipp":
        """Return a customer that makes ten calls a second from one address and port, naming its software `agent`."""
        who = ["-i", source, "-au", user, "-ap", USERS[user], "-key", "user", user, "-key", "agent", agent]
        rate = ["-r", "10", "-l", "50", "-t", "u1", "-s", "+441632960500"]
        return cls(folder, f"customer-{user}", ["-sf", CALLING, *who, *rate, f"{ADDRESS}:{proxy_port}"])

    def calls(self) -> Calls:
        """Return what its statistics say; they are written once a second and at its end."""
        rows = list(csv.DictReader(self._statistics.read_text().splitlines(), delimiter=";")) if self._statistics.exists() else []
        if not rows:
            return Calls(0, 0)
        return Calls(int(rows[-1]["SuccessfulCall(C)"]), int(rows[-1]["FailedCall(C)"]))

    @property
    def running(self) -> bool:
        """Tell whether it still makes or holds calls."""
        return self._process.poll() is None

    def wait(self) -> Calls:
        """Wait until its calls have ended by themselves; return what came of them."""
        self._process.wait(_ALONE_S)
        return self.calls()

    def kill(self) -> None:
        """End it now, whatever becomes of its calls."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def end(self) -> Calls:
        """Have it finish the calls that it has begun, and end; return what came of all."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGUSR1)
        try:
            self._process.wait(END_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        return self.calls()
