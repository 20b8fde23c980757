"""Who comes back through another reseller after a termination is pointed out with the reasons; what many share says nothing."""

import pytest
from django.test import Client
from tests.unit.desk.endings.test_endings import ended
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, NOON, STRANGER, WORKER, Desk

from ringfence.desk.access.models import Person
from ringfence.desk.audit import selectors as audit
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.endings.models import Ending
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.desk.parties import services as parties
from ringfence.desk.returns import selectors, services
from ringfence.desk.returns.models import Return, Trait
from ringfence.desk.returns.services import NotAnswered

pytestmark = pytest.mark.django_db

BEFORE = {
    "contacts.csv": b"contact,party,person,mail,telephone\nc1,shop,Jane Roe,jane@shop.example,+3225550900\n"
    b"c2,reseller,,noc@reseller.example,\n",
}


def imported(desk: Desk, **files: bytes) -> None:
    named = {f"{name}.csv": content for name, content in files.items()}
    assert not parties.import_parties(files=named, actor=ADMIN, now=desk.clock()).problems


@pytest.fixture
def gone(climbing: Desk) -> Desk:
    """A desk that ended the shop's contract."""
    assert not parties.import_parties(files=BEFORE, actor=ADMIN, now=NOON).problems
    ended(climbing)
    imported(climbing, parties=b"party,parent,kind\nresell2,,reseller\nnewshop,resell2,customer\n")
    return climbing


def pointed_out(desk: Desk) -> list[tuple[str, list[str]]]:
    services.look(actor=WORKER, now=desk.clock())
    return list(Return.objects.order_by("id").values_list("party", "reasons"))


def test_the_same_person_and_mailbox_under_another_reseller_is_pointed_out_once(gone: Desk) -> None:
    assert pointed_out(gone) == []
    imported(gone, contacts=b"contact,party,person,mail\nn1,newshop,JANE  roe,Jane@shop.example\n")
    assert pointed_out(gone) == [("newshop", ["the same person behind it", "the same mailbox"])]
    assert len(pointed_out(gone)) == 1
    (alarm,) = [one for one in decisions.alarms(actor=ANALYST) if one.kind == "return"]
    assert "newshop shares with shop" in alarm.text
    case = Ending.objects.get().case_id
    assert "seems-to-return" in [entry.verb for entry in audit.timeline(case=case, actor=ANALYST)]


def test_a_new_account_from_the_same_address_with_the_same_payment_is_pointed_out(gone: Desk) -> None:
    imported(
        gone,
        accounts=b"account,party\nnew-1,newshop\n",
        trunks=b"trunk,account,address,valid_from\nt9,new-1,198.51.100.7,2027-01-01T00:00:00Z\n",
    )
    assert pointed_out(gone) == [], "an address alone says too little"
    for party in ("shop", "newshop"):
        services.note_trait(party=party, kind="payment", value="tok_42", actor=ANALYST, now=gone.clock())
    assert pointed_out(gone) == [("newshop", ["the same means of payment", "traffic from the same address"])]
    assert all("tok_42" not in token for token in Trait.objects.values_list("token", flat=True))


def test_agents_and_fingerprints_of_traffic_count_together(gone: Desk) -> None:
    for party in ("shop", "newshop"):
        services.note_trait(party=party, kind="agent", value="dialer/1.2", actor=ANALYST, now=gone.clock())
    assert pointed_out(gone) == []
    for party in ("shop", "newshop"):
        services.note_trait(party=party, kind="fingerprint", value="f1", actor=ADMIN, now=gone.clock())
    assert [party for party, _ in pointed_out(gone)] == ["newshop"]


def test_what_many_share_and_its_own_reseller_say_nothing(gone: Desk) -> None:
    for party in ("shop", "newshop", "other", "resell2", "reseller"):
        services.note_trait(party=party, kind="payment", value="agency", actor=ANALYST, now=gone.clock())
    for party in ("shop", "reseller"):
        services.note_trait(party=party, kind="payment", value="reseller pays", actor=ANALYST, now=gone.clock())
    assert pointed_out(gone) == []


def test_an_end_that_should_not_have_been_leaves_nobody_to_return(gone: Desk) -> None:
    Ending.objects.update(state="reversed")
    imported(gone, contacts=b"contact,party,person,mail\nn1,newshop,Jane Roe,jane@shop.example\n")
    assert pointed_out(gone) == []


def test_a_person_says_whether_it_is_the_same(gone: Desk, client: Client) -> None:
    imported(gone, contacts=b"contact,party,person,mail\nn1,newshop,Jane Roe,jane@shop.example\n")
    pointed_out(gone)
    (one,) = selectors.returns(actor=AUDITOR)
    assert not selectors.returns(actor=STRANGER)
    for who in (AUDITOR, STRANGER):
        with pytest.raises(NotPermitted):
            services.answer(number=one.pk, same=True, because="x", actor=who, now=NOON)
    with pytest.raises(NotAnswered):
        services.answer(number=one.pk, same=True, because=" ", actor=ANALYST, now=NOON)
    with pytest.raises(NotThere):
        services.note_trait(party="nobody", kind="agent", value="x", actor=ANALYST, now=NOON)
    with pytest.raises(NotAnswered):
        services.note_trait(party="shop", kind="hair", value="x", actor=ANALYST, now=NOON)
    client.force_login(Person.objects.create(username="leo", roles=["lead"], created=NOON))
    assert "the same mailbox" in client.get("/returns/").content.decode()
    client.post("/returns/note/", {"party": "newshop", "kind": "payment", "value": " tok_9 "})
    assert Trait.objects.get(party="newshop", kind="payment").noted_by == "leo"
    assert "Nothing was done" in client.post("/returns/note/", {"party": "newshop"}, follow=True).content.decode()
    client.post(f"/returns/{one.pk}/answer/", {"do": "other", "because": "a namesake"})
    one.refresh_from_db()
    assert (one.state, one.because) == ("other", "a namesake")
    with pytest.raises(StaleState):
        services.answer(number=one.pk, same=True, because="x", actor=ANALYST, now=NOON)
