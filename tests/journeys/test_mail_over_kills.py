"""The mail process is killed in the middle of a sending, before and after the relay has the mail: each is sent, and is one mail."""

import email
import email.policy
import json
import os
import signal
import socketserver
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Lock, Thread

import pytest
from tests.journeys.shifted import ShiftedClock
from tests.ports import free_port
from tests.unit.desk.scene import write_bundle

from ringfence.cli.processes import inherited_environment
from ringfence.desk.letters.services import TAKEN_UP_FOR

pytestmark = pytest.mark.needs("cc")

PATIENCE_S = 180.0
BEGINS = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LETTERS = 6
PREPARE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from ringfence.cli.configuration import installation_key
from ringfence.desk.site.prepare import prepare
installation_key(Path(sys.argv[1]))
prepare(Path(sys.argv[1]), bundle=Path(sys.argv[2]))
from ringfence.desk.actor import system
from ringfence.desk.letters.services import Draft, write
for number in range(int(sys.argv[3])):
    draft = Draft(key=f"k{number}", about=("case", "1"), mail=f"r{number}@example.org", subject=f"No. {number}", text="Well?")
    write(draft=draft, actor=system("test"), now=datetime.now(UTC))
"""
LOOK = """
import json, sys
from pathlib import Path
from ringfence.desk.site.process import configure
configure(Path(sys.argv[1]))
from ringfence.desk.letters.models import Letter
print(json.dumps({letter.message_id: letter.state for letter in Letter.objects.all()}))
"""


class Listener(socketserver.ThreadingTCPServer):
    """A relay that keeps what it takes, by Message-ID. `before` and `after` are called around the keeping of each mail.

    Where one of them gives false the connection ends without an answer, as when somebody pulls the plug.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", free_port()), _Session)
        self.kept: defaultdict[str, list[str]] = defaultdict(list)
        self.before: Callable[[], bool] = lambda: True
        self.after: Callable[[], bool] = lambda: True
        self.lock = Lock()

    def take(self, raw: bytes) -> bool:
        """Take one mail; tell whether to say so."""
        with self.lock:
            if not self.before():
                return False
            mail = email.message_from_bytes(raw, policy=email.policy.default)
            body = mail.get_body()
            self.kept[str(mail["Message-ID"])].append(f"{mail['Subject']} {body.get_content() if body is not None else ''}")
            return self.after()


class _Session(socketserver.StreamRequestHandler):
    """One connection of SMTP (RFC 5321), as far as a sender needs it."""

    server: Listener

    def handle(self) -> None:
        self.wfile.write(b"220 relay\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                if not self.server.take(b"".join(self._mail())):
                    return
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 well\r\n")
            if verb == b"QUIT":
                return

    def _mail(self) -> Iterator[bytes]:
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            yield line


class Mailing:
    """A data folder with letters to send, and its mail process, which is started and killed."""

    def __init__(self, folder: Path, stack: ExitStack, relay: int) -> None:
        self.data = folder / "data"
        self.data.mkdir(mode=0o700)
        self.clock = ShiftedClock(folder, stack, begins=BEGINS)
        (self.data / "ringfence.toml").write_text(
            f'[mail]\nlisten = "127.0.0.1:{free_port()}"\nsender = "abuse@voice.example"\ndns = "off"\n'
            f'relay = "smtp://127.0.0.1:{relay}"\n',
            encoding="utf-8",
        )
        settings = {"DJANGO_SETTINGS_MODULE": "ringfence.desk.site.settings", "PYTHONPATH": os.pathsep.join(sys.path)}
        self._environment = inherited_environment(**settings, **self.clock.environment)
        self._environment.pop("RINGFENCE_DATABASE", None)
        self._process: subprocess.Popen[bytes] | None = None
        self.python(PREPARE, str(write_bundle(folder / "bundle")), str(LETTERS))
        stack.callback(self.kill)

    def python(self, script: str, *arguments: str) -> str:
        command = [sys.executable, "-c", script, str(self.data), *arguments]
        return subprocess.run(command, env=self._environment, check=True, capture_output=True, text=True).stdout

    def start(self) -> None:
        command = [sys.executable, "-m", "ringfence.cli", "mail", "--data", str(self.data)]
        self._process = subprocess.Popen(command, env=self._environment)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def states(self) -> dict[str, str]:
        return dict(json.loads(self.python(LOOK)))

    def wait(self, what: str, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert self._process is None or self._process.poll() is None, "the mail process ended by itself"
            assert time.monotonic() < deadline, what
            time.sleep(0.05)


@contextmanager
def listening() -> Iterator[Listener]:
    with Listener() as listener:
        thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield listener
        listener.shutdown()
        thread.join()


def killed_once(mailing: Mailing, struck: Event) -> Callable[[], bool]:
    """Return what kills the mail process the first time it is called, in the middle of whatever it does."""

    def strike() -> bool:
        if struck.is_set():
            return True
        mailing.kill()
        struck.set()
        return False

    return strike


def test_a_mail_process_that_is_killed_while_it_sends_loses_no_mail_and_makes_no_second_one(tmp_path: Path) -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(listening())
        mailing = Mailing(tmp_path, stack, listener.server_address[1])
        kept, unkept = Event(), Event()
        listener.after = killed_once(mailing, kept)  # the relay has it; the process never hears so
        mailing.start()
        assert kept.wait(PATIENCE_S), "no mail came"
        twice = list(listener.kept)
        listener.after, listener.before = lambda: True, killed_once(mailing, unkept)  # it has sent it; the relay lost it
        mailing.start()
        assert unkept.wait(PATIENCE_S), "no second mail came"
        assert list(listener.kept) == twice
        mailing.start()
        mailing.wait("the others are sent", lambda: len(listener.kept) == LETTERS - 1)
        mailing.wait("and noted", lambda: sorted(mailing.states().values()) == ["queued"] * 2 + ["sent"] * (LETTERS - 2))
        assert all(len(mails) == 1 for mails in listener.kept.values()), "a dead process's mail is left alone for a while"
        mailing.clock.travel(TAKEN_UP_FOR + timedelta(seconds=1))
        mailing.wait("all are sent and noted", lambda: set(mailing.states().values()) == {"sent"})
        assert set(listener.kept) == set(mailing.states()), "each has its one Message-ID, and none is lost"
        assert {name: len(mails) for name, mails in listener.kept.items() if len(mails) > 1} == {twice[0]: 2}
        first, second = listener.kept[twice[0]]
        assert first == second, "who sorts by Message-ID loses nothing"
