"""A person at the desk, in Chromium: sees a finding arrive, follows it to its order, lifts it; by keyboard; without JavaScript."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.office import Office, every_page, shoot, sign_in

from ringfence.vocabulary.contracts import ReceiptState

pytestmark = pytest.mark.needs("chromium")


def test_a_finding_shows_by_itself_and_its_order_is_lifted(browser: Browser, office: Office) -> None:
    page = sign_in(browser, office)
    office.find("203.0.113.7")
    row = page.get_by_role("row").filter(has_text="203.0.113.7")
    expect(row.first).to_be_visible(timeout=60_000)  # without reloading
    shoot(page, "dashboard")
    office.order_against("203.0.113.7")
    page.goto(f"{office.address}/cases/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile(r"Case \d+: source 203\.0\.113\.7"))).to_be_visible()
    shoot(page, "case")
    page.get_by_role("link", name="order", exact=True).first.click()
    order = page.url.rstrip("/").rsplit("/", 1)[-1]
    office.answer(order, ReceiptState.PLACED)
    office.answer(order, ReceiptState.REFUSED)
    expect(page.locator(".state").first).to_have_text("Observed", timeout=60_000)
    expect(page.get_by_text(re.compile(r"\d\.\d{3} s after the request that crossed the threshold"))).to_be_visible()
    shoot(page, "order")
    page.get_by_label("Why").fill("a tester of ours")
    page.get_by_role("button", name="Lift: let 203.0.113.7 through again").click()
    expect(page.get_by_text("Lifted. The edges are being told")).to_be_visible()
    office.answer(order, ReceiptState.REMOVED)
    expect(page.locator(".state").first).to_have_text("Removed", timeout=60_000)
    assert order in office.changes()[-1].removals


def test_the_dashboard_lives_without_reloading(browser: Browser, office: Office) -> None:
    page = sign_in(browser, office)
    page.evaluate("window.loadedOnce = true")
    office.report_health(messages=1_234_567, agents=3, lag_us=12_300, late=4)
    office.find("203.0.113.20")
    finding = page.get_by_role("row").filter(has_text="203.0.113.20").filter(has_text="refused 5 (5)")
    expect(finding).to_be_visible(timeout=60_000)
    expect(page.get_by_text("1,234,567 messages seen, from 3 capture agents")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("row").filter(has_text="12.3 ms")).to_be_visible()
    assert page.evaluate("window.loadedOnce")


def test_lists_say_how_fast_and_how_grave(browser: Browser, office: Office) -> None:
    page = sign_in(browser, office)
    office.find("203.0.113.21")
    order = office.order_against("203.0.113.21")
    office.answer(order, ReceiptState.PLACED)
    office.answer(order, ReceiptState.REFUSED)
    page.goto(f"{office.address}/orders/")
    row = page.get_by_role("row").filter(has_text="203.0.113.21")
    expect(row).to_contain_text(re.compile(r"Observed\s+\d+\.\d{3} s"), timeout=60_000)
    page.goto(f"{office.address}/cases/?subject=203.0.113.21")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text(re.compile(r"act\s+sip-scan"))


def test_the_queue_is_worked_by_keyboard(browser: Browser, office: Office) -> None:
    for last in (22, 23):
        office.find(f"203.0.113.{last}")
        office.order_against(f"203.0.113.{last}")
    page = sign_in(browser, office)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/cases/")
    rows = page.locator("a.row")
    for key, focused in (("j", 0), ("j", 1), ("k", 0), ("j", 1)):
        page.keyboard.press(key)
        expect(rows.nth(focused)).to_be_focused()
    chosen = page.locator("tr:focus-within td").nth(1).inner_text()
    office.find("203.0.113.24")  # the list is drawn anew, the chosen row stays
    expect(page.get_by_role("row").filter(has_text="203.0.113.24")).to_be_visible(timeout=60_000)
    assert page.locator("tr:focus-within td").nth(1).inner_text() == chosen
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/cases/\d+/"))
    expect(page.get_by_role("heading", name=chosen)).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_text("next and previous row of a list")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/parties/")
    page.keyboard.press("/")
    page.keyboard.type("shop")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_the_whole_way_works_without_javascript(browser: Browser, office: Office) -> None:
    page = sign_in(browser, office, scripts=False)
    office.find("203.0.113.8")
    office.order_against("203.0.113.8")
    page.goto(f"{office.address}/findings/")
    page.get_by_label("Subject").fill("203.0.113.8")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("row").filter(has_text="203.0.113.8").get_by_role("link").click()
    expect(page.get_by_text("at the threshold")).to_be_visible()
    shoot(page, "finding")
    page.get_by_role("link", name="Go to its case").click()
    page.get_by_label("Why").fill("a tester of ours")
    page.get_by_role("button", name="Lift: let 203.0.113.8 through again").click()
    expect(page.get_by_text("Lifted. The edges are being told")).to_be_visible()
    expect(page.get_by_text("An earlier order against it was lifted or has ended")).to_be_visible()
    page.get_by_label("Stays in the desk").fill("called them <b>twice</b>")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_text("called them <b>twice</b>")).to_be_visible()
    page.get_by_text("Keys", exact=True).click()
    expect(page.get_by_text("next and previous row of a list")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_finding_is_told_in_plain_words(browser: Browser, office: Office, scheme: Literal["light", "dark"]) -> None:
    page = sign_in(browser.new_context(color_scheme=scheme), office)
    source = {"light": "203.0.113.17", "dark": "203.0.113.18"}[scheme]
    office.find(source)
    page.goto(f"{office.address}/findings/?subject={source}")
    page.get_by_role("row").filter(has_text=source).get_by_role("link").click(timeout=60_000)
    told = page.locator("#explanation")
    expect(page.get_by_role("heading", name="In plain words")).to_be_visible()
    expect(told).to_contain_text(f"is about source {source}: Five targets were refused within a minute.")
    expect(told).to_contain_text("“refused” came to 5 (the limit: at least 5)")
    expect(told.get_by_text("Nothing would have been found, had “refused” been less than 5.")).to_be_visible()
    shoot(page, f"finding-explained-{scheme}")


def test_a_case_whose_rule_only_reports_says_what_a_person_may_do(browser: Browser, office: Office) -> None:
    page = sign_in(browser, office)
    office.find_of_account("shop")
    page.goto(f"{office.address}/cases/?subject=shop")
    page.get_by_role("row").filter(has_text="party shop").get_by_role("link").click(timeout=60_000)
    expect(page.get_by_text("Nothing was ordered, because the rule sip-scan only reports")).to_be_visible()
    expect(page.get_by_text("The ladder proposes for rule sip-scan, under unauthorised-access: warn party shop")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Refuse"))).to_have_count(0)


def test_the_tree_of_parties_leads_to_what_each_holds(browser: Browser, office: Office) -> None:
    page = sign_in(browser, office)
    page.goto(f"{office.address}/parties/")
    expect(page.locator("tbody tr td:first-child")).to_have_text(["resell", "shop"])
    expect(page.locator("tbody tr td:first-child").nth(1)).to_have_class("below-1")
    page.get_by_role("link", name="shop").click()
    expect(page.get_by_role("row").filter(has_text="shop-trunk")).to_contain_text("192.0.2.10")
    expect(page.get_by_role("link", name="resell")).to_be_visible()


def test_every_page_answers_and_holds_no_inline_script(browser: Browser, office: Office) -> None:
    office.find("203.0.113.9")
    office.order_against("203.0.113.9")
    page = sign_in(browser, office)
    for address in every_page(page, office):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == (404 if "not-there" in address else 200), address
        assert page.locator("script:not([src])").count() == 0
        assert page.locator("[style], [onclick], style").count() == 0
        shoot(page, "page-" + address.split("/", 3)[-1].strip("/"))


def test_the_hold_button_pauses_automation_and_shows_on_every_page(browser: Browser, office: Office) -> None:
    page = sign_in(browser, office)
    page.get_by_role("link", name="Automation: on").click()
    page.get_by_label("Why").fill("maintenance of the core")
    page.get_by_role("button", name=re.compile("^Hold")).click()
    expect(page.locator(".banner.held")).to_contain_text("maintenance of the core")
    office.find("203.0.113.10")
    page.get_by_role("link", name="Cases", exact=True).click()
    page.get_by_role("row").filter(has_text="203.0.113.10").get_by_role("link").click(timeout=60_000)
    expect(page.get_by_text("Nothing was ordered by itself, because automation is held")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Refuse source 203.0.113.10 without an answer for 1h").click()
    expect(page.get_by_text("Decided. The order is on its way")).to_be_visible()
    page.goto(f"{office.address}/automation/")
    page.get_by_role("button", name=re.compile("^Resume")).click()
    expect(page.locator(".banner.held")).to_have_count(0)
