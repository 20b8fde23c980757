"""Signed identities between this gate and Kamailio's own module, both ways: what one signs the other verifies."""

import asyncio
import os
import secrets
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.conftest import REQUIRE_ALL
from tests.integration.kamailio import program
from tests.ports import free_port
from tests.unit.gate.identity.test_signing import DIRECTORY, situation
from tests.unit.gate.identity.world import CALLEE, CALLER, HELD, ROOT, TRUNK, World, key_files
from tests.unit.watch.identity.authorities import NOW as CERTIFIED
from tests.unit.watch.identity.authorities import Holder, der, provider

from ringfence.gate.identity import Keys, Signing
from ringfence.gate.service import clock

pytestmark = pytest.mark.needs("kamailio")

ADDRESS: Final = "127.0.0.21"
AT: Final = "https://certificates.example/theirs.pem"
START_DEADLINE_S: Final = 60.0
_MODULES: Final = tuple(Path("/usr/lib").glob("*/kamailio/modules/secsipid.so"))
_LASTS: Final = (datetime.now(UTC) - CERTIFIED).days + 30
"""Certificates of the tests begin at a fixed day, and Kamailio goes by today's clock."""
CONFIGURATION: Final = """\
#!KAMAILIO
debug=1
log_stderror=yes
children=1
listen=udp:{address}:{port}
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "pv.so"
loadmodule "sl.so"
loadmodule "textops.so"
loadmodule "textopsx.so"
loadmodule "siputils.so"
loadmodule "secsipid.so"
modparam("secsipid", "expire", 60)

request_route {{
    if (is_method("OPTIONS")) {{
        sl_send_reply("200", "OK");
        exit;
    }}
    if (is_method("ACK")) exit;
    if (is_present_hf("Identity")) {{
        if (secsipid_check_identity("{folder}/ours.pub")) {{
            sl_send_reply("200", "Verified");
        }} else {{
            sl_send_reply("438", "Invalid Identity Header");
        }}
        exit;
    }}
    if (is_present_hf("X-Ask")) {{
        remove_hf("X-Ask");
        t_on_failure("ASKED");
        $du = "sip:127.0.0.1:{gate}";
        t_relay();
        exit;
    }}
    secsipid_add_identity("$fU", "$rU", "B", "", "{at}", "{folder}/theirs.key");
    msg_apply_changes();
    $du = "sip:127.0.0.1:{gate}";
    forward();
}}

failure_route[ASKED] {{
    if (t_check_status("302") && $T_rpl($hdr(Identity)) != $null) {{
        append_hf("Identity: $T_rpl($hdr(Identity))\r\n");
        $du = "sip:{address}:{port}";
        t_relay();
    }}
}}
"""


