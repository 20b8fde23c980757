"""Drafts: handed in, checked, shown beside what is in force with what they change for cases, posted, discarded."""

import io
import tarfile
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, BUNDLE, NOON, STRANGER, Desk, write_bundle

from ringfence.desk.access.models import Person
from ringfence.desk.actor import StaffRole
from ringfence.desk.audit import selectors as audit
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.desk.policies import archives, drafts, selectors
from ringfence.desk.policies.archives import ArchiveRefused, read_archive
from ringfence.desk.policies.drafts import DraftRefused
from ringfence.desk.policies.models import Draft, PolicyVersion
from ringfence.desk.site.impact import impact
from ringfence.policy import load
from ringfence.policy.differences import Version, compare

pytestmark = pytest.mark.django_db

MILDER = BUNDLE["ladder.yaml"].replace("for 1h, silent", "for 30min")
CHANGED = {"ladder.yaml": MILDER, "policy.md": BUNDLE["policy.md"].replace("Nobody may probe", "No person may ever probe")}


def zipped(prefix: str = "", **changes: str) -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as archive:
        for name, text in {**BUNDLE, **changes}.items():
            archive.writestr(prefix + name, text)
    return octets.getvalue()


def taken(octets: bytes) -> Draft:
    return drafts.draft_from_archive(name="next.zip", octets=octets, actor=ADMIN, now=NOON + timedelta(hours=1))


def person(client: Client, *roles: StaffRole) -> Client:
    client.force_login(Person.objects.create(username="ada", roles=[str(role) for role in roles], created=NOON))
    return client


def test_a_draft_is_posted_and_in_force_at_that_moment(desk: Desk) -> None:
    draft = taken(zipped("bundle/", **CHANGED))
    assert (draft.state, draft.problems, len(draft.hash)) == ("open", 0, 64)
    assert selectors.current(actor=ADMIN) == PolicyVersion.objects.get(number=1)
    number = drafts.post_draft(number=draft.pk, hash=draft.hash, actor=ADMIN, now=NOON + timedelta(hours=2))
    current = selectors.current(actor=ADMIN)
    assert current is not None
    assert (number, current.number, current.hash, current.posted) == (2, 2, draft.hash, NOON + timedelta(hours=2))
    draft.refresh_from_db()
    assert (draft.state, draft.version) == ("posted", current)
    with pytest.raises(StaleState, match="posted already"):
        drafts.post_draft(number=draft.pk, hash=draft.hash, actor=ADMIN, now=NOON + timedelta(hours=3))
    verbs = [entry.verb for entry in audit.history(noun="draft", noun_id=str(draft.pk), actor=ADMIN)]
    assert verbs == ["drafted", "draft-posted"]


def test_a_draft_that_does_not_compile_says_where_and_cannot_be_posted(desk: Desk) -> None:
    draft = taken(zipped(**{"ladder.yaml": BUNDLE["ladder.yaml"].replace("do: ask", "do: vanish")}))
    checked = drafts.content(draft)
    assert draft.hash == ""
    assert checked.problems[0].startswith("ladder.yaml:8:")
    assert checked.problems[0].splitlines()[2].strip() == "^"
    with pytest.raises(DraftRefused, match="does not pass"):
        drafts.post_draft(number=draft.pk, hash="", actor=ADMIN, now=NOON)
    assert PolicyVersion.objects.count() == 1


def test_what_was_looked_at_is_what_is_posted_and_no_version_twice(desk: Desk) -> None:
    draft = taken(zipped(**CHANGED))
    with pytest.raises(StaleState, match="look again"):
        drafts.post_draft(number=draft.pk, hash="0" * 64, actor=ADMIN, now=NOON)
    same = taken(zipped())
    with pytest.raises(DraftRefused, match="version 1"):
        drafts.post_draft(number=same.pk, hash=same.hash, actor=ADMIN, now=NOON)


def test_a_draft_is_read_from_a_folder_of_the_data_folder_and_from_no_other(desk: Desk, data: Path) -> None:
    write_bundle(data / "drafts" / "spring", **CHANGED)
    assert drafts.folders(actor=ADMIN) == ["spring"]
    assert drafts.folders(actor=ANALYST) == []
    assert drafts.draft_from_folder(name="spring", actor=ADMIN, now=NOON).problems == 0
    for name in ("../policies", "/etc", "autumn"):
        with pytest.raises(NotThere):
            drafts.draft_from_folder(name=name, actor=ADMIN, now=NOON)


