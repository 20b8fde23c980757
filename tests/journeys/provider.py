"""A small provider for a day in court: desk, mail, gate and a real Kamailio, whose wall clock the test moves."""

import email
import email.policy
import os
import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from playwright.sync_api import Browser, Page, expect
from tests.integration.kamailio import Kamailio
from tests.journeys.shifted import ShiftedClock
from tests.ports import free_port
from tests.unit.desk.scene import finding, write_bundle

from ringfence.cli.processes import Process, Supervisor, inherited_environment
from ringfence.feeds import FeedWriter
from ringfence.vocabulary.contracts import Subject
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros

BEGINS: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday."""
PATIENCE_S: Final = 180.0
PASSWORD: Final = "correct horse battery staple"
TRUNK: Final = "127.0.0.66"
_PREPARE: Final = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from ringfence.cli.configuration import installation_key
from ringfence.desk.site.prepare import prepare
installation_key(Path(sys.argv[1]))
prepare(Path(sys.argv[1]), bundle=Path(sys.argv[2]), parties=Path(sys.argv[3]))
from ringfence.desk.access.services import create_login
from ringfence.desk.actor import StaffRole, system
for name, role in (("ana", "analyst"), ("leo", "lead"), ("rita", "analyst"), ("iris", "auditor")):
    create_login(username=name, password=sys.argv[4], roles=[StaffRole(role)], actor=system("journey"), now=datetime.now(UTC))
"""
_FILES: Final = {
    "accounts.csv": "account,parent,kind,plan\nresell,,reseller,\nshop,resell,end-user,gold\n",
    "trunks.csv": f"trunk,account,address,user,valid_from,valid_to\nshop-trunk,shop,{TRUNK},,,\n",
    "contacts.csv": "contact,party,role,mail,language\n"
    "r1,resell,abuse,noc@resell.example,en\ns1,shop,abuse,abuse@shop.example,en\n",
}
_LADDER: Final = """unauthorised-access:
  strikes: {weight: 2, expires: 365d}
  steps:
    - at: 1
      do: suspend until review 7d
      grave: yes
"""
_CLOCKS: Final = """calendars:
  office:
    zone: Europe/Brussels
    hours: {mon-fri: "09:00-17:00"}
clocks:
  inquiry-answer:
    rule: "two business days, as the contract has it"
    due: 16h business
    calendar: office
    missed: default
"""


