"""A notice of a right goes to the party, who contests it without a login; silence upholds it; upheld ones count for a year."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.unit.desk.complaints.test_answering import client_of
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, LEAD, NOON, STRANGER, WORKER, Desk, write_bundle

from ringfence.desk.actor import StaffRole, system
from ringfence.desk.audit import selectors as audit
from ringfence.desk.clocks.models import Obligation
from ringfence.desk.complaints import services as complaining
from ringfence.desk.complaints.kinds import LEAVES
from ringfence.desk.complaints.models import Complaint, Door, Outcome, RightsNotice, RightsState
from ringfence.desk.complaints.rights import selectors, services
from ringfence.desk.complaints.rights.services import Claim, Permitted, Unfit
from ringfence.desk.complaints.submissions import Submission
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.desk.letters.models import Letter
from ringfence.desk.outbox import services as outbox
from ringfence.desk.parties import services as parties
from ringfence.desk.policies import services as policies

pytestmark = pytest.mark.django_db

FILES = {
    "parties.csv": b"party,parent,kind\nshop,,customer\nquiet,,customer\n",
    "accounts.csv": b"account,party\ns,shop\n",
    "contacts.csv": b"contact,party,role,mail,language\nc,shop,legal,law@shop.example,nl\n",
}
CLOCKS = "clocks:\n  rights-answer:\n    rule: ours\n    due: 120h elapsed\n    missed: default\n"


@pytest.fixture
def owned(desk: Desk, tmp_path: Path) -> Desk:
    policies.post_bundle(folder=write_bundle(tmp_path / "rights", **{"clocks.yaml": CLOCKS}), actor=ADMIN, now=NOON)
    assert parties.import_parties(files=FILES, actor=ADMIN, now=NOON - timedelta(days=1)).written
    return desk


def claimed(leaf: str = "copyright", token: str = "1") -> int:
    filled = Submission(leaf=leaf, what="They sing my song", contact="joe@example.be")
    form = {"door": Door.FORM, "reporter": "r", "sender": "r", "token": token, "actor": system("form"), "now": NOON}
    return complaining.submit(submission=filled, **form).id  # type: ignore[arg-type]  # as above


def passed(leaf: str = "copyright", *, token: str = "1", work: str = "A song", **changes: object) -> RightsNotice:
    claim = Claim(complaint=claimed(leaf, token), party="shop", work=work, holder="Joe", **changes)  # type: ignore[arg-type]  # as above
    return RightsNotice.objects.get(id=services.pass_on(claim=claim, actor=ANALYST, now=NOON))


def page(notice: RightsNotice) -> str:
    return f"/rights/{notice.id}/{services.token_of(notice.id)}/"


def state(notice: RightsNotice) -> str:
    return RightsNotice.objects.get(id=notice.id).state


def test_the_party_is_told_in_its_language_and_its_clock_runs(owned: Desk) -> None:
    notice = passed()
    (letter,) = Letter.objects.all()
    assert (letter.mail, letter.language) == ("law@shop.example", "nl")
    assert page(notice) in letter.text
    assert "joe@example.be" not in letter.text
    assert Obligation.objects.get(noun=services.NOUN).due == NOON + timedelta(hours=120)


def test_a_counter_notice_is_taken_in_good_faith_alone_and_who_claims_is_told_that_one_came(owned: Desk) -> None:
    notice, client = passed(), Client()
    assert client.post(page(notice), {"text": "My own song"}).status_code == 400
    assert client.post(page(notice), {"text": "My own song", "faith": "yes"}).status_code == 302
    assert state(notice) == RightsState.COUNTERED
    assert client.post(page(notice), {"text": "again", "faith": "yes"}).status_code == 400
    told = Letter.objects.get(mail="joe@example.be")
    assert "says in good faith" in told.text
    assert "My own song" not in told.text
    clocks = {clock.clock: clock.state for clock in Obligation.objects.filter(noun=services.NOUN)}
    assert clocks == {"rights-answer": "met", "rights-restoration": "running"}
    services.settle(notice=notice.id, state="restored", reasons="no action was filed", actor=ANALYST, now=NOON)
    assert Complaint.objects.get().outcome == Outcome.REVIEWED
    assert not Obligation.objects.filter(noun=services.NOUN, state="running").exists()


def test_silence_upholds_it_as_was_told_beforehand_once(owned: Desk) -> None:
    notice = passed()
    owned.clock.now = NOON + timedelta(days=6)
    owned.work()
    owned.work()
    row = RightsNotice.objects.get(id=notice.id)
    assert (row.state, row.settled_by) == (RightsState.UPHELD, "worker")
    assert Complaint.objects.get().outcome == Outcome.ACTIONED
    told = [path.read_bytes() for path in (owned.folder / "feeds" / "desk-events").rglob("*") if path.is_file()]
    assert any(b'"infringement"' in data for data in told)
    with pytest.raises(StaleState):
        services.settle(notice=notice.id, state="rejected", reasons="r", actor=ANALYST, now=NOON)


def test_upheld_notices_of_a_year_make_a_repeat_infringer(owned: Desk) -> None:
    for token in "123":
        services.settle(notice=passed(token=token).id, state="upheld", reasons="r", actor=ANALYST, now=NOON)
    services.settle(notice=passed(token="4").id, state="rejected", reasons="r", actor=ANALYST, now=NOON)
    assert selectors.infringements(party="shop", actor=AUDITOR, now=NOON + timedelta(days=1)) == 3
    assert selectors.repeat_infringers(actor=AUDITOR, now=NOON) == [("shop", 3)]
    assert selectors.repeat_infringers(actor=AUDITOR, now=NOON + timedelta(days=366)) == []
    values = [one.payload["value"] for one in outbox.due(topics=("desk-event",), now=NOON) if one.payload["name"] == "infringement"]
    assert values == [1.0, 2.0, 3.0]


def test_what_is_no_right_or_reaches_nobody_is_not_passed_on(owned: Desk) -> None:
    with pytest.raises(Unfit):
        passed("scam")
    with pytest.raises(Unfit):
        passed(work=" ", token="2")
    silent = Claim(complaint=claimed(token="3"), party="quiet", work="w", holder="h")
    with pytest.raises(Unfit):
        services.pass_on(claim=silent, actor=ANALYST, now=NOON)
    assert not RightsNotice.objects.exists()
    notice = passed(token="4")
    with pytest.raises(StaleState):
        services.pass_on(claim=Claim(complaint=notice.complaint_id, party="shop", work="w", holder="h"), actor=ANALYST, now=NOON)
    with pytest.raises(StaleState):
        services.settle(notice=notice.id, state="restored", reasons="nobody contested it", actor=ANALYST, now=NOON)
    with pytest.raises(Unfit):
        services.settle(notice=notice.id, state="upheld", reasons=" ", actor=ANALYST, now=NOON)


def test_a_permitted_use_of_a_mark_is_found_in_the_register(owned: Desk) -> None:
    told = {"party": "shop", "mark": "Voice", "use": "its shop sign", "reference": "letter of 2026-01-05"}
    until = NOON + timedelta(days=90)
    with pytest.raises(NotPermitted):
        services.permit(**told, until=until, actor=ANALYST, now=NOON)
    with pytest.raises(NotThere):
        services.permit(**{**told, "party": "nobody"}, until=until, actor=LEAD, now=NOON)
    with pytest.raises(Unfit):
        services.permit(**told, until=NOON, actor=LEAD, now=NOON)
    permission = services.permit(**told, until=until, actor=LEAD, now=NOON)
    with pytest.raises(Permitted):
        passed("trademark", work="VOICE")
    services.revoke(permission=permission, actor=LEAD, now=NOON)
    with pytest.raises(StaleState):
        services.revoke(permission=permission, actor=LEAD, now=NOON)
    assert state(passed("trademark", work="VOICE", token="2")) == RightsState.PASSED
    assert [entry.verb for entry in audit.entries(actor=AUDITOR, noun="mark-permission")] == ["revoked", "permitted"]


def test_strangers_see_nothing_and_who_only_reads_changes_nothing(owned: Desk) -> None:
    notice = passed()
    services.permit(party="shop", mark="M", use="u", reference="r", until=NOON + timedelta(days=9), actor=LEAD, now=NOON)
    for nothing in (
        selectors.rights_notices(actor=STRANGER),
        selectors.permissions(actor=STRANGER),
        selectors.permission(party="shop", mark="M", actor=STRANGER, now=NOON),
        selectors.repeat_infringers(actor=STRANGER, now=NOON),
        selectors.infringements(party="shop", actor=STRANGER, now=NOON),
    ):
        assert not nothing
    for actor in (AUDITOR, STRANGER, WORKER):
        with pytest.raises(NotPermitted):
            services.settle(notice=notice.id, state="upheld", reasons="r", actor=actor, now=NOON)
    assert Client().get(f"/rights/{notice.id}/{'0' * 32}/").status_code == 404


def test_the_desks_pages_pass_on_settle_and_keep_the_register(owned: Desk) -> None:
    number, client = claimed(), client_of(StaffRole.ANALYST, StaffRole.LEAD)
    assert "Pass it on: the party may contest it" in client.get(f"/complaints/{number}/").content.decode()
    form = {"party": "shop", "work": "A <i>song</i>", "holder": "Joe"}
    unreached = client.post(f"/complaints/{number}/rights/pass/", {**form, "party": "quiet"}, follow=True).content.decode()
    assert "Hint: import one in contacts.csv" in unreached
    unnamed = client.post(f"/complaints/{number}/rights/pass/", {**form, "party": ""}, follow=True).content.decode()
    assert "no party (none named)." in unnamed
    done = client.post(f"/complaints/{number}/rights/pass/", form, follow=True).content.decode()
    assert "Its clock runs." in done
    assert "A &lt;i&gt;song" in done
    shown = Client().get(page(RightsNotice.objects.get())).content.decode()
    assert "Send the counter-notice" in shown
    client.post(f"/complaints/{number}/rights/settle/", {"state": "upheld", "reasons": "clear"})
    assert "1 upheld within a year" in client.get(f"/complaints/{number}/").content.decode()
    listed = client.get("/complaints/rights/?state=upheld").content.decode()
    assert f"#{number}" in listed
    mark = {"party": "shop", "mark": "Voice", "use": "sign", "reference": "letter", "until": "2099-01-01"}
    assert "The register is changed." in client.post("/complaints/marks/", mark, follow=True).content.decode()
    assert "2020-01-01 is over" in client.post("/complaints/marks/", {**mark, "until": "2020-01-01"}, follow=True).content.decode()
    assert "write a day such as" in client.post("/complaints/marks/", {**mark, "until": "soon"}, follow=True).content.decode()


def test_who_types_a_complaint_in_and_who_writes_one_see_what_to_ask_and_what_shows_it(owned: Desk) -> None:
    for page in (client_of(StaffRole.ANALYST).get("/complaints/new/"), Client().get("/report/")):
        shown = page.content.decode()
        assert all(question.replace("'", "&#x27;") in shown for leaf in LEAVES for question in leaf.questions)
        assert "statement in good faith, signature" in shown
