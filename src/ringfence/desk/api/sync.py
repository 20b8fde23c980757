"""The routes: things are put by the provider's own ids, asked for, exported. Whatever came before, a put says what shall be."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, cast

import msgspec
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import NinjaAPI
from ninja.security import HttpBearer
from pydantic import Field

from ringfence.desk.access import keys
from ringfence.desk.access import services as access
from ringfence.desk.actor import Actor, DeskRequest, require
from ringfence.desk.api import schemas
from ringfence.desk.api.once import once
from ringfence.desk.api.problems import FieldError, Problem, answer_problems, problem
from ringfence.desk.api.records import router as records
from ringfence.desk.errors import NotThere
from ringfence.desk.parties import exporting, selectors, services
from ringfence.desk.parties.files import COLUMNS
from ringfence.desk.parties.subtree import parent_seen
from ringfence.desk.policies import acceptance, rulings
from ringfence.desk.policies.acceptance import Proof
from ringfence.vocabulary.numbers import to_e164
from ringfence.vocabulary.times import from_iso, utc
from ringfence.watch.attribution.files import RowProblem

_PAGE: Final = 100
_MOST: Final = 1_000
_REFUSALS: Final = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem}
_DESCRIPTION: Final = """What a provider's own systems tell Ringfence of parties, accounts, trunks, numbers and contacts.

Things go by the provider's own ids. A PUT may be sent again: it says what shall be. With `Idempotency-Key` it is answered
alike for a day. With `dry_run=true` nothing is changed and the answer shows what would be. A request has at most 1 MB."""


Limit = Annotated[int, Field(ge=1, le=_MOST)]


class KeyAuth(HttpBearer):
    """`Authorization: Bearer rf_…`."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """Return whom the key makes its bearer, who acts from here on. A key that opens nothing is told to watch."""
        actor, now = keys.actor_of(key=token, now=datetime.now(UTC)), datetime.now(UTC)
        if actor is None:
            access.note_key_refused(address=request.META.get("REMOTE_ADDR", ""), now=now)
            return None
        cast(DeskRequest, request).actor = actor
        acceptance.note_presence(actor=actor, how="called the API", now=now)
        return actor


api = NinjaAPI(
    title="Ringfence",
    version="1",
    description=_DESCRIPTION,
    docs_url=None,
    urls_namespace="api",
    auth=KeyAuth(),
)
answer_problems(api)


def _actor(request: HttpRequest) -> Actor:
    return cast(DeskRequest, request).actor


def _put(
    request: HttpRequest, tables: Mapping[str, Sequence[Mapping[str, str]]], *, dry_run: bool, many: bool = False
) -> HttpResponse:
    actor, now = _actor(request), datetime.now(UTC)

    def act() -> HttpResponse:
        report = services.import_parties(files=dict(tables), actor=actor, now=now, dry_run=dry_run, compare=True)
        if report.problems:
            return problem(422, errors=[_error(one.file, one.line if many else 0, one) for one in report.problems[:_MOST]])
        return _answer(report)

    require(actor.keeps_parties, actor, "change parties")
    return act() if dry_run else once(request, actor, now, act)


def _error(file: str, item: int, row: RowProblem) -> FieldError:
    return FieldError(row.column or "", row.cause, row.hint, file.removesuffix(".csv"), item)


def _answer(report: services.ImportReport) -> HttpResponse:
    changes = [
        {"table": one.file.removesuffix(".csv"), "id": one.name, "before": one.before, "after": one.after}
        for one in report.differences
    ]
    counts = {
        name: {file.removesuffix(".csv"): number for file, number in counted.items()}
        for name, counted in (("added", report.added), ("changed", report.changed))
    }
    said = {"written": report.written, **counts, "changes": changes}
    return HttpResponse(msgspec.json.encode(said), content_type="application/json")


_ANSWERS: Final[dict[int, Any]] = {200: schemas.Written, **_REFUSALS}


@api.put("/parties/{path:id}", response=_ANSWERS, tags=["things"], summary="Say what a party is")
def put_party(request: HttpRequest, id: str, body: schemas.PartyBody, dry_run: bool = False) -> HttpResponse:
    """Make or change a party: its kind, and whom it stands below."""
    return _put(request, {"parties.csv": [{"party": id, **body.told()}]}, dry_run=dry_run)


@api.put("/accounts/{path:id}", response=_ANSWERS, tags=["things"], summary="Say what an account is")
def put_account(request: HttpRequest, id: str, body: schemas.AccountBody, dry_run: bool = False) -> HttpResponse:
    """Make or change an account. To give one that somebody holds to another party is refused: ask for its transfer."""
    return _put(request, {"accounts.csv": [{"account": id, **body.told()}]}, dry_run=dry_run)


@api.put("/trunks/{path:id}", response=_ANSWERS, tags=["things"], summary="Say what a trunk is")
def put_trunk(request: HttpRequest, id: str, body: schemas.TrunkBody, dry_run: bool = False) -> HttpResponse:
    """Make or change a trunk: whose it is and how its traffic is known."""
    return _put(request, {"trunks.csv": [{"trunk": id, **body.told()}]}, dry_run=dry_run)


@api.put("/numbers/{path:id}", response=_ANSWERS, tags=["things"], summary="Say whose a number or range is")
def put_numbers(request: HttpRequest, id: str, body: schemas.NumbersBody, dry_run: bool = False) -> HttpResponse:
    """Say whose `+3225551212` or `+3225551000-+3225551999` is, over which span."""
    return _put(request, {"numbers.csv": [{"number": id, **body.told()}]}, dry_run=dry_run)


@api.put("/contacts/{path:id}", response=_ANSWERS, tags=["things"], summary="Say whom to reach")
def put_contact(request: HttpRequest, id: str, body: schemas.ContactBody, dry_run: bool = False) -> HttpResponse:
    """Make or change a contact of a party."""
    return _put(request, {"contacts.csv": [{"contact": id, **body.told()}]}, dry_run=dry_run)


@api.post("/bulk", response=_ANSWERS, tags=["many"], summary="Say many things at once")
def post_bulk(request: HttpRequest, body: schemas.Bulk, dry_run: bool = False) -> HttpResponse:
    """Take all or nothing: each row that can't be taken is named by its table and its place in it."""
    tables = {f"{name}.csv": rows for name, rows in body.model_dump(exclude_unset=True).items()}
    return _put(request, tables, dry_run=dry_run, many=True)


