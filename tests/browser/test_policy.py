"""A person in Chromium takes a new policy from an archive over the diff to its posting, then a court strikes a clause."""

import io
import re
import time
import zipfile

import pytest
from playwright.sync_api import Browser, FilePayload, expect
from tests.browser.office import Office, shoot, sign_in
from tests.unit.desk.scene import BUNDLE

pytestmark = pytest.mark.needs("chromium")

SOURCE = "203.0.113.60"


def archive() -> bytes:
    """Return the bundle of the office as a person would hand in its next version."""
    text = BUNDLE["policy.md"].replace("Nobody may probe", "No person may ever probe")
    ladder = BUNDLE["ladder.yaml"].replace("for 1h, silent", "for 2h, silent")
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as written:
        for name, content in {**BUNDLE, "policy.md": text, "ladder.yaml": ladder}.items():
            written.writestr(f"bundle/{name}", content)
    return octets.getvalue()


def test_a_draft_is_checked_compared_and_posted_and_a_struck_clause_ends_what_rests_on_it(browser: Browser, office: Office) -> None:
    # size: one journey, told in its order
    office.find(SOURCE)
    order = office.order_against(SOURCE)
    page = sign_in(browser.new_context(color_scheme="dark"), office)
    page.get_by_role("link", name="Policy", exact=True).click()
    page.get_by_role("link", name="drafts").click()
    broken = FilePayload(name="broken.zip", mimeType="application/zip", buffer=b"nothing")
    page.get_by_label("The bundle's folder as zip or tar archive").set_input_files(broken)
    page.get_by_role("button", name="Check this archive as a draft").click()
    expect(page.get_by_role("alert")).to_contain_text("no zip or tar archive")
    good = FilePayload(name="spring.zip", mimeType="application/zip", buffer=archive())
    page.get_by_label("The bundle's folder as zip or tar archive").set_input_files(good)
    page.get_by_role("button", name="Check this archive as a draft").click()
    expect(page.get_by_role("heading", name=re.compile("Draft 1: spring.zip"))).to_be_visible()
    expect(page.locator("ins").filter(has_text="No person")).to_be_visible()
    case = page.get_by_role("row").filter(has_text=SOURCE)
    expect(case).to_contain_text("“refuse source for 1h, silent, standing” becomes “refuse source for 2h, silent, standing”")
    shoot(page, "draft")
    page.get_by_role("button", name="Post it: in force at once").click()
    expect(page.get_by_text("Posted. It is in force from this moment")).to_be_visible()
    page.get_by_role("link", name="version 2").first.click()
    expect(page.get_by_text("No person may ever probe")).to_be_visible()
    page.get_by_role("button", name="Show side by side").click()
    page.wait_for_url("**/policy/2/since/1/")
    expect(page.locator("del").filter(has_text="Nobody")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("a.row").first).to_be_focused()
    shoot(page, "since")

    page.goto(f"{office.address}/policy/rulings/new/")
    page.get_by_label("Clause").select_option("technical-prevention")
    page.get_by_label("Court").fill("Commercial court, Brussels")
    page.get_by_label("Reference").fill("A/26/00117")
    page.get_by_label("Decided on").fill("2026-02-27")
    page.get_by_label("Where it holds").fill("BE")
    page.get_by_role("button", name="Show what would follow").click()
    expect(page.get_by_text(f"drop everything from {SOURCE}").or_(page.get_by_text(SOURCE)).first).to_be_visible()
    shoot(page, "strike")
    page.get_by_role("button", name=re.compile("^Record it")).click()
    expect(page.get_by_text("in force", exact=True)).to_be_visible()
    deadline = time.monotonic() + 60
    while order not in {id for change in office.changes() for id in change.removals}:
        assert time.monotonic() < deadline, "the order was not taken from the edges"
        time.sleep(0.05)
    page.get_by_role("link", name="Measures that rested on the clause").click()
    expect(page.get_by_role("listitem").filter(has_text=SOURCE)).to_be_visible()

    reader = browser.new_context(java_script_enabled=False).new_page()
    reader.goto(f"{office.address}/policy/1/#technical-prevention")
    expect(reader.get_by_text("struck in BE from")).to_be_visible()
    shoot(reader, "policy-struck")
    reader.emulate_media(media="print")
    expect(reader.get_by_text("struck in BE from")).to_be_visible()
