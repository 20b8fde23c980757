"""A real OpenSIPS on loopback; no distribution here carries it, so it runs where RINGFENCE_OPENSIPS names a built one."""

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Final

import pytest
from tests.conftest import ROOT
from tests.edges.asterisk_server import free_port

from ringfence.gate.edges.emergency import written

_START_S: Final = 60.0


def opensips_root() -> Path:
    """Return the folder of a built source tree: the program, and modules/NAME/NAME.so; skip the test where there is none."""
    root = Path(os.environ.get("RINGFENCE_OPENSIPS") or "nowhere")
    if not (root / "opensips").exists():
        pytest.skip("no OpenSIPS here: no package of it exists; RINGFENCE_OPENSIPS may name a source tree that was built")
    return root


class OpensipsServer:
    """One OpenSIPS with ports of its own. It sends calls on to `carrier`."""

    def __init__(self, folder: Path, *, carrier: int = 9) -> None:
        self._root = opensips_root()
        self.folder = folder / "opensips"
        self.folder.mkdir()
        self.sip = free_port(socket.SOCK_DGRAM)
        self.mi = free_port()
        self._carrier = carrier
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        modules = self.folder / "modules"
        modules.mkdir(exist_ok=True)
        for module in self._root.glob("modules/*/*.so"):
            link = modules / module.name
            if not link.exists():
                link.symlink_to(module)
        file = self.folder / "opensips.cfg"
        text = _CONFIGURATION.format(
            sip=self.sip,
            mi=self.mi,
            modules=modules,
            carrier=self._carrier,
            snippet=ROOT / "docs/edges/opensips-ringfence.cfg",
            for_help=self.folder / "for_help.cfg",
        )
        (self.folder / "for_help.cfg").write_text(f"{written('opensips', ('112', '911'))}\n", encoding="utf-8")
        file.write_text(text, encoding="utf-8")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._root / "opensips"), "-f", str(file), "-F", "-m", "64", "-M", "8", "-w", str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"OpenSIPS did not start: {self.log()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the process and its workers, which are a group of their own."""
        if self._process is not None:
            os.killpg(self._process.pid, 9)
            self._process.wait()
            self._process = None

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.mi), 0.5) as connection:
                body = b'{"jsonrpc":"2.0","id":1,"method":"uptime"}'
                head = f"POST /mi HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                connection.settimeout(2)
                connection.sendall(head + body)
                return b"200 OK" in connection.recv(4096)
        except OSError:
            return False


_CONFIGURATION: Final = """\
log_level=2
stderror_enabled=yes
syslog_enabled=no
udp_workers=2
socket=udp:127.0.0.1:{sip}
mpath="{modules}/"
loadmodule "proto_udp.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "sipmsgops.so"
loadmodule "signaling.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "dialog.so"
loadmodule "cachedb_local.so"
loadmodule "httpd.so"
loadmodule "mi_http.so"
modparam("httpd", "ip", "127.0.0.1")
modparam("httpd", "port", {mi})
modparam("usrloc", "working_mode_preset", "single-instance-no-db")
modparam("cachedb_local", "cachedb_url", "local:ringfence:///ringfence")
modparam("cachedb_local", "cache_collections", "ringfence=12")

include_file "{snippet}"
include_file "{for_help}"

route {{
    if (has_totag()) {{
        loose_route();
        t_relay();
        exit;
    }}
    $avp(account) = $fU;
    route(RINGFENCE);
    if (is_method("REGISTER")) {{
        save("location");
        exit;
    }}
    if (is_method("INVITE")) {{
        create_dialog();
        route(RINGFENCE_NOTE);
        record_route();
        $du = "sip:127.0.0.1:{carrier}";
        t_relay();
        exit;
    }}
    sl_send_reply(404, "Not Found");
}}
"""
