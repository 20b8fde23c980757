"""From a complaint to an appeal that is won, in a browser, with a real proxy: what due process is, at the speed of a test.

Days go by in it: the test moves the wall clock of all processes; nothing in the code knows.
"""

import io
import json
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import browser
from tests.integration.kamailio import ADDRESS
from tests.integration.sip_client import SipClient
from tests.journeys.provider import TRUNK, Provider

from ringfence.desk.audit.bundles import prove

pytestmark = pytest.mark.needs("chromium", "kamailio", "cc")

__all__ = ["browser"]
COMPLAINT = "Somebody behind +32 2 555 01 00 tries all doors of our switchboard since nine."


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    with ExitStack() as stack:
        yield Provider(tmp_path, stack)


class Journey:
    """The steps, and how long each took."""

    def __init__(self, provider: Provider, browser: Browser, folder: Path) -> None:
        self.provider, self.browser, self.folder = provider, browser, folder
        self.case = 0
        self.took: list[tuple[str, float]] = []

    def step(self, what: Callable[[], None]) -> None:
        begun = time.monotonic()
        what()
        self.took.append(((what.__doc__ or "").rstrip("."), time.monotonic() - begun))

    def public(self, link: str) -> Page:
        """Open a link out of a mail, without a login."""
        page = self.browser.new_context(java_script_enabled=False).new_page()
        page.goto(link)
        return page

    def at_case(self, name: str) -> Page:
        page = self.provider.sign_in(self.browser, name)
        page.goto(f"{self.provider.address}/cases/{self.case}/")
        return page

    def arrive(self) -> None:
        """A finding and a complaint arrive, and are one case."""
        self.provider.find()
        self.provider.complain(COMPLAINT)
        page = self.provider.sign_in(self.browser, "ana")
        self.provider.until_shown(page, "/cases/?subject=shop", "#")
        row = page.locator("a.row").first
        self.case = int((row.get_attribute("href") or "").strip("/").rpartition("/")[2])
        self.provider.until_shown(page, "/complaints/", "they tried my door")
        page.locator("a.row").first.click()
        page.get_by_label("Case number").fill(str(self.case))
        page.get_by_role("button", name="Join it to this case").click()
        page.goto(f"{self.provider.address}/cases/{self.case}/")
        page.get_by_role("button", name="Claim: I work on this case").click()
        expect(page.get_by_role("button", name="Release")).to_be_visible()

    def ask(self) -> None:
        """The reseller is asked, and passes the question on to its end user."""
        page = self.at_case("ana")
        page.get_by_label("Which party").fill("shop")
        page.get_by_label("The question").fill("Who uses your trunk since nine?")
        page.get_by_label("Begin with").select_option("top")
        page.get_by_role("button", name="Ask: a letter goes out and a clock runs").click()
        expect(page.get_by_text("It is asked. Its clock runs.")).to_be_visible()
        asked = self.public(self.provider.link("noc@resell.example", "/inquiries/"))
        expect(asked.get_by_text("Who uses your trunk since nine?")).to_be_visible()
        assert "jo@example.org" not in asked.content(), "who complained stays hidden"
        asked.locator("button[value=pass]").click()
        shop = self.public(self.provider.link("abuse@shop.example", "/inquiries/"))
        expect(shop.get_by_text("Who uses your trunk since nine?")).to_be_visible()

    def keep_silent(self) -> None:
        """Business days pass; silence goes upward, and in the end a lead is called."""
        self.provider.clock.travel(timedelta(days=3))
        self.provider.link("noc@resell.example", "/inquiries/", number=2)
        self.provider.clock.travel(timedelta(days=5))
        page = self.provider.sign_in(self.browser, "leo")
        self.provider.until_shown(page, "/", "nobody of resell > shop answered")

    def decide(self) -> None:
        """The analyst decides off the ladder, with a reason; it takes effect at once at the proxy."""
        page = self.at_case("ana")
        page.get_by_label("Why (may be told to the party)").fill("Your trunk scans our network, and nobody answers for it.")
        page.get_by_text("Leave the ladder", exact=True).click()
        page.get_by_label("Reason to leave the ladder").fill("The address alone scans; the shop's other calls are fine.")
        page.get_by_label("What to do").select_option("refuse")
        page.get_by_label("Against what").select_option("source")
        page.get_by_label("Which one").fill(TRUNK)
        page.get_by_label("How long").fill("30d")
        page.locator("form[action$='/decide/'] button.grave").click()
        key = f"source:{TRUNK}"
        self.provider.wait("the order is active at the proxy", lambda: key in self.provider.kamailio.entries())
        with self.sip() as trunk:
            assert trunk.send("OPTIONS", "100") is None
        self.provider.until_shown(page, "/orders/", "placed")

    def approve(self) -> None:
        """A second person stands behind it."""
        page = self.at_case("leo")
        page.get_by_role("button", name="Confirm:").click()
        page.goto(f"{self.provider.address}/cases/{self.case}/")
        expect(page.get_by_role("button", name="Confirm:")).to_have_count(0)

    def appeal(self) -> None:
        """The party reads why, and appeals; that suspends nothing."""
        notice = self.public(self.provider.link("abuse@shop.example", "/notices/"))
        for part in ("Your trunk scans our network", "Unauthorised access, of version 1", "A person decided this"):
            expect(notice.get_by_text(part).first).to_be_visible()
        notice.get_by_label("Your reasons").fill("A guest did that; we have shut the room.")
        notice.get_by_role("button", name="Send the appeal").click()
        expect(notice.get_by_text("Your appeal was received")).to_be_visible()
        assert f"source:{TRUNK}" in self.provider.kamailio.entries()

    def reverse(self) -> None:
        """A third person overturns it: the proxy lets the trunk through, the party is told."""
        for name in ("ana", "leo"):  # who confirmed is no other person either
            expect(self.open_appeal(name).get_by_text("Somebody else than ana, leo decides this appeal")).to_be_visible()
        self.overturn(self.open_appeal("rita"))
        self.provider.wait("the order has left the proxy", lambda: f"source:{TRUNK}" not in self.provider.kamailio.entries())
        with self.sip() as trunk:
            assert trunk.send("OPTIONS", "100") == 200
        self.provider.wait(
            "the shop is told", lambda: self.provider.letters("abuse@shop.example", "We believe you, and the room is shut.")
        )

    def open_appeal(self, name: str) -> Page:
        page = self.provider.sign_in(self.browser, name)
        page.goto(f"{self.provider.address}/appeals/")
        page.locator("a.row").first.click()
        return page

    def overturn(self, page: Page) -> None:
        page.get_by_label("What comes of it").select_option("overturned")
        page.get_by_label("Why (the party is told)").fill("We believe you, and the room is shut.")
        page.get_by_role("button", name="Decide the appeal").click()

    def verify(self) -> None:
        """The audit is exported and proven, and the case's bundle opens offline."""
        export, kept = self.folder / "audit.txt", self.folder / "checkpoint.txt"
        data = str(self.provider.data)
        ringfence = ("-m", "ringfence.cli", "audit")
        kept.write_text(self.provider.python(*ringfence, "checkpoint", "--data", data), encoding="ascii")
        self.provider.python(*ringfence, "export", str(export), "--data", data)
        assert "entries are as they were sealed" in self.provider.python(
            *ringfence, "verify", str(export), "--checkpoint", str(kept)
        )
        assert "wait for their seal" in self.provider.python(*ringfence, "verify", "--data", data)
        self.read_offline()

    def read_offline(self) -> None:
        page = self.at_case("leo")
        page.get_by_label("Reason to hand the case out").fill("for the shop's lawyer")
        with page.expect_download() as taken:
            page.get_by_role("button", name="Give me the whole case, signed").click()
        bundle = taken.value.path().read_bytes()
        assert prove(bundle).broken == ""
        with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
            archive.extractall(self.folder / "bundle")
        lines = (self.folder / "bundle" / "timeline.jsonl").read_text(encoding="utf-8").splitlines()
        verbs = [json.loads(json.loads(line)["body"])["verb"] for line in lines]
        told = ["opened", "joined-complaint", "claimed", "asked", "passed-on", "fell-silent", "inquiry-unanswered", "decided"]
        told += ["ordered", "placed", "confirmed", "appealed", "appeal-overturned", "decided-to-lift", "lifted", "removed"]
        places = [verbs.index(verb) for verb in told]
        assert sorted(places[:8]) == places[:8], verbs
        assert sorted(places[11:]) == places[11:], verbs
        offline = self.browser.new_context(offline=True, java_script_enabled=False).new_page()
        offline.goto((self.folder / "bundle" / "index.html").as_uri())
        expect(offline.get_by_role("heading", name=f"Case {self.case}: party shop")).to_be_visible()
        expect(offline.get_by_text("Appeal decided: what was decided was wrong").first).to_be_visible()

    def sip(self) -> SipClient:
        return SipClient(TRUNK, (ADDRESS, self.provider.kamailio.sip_port))


def test_from_a_complaint_to_a_won_appeal(
    provider: Provider,
    browser: Browser,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    journey = Journey(provider, browser, tmp_path)
    for step in (
        *(journey.arrive, journey.ask, journey.keep_silent, journey.decide),
        *(journey.approve, journey.appeal, journey.reverse, journey.verify),
    ):
        journey.step(step)
    assert provider.errors == []
    for what, seconds in journey.took:
        record_property(what, seconds)
    with capsys.disabled():
        sys.stdout.write("".join(f"\n{seconds:6.1f} s  {what}" for what, seconds in journey.took))
