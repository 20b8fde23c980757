"""What every page must hold to: readable in both schemes, fits a telephone, breaks no policy of its own, prints."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.office import Office, every_page, sign_in

pytestmark = pytest.mark.needs("chromium")

_LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3: for text of ordinary size."""

_NOTE_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""

_CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const colour = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return Array.from(canvas.getImageData(0, 0, 1, 1).data);
  };
  const luminance = ([red, green, blue]) => {
    const shares = [red, green, blue].map((one) => one / 255);
    const linear = shares.map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found[3] === 255) return found;
    }
    return colour(getComputedStyle(document.documentElement).getPropertyValue("--ground"));
  };
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest(".skip, .unseen, datalist")) continue;
    const [front, back] = [luminance(colour(getComputedStyle(element).color)), luminance(ground(element))];
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    const name = `${element.tagName.toLowerCase()}.${element.className}`;
    found.set(name, Math.min(ratio, found.get(name) ?? 99));
  }
  return Object.fromEntries(found);
}"""

_BROKEN_CELLS = """() => Array.from(document.querySelectorAll("th, td")).filter((cell) => {
  const style = getComputedStyle(cell);
  return style.whiteSpace !== "nowrap" && (style.overflowWrap !== "normal" || style.wordBreak !== "normal");
}).map((cell) => cell.textContent.trim())"""


@pytest.fixture
def something(office: Office) -> Office:
    """A desk with a finding, a case and an order, and with a case that waits for a person."""
    office.find("203.0.113.40")
    office.find_of_account("shop")
    office.report_health(messages=12, agents=1)
    office.order_against("203.0.113.40")
    return office


def person_at(
    browser: Browser, office: Office, *, scheme: Literal["light", "dark"] = "light", width: int = 1280
) -> Iterator[tuple[str, Page]]:
    """Give each page of the desk by its address, to a person who has signed in."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 844})
    context.add_init_script(_NOTE_VIOLATIONS)
    page = sign_in(context, office)
    for address in every_page(page, office):
        page.goto(address)
        yield address, page
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: Browser, something: Office, scheme: Literal["light", "dark"]) -> None:
    grounds = set()
    for address, page in person_at(browser, something, scheme=scheme):
        contrasts: dict[str, float] = page.evaluate(_CONTRASTS)
        assert len(contrasts) > 5, address
        assert {name: ratio for name, ratio in contrasts.items() if ratio < _LEAST_CONTRAST} == {}, address
        grounds.add(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    assert grounds == {{"light": "rgb(247, 248, 247)", "dark": "rgb(20, 24, 27)"}[scheme]}


def test_pages_break_no_security_policy_and_say_nothing_on_the_console(browser: Browser, something: Office) -> None:
    for address, page in person_at(browser, something):
        answer: Any = page.request.get(address)
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert page.evaluate("window.violations") == [], address


def test_a_page_fits_a_telephone_and_only_tables_scroll_in_their_boxes(browser: Browser, something: Office) -> None:
    scrolled = 0
    for address, page in person_at(browser, something, width=390):
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
        assert page.evaluate(_BROKEN_CELLS) == [], address
        scrolled += page.locator(".scroll").evaluate_all("boxes => boxes.filter(box => box.scrollWidth > box.clientWidth).length")
    assert scrolled > 0


def test_every_table_has_a_caption_and_heads_with_a_scope(browser: Browser, something: Office) -> None:
    for address, page in person_at(browser, something):
        assert page.locator("table:not(:has(caption))").count() == 0, address
        assert page.locator("th:not([scope])").count() == 0, address
        assert page.locator("h1").count() == 1, address
        unnamed = "fields => fields.filter(field => field.type !== 'hidden' && field.labels.length === 0).length"
        assert page.locator("input, select, textarea").evaluate_all(unnamed) == 0, address


def test_a_printed_case_has_its_facts_and_none_of_its_buttons(browser: Browser, something: Office) -> None:
    page = sign_in(browser, something)
    page.goto(f"{something.address}/cases/?subject=203.0.113.40")
    page.locator("a.row").first.click()
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(page.locator("table").first).to_be_visible()
    for hidden in ("nav", "button", ".deeds"):
        assert all(not one.is_visible() for one in page.locator(hidden).all())


def test_what_changed_is_said_once_and_not_every_two_seconds(browser: Browser, something: Office) -> None:
    page = sign_in(browser, something)
    expect(page.locator("#voice")).to_be_empty()
    something.find("203.0.113.41")
    expect(page.locator("#voice")).to_contain_text("orders in force", timeout=60_000)
    said = page.locator("#voice").inner_text()
    something.find("203.0.113.42")
    expect(page.get_by_role("row").filter(has_text="203.0.113.42").first).to_be_visible(timeout=60_000)
    assert page.locator("#voice").inner_text() == said
