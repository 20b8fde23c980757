"""The mail process by SMTP: a mail is answered 250 when it is kept, and not before."""

import os
import smtplib
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest
from tests.ports import free_port
from tests.unit.desk.scene import write_bundle

_PREPARE = """
import sys; from pathlib import Path; from ringfence.desk.site.prepare import prepare
prepare(Path(sys.argv[1]), bundle=Path(sys.argv[2]))
"""
_LIST = """
import sys; from pathlib import Path; from ringfence.desk.site.process import configure
configure(Path(sys.argv[1]))
from ringfence.desk.complaints.models import Complaint
print(*Complaint.objects.values_list("sha256", flat=True))
"""
_READY_SECONDS = 60.0


def connect(port: int) -> smtplib.SMTP:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            return smtplib.SMTP("127.0.0.1", port, timeout=60)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_a_mail_is_kept_before_it_is_accepted_and_a_huge_one_is_refused(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    data.mkdir(mode=0o700)
    (data / "installation.key").write_bytes(bytes(32))
    (data / "ringfence.toml").write_text(f'[mail]\nlisten = "127.0.0.1:{port}"\nsize_limit = 50000\n', encoding="utf-8")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "ringfence.desk.site.settings"}
    command = [sys.executable, "-c", _PREPARE, str(data), str(write_bundle(tmp_path / "bundle"))]
    subprocess.run(command, env=environment, check=True)
    process = subprocess.Popen([sys.executable, "-m", "ringfence.cli", "mail", "--data", str(data)], env=environment)
    raw = b"Subject: calls\r\n\r\n\xff\x00 every night\r\n.. and a dot\r\n"
    with connect(port) as connection:
        connection.sendmail("joe@example.org", ["abuse@voice.example"], raw)
        with pytest.raises(smtplib.SMTPException, match="552"):
            connection.sendmail("joe@example.org", ["abuse@voice.example"], b"Subject: big\r\n\r\n" + b"x" * 60_000)
    process.kill()
    process.wait()
    digest = sha256(raw).hexdigest()
    assert [path.name for path in (data / "mail").iterdir()] == [f"{digest}.eml"]
    assert (data / "mail" / f"{digest}.eml").read_bytes() == raw
    listed = subprocess.run([sys.executable, "-c", _LIST, str(data)], env=environment, check=True, capture_output=True, text=True)
    assert listed.stdout.split() == [digest]