def test_a_discarded_draft_has_no_files_any_more(desk: Desk) -> None:
    draft = taken(zipped(**CHANGED))
    drafts.discard_draft(number=draft.pk, actor=ADMIN, now=NOON)
    draft.refresh_from_db()
    assert draft.state == "discarded"
    assert not drafts.content(draft).files
    with pytest.raises(StaleState):
        drafts.discard_draft(number=draft.pk, actor=ADMIN, now=NOON)


def test_only_who_administers_drafts_and_who_sees_the_desk_looks(desk: Desk) -> None:
    draft = taken(zipped(**CHANGED))
    for actor in (ANALYST, AUDITOR, STRANGER):
        with pytest.raises(NotPermitted):
            drafts.draft_from_archive(name="x", octets=zipped(), actor=actor, now=NOON)
        with pytest.raises(NotPermitted):
            drafts.post_draft(number=draft.pk, hash=draft.hash, actor=actor, now=NOON)
        with pytest.raises(NotPermitted):
            drafts.discard_draft(number=draft.pk, actor=actor, now=NOON)
    assert drafts.draft(number=draft.pk, actor=AUDITOR) == draft
    assert drafts.draft(number=draft.pk, actor=STRANGER) is None


def tarred(*members: tuple[str, bytes | None]) -> bytes:
    octets = io.BytesIO()
    with tarfile.open(fileobj=octets, mode="w:gz") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if content is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            info.size = len(content or b"")
            archive.addfile(info, io.BytesIO(content or b""))
    return octets.getvalue()


@pytest.mark.parametrize(
    ("octets", "cause"),
    [
        (b"", "no zip or tar"),
        (b"PK\x03\x04 and then nothing", "no zip or tar"),
        (tarred(), "no file in it"),
        (tarred(("../x", b"")), "no path of a bundle"),
        (tarred(("/etc/x", b"")), "no path of a bundle"),
        (tarred(("a", b""), ("./a", b"")), "stands twice"),
        (tarred(("link", None)), "a link or a device"),
    ],
    ids=["empty", "half a zip", "no file", "above", "absolute", "twice", "a link"],  # what is packed names the second it was
)
def test_an_archive_that_no_bundle_could_be_read_from_is_refused(octets: bytes, cause: str) -> None:
    with pytest.raises(ArchiveRefused, match=cause):
        read_archive(octets)


def test_an_archive_that_swells_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST_FILE", 1_000)
    monkeypatch.setattr(archives, "LARGEST_WHOLE", 1_500)
    monkeypatch.setattr(archives, "MOST_FILES", 3)
    for members in ([("a", b"0" * 1_001)], [("a", b"0" * 900), ("b", b"0" * 900)]):
        with pytest.raises(ArchiveRefused, match="larger than a bundle may be"):
            read_archive(tarred(*members))
    with pytest.raises(ArchiveRefused, match="more than 3 files"):
        read_archive(tarred(*((str(number), b"") for number in range(4))))


def test_an_archive_of_one_folder_is_read_from_there() -> None:
    told = tarred(("./acme/bundle.toml", b"x"), ("./acme/rules/a.yaml", b"y"))
    assert read_archive(told) == {"bundle.toml": b"x", "rules/a.yaml": b"y"}
    assert read_archive(tarred(("bundle.toml", b"x"), ("rules/a.yaml", b"y"))).keys() == {"bundle.toml", "rules/a.yaml"}


def test_the_impact_names_open_cases_with_what_changes_for_each(desk: Desk) -> None:
    desk.find()
    old, files = selectors.bundle(hash=desk.policy), {name: text.encode() for name, text in {**BUNDLE, **CHANGED}.items()}
    before = Version(old, {name: text.encode() for name, text in BUNDLE.items()})
    new = load(files)
    found = impact(differences=compare(before, Version(new, files)), old=old, new=new, actor=ANALYST, now=NOON)
    (one,) = found.cases
    assert one.changes == (
        "The text of its clause changes.",
        "What the ladder answers next: “refuse source for 1h, silent, standing” becomes “refuse source for 30min, standing”.",
    )
    assert (found.looked_at, found.orders, found.rules) == (1, [], {"added": [], "removed": [], "changed": []})


