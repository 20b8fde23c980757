"""The page of what is kept about a party, and its forms; and the files of an export."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final, cast

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse

from ringfence.desk.actor import DeskRequest
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import attempt, for_bound, for_forms, for_staff
from ringfence.desk.parties import exporting, records, selectors, transfers
from ringfence.desk.parties.files import COLUMNS
from ringfence.desk.parties.models import ProofKind, Verification
from ringfence.desk.parties.records import Document, RecordRefused, Span, Terms, Verified

_LONGEST: Final = 10_000
EXPORT_JSON: Final = "parties.json"


@for_staff
def record_page(request: DeskRequest, name: str) -> HttpResponse:
    """Show what is kept about a party, and to an admin the forms that change it."""
    now = datetime.now(UTC)
    found = selectors.records(name=name, actor=request.actor, now=now)
    if found is None:
        raise NotThere(f"no party {name}")
    context = {
        "found": found,
        "party": found.party,
        "now": now,
        "kinds": ProofKind.choices,
        "verifications": Verification.choices,
    }
    return render(request, "parties/records.html", context)


@for_forms
def do(request: DeskRequest, name: str) -> HttpResponse:
    """Do what a form of the page asks for, and say on it what came of that."""
    asked = request.POST.get("do", "")
    if asked not in _DEEDS:
        raise NotThere(f"nothing is called {asked}")
    deed, done = _DEEDS[asked]
    form = _Form({field: str(value)[:_LONGEST].strip() for field, value in request.POST.items()})
    return attempt(request, lambda: deed(form, name, request), done=done, back=reverse("parties:records", args=[name]))


@for_bound
def export(request: DeskRequest, file: str) -> HttpResponse:
    """Send a file of all that the reader may see: one CSV, or all as JSON."""
    tables = exporting.export(actor=request.actor, now=datetime.now(UTC))
    if file == EXPORT_JSON:
        response = StreamingHttpResponse(exporting.json_pieces(tables), content_type="application/json")
    elif file in COLUMNS:
        response = StreamingHttpResponse(exporting.csv_lines(file, tables[file]), content_type="text/csv; charset=utf-8")
    else:
        raise NotThere(f"no export is called {file}")
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return cast(HttpResponse, response)  # Django's types have no word for either


class _Form:
    """What a form says, field by field. Raises `RecordRefused` where a field is not what it must be."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields

    def __getitem__(self, field: str) -> str:
        return self._fields.get(field, "")

    def moment(self, field: str) -> datetime | None:
        """Return a moment; one without a zone is in UTC, and none is `None`."""
        text = self[field]
        if not text:
            return None
        try:
            given = datetime.fromisoformat(text)
            return (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise RecordRefused(field, f"{text!r} names no moment", "write 2026-03-10T14:05") from None

    def span(self) -> Span:
        """Return from when to when."""
        return self.moment("valid_from"), self.moment("valid_to")

    def number(self, field: str) -> int:
        """Return the number of a record."""
        text = self[field]
        if not (text.isascii() and text.isdecimal()) or len(text) > 18:
            raise RecordRefused(field, f"{text!r} is no number", "choose one of those on the page")
        return int(text)

    def amount(self, field: str) -> Decimal | None:
        """Return an amount of money."""
        if not self[field]:
            return None
        try:
            found = Decimal(self[field])
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite() or abs(found) >= Decimal(10) ** 12:
            raise RecordRefused(field, f"{self[field]!r} is no amount", "write 10000.00")
        return found


def _agree(form: _Form, party: str, request: DeskRequest) -> None:
    terms = Terms(
        form["reference"],
        form["terms"],
        form["governing_law"],
        form.number("cure_hours") if form["cure_hours"] else None,
        form.amount("liability_cap"),
        form["currency"].upper(),
    )
    records.agree_contract(party=party, terms=terms, span=form.span(), actor=request.actor, now=datetime.now(UTC))


def _end_contract(form: _Form, _: str, request: DeskRequest) -> None:
    now = datetime.now(UTC)
    records.end_contract(contract=form.number("contract"), at=form.moment("at") or now, actor=request.actor, now=now)


def _submit(form: _Form, party: str, request: DeskRequest) -> None:
    document = Document(form["document"], form["sha256"].lower())
    records.submit_proof(
        party=party, kind=form["kind"], document=document, numbers=form["numbers"], actor=request.actor, now=datetime.now(UTC)
    )


def _accept(form: _Form, _: str, request: DeskRequest) -> None:
    expires = form.moment("expires")
    records.accept_proof(proof=form.number("proof"), expires=expires, actor=request.actor, now=datetime.now(UTC))


def _reject(form: _Form, _: str, request: DeskRequest) -> None:
    records.reject_proof(proof=form.number("proof"), reason=form["reason"], actor=request.actor, now=datetime.now(UTC))


def _grant(form: _Form, _: str, request: DeskRequest) -> None:
    verified = Verified(form["verified"], form["evidence"])
    records.grant_right(
        account=form["account"],
        numbers=form["numbers"],
        verified=verified,
        span=form.span(),
        actor=request.actor,
        now=datetime.now(UTC),
    )


def _end_right(form: _Form, _: str, request: DeskRequest) -> None:
    records.end_right(right=form.number("right"), reason=form["reason"], actor=request.actor, now=datetime.now(UTC))


def _exempt(form: _Form, party: str, request: DeskRequest) -> None:
    records.exempt_party(
        party=party, clause=form["clause"], text=form["text"], span=form.span(), actor=request.actor, now=datetime.now(UTC)
    )


def _end_exemption(form: _Form, _: str, request: DeskRequest) -> None:
    records.end_exemption(exemption=form.number("exemption"), actor=request.actor, now=datetime.now(UTC))


def _request(form: _Form, _: str, request: DeskRequest) -> None:
    transfers.request_transfer(
        account=form["account"], taker=form["taker"], reason=form["reason"], actor=request.actor, now=datetime.now(UTC)
    )


def _consent(form: _Form, _: str, request: DeskRequest) -> None:
    transfers.consent(
        transfer=form.number("transfer"),
        effective=form.moment("effective"),
        answer=form["answer"],
        actor=request.actor,
        now=datetime.now(UTC),
    )


def _refuse(form: _Form, _: str, request: DeskRequest) -> None:
    transfers.refuse(transfer=form.number("transfer"), answer=form["answer"], actor=request.actor, now=datetime.now(UTC))


def _withdraw(form: _Form, _: str, request: DeskRequest) -> None:
    transfers.withdraw(transfer=form.number("transfer"), actor=request.actor, now=datetime.now(UTC))


def _carry_out(form: _Form, _: str, request: DeskRequest) -> None:
    transfers.carry_out(transfer=form.number("transfer"), actor=request.actor, now=datetime.now(UTC))


_Deed = Callable[[_Form, str, DeskRequest], None]
_DEEDS: Final[dict[str, tuple[_Deed, str]]] = {
    "agree": (_agree, "The contract is kept."),
    "end-contract": (_end_contract, "The contract ends."),
    "submit": (_submit, "The proof is kept and waits to be judged."),
    "accept": (_accept, "The proof is accepted."),
    "reject": (_reject, "The proof is rejected."),
    "grant": (_grant, "The account may show these numbers."),
    "end-right": (_end_right, "The account may show these numbers no longer."),
    "exempt": (_exempt, "The party is exempt from the clause in that time."),
    "end-exemption": (_end_exemption, "The clause holds for the party again."),
    "request": (_request, "The transfer is asked for. Another admin consents or refuses."),
    "consent": (_consent, "The consent is signed. The account passes when the transfer is carried out."),
    "refuse": (_refuse, "The transfer is refused."),
    "withdraw": (_withdraw, "The request is taken back."),
    "carry-out": (_carry_out, "The account passes. What was done before stays its former holder's."),
}
"""Name of a form's button to what it does and what is said then."""