class SigningKamailio:
    """A Kamailio that signs what has no Identity, and asks the gate about it; what has one it verifies."""

    def __init__(self, folder: Path, gate_port: int) -> None:
        self.folder, self.port = folder, free_port(ADDRESS)
        self.theirs = Holder("Kamailio", ROOT, authority=der(0x30, provider("77")), days=(-30, _LASTS))
        self.ours = Holder("Ringfence", ROOT, authority=der(0x30, provider("1234")), days=(-30, _LASTS))
        key_files(folder, self.theirs, "theirs")
        public = self.ours.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / "ours.pub").write_bytes(public)
        (folder / "kamailio.cfg").write_text(
            CONFIGURATION.format(address=ADDRESS, port=self.port, folder=folder, gate=gate_port, at=AT)
        )
        log = (folder / "log").open("ab")
        command: list[str] = [program(), "-f", str(folder / "kamailio.cfg"), "-DD", "-E", "-m", "32", "-M", "8"]
        command += ["-Y", str(folder), "-w", str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()

    def wait(self) -> None:
        """Return when it answers."""
        deadline = time.monotonic() + START_DEADLINE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.send("OPTIONS", "1", "2", timeout_s=0.2).startswith("SIP/2.0 200"):
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"Kamailio did not start:\n{(self.folder / 'log').read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def send(self, method: str, caller: str, callee: str, *lines: str, timeout_s: float = 30.0) -> str:
        """Return the final answer to a request."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind(("127.0.0.1", 0))
            client.settimeout(timeout_s)
            mark = secrets.token_hex(6)
            head = [
                f"{method} sip:{callee}@{ADDRESS}:{self.port} SIP/2.0",
                f"Via: SIP/2.0/UDP 127.0.0.1:{client.getsockname()[1]};branch=z9hG4bK{mark};rport",
                "Max-Forwards: 70",
                f"From: <sip:{caller}@voice.example>;tag={mark}",
                f"To: <sip:{callee}@voice.example>",
                f"Call-ID: {mark}",
                f"CSeq: 1 {method}",
                *lines,
                "Content-Length: 0",
            ]
            client.sendto(("\r\n".join(head) + "\r\n\r\n").encode(), (ADDRESS, self.port))
            while (answer := client.recv(65_535).decode()).startswith("SIP/2.0 1"):
                pass  # provisional: the final one comes
            return answer


@pytest.fixture
def gate_port() -> int:
    return free_port()


@pytest.fixture
def kamailio(tmp_path: Path, gate_port: int) -> Iterator[SigningKamailio]:
    if not _MODULES and not REQUIRE_ALL:
        pytest.skip("not installed here: Kamailio's module secsipid (Debian: kamailio-secsipid-modules)")
    made = SigningKamailio(tmp_path, gate_port)
    try:
        made.wait()
        yield made
    finally:
        made.stop()


@asynccontextmanager
async def listening(world: World, port: int) -> AsyncIterator[None]:
    await world.redirect.listen("127.0.0.1", port)
    try:
        yield
    finally:
        world.redirect.close()


def test_what_kamailio_signs_the_gate_verifies_and_binds_to_the_call(
    tmp_path: Path, kamailio: SigningKamailio, gate_port: int
) -> None:
    world = World(
        tmp_path / "w",
        files={AT: kamailio.theirs.pem},
        asked_by=(f"{ADDRESS}/32", "127.0.0.1/32"),
        on_identity={"verified": "mark", "failed": "refuse"},
        data_by_redirect=False,
    )
    world.clock = clock

    async def told() -> tuple[str, str]:
        async with listening(world, gate_port):
            plain = await asyncio.to_thread(kamailio.send, "INVITE", CALLER[1:], CALLEE[1:])
            # A signature for one caller on a call that shows another: the module alone would let it pass.
            asserted = f"P-Asserted-Identity: <sip:{HELD}@voice.example>"
            other = await asyncio.to_thread(kamailio.send, "INVITE", CALLER[1:], CALLEE[1:], asserted)
            return plain, other

    plain, other = asyncio.run(told())
    assert plain.startswith("SIP/2.0 404 Not Found"), plain
    assert 'P-Ringfence-Identity: verified;attest=B;signer="77"' in plain
    assert other.startswith("SIP/2.0 438 Invalid Identity Header")
    assert world.verifying.checks.outcomes == {"verified": 1, "caller-mismatch": 1}


def test_what_the_gate_signs_kamailio_verifies(tmp_path: Path, kamailio: SigningKamailio) -> None:
    signing = Signing(Keys((key_files(tmp_path, kamailio.ours, "ours", AT),), tmp_path), secret=os.urandom(32))
    made = signing.sign(situation(HELD, callee=CALLEE), DIRECTORY, clock())
    assert kamailio.send("INVITE", HELD[1:], CALLEE[1:], f"Identity: {made.identity}").startswith("SIP/2.0 200 Verified")
    head, body, signature = made.identity.partition(";")[0].split(".")
    damaged = f"{head}.{body}.{signature[:-4]}{'AAAA' if signature[-4:] != 'AAAA' else 'BBBB'};{made.identity.partition(';')[2]}"
    assert kamailio.send("INVITE", HELD[1:], CALLEE[1:], f"Identity: {damaged}").startswith("SIP/2.0 438")


def test_what_the_gate_answers_with_goes_on_with_the_call(tmp_path: Path, kamailio: SigningKamailio, gate_port: int) -> None:
    folder = tmp_path / "w"
    folder.mkdir()
    world = World(folder, keys=(key_files(folder, kamailio.ours, "ours", AT),), asked_by=(), trusted=(f"{ADDRESS}/32",), sign=True)
    world.clock = clock

    async def told() -> str:
        async with listening(world, gate_port):
            lines = ("X-Ask: yes", f"P-Ringfence-Source: {TRUNK}")
            return await asyncio.to_thread(kamailio.send, "INVITE", HELD, CALLEE, *lines)

    assert asyncio.run(told()).startswith("SIP/2.0 200 Verified")
    assert world.signing is not None
    assert world.signing.signed == {"A": 1}