def test_the_impact_names_rules_that_go_and_orders_whose_clause_is_gone(desk: Desk) -> None:
    desk.find()
    other = BUNDLE["rules/sip-scan.yaml"].replace("rule: sip-scan", "rule: scan").replace("unauthorised-access", "spam")
    text = BUNDLE["policy.md"].replace("unauthorised-access", "spam").replace("technical-prevention", "prevention")
    changes = {
        "rules/sip-scan.yaml": other,
        "policy.md": text,
        "ladder.yaml": "spam:\n  strikes: {weight: 1, expires: 30d}\n  steps:\n    - at: 1\n      do: ask\n",
    }
    files = {name: text.encode() for name, text in {**BUNDLE, **changes}.items()}
    old, new = selectors.bundle(hash=desk.policy), load(files)
    before = Version(old, {name: text.encode() for name, text in BUNDLE.items()})
    found = impact(differences=compare(before, Version(new, files)), old=old, new=new, actor=ANALYST, now=NOON)
    assert found.rules == {"added": ["scan"], "removed": ["sip-scan"], "changed": []}
    assert found.cases[0].changes[:2] == (
        "The rule that found it is gone: the same conduct is found no more.",
        "Its clause is gone.",
    )
    assert found.orders == [("technical-prevention", 1)]


def test_the_pages_lead_from_an_archive_over_the_diff_to_the_posting(desk: Desk, client: Client) -> None:
    admin = person(client, StaffRole.ADMIN)
    upload = SimpleUploadedFile("next.zip", zipped(**CHANGED))
    page = admin.post("/policy/drafts/", {"archive": upload}, follow=True).content.decode()
    assert "<del>Nobody</del>" in page
    assert "<ins>No person</ins>" in page
    draft = Draft.objects.get()
    answer = admin.post(f"/policy/drafts/{draft.pk}/", {"do": "post", "hash": draft.hash}, follow=True)
    assert "Posted. It is in force from this moment" in answer.content.decode()
    assert PolicyVersion.objects.count() == 2
    bad = admin.post("/policy/drafts/", {"archive": SimpleUploadedFile("x.zip", b"nothing")})
    assert b"Nothing was drafted: it is no zip or tar archive" in bad.content
    wrong = SimpleUploadedFile("wrong.zip", zipped(**{"bundle.toml": "name = 1\n"}))
    assert b"bundle.toml:1:1" in admin.post("/policy/drafts/", {"archive": wrong}, follow=True).content


def test_an_analyst_sees_drafts_and_has_no_button(desk: Desk, client: Client) -> None:
    draft = taken(zipped(**CHANGED))
    page = person(client, StaffRole.ANALYST).get(f"/policy/drafts/{draft.pk}/").content.decode()
    assert "Post it" not in page
    assert client.post(f"/policy/drafts/{draft.pk}/", {"do": "post", "hash": draft.hash}).status_code == 403
    assert "Hand one in" not in client.get("/policy/drafts/").content.decode()


def test_what_differs_between_any_two_versions_is_public_but_for_lists_and_settings(desk: Desk, client: Client) -> None:
    changes = {**CHANGED, "lists/protected-sources.csv": "entry,source,expiry,review\n192.0.2.0/24,secret,,2030-01-01\n"}
    draft = taken(zipped(**changes))
    drafts.post_draft(number=draft.pk, hash=draft.hash, actor=ADMIN, now=NOON + timedelta(hours=2))
    page = client.get("/policy/2/since/1/").content.decode()
    assert "<ins>No person</ins>" in page
    assert "30min" in page
    assert "secret" not in page
    assert client.get("/policy/since/", {"older": "1", "newer": "2"}).headers["Location"] == "/policy/2/since/1/"
    assert client.get("/policy/since/", {"older": "x", "newer": "2"}).status_code == 404
    assert client.get("/policy/2/since/9/").status_code == 404
    assert "secret" in person(client, StaffRole.AUDITOR).get("/policy/2/since/1/").content.decode()
