"""A login in Chromium: codes of an app, a passkey, a forgotten password by real mail, a thief, and the service mailbox."""

import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from playwright.sync_api import Browser, Page, expect
from tests.browser.office import Office, shoot, sign_in
from tests.ports import free_port
from tests.unit.desk.access.authenticator import code_of

pytestmark = pytest.mark.needs("chromium")

_PATIENCE_S = 120.0
_CONTACTS = (
    "contact,party,person,mail,telephone,valid_from\nboss,resell,Bo Boss,boss@resell.example,+3225551200,2020-01-01T00:00:00Z\n"
)
_NEW = "a-much-better-secret"


@dataclass
class Post:
    """A relay that takes every mail, and the desk's mail process that hands them to it."""

    listens: int
    taken: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 # the library's name
        assert isinstance(envelope.content, bytes)
        self.taken.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default))
        return "250 taken"

    def mail_to(self, address: str, subject: str) -> str:
        """Wait for a mail; return its text."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            found = [mail for mail in self.taken if mail["To"] == address and subject in mail["Subject"]]
            if found:
                self.taken.remove(found[0])
                return str(found[0].get_content())
            assert time.monotonic() < deadline, (address, subject, [(mail["To"], mail["Subject"]) for mail in self.taken])
            time.sleep(0.05)


@pytest.fixture(scope="module")
def post(office: Office) -> Iterator[Post]:
    post = Post(free_port())
    relay = Controller(post, hostname="127.0.0.1", port=free_port())
    relay.start()
    configuration = office.data / "ringfence.toml"
    mail = f'[mail]\nlisten = "127.0.0.1:{post.listens}"\nrelay = "smtp://127.0.0.1:{relay.port}"\ndns = "off"\n'
    configuration.write_text(configuration.read_text(encoding="utf-8") + mail, encoding="utf-8")
    process = subprocess.Popen([sys.executable, "-m", "ringfence.cli", "mail", "--data", str(office.data)])
    yield post
    process.terminate()
    process.wait(timeout=60)
    relay.stop()


def here(office: Office) -> str:
    """The address under which browsers have passkeys without https."""
    return office.address.replace("127.0.0.1", "localhost")


def enter(page: Page, office: Office, name: str, password: str) -> None:
    page.goto(f"{here(office)}/sign-in/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def again(page: Page, office: Office) -> None:
    """Say the password again, before something grave."""
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    page.get_by_label("Password").fill(office.password)
    page.get_by_role("button", name="Confirm").click()


def followed(office: Office, text: str) -> str:
    """The address of a mail's link, at this desk."""
    link = re.search(r"https?://[^/\s]+(/\S+)", text)
    assert link is not None, text
    return here(office) + link[1]


def invited(page: Page, office: Office, post: Post, name: str, *, role: str = "", party: str = "") -> None:
    """Have an admin make a login, and its owner set the password by the mailed link."""
    page.goto(f"{office.address}/logins/")
    page.get_by_label("Name").last.fill(name)
    page.get_by_label("Mail").fill(f"{name}@voice.example")
    if role:
        page.get_by_label(role).check()
    page.get_by_label("Or of a party").fill(party)
    page.get_by_role("button", name="Make the login").click()
    expect(page.get_by_role("heading", name=f"Login {name}")).to_be_visible()
    assert page.context.browser is not None
    own = page.context.browser.new_page()
    own.goto(followed(office, post.mail_to(f"{name}@voice.example", "Set the password")))
    set_password(own)
    own.close()


def set_password(page: Page) -> None:
    page.get_by_label("New password").fill(_NEW)
    page.get_by_label("The same again").fill(_NEW)
    page.get_by_role("button", name="Set this password").click()
    expect(page.get_by_role("heading", name="Your password is set")).to_be_visible()


