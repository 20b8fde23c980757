"""Contracts, proofs, rights to show numbers and exemptions: each over its span, each act an entry, watch told of what it needs."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from tests.unit.desk.scene import ADMIN, ANALYST, NOON

from ringfence.desk.audit import selectors as audit
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.desk.outbox.models import Message
from ringfence.desk.parties import records, services, told
from ringfence.desk.parties.models import Contract, Proof, ProofState
from ringfence.desk.parties.records import ALWAYS, Document, RecordRefused, Terms, Verified
from ringfence.vocabulary.contracts import ExemptionLink, PresentationRight
from ringfence.vocabulary.times import micros

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TERMS = Terms("C-1", "Voice services, 2026 edition", "Belgian law", 72, Decimal("10000.00"), "EUR")
LETTER = Verified("letter of the holder", "letter of 2026-02-27")


@pytest.fixture(autouse=True)
def known() -> None:
    files = {"accounts.csv": b"account,party,parent\nline,shop,resell\nr,resell,\n"}
    assert services.import_parties(files=files, actor=ADMIN, now=NOON - DAY).written
    Message.objects.all().delete()


def announced() -> list[object]:
    return [message.payload for message in Message.objects.order_by("id")]


def verbs(noun: str, number: int) -> list[str]:
    return [entry.verb for entry in audit.history(noun=noun, noun_id=str(number), actor=ADMIN)]


def test_a_contracts_next_version_ends_the_one_before() -> None:
    first = records.agree_contract(party="shop", terms=TERMS, span=ALWAYS, actor=ADMIN, now=NOON)
    second = records.agree_contract(party="shop", terms=TERMS, span=(NOON + DAY, None), actor=ADMIN, now=NOON)
    kept = Contract.objects.get(id=first)
    assert (kept.valid_from, kept.valid_to, kept.cure_hours, kept.liability_cap) == (NOON, NOON + DAY, 72, Decimal("10000.00"))
    records.end_contract(contract=second, at=NOON + 2 * DAY, actor=ADMIN, now=NOON)
    assert Contract.objects.get(id=second).valid_to == NOON + 2 * DAY
    assert verbs("contract", second) == ["agreed", "ended"]
    with pytest.raises(StaleState):
        records.end_contract(contract=second, at=NOON + 3 * DAY, actor=ADMIN, now=NOON)
    with pytest.raises(RecordRefused, match="later version"):
        records.agree_contract(party="shop", terms=TERMS, span=(NOON + DAY / 2, None), actor=ADMIN, now=NOON)


@pytest.mark.parametrize(
    ("terms", "span", "field"),
    [
        (Terms("", "t", "l"), ALWAYS, "reference"),
        (Terms("r", "t", " "), ALWAYS, "governing_law"),
        (Terms("r", "t", "l", liability_cap=Decimal(1)), ALWAYS, "liability_cap"),
        (Terms("r", "t", "l"), (NOON, NOON), "valid_to"),
    ],
)
def test_a_contract_that_says_too_little_is_refused_by_field(
    terms: Terms, span: tuple[datetime | None, datetime | None], field: str
) -> None:
    with pytest.raises(RecordRefused) as refused:
        records.agree_contract(party="shop", terms=terms, span=span, actor=ADMIN, now=NOON)
    assert refused.value.field == field
    assert not Contract.objects.exists()


def test_a_proof_is_accepted_until_its_end_or_rejected_with_the_reason_for_good() -> None:
    numbers = "+3225551000-+3225551999"
    proof = records.submit_proof(
        party="shop", kind="address", document=Document("file 7", "a" * 64), numbers=numbers, actor=ADMIN, now=NOON
    )
    assert Proof.objects.get().about == numbers
    records.accept_proof(proof=proof, expires=NOON + DAY, actor=ADMIN, now=NOON)
    assert (Proof.objects.get().state, Proof.objects.get().expires) == (ProofState.ACCEPTED, NOON + DAY)
    with pytest.raises(RecordRefused, match="reason: empty"):
        records.reject_proof(proof=proof, reason="", actor=ADMIN, now=NOON)
    records.reject_proof(proof=proof, reason="the name differs", actor=ADMIN, now=NOON)
    with pytest.raises(StaleState):
        records.accept_proof(proof=proof, expires=None, actor=ADMIN, now=NOON)
    assert (Proof.objects.get().state, Proof.objects.get().reason) == (ProofState.REJECTED, "the name differs")
    assert verbs("proof", proof) == ["submitted", "accepted", "rejected"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"kind": "shoe size"}, "kind"), ({"document": Document("")}, "document"), ({"document": Document("d", "zz")}, "sha256")],
)
def test_a_proof_that_proves_nothing_is_refused_by_field(changes: dict[str, object], field: str) -> None:
    said: dict[str, object] = {"party": "shop", "kind": "identity", "document": Document("file 7"), "numbers": ""}
    with pytest.raises(RecordRefused) as refused:
        records.submit_proof(**{**said, **changes}, actor=ADMIN, now=NOON)  # type: ignore[arg-type] # one of them is wrong
    assert refused.value.field == field


def test_a_right_to_use_numbers_reaches_watch_and_ends() -> None:
    span = (NOON, NOON + DAY)
    (right,) = records.grant_right(
        account="line", numbers="+441632960000-+441632960999", verified=LETTER, span=span, actor=ADMIN, now=NOON
    )
    (link,) = told.links(actor=ADMIN).rights
    assert link == PresentationRight(
        account="line",
        number="+441632960",
        digits=13,
        verified="letter of the holder",
        valid_from=micros(NOON),
        valid_to=micros(NOON + DAY),
    )
    with pytest.raises(RecordRefused, match="end it first"):
        records.grant_right(
            account="line", numbers="+441632960000-+441632960999", verified=LETTER, span=span, actor=ADMIN, now=NOON
        )
    records.end_right(right=right, reason="the holder wrote again", actor=ADMIN, now=NOON + DAY / 2)
    assert told.links(actor=ADMIN).rights[0].valid_to == micros(NOON + DAY / 2)
    with pytest.raises(StaleState):
        records.end_right(right=right, reason="again", actor=ADMIN, now=NOON + DAY / 2)
    assert announced() == [{"parties": [], "accounts": ["line"], "trunks": [], "blocks": []}] * 2
    assert verbs("right-to-use", right) == ["granted", "ended"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"numbers": "3225551212"}, "numbers"),
        ({"numbers": "+3225551999-+3225551000"}, "numbers"),
        ({"account": "nobody"}, "account"),
        ({"verified": Verified("a feeling", "strong")}, "verified"),
        ({"verified": Verified("registry", " ")}, "evidence"),
        ({"span": (NOON, None)}, "valid_to"),
    ],
)
def test_a_right_is_refused_by_field(changes: dict[str, object], field: str) -> None:
    said: dict[str, object] = {"account": "line", "numbers": "+441632960123", "verified": LETTER, "span": (NOON, NOON + DAY)}
    with pytest.raises(RecordRefused) as refused:
        records.grant_right(**{**said, **changes}, actor=ADMIN, now=NOON)  # type: ignore[arg-type] # one of them is wrong
    assert refused.value.field == field
    assert not told.links(actor=ADMIN).rights


def test_an_exemption_reaches_watch_with_its_span_and_two_at_once_are_refused() -> None:
    granted = records.exempt_party(
        party="shop", clause="auto-dialing", text="Letter of 1 March: alarm calls.", span=(None, NOON + DAY), actor=ADMIN, now=NOON
    )
    with pytest.raises(RecordRefused, match="end it first"):
        records.exempt_party(party="shop", clause="auto-dialing", text="t", span=ALWAYS, actor=ADMIN, now=NOON)
    records.end_exemption(exemption=granted, actor=ADMIN, now=NOON + DAY / 2)
    links = told.links(actor=ADMIN).exemptions
    assert links == (ExemptionLink(party="shop", clause="auto-dialing", valid_from=micros(NOON), valid_to=micros(NOON + DAY / 2)),)
    assert told.links(actor=ADMIN, named=told.Named(parties=frozenset(["resell"]))).exemptions == ()
    assert announced() == [{"parties": ["shop"], "accounts": [], "trunks": [], "blocks": []}] * 2
    assert verbs("exemption", granted) == ["granted", "ended"]
    with pytest.raises(NotThere):
        records.exempt_party(party="nobody", clause="auto-dialing", text="t", span=ALWAYS, actor=ADMIN, now=NOON)


def test_what_has_not_begun_never_does_once_it_is_ended() -> None:
    granted = records.exempt_party(party="shop", clause="spam", text="t", span=(NOON + DAY, None), actor=ADMIN, now=NOON)
    records.end_exemption(exemption=granted, actor=ADMIN, now=NOON)
    (link,) = told.links(actor=ADMIN).exemptions
    assert link.valid_from == link.valid_to


def test_only_an_admin_keeps_records() -> None:
    with pytest.raises(NotPermitted):
        records.agree_contract(party="shop", terms=TERMS, span=ALWAYS, actor=ANALYST, now=NOON)
    with pytest.raises(NotPermitted):
        records.submit_proof(party="shop", kind="identity", document=Document("d"), actor=ANALYST, now=NOON)
    with pytest.raises(NotPermitted):
        records.grant_right(account="line", numbers="+3225551", verified=LETTER, span=ALWAYS, actor=ANALYST, now=NOON)
    with pytest.raises(NotPermitted):
        records.exempt_party(party="shop", clause="spam", text="t", span=ALWAYS, actor=ANALYST, now=NOON)
