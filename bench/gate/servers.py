"""The three that are asked: the gate, a Kamailio with a table of its own, and a responder that looks up nothing."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from bench.gate.asking import request

START_S: Final = 180.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_KAMAILIO: Final = """
listen=udp:127.0.0.1:{port}
children=1
log_stderror=yes
debug=0
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "htable.so"
modparam("htable", "htable", "orders=>size=16;")
event_route[htable:mod-init] {{
    $var(i) = 0;
    while ($var(i) < 90) {{ $sht(orders=>number:+8835100$var(i)) = "an order"; $var(i) = $var(i) + 1; }}
}}
request_route {{
    force_rport();
    if (is_method_ack) {{ exit; }}
    if ($sht(orders=>source:$si) != $null || $sht(orders=>number:$fU) != $null || $sht(orders=>number:$rU) != $null) {{
        sl_send_reply("603", "Decline"); exit;
    }}
    sl_send_reply("404", "Not Found");
}}
"""


class Server:
    """A program under measurement, listening for SIP over UDP at `port`."""

    def __init__(self, command: list[str], port: int, folder: Path, what: str) -> None:
        self.port, self.what = port, what
        self._log = (folder / f"{what}.log").open("wb")
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, cwd=folder, env=environment
        )

    def __enter__(self) -> Self:
        deadline = time.monotonic() + START_S
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.2)
            asking.connect(("127.0.0.1", self.port))
            while time.monotonic() < deadline and self._process.poll() is None:
                with suppress(OSError):
                    asking.send(request(0))
                    asking.recv(4_096)
                    return self
        self.__exit__()
        raise RuntimeError(f"{self.what} did not answer; see {self._log.name}")

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def busy_s(self) -> float:
        """Return the processor seconds of its process and its children."""
        total = 0.0
        for pid in (self._process.pid, *_children(self._process.pid)):
            with suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
                total += (int(fields[11]) + int(fields[12])) / _TICKS
        return total

    def memory_mb(self) -> float:
        """Return how much memory its process holds."""
        return int(Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1]) * 4_096 / 1e6


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def gate(data: Path, port: int, http: int) -> Server:
    """Return the gate on a data folder."""
    (data / "ringfence.toml").write_text(f'[gate]\nsip = "127.0.0.1:{port}"\nhttp = "127.0.0.1:{http}"\n', encoding="utf-8")
    return Server([sys.executable, "-m", "ringfence.cli", "gate", "--data", str(data)], port, data, "gate")


def bare(folder: Path, port: int) -> Server:
    """Return a responder on the same event loop that parses and looks up nothing."""
    return Server([sys.executable, "-m", "bench.gate.bare", str(port)], port, folder, "bare")


def kamailio(folder: Path, port: int) -> Server | None:
    """Return a Kamailio with one worker, `None` where there is none."""
    program = shutil.which("kamailio") or shutil.which("kamailio", path="/usr/sbin")
    if program is None:
        return None
    configured = _KAMAILIO.format(port=port).replace("is_method_ack", '$rm == "ACK"')
    (folder / "kamailio.cfg").write_text(configured, encoding="ascii")
    command = [program, "-f", str(folder / "kamailio.cfg"), "-DD", "-E", "-m", "64", "-Y", str(folder), "-w", str(folder)]
    return Server(command, port, folder, "kamailio")