def test_a_person_signs_in_with_an_app_then_with_a_passkey(browser: Browser, office: Office, post: Post) -> None:
    # size: one journey, told in its order
    admin = sign_in(browser, office)
    invited(admin, office, post, "tina", role="analyst")
    page = browser.new_page()
    page.on("console", lambda said: office.errors.append(said.text) if said.type in ("error", "warning") else None)
    enter(page, office, "tina", _NEW)
    page.goto(f"{here(office)}/me/factors/")
    page.get_by_role("link", name="set up").click()
    page.get_by_label("Password").fill(_NEW)
    page.get_by_role("button", name="Confirm").click()
    shoot(page, "codes-of-an-app")
    secret = page.locator("code").first.inner_text()
    page.get_by_label("Code that the app shows").fill(code_of(secret))
    page.get_by_role("button", name="Use codes of this app").click()
    expect(page.get_by_text("Recovery Codes").first).to_be_visible()
    post.mail_to("tina@voice.example", "Codes of an app")
    page.get_by_role("button", name="Sign out").click()

    enter(page, office, "tina", _NEW)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.get_by_label("Code of the app").fill(code_of(secret, at=time.time() + 30))  # the last one was used up
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()

    chromium = page.context.new_cdp_session(page)
    chromium.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    steady = {"isUserVerified": True, "automaticPresenceSimulation": True}
    chromium.send("WebAuthn.addVirtualAuthenticator", {"options": options | steady})
    page.goto(f"{here(office)}/me/factors/passkeys/add/")
    if page.get_by_label("Password").count():
        page.get_by_label("Password").fill(_NEW)
        page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("my telephone")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/me/factors/")
    page.goto(f"{here(office)}/me/factors/passkeys/")
    expect(page.get_by_role("row").filter(has_text="my telephone")).to_contain_text("yes")
    shoot(page, "passkeys")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.close()


def test_a_forgotten_password_is_set_by_a_mailed_link(browser: Browser, office: Office, post: Post) -> None:
    invited(sign_in(browser, office), office, post, "fred", role="analyst")
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{here(office)}/sign-in/")
    page.get_by_role("link", name="I forgot my password").click()
    page.get_by_label("Mail address").fill("fred@voice.example")
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    page.goto(followed(office, post.mail_to("fred@voice.example", "A link that sets your password")))
    set_password(page)
    post.mail_to("fred@voice.example", "was changed")
    enter(page, office, "fred", _NEW)
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.close()


def test_a_customer_whose_portal_a_thief_holds_is_locked_by_staff_after_a_mail_and_a_call(
    browser: Browser, office: Office, post: Post, tmp_path: Path
) -> None:
    # size: one journey, told in its order
    desk = sign_in(browser, office)
    contacts = tmp_path / "contacts.csv"
    contacts.write_text(_CONTACTS, encoding="utf-8")
    desk.goto(f"{office.address}/parties/import/")
    desk.locator("input[name='contacts.csv']").set_input_files(contacts)
    desk.locator("button[value=import]").click()
    invited(desk, office, post, "carl", party="resell")
    thief = browser.new_page()
    enter(thief, office, "carl", _NEW)
    expect(thief.get_by_role("link", name="resell").first).to_be_visible()

    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "bo@elsewhere.example", "support@voice.example", "Our portal was hacked"
    mail.set_content("Somebody else has our password, and our mail. Call us.")
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", post.listens, timeout=30) as smtp:
                smtp.send_message(mail)
            break
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    desk.get_by_role("link", name="Recovery").click()
    desk.get_by_role("row").filter(has_text="bo@elsewhere.example").get_by_role("link").click()
    expect(desk.get_by_text("Somebody else has our password, and our mail")).to_be_visible()
    desk.get_by_label("Party").fill("resell")
    desk.get_by_role("button", name="Note it").click()
    expect(desk.get_by_text("Calls to premium numbers stop on 1 trunk: shop-trunk.")).to_be_visible()
    desk.get_by_label("What came of it").first.select_option("confirmed")
    desk.get_by_label("Whom you spoke to").fill("Bo Boss, by her voice")
    desk.get_by_role("button", name="Record my call").click()
    expect(desk.get_by_text("first called boss: Bo Boss, by her voice")).to_be_visible()
    desk.get_by_label("Why: the case keeps it").fill("confirmed by telephone")
    shoot(desk, "request")
    desk.get_by_role("button", name="Lock these logins and bar premium calls of resell").click()
    expect(desk.get_by_text("Secured")).to_be_visible()
    thief.goto(f"{here(office)}/own/")
    expect(thief.get_by_role("heading", name="Sign in to the desk")).to_be_visible()

    deadline = time.monotonic() + _PATIENCE_S
    while not any(order.scope.value == "resell" for change in office.changes() for order in change.upserts):
        assert time.monotonic() < deadline, "no order"
        time.sleep(0.05)
    desk.get_by_role("link", name=re.compile(r"^\d+$")).first.click()
    expect(desk.get_by_role("heading", name=re.compile(r"Case \d+: party resell"))).to_be_visible()
    expect(desk.get_by_text("compromised").first).to_be_visible()
    desk.go_back()
    desk.get_by_label("The link to a new password goes to").select_option("boss@resell.example")
    desk.get_by_label("Why: it is kept").fill("Bo has cleaned up")
    desk.get_by_role("button", name="Unlock carl").click()
    expect(desk.get_by_text("Unlocked")).to_be_visible()
    thief.goto(followed(office, post.mail_to("boss@resell.example", "Set the password of carl")))
    set_password(thief)
    thief.close()