_THING: Final[dict[int, Any]] = {200: schemas.Thing, **_REFUSALS}


def _get(request: HttpRequest, file: str, id: str) -> dict[str, Any]:
    actor = _actor(request)
    require(actor.sees_parties, actor, "read about parties")
    rows = exporting.about(file=file, name=id, actor=actor, now=datetime.now(UTC))
    if not rows:
        raise NotThere(f"no {COLUMNS[file][0]} {id}")
    return {"id": id, "rows": rows}


@api.get("/parties/{path:id}", response=_THING, tags=["things"], summary="A party")
def get_party(request: HttpRequest, id: str) -> dict[str, Any]:
    """Return whom it stands or stood below."""
    return _get(request, "parties.csv", id)


@api.get("/accounts/{path:id}", response=_THING, tags=["things"], summary="An account")
def get_account(request: HttpRequest, id: str) -> dict[str, Any]:
    """Return who holds or held it."""
    return _get(request, "accounts.csv", id)


@api.get("/trunks/{path:id}", response=_THING, tags=["things"], summary="A trunk")
def get_trunk(request: HttpRequest, id: str) -> dict[str, Any]:
    """Return whose it is or was, and how it is known."""
    return _get(request, "trunks.csv", id)


@api.get("/numbers/{path:id}", response=_THING, tags=["things"], summary="A number or range")
def get_numbers(request: HttpRequest, id: str) -> dict[str, Any]:
    """Return whose exactly this number or range is or was; `/who` also looks in the ranges that hold a number."""
    return _get(request, "numbers.csv", id)


@api.get("/contacts/{path:id}", response=_THING, tags=["things"], summary="A contact")
def get_contact(request: HttpRequest, id: str) -> dict[str, Any]:
    """Return whom to reach."""
    return _get(request, "contacts.csv", id)


@api.get("/parties", response={200: schemas.PartyList, **_REFUSALS}, tags=["many"], summary="Parties by id")
def list_parties(request: HttpRequest, after: str = "", search: str = "", limit: Limit = _PAGE) -> dict[str, Any]:
    """Return parties that the key may see, in the order of their ids."""
    actor = _actor(request)
    require(actor.sees_parties, actor, "read about parties")
    found = selectors.parties(actor=actor, now=datetime.now(UTC), search=search).filter(name__gt=after)[: limit + 1]
    rows = list(found)
    entries = [{"id": one.name, "kind": one.kind, "parent": parent_seen(one, actor)} for one in rows[:limit]]
    return {"parties": entries, "next": rows[limit - 1].name if len(rows) > limit else None}


