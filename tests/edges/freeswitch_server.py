"""A real FreeSWITCH on loopback; no distribution here carries it, so it runs where RINGFENCE_FREESWITCH names an installed one."""

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

PASSWORD: Final = "a-password-of-the-tests"
_START_S: Final = 90.0


def freeswitch_root() -> Path:
    """Return the prefix that FreeSWITCH was installed to; skip the test where there is none."""
    root = Path(os.environ.get("RINGFENCE_FREESWITCH") or "nowhere")
    if not (root / "bin/freeswitch").exists():
        pytest.skip("no FreeSWITCH here: no package of it exists; RINGFENCE_FREESWITCH may name the prefix of a built one")
    return root


class FreeswitchServer:
    """One FreeSWITCH with folders and ports of its own."""

    def __init__(self, folder: Path) -> None:
        self._root = freeswitch_root()
        self.folder = folder / "freeswitch"
        for name in ("conf", "log", "run", "db", "storage", "tmp"):
            (self.folder / name).mkdir(parents=True)
        self.sip = free_port(socket.SOCK_DGRAM)
        self.socket = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        snippet = (ROOT / "docs/edges/freeswitch-ringfence.xml").read_text(encoding="utf-8")
        snippet = snippet[snippet.index("<include>") + 9 : snippet.index("</include>")]
        text = _CONFIGURATION.replace("@SNIPPET@", snippet).replace("@SIP@", str(self.sip)).replace("@SOCKET@", str(self.socket))
        text = text.replace("@EMERGENCY@", written("freeswitch", ("112", "911")))
        (self.folder / "conf/freeswitch.xml").write_text(text, encoding="utf-8")

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        folders = [f"-{name}" for name in ("conf", "log", "run", "db", "storage")]
        places = [part for name in folders for part in (name, str(self.folder / name[1:]))]
        program = [
            str(self._root / "bin/freeswitch"),
            "-nf",
            "-nonat",
            "-nonatmap",
            "-nocal",
            "-np",
            "-temp",
            str(self.folder / "tmp"),
        ]
        with (self.folder / "log/console").open("ab") as log:
            self._process = subprocess.Popen(
                [*program, *places, "-mod", str(self._root / "lib/freeswitch/mod")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "LD_LIBRARY_PATH": str(self._root / "lib")},
            )
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"FreeSWITCH did not start: {self.log()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def log(self) -> str:
        files = (self.folder / "log/console", self.folder / "log/freeswitch.log")
        return "".join(file.read_text(errors="replace") for file in files if file.exists())

    def _answers(self) -> bool:
        """Tell whether it is up: the event socket answers before the SIP profile does."""
        try:
            with socket.create_connection(("127.0.0.1", self.socket), 0.5) as connection:
                connection.settimeout(2)
                if b"auth/request" not in connection.recv(256):
                    return False
                connection.sendall(f"auth {PASSWORD}\n\napi sofia status\n\n".encode())
                heard = b""
                while b" alias" not in heard:
                    more = connection.recv(4096)
                    if not more:
                        return False
                    heard += more
                return b"RUNNING" in heard
        except OSError:
            return False


_CONFIGURATION: Final = """\
<?xml version="1.0"?>
<document type="freeswitch/xml">
@EMERGENCY@
<section name="configuration">
 <configuration name="modules.conf"><modules>
  <load module="mod_console"/><load module="mod_logfile"/><load module="mod_event_socket"/>
  <load module="mod_commands"/><load module="mod_hash"/>
  <load module="mod_dptools"/><load module="mod_tone_stream"/><load module="mod_dialplan_xml"/><load module="mod_sofia"/>
 </modules></configuration>
 <configuration name="switch.conf"><settings>
  <param name="loglevel" value="info"/><param name="rtp-start-port" value="21000"/><param name="rtp-end-port" value="21100"/>
 </settings></configuration>
 <configuration name="logfile.conf"><profiles><profile name="default"><settings/>
  <mappings><map name="all" value="info,notice,warning,err,crit"/></mappings></profile></profiles></configuration>
 <configuration name="console.conf"><mappings/><settings/></configuration>
 <configuration name="event_socket.conf"><settings>
  <param name="listen-ip" value="127.0.0.1"/><param name="listen-port" value="@SOCKET@"/>
  <param name="password" value="a-password-of-the-tests"/>
  <param name="apply-inbound-acl" value="loopback.auto"/>
 </settings></configuration>
 <configuration name="acl.conf"><network-lists><list name="upstream" default="deny">
  <node type="allow" cidr="127.0.0.2/32"/></list></network-lists></configuration>
 <configuration name="sofia.conf"><profiles><profile name="internal"><settings>
  <param name="sip-ip" value="127.0.0.1"/><param name="rtp-ip" value="127.0.0.1"/><param name="sip-port" value="@SIP@"/>
  <param name="context" value="customers"/><param name="dialplan" value="XML"/>
  <param name="auth-calls" value="true"/>
  <param name="apply-inbound-acl" value="upstream"/><param name="accept-blind-reg" value="false"/>
  <param name="codec-prefs" value="PCMU"/>
  <param name="force-register-domain" value="127.0.0.1"/>
  <param name="force-register-db-domain" value="127.0.0.1"/>
  <param name="inbound-codec-negotiation" value="generous"/><param name="manage-presence" value="false"/>
 </settings></profile></profiles></configuration>
</section>
<section name="directory"><domain name="127.0.0.1"><user id="alice">
 <params><param name="password" value="alices-password"/></params>
 <variables><variable name="accountcode" value="alice"/></variables></user></domain></section>
<section name="dialplan"><context name="customers">
@SNIPPET@
 <extension name="tone"><condition field="destination_number" expression=".*">
  <action application="answer"/><action application="playback" data="tone_stream://%(1000,1000,400);loops=-1"/>
 </condition></extension>
</context></section>
</document>
"""
