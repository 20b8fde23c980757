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


def ends_without_answer(port: int, line: bytes) -> bool:
    """Tell whether the connection ends while `line` is sent as a mail's text."""
    connection = connect(port)
    connection.ehlo()
    connection.mail("joe@example.org")
    connection.rcpt("abuse@voice.example")
    connection.docmd("DATA")
    try:
        connection.send(line)
        connection.getreply()
    except (OSError, smtplib.SMTPServerDisconnected):
        return True
    finally:
        connection.close()
    return False


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
    one_line = b"Subject: a report in one line\r\n\r\n" + b"x" * 40_000 + b"\r\n"
    with connect(port) as connection:
        connection.sendmail("joe@example.org", ["abuse@voice.example"], raw)
        with pytest.raises(smtplib.SMTPException, match="552"):
            connection.sendmail("joe@example.org", ["abuse@voice.example"], b"Subject: big\r\n\r\n" + b"x" * 60_000)
        connection.rset()
        connection.sendmail("joe@example.org", ["abuse@voice.example"], one_line)
    assert ends_without_answer(port, b"x\n" * (1 << 20) * 4)  # never CR LF: one line to SMTP
    connect(port).quit()
    process.kill()
    process.wait()
    digests = [sha256(each).hexdigest() for each in (raw, one_line)]
    assert sorted(path.name for path in (data / "mail").iterdir()) == sorted(f"{digest}.eml" for digest in digests)
    for digest, each in zip(digests, (raw, one_line), strict=True):
        assert (data / "mail" / f"{digest}.eml").read_bytes() == each
    listed = subprocess.run([sys.executable, "-c", _LIST, str(data)], env=environment, check=True, capture_output=True, text=True)
    assert sorted(listed.stdout.split()) == sorted(digests)