@api.get("/who", response={200: schemas.Held, **_REFUSALS}, tags=["asking"], summary="Who held it then?")
def get_who(request: HttpRequest, asked: str, at: str = "") -> dict[str, Any] | HttpResponse:
    """Return whose account held a number, or used a trunk, at a moment; now where none is named."""
    actor, now = _actor(request), datetime.now(UTC)
    require(actor.sees_parties, actor, "read about parties")
    try:
        moment = utc(from_iso(at)) if at else now
    except (ValueError, OverflowError):
        return problem(422, errors=[FieldError("at", f"{at!r} names no moment", "write 2026-03-10T14:05:07Z")])
    number = to_e164(asked)
    found = selectors.number_holder(number=number, moment=moment, actor=actor) if number else None
    found = found or selectors.trunk_user(trunk=asked, moment=moment, actor=actor)
    if found is None:
        raise NotThere(f"nothing is known of {number or asked} then")
    told = {name: getattr(found, name) for name in ("account", "party", "plan", "path", "state", "through")}
    return {"asked": number or asked, "at": moment.isoformat(), **told}


@api.get("/export", response=_REFUSALS, tags=["many"], summary="Everything, as JSON")
def get_export(request: HttpRequest) -> StreamingHttpResponse:
    """Return all that the key may see, as `/bulk` and `ringfence parties import` take it."""
    actor = _actor(request)
    require(actor.sees_parties, actor, "read about parties")
    return StreamingHttpResponse(
        exporting.json_pieces(exporting.export(actor=actor, now=datetime.now(UTC))), content_type="application/json"
    )


@api.post("/acceptances", response={200: schemas.Recorded, **_REFUSALS}, tags=["acceptance"], summary="A party accepted the policy")
def post_acceptance(request: HttpRequest, body: schemas.AcceptanceBody) -> HttpResponse:
    """Record that a party accepted a version, in a portal, say: who did it when, and what proves it. Again it is the first."""
    actor, now = _actor(request), datetime.now(UTC)

    def act() -> HttpResponse:
        proof = Proof(at=utc(from_iso(body.at)) if body.at else now, by=body.by, proof=body.proof)
        found = acceptance.accept_by_api(party=body.party, number=body.version, proof=proof, actor=actor, now=now)
        said = {"id": found.pk, "party": body.party, "version": body.version, "at": found.at.isoformat()}
        return HttpResponse(msgspec.json.encode(said), content_type="application/json")

    try:
        return once(request, actor, now, act)
    except (ValueError, OverflowError):
        return problem(422, errors=[FieldError("at", f"{body.at!r} names no moment", "write 2026-03-10T14:05:07Z")])


@api.get("/bound", response={200: schemas.BoundBy, **_REFUSALS}, tags=["acceptance"], summary="Which version bound it then?")
def get_bound(request: HttpRequest, party: str, at: str = "") -> dict[str, Any] | HttpResponse:
    """Return which version bound a party at a moment, and how that is known: pending, by act, by use or deemed."""
    actor, now = _actor(request), datetime.now(UTC)
    require(actor.sees_parties, actor, "read about parties")
    try:
        moment = utc(from_iso(at)) if at else now
    except (ValueError, OverflowError):
        return problem(422, errors=[FieldError("at", f"{at!r} names no moment", "write 2026-03-10T14:05:07Z")])
    found = acceptance.bound(party=party, moment=moment, actor=actor, now=now)
    if found is None:
        raise NotThere(f"no version bound {party} then, or there is no such party")
    told = [{"how": one.how, "by": one.by, "at": one.at.isoformat(), "proof": one.proof, "sha256": one.sha256} for one in found.all]
    struck = [
        {"clause": one.clause, "court": one.court, "reference": one.reference, "ruling": one.pk}
        for one in rulings.for_party(party=party, moment=moment, actor=actor)
    ]
    version = found.version
    posted = version.posted.isoformat()
    told_of = {"version": version.number, "hash": version.hash, "posted": posted, "state": str(found.state)}
    return {**told_of, "evidence": told, "struck": struck}


api.add_router("/records", records, tags=["asking"])
