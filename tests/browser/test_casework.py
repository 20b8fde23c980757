"""A person works a case, in Chromium: asks a party, who answers without a login; the clock, the split, the export; peers' lists."""

import io
import json
import re
import zipfile
from hashlib import blake2b

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect
from tests.browser.office import Office, shoot, sign_in

from ringfence.desk.audit.bundles import prove

pytestmark = pytest.mark.needs("chromium")

CONTACTS = "contact,party,role,mail,language\nr1,resell,abuse,noc@resell.example,en\n"


def open_case(page: Page, office: Office) -> None:
    """Have a case of the party shop, and its page before us."""
    office.find_of_account("shop")
    page.goto(f"{office.address}/cases/?subject=shop")
    row = page.get_by_role("link", name=re.compile(r"^#\d+$")).first
    expect(row).to_be_visible(timeout=60_000)
    row.click()


def reach_resell(page: Page, office: Office) -> None:
    page.goto(f"{office.address}/parties/import/")
    files = FilePayload(name="contacts.csv", mimeType="text/csv", buffer=CONTACTS.encode())
    page.locator("input[type=file][name*=contact]").set_input_files(files)
    page.get_by_role("button", name="Import: write it").click()
    expect(page.get_by_role("heading").first).to_be_visible()


def public_page(office: Office, tier: str) -> str:
    key = (office.data / "installation.key").read_bytes()
    token = blake2b(tier.encode(), key=key, person=b"inquiry page", digest_size=16).hexdigest()
    return f"{office.address}/inquiries/{tier}/{token}/"


def test_a_party_is_asked_and_answers_without_a_login(browser: Browser, office: Office) -> None:
    page = sign_in(browser, office)
    reach_resell(page, office)
    open_case(page, office)
    page.get_by_label("The question").fill("What did you sell on Sunday?")
    page.get_by_label("Which party").fill("shop")
    page.get_by_role("button", name="Ask: a letter goes out and a clock runs").click()
    expect(page.get_by_text("It is asked. Its clock runs.")).to_be_visible()
    expect(page.get_by_text(re.compile("Answer of resell to inquiry"))).to_be_visible()
    page.get_by_role("link", name="Clocks").click()
    expect(page.get_by_role("heading", name="Clocks")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Answer of resell")).to_be_visible()
    shoot(page, "clocks")
    page.get_by_role("link", name="Inquiries").click()
    page.locator("a.row").first.click()
    tier = page.locator("tr[data-key^='tier-']").get_attribute("data-key") or ""
    shoot(page, "inquiry")
    asked = browser.new_context(java_script_enabled=False).new_page()
    asked.goto(public_page(office, tier.removeprefix("tier-")))
    expect(asked.get_by_role("heading", name="A question to resell")).to_be_visible()
    expect(asked.get_by_text("What did you sell on Sunday?")).to_be_visible()
    asked.get_by_label("Your answer").fill("Shoes.")
    asked.get_by_role("button", name="Send the answer").click()
    expect(asked.get_by_text("Thank you. Your answer has come.")).to_be_visible()
    shoot(asked, "inquiry-public")
    page.reload()
    expect(page.get_by_text("Shoes.")).to_be_visible()
    expect(page.locator(".state").first).to_have_text("Answered")


def test_a_case_is_watched_put_off_and_handed_out_as_a_file_that_proves_itself(browser: Browser, office: Office) -> None:
    page = sign_in(browser, office)
    open_case(page, office)
    page.get_by_role("button", name="Watch: tell me when something happens").click()
    expect(page.get_by_text("Watched by")).to_be_visible()
    page.get_by_label("Reason to hand the case out").fill("for their lawyer")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Give me the whole case, signed").click()
    data = taken.value.path().read_bytes()
    assert prove(data).broken == ""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert json.loads(archive.read("case.json"))["case"]["subject_id"] == "shop"
        office_page = browser.new_context(java_script_enabled=False).new_page()
        office_page.set_content(archive.read("index.html").decode())
    expect(office_page.get_by_role("heading", name=re.compile(r"Case \d+: party shop"))).to_be_visible()
    page.get_by_label("Reason to wait").fill("their letter comes on Monday")
    page.get_by_role("button", name="Put it off; what joins it brings it back").click()
    expect(page.get_by_text("or until something joins it")).to_be_visible()
    page.get_by_role("button", name="Bring it back now").click()
    expect(page.get_by_text("or until something joins it")).to_have_count(0)


def test_a_peers_list_is_taken_in_and_asked(browser: Browser, office: Office) -> None:
    page = sign_in(browser, office)
    page.goto(f"{office.address}/complaints/peers/lists/")
    page.get_by_label("Name of the list").fill("north")
    page.get_by_label("Where it came from").fill("by mail of today")
    page.get_by_label("Or the entries, one a line").fill("+32 2 555 12 12 # scam\nnonsense")
    page.get_by_role("button", name="Take this list in").click()
    expect(page.get_by_role("alert")).to_contain_text("line 2: nonsense is no number")
    page.get_by_label("Or the entries, one a line").fill("+32 2 555 12 12 # scam")
    page.get_by_role("button", name="Take this list in").click()
    expect(page.get_by_text("Taken: 1 new, 0 stay, 0 went.")).to_be_visible()
    page.get_by_label("Is it listed?").fill("+3225551212")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("From: by mail of today")).to_be_visible()
    shoot(page, "peer-lists")
    office.errors[:] = [error for error in office.errors if "status of 400" not in error]  # as the first try was answered
