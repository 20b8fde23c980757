"""Mails are fetched from a real IMAP server (Dovecot), kept byte for byte, moved aside, and come once."""

import getpass
import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from ringfence.desk.actor import Actor, system
from ringfence.desk.complaints.fetching import FetchFailed, Source, fetch
from ringfence.desk.complaints.models import Complaint
from ringfence.desk.recovery.models import Request, RequestDoor
from ringfence.desk.recovery.services import take_in

pytestmark = [pytest.mark.needs("dovecot"), pytest.mark.django_db]

MAILBOX = system("mail")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RAW = b"From: joe@example.org\r\nSubject: calls\r\n\r\n\xff every night\r\n"
_READY_SECONDS = 60.0
_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 0
mail_location = maildir:{folder}/mail
mail_uid = {uid}
mail_gid = {gid}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


@pytest.fixture
def server() -> Iterator[int]:
    """Dovecot on a free port, one mailbox, the password `secret`."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    folder = Path(tempfile.mkdtemp(prefix="rf-"))  # short: a socket's path has 108 octets, and pytest's folders are deep
    # As root Dovecot insists on users of its own; another user is all of them.
    user, login, owner = ("dovecot", "dovenull", "mail") if os.getuid() == 0 else (getpass.getuser(),) * 3
    uid, gid = pwd.getpwnam(owner).pw_uid, pwd.getpwnam(owner).pw_gid
    (folder / "mail").mkdir()
    if os.getuid() == 0:
        os.chown(folder / "mail", uid, gid)
        for path in [folder, *folder.parents][:4]:  # pytest's folders are closed to others
            path.chmod(path.stat().st_mode | 0o011)
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    text = _CONFIGURATION.format(folder=folder, port=port, user=user, login=login, group=group, uid=uid, gid=gid)
    (folder / "dovecot.conf").write_text(text, encoding="utf-8")
    process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", str(folder / "dovecot.conf")])
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                process.kill()
                process.wait()
                pytest.fail(f"dovecot did not start: {(folder / 'log').read_text() if (folder / 'log').exists() else 'no log'}")
            time.sleep(0.1)
    yield port
    process.terminate()
    process.wait(30)
    shutil.rmtree(folder)


@pytest.fixture
def source(server: int, tmp_path: Path, settings: Settings) -> Source:
    """The mailbox, and a data folder to take its mails into."""
    settings.RINGFENCE_DATA = tmp_path / "data"
    return Source(host="127.0.0.1", port=server, user="abuse", password="secret", tls=False, most=10_000)


def put(source: Source, *mails: bytes) -> None:
    with imaplib.IMAP4(source.host, source.port) as client:
        client.login(source.user, source.password)
        for raw in mails:
            client.append("INBOX", "", "", raw)


def lying_in(source: Source, folder: str) -> int:
    with imaplib.IMAP4(source.host, source.port) as client:
        client.login(source.user, source.password)
        return int(client.select(folder)[1][0] or b"0")


def test_mails_are_kept_byte_for_byte_and_moved_aside(source: Source, tmp_path: Path) -> None:
    put(source, RAW, RAW.replace(b"night", b"day"))
    assert fetch(source, actor=MAILBOX, now=NOW) == 2
    assert fetch(source, actor=MAILBOX, now=NOW) == 0
    rows = list(Complaint.objects.order_by("id"))
    assert [row.door for row in rows] == ["imap", "imap"]
    assert (tmp_path / "data" / rows[0].file).read_bytes() == RAW
    assert (lying_in(source, "INBOX"), lying_in(source, "Taken")) == (0, 2)


def test_a_mail_that_was_kept_and_not_yet_moved_is_kept_once(source: Source) -> None:
    put(source, RAW)
    assert fetch(source, actor=MAILBOX, now=NOW) == 1
    put(source, RAW)  # as if the process had died between keeping and moving
    assert fetch(source, actor=MAILBOX, now=NOW) == 1
    assert Complaint.objects.count() == 1


def test_a_mail_that_is_too_large_stays_and_the_others_come(source: Source) -> None:
    put(source, b"Subject: big\r\n\r\n" + b"x" * 20_000, RAW)
    assert fetch(source, actor=MAILBOX, now=NOW) == 1
    assert (lying_in(source, "INBOX"), Complaint.objects.count()) == (1, 1)


def test_mails_of_the_service_mailbox_are_requests_and_come_once(source: Source) -> None:
    def keep(raw: bytes, actor: Actor, now: datetime) -> None:
        take_in(raw=raw, sender="", door=RequestDoor.IMAP, actor=actor, now=now)

    put(source, RAW, b"From: joe@example.org\r\nAuto-Submitted: auto-replied\r\n\r\naway\r\n")
    assert fetch(source, actor=MAILBOX, now=NOW, keep=keep) == 2
    put(source, RAW)
    assert fetch(source, actor=MAILBOX, now=NOW, keep=keep) == 1
    assert [(row.door, row.mail) for row in Request.objects.all()] == [("imap", "joe@example.org")]
    assert (lying_in(source, "INBOX"), Complaint.objects.count()) == (0, 0)


def test_a_server_that_is_away_is_said_to_be_so() -> None:
    with pytest.raises(FetchFailed):
        fetch(Source(host="127.0.0.1", port=9, user="abuse", password="wrong", tls=False), actor=MAILBOX, now=NOW)
