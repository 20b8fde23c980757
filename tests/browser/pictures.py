"""`python -m tests.browser.pictures DESK MAIL DATA`: walk docs/complaint-to-party.md against a running demo, and take its pictures.

DESK is the desk's address (`http://127.0.0.1:8080`), MAIL the abuse mailbox's (`127.0.0.1:2525`), DATA the data folder, whose first
login is still in force. Each step must show what the page says it shows, or the walk ends there.
"""

import re
import smtplib
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright
from tests.browser.chromium import chromium_with

SCREENSHOTS: Final = Path(__file__).parents[2] / "docs" / "screenshots"
_CALLER, _CALLEE = "+441632960000", "+32470654321"
_COLOURS: Final = 64
_TALLEST: Final = 1_400
_WAIT_MS: Final = 120_000
_HEADER: Final = "call_id,start,answer,end,account,caller,callee,source_ip,status,released_by,attestation"


def bring_call(data: Path, begun: datetime) -> None:
    """Bring a call of a minute into the history."""
    start, end = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (begun, begun + timedelta(minutes=1)))
    calls = data / "walk.csv"
    row = f"walk{begun:%H%M%S}@x,{start},{start},{end},lantern-books,{_CALLER},{_CALLEE},203.0.113.9,200,callee,"
    calls.write_text(f"{_HEADER}\n{row}\n", encoding="utf-8")
    command = [str(Path(sys.executable).with_name("ringfence")), "lake", "import", "--data", str(data), str(calls)]
    subprocess.run(command, check=True)
    calls.unlink()


def complain(mail: str, told: datetime) -> int:
    """Complain by mail; return the complaint's number from the answer."""
    host, _, port = mail.rpartition(":")
    text = (
        "From: joe@example.be\r\nTo: abuse@voice.example\r\nSubject: un appel\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        f"Bonjour, le {told:%d/%m/%Y à %H:%M} UTC j'ai été appelé par le {_CALLER} sur mon numéro 0032 470 65 43 21.\r\n"
    )
    with smtplib.SMTP(host, int(port), timeout=60) as connection:
        connection.ehlo()
        connection.mail("joe@example.be")
        connection.rcpt("abuse@voice.example")
        code, said = connection.data(text.encode())
    found = re.search(rb"Complaint (\d+) is kept", said)
    assert code == 250, said
    assert found is not None, said
    return int(found[1])


def take(page: Page, name: str) -> None:
    """Take a picture of the page, in few colours: it is text on a ground."""
    path = SCREENSHOTS / f"{name}.png"
    width, height = page.viewport_size["width"] if page.viewport_size else 0, page.evaluate("document.body.scrollHeight")
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": min(height, _TALLEST)})
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(_COLOURS)
    few.save(path, optimize=True)


def enter(page: Page, desk: str, data: Path) -> None:
    """Sign in with the first login."""
    name, password = (data / "first-login").read_text(encoding="utf-8").split()[:2]
    page.goto(f"{desk}/sign-in/")
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_load_state()


def report_by_form(page: Page, desk: str, begun: datetime) -> None:
    """Fill in the public form, with the wish to bar the caller, and send it."""
    page.goto(f"{desk}/report/")
    page.select_option("[name=leaf]", "scam")
    for field, value in (("caller", _CALLER), ("callee", _CALLEE), ("day", f"{begun:%Y-%m-%d}"), ("hour", f"{begun:%H:%M}")):
        page.fill(f"[name={field}]", value)
    page.select_option("[name=zone]", "UTC")
    page.fill("[name=what]", "They said that they were my bank.")
    page.fill("[name=contact]", "ann@example.org")
    page.check("[name=wish]")
    take(page, "report-form")
    page.click("main form:has([name=wish]) button[type=submit]")
    page.wait_for_url(re.compile(r"/report/\d+-"), timeout=_WAIT_MS)
    expect(page.locator("main")).to_contain_text("Send a code to the called number", timeout=_WAIT_MS)
    take(page, "report-status")


def main(desk: str, mail: str, data: Path) -> int:
    """Walk, and take the pictures."""
    begun = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=6)
    bring_call(data, begun)
    number = complain(mail, begun + timedelta(minutes=3))
    with sync_playwright() as playwright:
        chromium = chromium_with(playwright)
        page = chromium.new_page(viewport={"width": 1000, "height": 800})
        page.set_default_timeout(_WAIT_MS)
        enter(page, desk, data)
        page.goto(f"{desk}/complaints/{number}/")
        while "Ours: the party is found" not in page.inner_text("main"):
            page.wait_for_timeout(1_000)
            page.reload()
        take(page, "complaint")
        report_by_form(chromium.new_page(viewport={"width": 1000, "height": 800}), desk, begun)
        chromium.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
