"""A real Kamailio with the shipped configuration, in a folder and on loopback addresses of its own."""

import hashlib
import http.client
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Final

from tests.conftest import ROOT
from tests.ports import free_port

SHIPPED: Final = ROOT / "deploy" / "kamailio"
ADDRESS: Final = "127.0.0.20"
CARRIER: Final = "127.0.0.30"
REALM: Final = "voice.example"
USERS: Final = {"trunk": "trunk-secret", "alice": "alice-secret", "1001": "4711"}
START_DEADLINE_S: Final = 60.0


class Kamailio:
    """One proxy: `sip_port` (UDP) on `ADDRESS`, JSON-RPC at `url`. It mirrors to 127.0.0.1, and calls `CARRIER`."""

    def __init__(self, folder: Path, *, hep_port: int, carrier_port: int, senders: str = "", **defines: str) -> None:
        """`senders` are lines for its users' file, `defines` further names of kamailio-local.cfg."""
        self.folder = folder
        self.sip_port = free_port(ADDRESS)
        self.rpc_port = free_port(ADDRESS)
        self.url = f"http://{ADDRESS}:{self.rpc_port}/RPC"
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("kamailio.cfg", "kamailio-users.cfg"):
            shutil.copy(SHIPPED / name, folder)
        self._configure(
            SIP_LISTEN=f"udp:{ADDRESS}:{self.sip_port}",
            RPC_LISTEN=f"tcp:{ADDRESS}:{self.rpc_port}",
            HEP_COLLECTOR=f'"sip:127.0.0.1:{hep_port}"',
            HEP_FROM=f'"sip:{ADDRESS}:{self.sip_port}"',
            CARRIER_URI=f'"sip:{CARRIER}:{carrier_port}"',
            CARRIER_ADDRESS=f'"{CARRIER}"',
            WORKERS="2",
            **defines,
        )
        secrets = "".join(f'\t$sht(users=>{name}) = "{_secret(name, word)}";\n' for name, word in USERS.items())
        (folder / "kamailio-users.cfg").write_text(f"event_route[htable:mod-init] {{\n{secrets}{senders}}}\n")

    def start(self) -> None:
        """Start it and wait until its JSON-RPC answers."""
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [
                program(),
                "-f",
                self.folder / "kamailio.cfg",
                "-DD",
                "-E",
                "-m",
                "32",
                "-M",
                "8",
                "-Y",
                self.folder,
                "-w",
                self.folder,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        log.close()
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self.call("core.version")
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"Kamailio did not start:\n{(self.folder / 'log').read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """End it, and lose all that it remembers."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def call(self, method: str, *parameters: str | int) -> Any:  # noqa: ANN401 # whatever the command gives
        """Return a JSON-RPC command's result; `None` where it answers with an error."""
        connection = http.client.HTTPConnection(ADDRESS, self.rpc_port, timeout=3)
        try:
            body = json.dumps({"jsonrpc": "2.0", "method": method, "params": parameters, "id": 1})
            connection.request("POST", "/RPC", body, {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read()).get("result")
        finally:
            connection.close()

    def entries(self) -> dict[str, str]:
        """Return the table that orders stand in."""
        return {cell["name"]: cell["value"] for slot in self.call("htable.dump", "ringfence") for cell in slot["slot"]}

    def _configure(self, **defines: str) -> None:
        lines = "".join(f"#!define {name} {value}\n" for name, value in defines.items())
        (self.folder / "kamailio-local.cfg").write_text(lines)


def program() -> str:
    """Return Kamailio's path: /usr/sbin is not on everybody's PATH."""
    return shutil.which("kamailio", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "kamailio"


def _secret(name: str, word: str) -> str:
    return hashlib.md5(f"{name}:{REALM}:{word}".encode(), usedforsecurity=False).hexdigest()
