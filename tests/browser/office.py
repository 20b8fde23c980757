"""A running desk for a person in Chromium, and what watch and gate would write on its feeds."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.ports import free_port
from tests.unit.desk.scene import finding, write_bundle

from ringfence.feeds import FeedWriter
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.contracts import Finding, Observation, ObservationKind, OrderChange, Receipt, ReceiptState, Subject
from ringfence.vocabulary.severity import Mode, Severity
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import Micros

_PREPARE = """
import sys
from pathlib import Path
from ringfence.desk.site.prepare import prepare
login = prepare(Path(sys.argv[1]), bundle=Path(sys.argv[2]), parties=Path(sys.argv[3]))
print(login.password)
"""
_READY_SECONDS = 180.0
_ACCOUNTS = "account,parent,kind,plan\nresell,,reseller,\nshop,resell,end-user,gold\n"
_TRUNKS = "trunk,account,address,user,valid_from,valid_to\nshop-trunk,shop,192.0.2.10,,,\n"


def now() -> Micros:
    return Micros(time.time_ns() // 1000)


@dataclass
class Office:
    """A running desk: its address, the first login's password, its policy, and the feeds that watch and gate would write."""

    address: str
    password: str
    policy: str
    data: Path
    feeds: dict[str, FeedWriter]
    errors: list[str] = field(default_factory=list)
    """What pages said on the console that a person would call a fault."""

    def find(self, source: str) -> None:
        self._found(finding(self.policy, source, time=now()))

    def find_of_account(self, account: str) -> None:
        """Write a finding of a rule that only reports, about an account of ours."""
        subject = Subject(kind=SubjectKind.ACCOUNT, id=account)
        changes = {"subject": subject, "party_path": (account,), "mode": Mode.REPORT, "severity": Severity.WARN}
        self._found(finding(self.policy, time=now(), **changes))

    def _found(self, found: Finding) -> None:
        self.feeds["findings"].append([msgspec.json.encode(found)])

    def report_health(self, **counts: int) -> None:
        """Write what a watch process says of itself every ten seconds."""
        text = msgspec.json.encode(counts).decode()
        observation = Observation(kind=ObservationKind.AGENT, time=now(), subject="watch", text=text)
        self.feeds["observations"].append([msgspec.json.encode(observation)])

    def answer(self, order: str, state: ReceiptState) -> None:
        self.feeds["receipts"].append([msgspec.json.encode(Receipt(order=order, edge="k1", state=state, time=now()))])

    def changes(self) -> list[OrderChange]:
        records = records_after(self.data / "feeds" / "orders")
        return [msgspec.json.decode(record.payload, type=OrderChange) for record in records]

    def order_against(self, source: str) -> str:
        """Wait until the worker has written the order that refuses a source; return its id."""
        deadline = time.monotonic() + 60
        while True:
            orders = [order for change in self.changes() for order in change.upserts if order.scope.value == source]
            if orders:
                return orders[-1].id
            assert time.monotonic() < deadline, f"no order against {source}"
            time.sleep(0.05)


@contextmanager
def open_office(folder: Path) -> Iterator[Office]:
    """Prepare a data folder and run web and worker on it."""
    data, port = folder / "data", free_port()
    data.mkdir(mode=0o700)
    (data / "installation.key").write_bytes(bytes(32))
    (data / "ringfence.toml").write_text(f'[desk]\nlisten = "127.0.0.1:{port}"\n', encoding="utf-8")
    (folder / "accounts.csv").write_text(_ACCOUNTS, encoding="utf-8")
    (folder / "trunks.csv").write_text(_TRUNKS, encoding="utf-8")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "ringfence.desk.site.settings"}
    command = [sys.executable, "-c", _PREPARE, str(data), str(write_bundle(folder / "bundle")), str(folder)]
    password = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    processes = [
        subprocess.Popen([sys.executable, "-m", "ringfence.cli", name, "--data", str(data)], env=environment)
        for name in ("worker", "web")
    ]
    _wait_for(port)
    policy = next(path.name for path in (data / "policies").iterdir())
    feeds = {name: FeedWriter(data / "feeds" / name) for name in ("findings", "observations", "receipts")}
    try:
        yield Office(f"http://127.0.0.1:{port}", password, policy, data, feeds)
    finally:
        for process in processes:
            process.terminate()
            process.wait(timeout=60)
        for feed in feeds.values():
            feed.close()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)


def sign_in(browser: Browser | BrowserContext, office: Office, *, scripts: bool = True) -> Page:
    """Sign in on a new page, whose scripts' errors and lines on the console fail the test."""
    page = (browser.new_context(java_script_enabled=scripts) if isinstance(browser, Browser) else browser).new_page()
    page.on("pageerror", lambda error: office.errors.append(f"{page.url}: {error}"))
    page.on("console", lambda said: office.errors.append(f"{page.url}: {said.text}") if said.type in ("error", "warning") else None)
    page.goto(office.address)
    page.get_by_label("Name").fill("first")
    page.get_by_label("Password").fill(office.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    return page


def every_page(page: Page, office: Office) -> list[str]:
    """Return an address of each kind of page, among them one that is not there. There must be a finding, a case and an order."""
    page.goto(office.address)
    links = page.locator("nav[aria-label=Desk] a").evaluate_all("links => links.map(link => link.href)")
    for name in ("cases", "findings", "orders", "decisions", "parties"):
        page.goto(f"{office.address}/{name}/")
        links.append(page.locator("a.row").first.evaluate("link => link.href"))
    own = (
        "/automation/",
        "/me/",
        "/me/sessions/",
        "/me/factors/",
        "/me/compromised/",
        "/logins/",
        "/parties/import/",
        "/parties/of/shop/",
        "/audit/?day=nonsense",
        "/not-there/",
    )
    return [*links, *(office.address + path for path in own)]


def shoot(page: Page, name: str) -> None:
    """Keep a picture where RINGFENCE_PICTURES names a folder."""
    if folder := os.environ.get("RINGFENCE_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{re.sub('[^a-z0-9-]', '-', name)}.png"), full_page=True)
