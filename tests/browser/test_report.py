"""The report in Chromium, from a file: nothing is fetched, nothing breaks its policy, it fits a telephone, paper and a keyboard."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.unit.report.scene import CAPTURES, attempt, judged, report, scanned, walk

from ringfence.report import Given, read_rates
from ringfence.watch.attribution import CsvFile

pytestmark = pytest.mark.needs("chromium")

Scheme = Literal["light", "dark"]
_WIDTHS = (1280, 390)
_RATES = """\
prefix,class,price_per_minute,currency
44,Britain and its islands with a name that is much too long for its place,0.01,GBP
32255512001,Belgium and a number of its own,12.5,EUR
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A walk through a block of numbers beside other calls, and a capture of registrations."""
    folder = tmp_path_factory.mktemp("reports")
    others = [attempt(5_000 + n, f"+32255512{n % 7:03}", at=n * 2_000_000, account="bakery") for n in range(100)]
    rates, _ = read_rates(CsvFile("rates.csv", _RATES.encode()))
    calls = [*walk(400), *others]
    written = {
        "walk": report(judged(calls)),
        "guessing": report(*scanned(CAPTURES / "svcrack.pcap")),
        "rated": report(judged(calls, rates=rates), given=Given(rates=rates)),
    }
    for name, html in written.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in written}


def opened(browser: Browser, path: Path, *, width: int = 1280, scheme: Scheme = "light") -> tuple[Page, list[str], list[str]]:
    """The page, what the console said, and every address it asked for."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    return page, said, asked


@pytest.mark.parametrize("name", ["walk", "guessing", "rated"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", _WIDTHS)
def test_the_page_stands_alone_and_fits(browser: Browser, reports: dict[str, Path], name: str, scheme: Scheme, width: int) -> None:
    page, said, asked = opened(browser, reports[name], width=width, scheme=scheme)
    assert said == []
    assert asked == [reports[name].as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert dark == ("rgb(20, 24, 27)" if scheme == "dark" else "rgb(251, 251, 249)")
    page.close()


def test_no_script_runs_even_where_one_is_put_in(browser: Browser, reports: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "altered.html"
    html = reports["walk"].read_text(encoding="utf-8").replace("</body>", "<script>document.title = 'run'</script></body>")
    path.write_text(html, encoding="utf-8")
    page, said, _ = opened(browser, path)
    assert page.title() != "run"
    assert any("Content Security Policy" in line for line in said)
    page.close()


def test_each_picture_s_table_opens_by_keyboard(browser: Browser, reports: dict[str, Path]) -> None:
    page, _, _ = opened(browser, reports["walk"])
    summary = page.get_by_text("The numbers as a table").first
    table = page.locator("figure table").first
    expect(table).to_be_hidden()
    summary.focus()
    page.keyboard.press("Enter")
    expect(table).to_be_visible()
    expect(table.locator("tr.crossed")).to_have_count(1)
    for figure in page.locator("figure").all():
        assert figure.locator("svg title").count() == 1
        assert figure.locator("table").count() >= 1
    page.close()


def test_the_list_on_the_first_page_leads_to_the_evidence(browser: Browser, reports: dict[str, Path]) -> None:
    page, _, _ = opened(browser, reports["walk"])
    page.get_by_role("link", name="account acme").click()
    expect(page.get_by_role("heading", name="account acme: fan-out-dialler")).to_be_in_viewport()
    page.close()


def test_no_text_of_a_picture_lies_outside_of_it(browser: Browser, reports: dict[str, Path]) -> None:
    for path in reports.values():
        page, _, _ = opened(browser, path)
        outside = page.evaluate(
            """() => Array.from(document.querySelectorAll("svg text")).filter((text) => {
              const [box, frame] = [text.getBoundingClientRect(), text.closest("svg").getBoundingClientRect()];
              return box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1;
            }).map((text) => text.textContent)"""
        )
        assert outside == []
        page.close()


def test_the_report_prints_on_paper(browser: Browser, reports: dict[str, Path]) -> None:
    page, _, _ = opened(browser, reports["walk"], scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF-")
    page.close()


def test_price_classes_have_their_picture_and_its_table_on_screen_and_on_paper(browser: Browser, reports: dict[str, Path]) -> None:
    for scheme in ("light", "dark"):
        page, said, _ = opened(browser, reports["rated"], scheme=scheme)
        section = page.locator("section", has=page.get_by_role("heading", name="All calls by price class"))
        expect(section.get_by_role("img", name="Destinations by price class")).to_be_visible()
        section.get_by_text("The numbers as a table").click()
        row = section.get_by_role("row").filter(has_text="Britain")
        expect(row).to_contain_text("0.01 GBP")
        expect(section.locator("figcaption")).to_contain_text("come to 0.00 EUR and 0.05 GBP")
        bar, ground = (
            section.locator("rect.bar").first.evaluate("element => getComputedStyle(element).fill"),
            page.evaluate("getComputedStyle(document.documentElement).backgroundColor"),
        )
        assert bar != ground
        assert said == []
        page.emulate_media(media="print")
        expect(section.get_by_role("img", name="Destinations by price class")).to_be_visible()
        page.close()
