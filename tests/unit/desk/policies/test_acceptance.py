"""Who accepted which version, how, and by what it is known."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, WORKER, Desk, write_bundle

from ringfence.desk.access import keys
from ringfence.desk.access import services as access
from ringfence.desk.actor import Actor, ActorKind, KeyScope
from ringfence.desk.audit import selectors as audit
from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.desk.parties import services as importing
from ringfence.desk.parties.models import Party
from ringfence.desk.policies import acceptance
from ringfence.desk.policies import services as policies
from ringfence.desk.policies.acceptance import AcceptanceRefused, Proof, State
from ringfence.desk.policies.models import Acceptance, PolicyVersion
from ringfence.vocabulary.contracts import Observation, ObservationKind, Use
from ringfence.vocabulary.times import micros

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
PARTIES = b"party,parent,kind\nresell,,reseller\nshop,resell,end-user\nsub,shop,end-user\ndirect,,\n"
ACCOUNTS = b"account,party\nline,shop\nsl,sub\nd,direct\n"
SHOP = Actor(ActorKind.PERSON, "sam", party="shop")
RESELLER = Actor(ActorKind.PERSON, "rita", party="resell")
SIGNED = Proof(at=NOON + DAY, by="Ann Baker", proof="contract C-1", document=b"%PDF signed")


@pytest.fixture(autouse=True)
def known(policy: str) -> None:
    files = {"parties.csv": PARTIES, "accounts.csv": ACCOUNTS}
    assert importing.import_parties(files=files, actor=ADMIN, now=NOON).written


def state(party: str, at: datetime = NOON + 30 * DAY) -> State | None:
    found = acceptance.bound(party=party, moment=at, actor=ADMIN, now=at)
    return found.state if found else None


def post_another(tmp_path: Path) -> None:
    folder = write_bundle(
        tmp_path / "second",
        **{"policy.md": "# 3 D\n\n## T {#technical-prevention}\n\nx\n\n# 4 P\n\n## U {#unauthorised-access}\n\ny\n"},
    )
    policies.post_bundle(folder=folder, actor=ADMIN, now=NOON + 10 * DAY)


def test_a_party_is_bound_from_the_posting_and_accepts_by_act_by_use_or_by_its_resellers_word() -> None:
    assert {party: state(party) for party in ("resell", "shop", "sub", "direct")} == dict.fromkeys(
        ("resell", "shop", "sub", "direct"), State.PENDING
    )
    acceptance.attest(party="resell", number=1, by="Rita", proof="mail of 2 March", actor=RESELLER, now=NOON + DAY)
    assert (state("resell"), state("shop"), state("sub"), state("direct")) == (
        State.BY_ACT,
        State.DEEMED,
        State.DEEMED,
        State.PENDING,
    )
    hash = PolicyVersion.objects.get().hash
    acceptance.record_use(account="sl", policy=hash, at=NOON + 2 * DAY, proof="call-1", actor=WORKER, now=NOON + 2 * DAY)
    assert (state("shop"), state("sub")) == (State.DEEMED, State.BY_USE)
    acceptance.accept_by_click(party="shop", number=1, actor=SHOP, now=NOON + 3 * DAY)
    acceptance.accept_by_signature(party="direct", number=1, proof=SIGNED, actor=ADMIN, now=NOON + 3 * DAY)
    assert (state("shop"), state("direct")) == (State.BY_ACT, State.BY_ACT)


def test_which_version_bound_it_then_and_how_we_know_is_one_question(tmp_path: Path) -> None:
    acceptance.accept_by_signature(party="direct", number=1, proof=SIGNED, actor=ADMIN, now=NOON + 5 * DAY)
    post_another(tmp_path)
    assert acceptance.bound(party="direct", moment=NOON - DAY, actor=ADMIN, now=NOON) is None
    before = acceptance.bound(party="direct", moment=NOON + DAY / 2, actor=ADMIN, now=NOON + 20 * DAY)
    then = acceptance.bound(party="direct", moment=NOON + 2 * DAY, actor=ADMIN, now=NOON + 20 * DAY)
    now = acceptance.bound(party="direct", moment=NOON + 11 * DAY, actor=ADMIN, now=NOON + 20 * DAY)
    assert [(one.version.number, one.state) for one in (before, then, now) if one is not None] == [
        (1, State.PENDING),
        (1, State.BY_ACT),
        (2, State.PENDING),
    ]
    assert then is not None
    assert then.evidence is not None
    assert (then.evidence.by, then.evidence.proof, len(then.evidence.sha256)) == ("Ann Baker", "contract C-1", 64)
    assert [entry.verb for entry in audit.history(noun="acceptance", noun_id=str(then.evidence.id), actor=ADMIN)] == ["recorded"]


def test_the_first_use_that_watch_sees_is_recorded_with_the_call_that_proves_it(desk: Desk) -> None:
    seen = Observation(kind=ObservationKind.FIRST_USE, time=micros(NOON + DAY), subject="line", policy=desk.policy, call_id="c@x")
    unknown = Observation(kind=ObservationKind.FIRST_USE, time=micros(NOON + DAY), subject="nobody", policy=desk.policy)
    desk.clock.now = NOON + DAY
    desk.write("observations", seen, unknown, seen)
    desk.work()
    (kept,) = Acceptance.objects.select_related("party")
    assert (kept.party.name, kept.account, kept.how, kept.at, kept.proof) == ("shop", "line", "use", NOON + DAY, "c@x")


@pytest.mark.parametrize("use", list(Use))
def test_how_an_account_used_the_service_stands_with_its_acceptance(use: Use, desk: Desk) -> None:
    at = NOON + DAY
    desk.clock.now = at
    seen = Observation(kind=ObservationKind.FIRST_USE, time=micros(at), subject="line", policy=desk.policy, call_id="c@x", text=use)
    desk.write("observations", seen)
    desk.work()
    found = acceptance.bound(party="shop", moment=at, actor=ADMIN, now=at)
    assert found is not None
    assert found.evidence is not None
    assert (found.state, found.evidence.proof, found.evidence.by) == (State.BY_USE, f"{use} c@x", "line")


def test_a_sign_in_is_recorded_as_use_with_who_it_was(desk: Desk) -> None:
    shop = Party.objects.get(name="shop").pk
    access.create_login(username="sam", password="a long passphrase 7", roles=[], party=shop, actor=ADMIN, now=NOON)
    client = Client()
    client.post("/sign-in/", {"login": "sam", "password": "a long passphrase 7"}, follow=True)
    (kept,) = Acceptance.objects.all()
    assert (kept.party.name, kept.how, kept.by, kept.proof) == ("shop", "use", "sam", "came to its own pages")


def test_a_call_of_the_api_is_recorded_as_use_with_its_key(desk: Desk) -> None:
    made = keys.create_key(name="shops", reach=keys.Reach([KeyScope.READ], "shop"), actor=ADMIN, now=NOON)
    client = Client(headers={"authorization": f"Bearer {made.key}"})
    assert client.get("/api/v1/parties/shop").status_code == 200
    (kept,) = Acceptance.objects.all()
    assert (kept.party.name, kept.how, kept.by, kept.proof) == ("shop", "use", "shops", "called the API")


def test_use_before_the_posting_or_of_an_account_that_nobody_held_is_no_acceptance() -> None:
    hash = PolicyVersion.objects.get().hash
    assert acceptance.record_use(account="line", policy=hash, at=NOON - DAY, proof="", actor=WORKER, now=NOON) is None
    assert acceptance.record_use(account="x", policy=hash, at=NOON, proof="", actor=WORKER, now=NOON) is None
    assert acceptance.record_use(account="line", policy="0" * 64, at=NOON, proof="", actor=WORKER, now=NOON) is None
    assert not Acceptance.objects.exists()


def test_to_sign_in_or_to_call_the_api_is_a_use_too() -> None:
    for _ in range(2):
        acceptance.note_presence(actor=SHOP, how="signed in", now=NOON + DAY)
    acceptance.note_presence(actor=ADMIN, how="signed in", now=NOON + DAY)
    assert state("shop") == State.BY_USE
    assert Acceptance.objects.count() == 1


def test_the_same_acceptance_again_is_the_first() -> None:
    first = acceptance.accept_by_click(party="shop", number=1, actor=SHOP, now=NOON + DAY)
    assert acceptance.accept_by_click(party="shop", number=1, actor=SHOP, now=NOON + 2 * DAY) == first
    assert Acceptance.objects.get().at == NOON + DAY


def test_a_program_reports_acceptance_within_its_keys_subtree() -> None:
    key = Actor(ActorKind.API_KEY, "portal", scopes=frozenset({KeyScope.ACCEPT}), party="resell")
    proof = Proof(at=NOON + DAY, by="sam@shop.example", proof="session 7")
    assert acceptance.accept_by_api(party="sub", number=1, proof=proof, actor=key, now=NOON + DAY).how == "api"
    with pytest.raises(NotPermitted):
        acceptance.accept_by_api(party="direct", number=1, proof=proof, actor=key, now=NOON + DAY)
    reader = Actor(ActorKind.API_KEY, "crm", scopes=frozenset({KeyScope.READ}))
    with pytest.raises(NotPermitted):
        acceptance.accept_by_api(party="sub", number=1, proof=proof, actor=reader, now=NOON + DAY)


def test_nobody_accepts_for_another_and_only_a_reseller_attests() -> None:
    with pytest.raises(NotPermitted):
        acceptance.accept_by_click(party="sub", number=1, actor=SHOP, now=NOON + DAY)
    with pytest.raises(NotPermitted):
        acceptance.attest(party="resell", number=1, by="s", proof="", actor=SHOP, now=NOON + DAY)
    with pytest.raises(AcceptanceRefused, match="no reseller"):
        acceptance.attest(party="shop", number=1, by="s", proof="", actor=SHOP, now=NOON + DAY)
    with pytest.raises(NotPermitted):
        acceptance.accept_by_signature(party="direct", number=1, proof=SIGNED, actor=ANALYST, now=NOON + DAY)


@pytest.mark.parametrize(
    ("proof", "cause"),
    [
        (Proof(at=NOON - DAY, by="a", document=b"x"), "after it was posted"),
        (Proof(at=NOON + 99 * DAY, by="a", document=b"x"), "not in the future"),
        (Proof(at=NOON + DAY, by=" ", document=b"x"), "say who accepted"),
        (Proof(at=NOON + DAY, by="a"), "file is missing"),
        (Proof(at=NOON + DAY, by="a", document=b"x" * 5_000_001), "larger than 5 MB"),
    ],
)
def test_a_signature_that_proves_nothing_is_refused(proof: Proof, cause: str) -> None:
    with pytest.raises(AcceptanceRefused, match=cause):
        acceptance.accept_by_signature(party="direct", number=1, proof=proof, actor=ADMIN, now=NOON + 5 * DAY)
    with pytest.raises(NotThere):
        acceptance.accept_by_signature(party="direct", number=7, proof=SIGNED, actor=ADMIN, now=NOON + 5 * DAY)


def test_the_report_says_who_accepted_how_who_was_silent_and_who_has_not_attested() -> None:
    version, now = PolicyVersion.objects.get(), NOON + 9 * DAY
    acceptance.record_use(account="line", policy=version.hash, at=NOON + DAY, proof="c", actor=WORKER, now=now)
    acceptance.note_presence(actor=SHOP, how="signed in", now=NOON + 3 * DAY)
    parties = list(Party.objects.order_by("name"))
    first = {one.party.name: one.first_use for one in acceptance.report(parties=parties, version=version, now=now)}
    assert first == {"direct": None, "resell": None, "shop": NOON + DAY, "sub": None}
    told = {one.party.name: (one.state, one.reseller) for one in acceptance.report(parties=parties, version=version, now=now)}
    assert told == {
        "direct": (State.PENDING, None),
        "resell": (State.PENDING, None),
        "shop": (State.BY_USE, "resell"),
        "sub": (State.PENDING, "shop"),
    }
    assert [party.name for party in acceptance.silent(version=version, actor=ADMIN, now=now)] == ["direct", "sub"]
    assert [party.name for party in acceptance.silent(version=version, actor=SHOP, now=now)] == ["sub"]
    assert [party.name for party in acceptance.unattested(version=version, actor=ADMIN, now=now)] == ["resell"]
    acceptance.attest(party="resell", number=1, by="Rita", proof="", actor=RESELLER, now=now)
    assert not acceptance.unattested(version=version, actor=ADMIN, now=now).exists()


def test_a_partys_people_see_their_own_evidence_and_not_who_attested_above_them() -> None:
    acceptance.attest(party="resell", number=1, by="Rita", proof="secret deal", actor=RESELLER, now=NOON + DAY)
    found = acceptance.bound(party="shop", moment=NOON + 2 * DAY, actor=SHOP, now=NOON + 2 * DAY)
    assert found is not None
    assert (found.state, found.evidence, list(found.all)) == (State.DEEMED, None, [])
    assert acceptance.bound(party="direct", moment=NOON + 2 * DAY, actor=SHOP, now=NOON + 2 * DAY) is None
