"""Pages about acceptance: the report, one party's, and the page of a party's own people."""

from datetime import UTC, datetime
from typing import Final, cast

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse

from ringfence.desk.actor import DeskRequest
from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.desk.pages import attempt, for_bound, for_forms, for_staff, page_of
from ringfence.desk.parties import selectors as parties
from ringfence.desk.parties.models import PartyKind
from ringfence.desk.policies import acceptance, rulings, selectors, telling
from ringfence.desk.policies.acceptance import AcceptanceRefused, Proof
from ringfence.desk.policies.acceptance_export import TABLES, as_csv, as_json
from ringfence.desk.policies.models import PolicyVersion

_SHOWN: Final = ("all", "silent", "unattested")
_LONGEST: Final = 256


def _version(request: DeskRequest, number: int | None) -> PolicyVersion:
    found = selectors.version(number=number, actor=request.actor) if number else selectors.current(actor=request.actor)
    if found is None:
        raise NotThere("no such version of the policy is posted")
    return found


@for_staff
def report(request: DeskRequest, number: int | None = None) -> HttpResponse:
    """Show who accepted a version and how; who has not used the service since; which resellers have not attested."""
    version, now = _version(request, number), datetime.now(UTC)
    shown = request.GET.get("show", "all")
    silent = acceptance.silent(version=version, actor=request.actor, now=now)
    unattested = acceptance.unattested(version=version, actor=request.actor, now=now)
    rows = {"silent": silent, "unattested": unattested}.get(shown) if shown in _SHOWN else None
    if rows is None:
        rows = parties.parties(actor=request.actor, now=now)
    page = page_of(request, rows)
    context = {
        "version": version,
        "versions": selectors.versions(actor=request.actor),
        "page": page,
        "standings": acceptance.report(parties=list(page), version=version, now=now),
        "shown": shown if shown in _SHOWN else "all",
        "silent": silent.count(),
        "unattested": unattested.count(),
        "days": (now - version.posted).days,
        "reminded": acceptance.reminded(version=version, actor=request.actor),
        "remind_from": version.posted + telling.REMIND_AFTER,
        "now": now,
    }
    return render(request, "policies/acceptance.html", context)


@for_staff
def export(request: DeskRequest, number: int, table: str, form: str) -> HttpResponse:
    """Send the report, or all evidence, as CSV or JSON. Who took it is recorded."""
    version, now = _version(request, number), datetime.now(UTC)
    if table not in TABLES or form not in ("csv", "json"):
        raise NotThere("no such file")
    columns, rows = TABLES[table]
    acceptance.note_export(version=version, table=table, actor=request.actor, now=now)
    found = rows(version, request.actor, now)
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/json"
    response = StreamingHttpResponse(as_csv(columns, found) if form == "csv" else as_json(found), content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="acceptance-{version.number}-{table}.{form}"'
    return cast(HttpResponse, response)


@for_forms
def remind(request: DeskRequest, number: int) -> HttpResponse:
    """Remind those who are silent about a version now, and not only when the time comes."""
    return attempt(
        request,
        lambda: telling.remind_now(number=number, actor=request.actor, now=datetime.now(UTC)),
        done="Reminders are being written. Whoever was reminded already is not again.",
        back=reverse("policies:acceptance-version", args=[number]),
    )


@for_bound
def of_party(request: DeskRequest, name: str) -> HttpResponse:
    """Say which version bound a party at a moment, and how we know; take a signed paper."""
    now = datetime.now(UTC)
    if request.method == "POST":
        back = reverse("policies:acceptance-of", args=[name])
        return attempt(request, lambda: _take_signature(request, name, now), done="The signature is recorded.", back=back)
    written, moment, problem = request.GET.get("at", "").strip(), now, ""
    if written:
        try:
            given = datetime.fromisoformat(written)
            moment = (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            problem = f"{written} is no moment. Write 2026-03-10T14:05:07Z."
    if parties.party_page(name=name, actor=request.actor, now=now) is None:
        raise NotThere(f"no party {name}")
    found = None if problem else acceptance.bound(party=name, moment=moment, actor=request.actor, now=now)
    struck = [] if found is None else rulings.for_party(party=name, moment=moment, actor=request.actor)
    context = {"name": name, "at": written, "moment": moment, "problem": problem, "found": found, "struck": struck}
    return render(request, "policies/acceptance_of.html", context | {"versions": selectors.versions(actor=request.actor)})


def _take_signature(request: DeskRequest, name: str, now: datetime) -> None:
    form, upload = request.POST, request.FILES.get("document")
    if upload is None or (upload.size or 0) > acceptance.LARGEST_DOCUMENT:
        raise AcceptanceRefused(f"choose the signed file, of at most {acceptance.LARGEST_DOCUMENT // 1_000_000} MB")
    try:
        given = datetime.fromisoformat(form.get("signed", ""))
    except ValueError:
        raise AcceptanceRefused("say when it was signed: 2026-03-10, in UTC") from None
    at = max(given if given.tzinfo else given.replace(tzinfo=UTC), _posted(request, form.get("version", ""), given))
    proof = Proof(at=at, by=form.get("by", "")[:_LONGEST], proof=(upload.name or "")[:_LONGEST], document=upload.read())
    acceptance.accept_by_signature(party=name, number=_number(form.get("version", "")), proof=proof, actor=request.actor, now=now)


def _posted(request: DeskRequest, number: str, given: datetime) -> datetime:
    """Return when a version was posted, where a day without a time is given and it was on that day; else a moment before all."""
    version = _version(request, _number(number))
    day = given.date() == version.posted.date() and given.time() == given.time().min
    return version.posted if day else datetime.min.replace(tzinfo=UTC)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 9:
        raise AcceptanceRefused("choose a version")
    return int(text)


@for_bound
def own(request: DeskRequest) -> HttpResponse:
    """Show a party's own people what is theirs; take their click, or their word for their users. To come here is a use."""
    actor, now = request.actor, datetime.now(UTC)
    if actor.party is None:
        raise NotPermitted("these pages are for the people of a party; yours are the desk's")
    if request.method == "POST":
        version = _version(request, None).number
        if request.POST.get("do") == "attest":
            proof = request.POST.get("proof", "")[:_LONGEST]
            done = f"Recorded: your users know version {version} and are bound by it."
            return attempt(
                request,
                lambda: acceptance.attest(party=str(actor.party), number=version, by=actor.id, proof=proof, actor=actor, now=now),
                done=done,
                back="policies:own",
            )
        return attempt(
            request,
            lambda: acceptance.accept_by_click(party=str(actor.party), number=version, actor=actor, now=now),
            done=f"Recorded: you accepted version {version}.",
            back="policies:own",
        )
    acceptance.note_presence(actor=actor, how="came to its own pages", now=now)
    rows = parties.parties(actor=actor, now=now)
    me = rows.filter(name=actor.party).first()
    context = {
        "me": me,
        "is_reseller": me is not None and me.kind == PartyKind.RESELLER,
        "page": page_of(request, rows),
        "version": selectors.current(actor=actor),
        "found": acceptance.bound(party=actor.party, moment=now, actor=actor, now=now),
    }
    return render(request, "policies/own.html", context)


@for_bound
def own_party(request: DeskRequest, name: str) -> HttpResponse:
    """Show what a party of one's own subtree holds, and what is kept about it."""
    now = datetime.now(UTC)
    found = parties.party_page(name=name, actor=request.actor, now=now)
    if found is None:
        raise NotThere(f"no party {name}")
    context = {"found": found, "party": found.party, "kept": parties.records(name=name, actor=request.actor, now=now), "now": now}
    return render(request, "policies/own_party.html", context)