class Provider:
    """Everything that runs during the journey. All of it but Kamailio and the browser lives in the time of its `clock`."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.data = folder / "data"
        self.errors: list[str] = []
        self.clock = ShiftedClock(folder, stack, begins=BEGINS)
        self._environment = inherited_environment(PYTHONUNBUFFERED="1", **self.clock.environment)
        self._environment.pop("RINGFENCE_DATABASE", None)
        self._mail_port, desk = free_port(), free_port()
        self.address = f"http://127.0.0.1:{desk}"
        (folder / "kamailio").mkdir()
        self.kamailio = Kamailio(folder / "kamailio", hep_port=free_port(), carrier_port=free_port())
        self.kamailio.start()
        stack.callback(self.kamailio.stop)
        self._prepare(folder, desk)
        names = ("worker", "web", "mail", "gate")
        processes = [Process(name, [name, "--data", str(self.data)]) for name in names]
        self._supervisor = Supervisor(processes, self.data / "logs", self._environment)
        self._supervisor.start()
        stack.callback(self._supervisor.stop)
        self._findings = FeedWriter(self.data / "feeds" / "findings")
        stack.callback(self._findings.close)
        self.wait("the gate has heard from the desk", self._gate_knows)

    def _prepare(self, folder: Path, desk: int) -> None:
        self.data.mkdir(mode=0o700)
        (self.data / "ringfence.toml").write_text(
            f'[desk]\nlisten = "127.0.0.1:{desk}"\n'
            f'[mail]\nlisten = "127.0.0.1:{self._mail_port}"\nsender = "abuse@voice.example"\ndns = "off"\n'
            f'[gate]\nsip = "127.0.0.1:{free_port()}"\n'
            f'[[gate.edges]]\nkind = "kamailio"\nname = "edge-1"\nurl = "{self.kamailio.url}"\n',
            encoding="utf-8",
        )
        for name, text in _FILES.items():
            (folder / name).write_text(text, encoding="utf-8")
        bundle = write_bundle(folder / "bundle", **{"ladder.yaml": _LADDER, "clocks.yaml": _CLOCKS})
        self._environment |= {"RINGFENCE_PUBLIC_URL": self.address, "PYTHONPATH": os.pathsep.join(sys.path)}
        self.python("-c", _PREPARE, str(self.data), str(bundle), str(folder), PASSWORD)

    def python(self, *arguments: str) -> str:
        """Run Python in the provider's time; return what it printed."""
        done = subprocess.run([sys.executable, *arguments], env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _gate_knows(self) -> bool:
        path = self.data / "gate-health.json"
        return path.exists() and msgspec.json.decode(path.read_bytes()).get("generation", 0) > 0

    def wait(self, what: str, holds: Callable[[], object]) -> None:
        """Wait until `holds` gives something true. Fails with the processes' last words, or where one of them died."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            died = self._supervisor.check()
            words = "\n".join(self._supervisor.last_words(name) for name in ("worker", "web", "mail", "gate"))
            assert not died, f"{died}\n{words}"
            assert time.monotonic() < deadline, f"not within {PATIENCE_S:.0f} s: {what}\n{words}"
            time.sleep(0.05)

    def find(self) -> None:
        """Have watch report a finding about the account shop."""
        moment = Micros(round(self.clock.now().timestamp() * 1_000_000))
        policy = next(path.name for path in (self.data / "policies").iterdir())
        subject = Subject(kind=SubjectKind.ACCOUNT, id="shop")
        changes = {"subject": subject, "party_path": ("resell", "shop"), "mode": Mode.REPORT, "severity": Severity.WARN}
        self._findings.append([msgspec.json.encode(finding(policy, time=moment, **changes))])

    def complain(self, text: str) -> None:
        """Have somebody write to the abuse mailbox, over SMTP."""

        def delivered() -> bool:
            try:
                with smtplib.SMTP("127.0.0.1", self._mail_port, timeout=30) as relay:
                    mail = f"From: jo@example.org\r\nTo: abuse@voice.example\r\nSubject: they tried my door\r\n\r\n{text}\r\n"
                    relay.sendmail("jo@example.org", ["abuse@voice.example"], mail)
            except OSError:
                return False  # it is still starting
            return True

        self.wait("the abuse mailbox takes mail", delivered)

    def letters(self, to: str, containing: str) -> list[str]:
        """Return the texts of the mails to somebody that went out, by the time of their writing."""
        found = []
        for path in (self.data / "mail" / "out").glob("*.eml"):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = mail.get_body()
            text = str(body.get_content()) if body is not None else ""
            if to in str(mail["To"]) and containing in text:
                found.append((path.stat().st_mtime_ns, text))
        return [text for _, text in sorted(found)]

    def link(self, to: str, part: str, number: int = 1) -> str:
        """Wait for the nth mail to somebody with such a link; return the link."""
        self.wait(f"mail {number} to {to} with a link to {part}", lambda: len(self.letters(to, self.address + part)) >= number)
        found = re.search(re.escape(self.address + part) + r"[\w/-]+", self.letters(to, self.address + part)[number - 1])
        assert found is not None
        return found.group()

    def sign_in(self, browser: Browser, name: str) -> Page:
        """Sign somebody in, in a window of their own."""
        page = browser.new_context().new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))
        self.wait("the desk answers", lambda: self._answers(page))
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Dashboard")).to_be_visible(timeout=60_000)
        return page

    def _answers(self, page: Page) -> bool:
        try:
            page.goto(self.address)
        except Exception as error:
            if "ERR_CONNECTION" in str(error):
                return False
            raise
        return True

    def until_shown(self, page: Page, address: str, text: str) -> None:
        """Load a page again and again until it shows a text."""

        def shown() -> bool:
            page.goto(self.address + address)
            return page.get_by_text(text).count() > 0

        self.wait(f"{address} shows {text!r}", shown)
