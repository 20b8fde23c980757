"""The service mailbox by real SMTP, at the listener of the abuse mailbox."""

import os
import subprocess
import sys
from pathlib import Path

from tests.ports import free_port
from tests.unit.desk.complaints.test_mailbox import connect
from tests.unit.desk.scene import write_bundle

_PREPARE = """
import sys; from pathlib import Path; from ringfence.desk.site.prepare import prepare
prepare(Path(sys.argv[1]), bundle=Path(sys.argv[2]))
"""
_COUNT = """
import sys; from pathlib import Path; from ringfence.desk.site.process import configure
configure(Path(sys.argv[1]))
from ringfence.desk.complaints.models import Complaint
from ringfence.desk.recovery.models import Request
print(Complaint.objects.count(), *Request.objects.order_by("id").values_list("mail", flat=True))
"""


def test_mails_to_the_service_mailbox_are_requests_and_all_others_complaints(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    data.mkdir(mode=0o700)
    (data / "installation.key").write_bytes(bytes(32))
    (data / "ringfence.toml").write_text(f'[mail]\nlisten = "127.0.0.1:{port}"\ndns = "off"\n', encoding="utf-8")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "ringfence.desk.site.settings"}
    subprocess.run([sys.executable, "-c", _PREPARE, str(data), str(write_bundle(tmp_path / "bundle"))], env=environment, check=True)
    process = subprocess.Popen([sys.executable, "-m", "ringfence.cli", "mail", "--data", str(data)], env=environment)
    try:
        kept = [sent(port, n, *to) for n, to in enumerate((["support"], ["abuse"], ["Support", "abuse"], ["postmaster"]))]
        flood = [sent(port, n, "support", sender="mallory") for n in range(20, 32)]
    finally:
        process.terminate()
        process.wait(60)
    assert kept == ["Request 1 is kept", "Complaint 1 is kept", "Request 2 is kept; Complaint 2 is kept", "Complaint 3 is kept"]
    assert [text.startswith("Request") for text in flood] == [True] * 10 + [False] * 2
    assert "try again later" in flood[-1]
    counted = subprocess.run([sys.executable, "-c", _COUNT, str(data)], env=environment, check=True, capture_output=True, text=True)
    assert counted.stdout.split() == ["3", *["joe@example.org"] * 2, *["mallory@example.org"] * 10]


def sent(port: int, number: int, *to: str, sender: str = "joe") -> str:
    """Send a mail; return what the listener said when it had it."""
    raw = f"From: {sender}@example.org\r\nSubject: hacked {number}\r\n\r\nhelp\r\n".encode()
    with connect(port) as connection:
        connection.ehlo()
        connection.mail(f"{sender}@example.org")
        for name in to:
            connection.rcpt(f"{name}@voice.example")
        _, said = connection.data(raw)
    return said.decode().removeprefix("2.0.0 ")
