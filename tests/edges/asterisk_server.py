"""A real Asterisk on loopback, unpacked beside the machine's own programs (`.ci/with-asterisk`); skipped where there is none."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Final

import pytest
from tests.conftest import ROOT

from ringfence.gate.edges.emergency import written

PASSWORD: Final = "a password of the tests"
USER: Final = "ringfence"
_START_S: Final = 60.0
_MODULES: Final = (
    "app_db app_dial app_echo app_exec "
    "app_milliwatt app_playback app_stack app_verbose bridge_simple bridge_softmix chan_pjsip "
    "codec_ulaw "
    "format_pcm func_callerid func_channel func_cut func_db func_logic func_strings func_timeout func_global func_base64 "
    "func_pjsip_contact func_pjsip_aor func_pjsip_endpoint func_env func_math func_rand func_sprintf "
    "pbx_config res_hep res_hep_pjsip res_http_websocket res_pjproject res_pjsip "
    "res_pjsip_authenticator_digest res_pjsip_caller_id res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user "
    "res_pjsip_endpoint_identifier_anonymous res_pjsip_header_funcs res_pjsip_logger res_pjsip_maintenance res_pjsip_nat "
    "res_pjsip_pubsub res_pjsip_registrar res_pjsip_rfc3326 res_pjsip_sdp_rtp res_pjsip_session res_rtp_asterisk res_security_log "
    "res_sorcery_astdb res_sorcery_config res_sorcery_memory res_timing_timerfd app_chanspy cdr_csv app_cdr func_cdr"
)


def asterisk_root() -> Path:
    """Return where Asterisk was unpacked; skip the test where it was not."""
    root = Path(os.environ.get("RINGFENCE_ASTERISK_ROOT") or "nowhere")
    if not (root / "usr/sbin/asterisk").exists():
        pytest.skip("no Asterisk here: .ci/with-asterisk unpacks one and runs a command beside it")
    return root


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


class AsteriskServer:
    """One process with a folder, ports and a database of its own."""

    def __init__(self, folder: Path, *, hep: int | None = None, certificate: tuple[str, str] | None = None) -> None:
        """`certificate`: files of a certificate and its key, by which the manager interface answers over TLS too."""
        self._root = asterisk_root()
        self.folder = folder / "asterisk"
        self.manager = free_port()
        self.sip = free_port(socket.SOCK_DGRAM)
        self._hep = hep
        self.secure_manager = free_port()
        self._certificate = certificate
        for name in ("etc", "run", "lib", "spool", "log", "log/cdr-csv"):
            (self.folder / name).mkdir(parents=True)
        self._configure()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        library = self._root / "usr/lib/x86_64-linux-gnu"
        environment = {**os.environ, "LC_ALL": "C", "HOME": str(self.folder)}
        program = [
            str(self._root / "usr/lib64/ld-linux-x86-64.so.2"),
            "--library-path",
            str(library),
            str(self._root / "usr/sbin/asterisk"),
            "-f",
            "-C",
            str(self.folder / "etc/asterisk.conf"),
        ]
        with (self.folder / "log/console").open("ab") as log:
            self._process = subprocess.Popen(
                program, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment
            )
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"Asterisk did not start: {self.log()[-2000:]}")
            time.sleep(0.05)

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return None if self._process is None else self._process.pid

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def forget(self) -> None:
        """Lose the database, as a new machine would have none."""
        for file in (self.folder / "lib").glob("astdb.sqlite3*"):
            file.unlink()

    def log(self) -> str:
        files = (self.folder / "log/console", self.folder / "log/messages")
        return "".join(file.read_text(errors="replace") for file in files if file.exists())

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.manager), 0.5) as connection:
                if not connection.recv(64).startswith(b"Asterisk Call Manager"):
                    return False
                connection.sendall(f"Action: Login\r\nUsername: {USER}\r\nSecret: {PASSWORD}\r\n\r\n".encode())
                connection.settimeout(2)
                heard = b""
                while b"FullyBooted" not in heard:
                    more = connection.recv(4096)
                    if not more:
                        return False
                    heard += more
                return True
        except OSError:
            return False

    def _secured(self) -> str:
        if self._certificate is None:
            return ""
        certificate, key = self._certificate
        return f"tlsenable=yes\ntlsbindaddr=127.0.0.1:{self.secure_manager}\ntlscertfile={certificate}\ntlsprivatekey={key}\n"

    def _configure(self) -> None:
        etc, folder = self.folder / "etc", self.folder
        modules = self._root / "usr/lib/x86_64-linux-gnu/asterisk/modules"
        data = self._root / "usr/share/asterisk"
        shutil.copy(ROOT / "docs/edges/asterisk-extensions.conf", etc / "ringfence.conf")
        files = {
            "asterisk.conf": f"[directories]\nastetcdir => {etc}\nastmoddir => {modules}\nastvarlibdir => {folder}/lib\n"
            f"astdbdir => {folder}/lib\nastkeydir => {folder}/lib\nastdatadir => {data}\nastagidir => {folder}/lib\n"
            f"astspooldir => {folder}/spool\nastrundir => {folder}/run\nastlogdir => {folder}/log\nastsbindir => {folder}\n"
            "[options]\ndocumentation_language = en_US\n",
            "modules.conf": "[modules]\nautoload=no\n" + "".join(f"load={name}.so\n" for name in _MODULES.split()),
            "logger.conf": "[general]\n[logfiles]\nmessages => notice,warning,error\nsecurity => security\n",
            "manager.conf": f"[general]\nenabled=yes\nbindaddr=127.0.0.1\nport={self.manager}\n{self._secured()}"
            f"[{USER}]\nsecret={PASSWORD}\n"
            "deny=0.0.0.0/0.0.0.0\npermit=127.0.0.1/255.255.255.255\nread=system,call,reporting\nwrite=system,call,reporting\n",
            "cdr.conf": "[general]\nenable=yes\nunanswered=yes\n[csv]\nusegmtime=yes\n",
            "hep.conf": "[general]\nenabled=no\n"
            if self._hep is None
            else f"[general]\nenabled=yes\ncapture_address=127.0.0.1:{self._hep}\ncapture_id=7\nuuid_type=call-id\n",
            "rtp.conf": "[general]\nrtpstart=20000\nrtpend=20100\n",
            "pjsip.conf": _PJSIP.format(port=self.sip),
            "extensions.conf": _EXTENSIONS.replace("@EMERGENCY@", written("asterisk", ("112", "911"))),
        }
        for name, text in files.items():
            (etc / name).write_text(text, encoding="utf-8")


_PJSIP: Final = """\
[udp]
type=transport
protocol=udp
bind=127.0.0.1:{port}

[alice]
type=endpoint
context=customers
disallow=all
allow=ulaw
auth=alice
aors=alice
direct_media=no

[alice]
type=auth
auth_type=userpass
username=alice
password=alices-password

[alice]
type=aor
max_contacts=3

[upstream]
type=endpoint
context=customers
disallow=all
allow=ulaw
direct_media=no

[upstream]
type=identify
endpoint=upstream
match=127.0.0.2
"""

_EXTENSIONS: Final = """\
[globals]
@EMERGENCY@

#include ringfence.conf

[customers]
exten => _[+0-9]!,1,Gosub(ringfence-check,s,1(${EXTEN}))
 same => n,Answer()
 same => n,Milliwatt()
exten => alice,1,Gosub(ringfence-check,s,1(${EXTEN}))
 same => n,Gosub(ringfence-called,s,1(${EXTEN}))
 same => n,Answer()
 same => n,Milliwatt()
"""
