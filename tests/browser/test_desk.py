"""A person at the desk, in Chromium: sees a finding arrive, follows it to its order, lifts it; also without JavaScript."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.unit.desk.scene import finding, write_bundle

from ringfence.feeds import FeedWriter
from ringfence.feeds.segments import records_after
from ringfence.vocabulary.contracts import OrderChange, Receipt, ReceiptState
from ringfence.vocabulary.times import Micros

pytestmark = pytest.mark.needs("chromium")

_PREPARE = """
import sys
from pathlib import Path
from ringfence.desk.site.prepare import prepare
login = prepare(Path(sys.argv[1]), bundle=Path(sys.argv[2]), parties=Path(sys.argv[3]))
print(login.password)
"""
_READY_SECONDS = 60.0


@dataclass
class Office:
    """A running desk: its address, the first login's password, its policy, and the feeds that watch and gate would write."""

    address: str
    password: str
    policy: str
    data: Path
    findings: FeedWriter
    receipts: FeedWriter

    def find(self, source: str) -> None:
        self.findings.append([msgspec.json.encode(finding(self.policy, source, time=Micros(time.time_ns() // 1000)))])

    def answer(self, order: str, state: ReceiptState) -> None:
        receipt = Receipt(order=order, edge="k1", state=state, time=Micros(time.time_ns() // 1000))
        self.receipts.append([msgspec.json.encode(receipt)])

    def changes(self) -> list[OrderChange]:
        records = records_after(self.data / "feeds" / "orders")
        return [msgspec.json.decode(record.payload, type=OrderChange) for record in records]


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    data, port = folder / "data", free_port()
    data.mkdir(mode=0o700)
    (data / "installation.key").write_bytes(bytes(32))
    (data / "ringfence.toml").write_text(f'[desk]\nlisten = "127.0.0.1:{port}"\n', encoding="utf-8")
    (folder / "accounts.csv").write_text(
        "account,parent,kind,plan\nresell,,reseller,\nshop,resell,end-user,gold\n", encoding="utf-8"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "ringfence.desk.site.settings"}
    command = [sys.executable, "-c", _PREPARE, str(data), str(write_bundle(folder / "bundle")), str(folder)]
    password = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    processes = [
        subprocess.Popen([sys.executable, "-m", "ringfence.cli", name, "--data", str(data)], env=environment)
        for name in ("worker", "web")
    ]
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    policy = next(path.name for path in (data / "policies").iterdir())
    feeds = [FeedWriter(data / "feeds" / name) for name in ("findings", "receipts")]
    yield Office(f"http://127.0.0.1:{port}", password, policy, data, *feeds)
    for process in processes:
        process.terminate()
        process.wait(timeout=20)
    for feed in feeds:
        feed.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield chromium
        chromium.close()


def sign_in(browser: Browser, office: Office, *, scripts: bool = True) -> Page:
    page = browser.new_context(java_script_enabled=scripts).new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    page.on(
        "console", lambda said: pytest.fail(f"console: {said.text}") if said.type == "error" and "403" not in said.text else None
    )
    page.goto(office.address)
    page.get_by_label("Name").fill("first")
    page.get_by_label("Password").fill(office.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    return page


def shoot(page: Page, name: str) -> None:
    """Keep a picture where RINGFENCE_PICTURES names a folder."""
    if folder := os.environ.get("RINGFENCE_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_a_finding_shows_by_itself_and_its_order_is_lifted(browser: Browser, office: Office) -> None:
    page = sign_in(browser, office)
    office.find("203.0.113.7")
    row = page.get_by_role("row").filter(has_text="203.0.113.7")
    expect(row.first).to_be_visible(timeout=10_000)  # without reloading
    shoot(page, "dashboard")
    page.get_by_role("link", name="Cases", exact=True).click()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile(r"Case \d+: source 203\.0\.113\.7"))).to_be_visible()
    shoot(page, "case")
    page.get_by_role("link", name="order", exact=True).first.click()
    order = page.url.rstrip("/").rsplit("/", 1)[-1]
    office.answer(order, ReceiptState.PLACED)
    office.answer(order, ReceiptState.REFUSED)
    expect(page.locator(".state").first).to_have_text("Observed", timeout=10_000)
    shoot(page, "order")
    page.get_by_label("Why").fill("a tester of ours")
    page.get_by_role("button", name="Lift: let 203.0.113.7 through again").click()
    expect(page.get_by_text("Lifted. The edges are being told")).to_be_visible()
    office.answer(order, ReceiptState.REMOVED)
    expect(page.locator(".state").first).to_have_text("Removed", timeout=10_000)
    assert order in office.changes()[-1].removals


def test_the_whole_way_works_without_javascript(browser: Browser, office: Office) -> None:
    page = sign_in(browser, office, scripts=False)
    office.find("203.0.113.8")
    deadline = time.monotonic() + 10
    while not any(order.scope.value == "203.0.113.8" for change in office.changes() for order in change.upserts):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    page.goto(f"{office.address}/findings/")
    page.get_by_role("row").filter(has_text="203.0.113.8").get_by_role("link").click()
    expect(page.get_by_text("at the threshold")).to_be_visible()
    shoot(page, "finding")
    page.get_by_role("link", name="Go to its case").click()
    page.get_by_label("Why").fill("a tester of ours")
    page.get_by_role("button", name="Lift: let 203.0.113.8 through again").click()
    expect(page.get_by_text("Lifted. The edges are being told")).to_be_visible()
    page.get_by_label("Stays in the desk").fill("called them <b>twice</b>")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_text("called them <b>twice</b>")).to_be_visible()


def test_every_page_answers_and_holds_no_inline_script(browser: Browser, office: Office) -> None:
    page = sign_in(browser, office)
    links = page.locator("nav[aria-label=Desk] a").evaluate_all("links => links.map(link => link.href)")
    for address in [*links, f"{office.address}/automation/", f"{office.address}/me/", f"{office.address}/parties/import/"]:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        assert page.locator("script:not([src])").count() == 0
        assert page.locator("[style], [onclick], style").count() == 0
        shoot(page, "page-" + address.rstrip("/").rsplit("/", 1)[-1].replace(":", "-"))


def test_the_hold_button_pauses_automation_and_shows_on_every_page(browser: Browser, office: Office) -> None:
    page = sign_in(browser, office)
    page.get_by_role("link", name="Automation: on").click()
    page.get_by_label("Why").fill("maintenance of the core")
    page.get_by_role("button", name=re.compile("^Hold")).click()
    expect(page.locator(".banner.held")).to_contain_text("maintenance of the core")
    office.find("203.0.113.10")
    page.get_by_role("link", name="Cases", exact=True).click()
    page.get_by_role("row").filter(has_text="203.0.113.10").get_by_role("link").click(timeout=10_000)
    expect(page.get_by_text("because automation is held")).to_be_visible(timeout=10_000)
    page.get_by_role("button", name="Refuse 203.0.113.10 for 1h").click()
    expect(page.get_by_text("Decided. The order is on its way")).to_be_visible()
    page.goto(f"{office.address}/automation/")
    page.get_by_role("button", name=re.compile("^Resume")).click()
    expect(page.locator(".banner.held")).to_have_count(0)
