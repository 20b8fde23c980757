"""Pages by which rulings are recorded, and by which people say of each measure that rests on a struck clause whether it stays."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url

from ringfence.desk.actor import Actor, DeskRequest
from ringfence.desk.decisions import struck
from ringfence.desk.decisions.struck import Fate, Resting
from ringfence.desk.enforcement import struck as orders
from ringfence.desk.errors import DeskError, NotPermitted, NotThere
from ringfence.desk.pages import attempt, for_forms, for_staff
from ringfence.desk.policies import rulings, selectors
from ringfence.desk.policies.rulings import Judgment, Reach, RulingRefused, Strikes
from ringfence.vocabulary.contracts import RulingLink
from ringfence.vocabulary.times import micros

_FIELDS = ("clause", "court", "reference", "decided", "extent", "jurisdictions", "parties", "valid_from", "valid_to")


@for_staff
def strike(request: DeskRequest) -> HttpResponse:
    """Take a ruling that strikes a clause; first show what would fall, what would be looked at again, and what stands."""
    actor, now = request.actor, datetime.now(UTC)
    form = {name: request.POST.get(name, "")[:4_000].strip() for name in _FIELDS}
    context: dict[str, object] = {"form": form, "clauses": rulings.clauses(), "today": now.date()}
    if request.method != "POST":
        return render(request, "enforcement/strike.html", context)
    try:
        judgment, reach = _judgment(form), _reach(form)
        if request.POST.get("do") == "strike":
            made = rulings.strike_clause(clause=form["clause"], judgment=judgment, reach=reach, actor=actor, now=now)
            return redirect("policies:ruling", number=made.pk)
        rulings.check(judgment, reach)
        context["preview"] = _preview(form["clause"], reach, actor, now)
    except NotPermitted:
        raise
    except DeskError as error:
        context["problem"] = str(error)
    return render(request, "enforcement/strike.html", context)


def _preview(clause: str, reach: Reach, actor: Actor, now: datetime) -> dict[str, object]:
    """Return what would follow if it held now."""
    if clause not in rulings.clauses():
        raise RulingRefused("choose a clause")
    link = RulingLink(ruling=0, clause=clause, jurisdictions=reach.jurisdictions, parties=reach.parties, valid_from=micros(now))
    resting = struck.resting_on(clause=clause, strikes=Strikes((*rulings.told(), link), actor), actor=actor, now=now)
    version = selectors.current(actor=actor)
    bundle = selectors.bundle(hash=version.hash) if version is not None else None
    return {
        "rules": [rule.name for rule in bundle.plan.rules if rule.clause == clause] if bundle else [],
        "steps": [step.text for step in bundle.ladder.steps if clause in (step.clause, step.under)] if bundle else [],
        "severable": bundle is None or bundle.settings.severability,
        "removed": _of(resting, Fate.REMOVED),
        "reviewed": _of(resting, Fate.REVIEWED),
        "standing": _of(resting, Fate.STANDS),
    }


def _of(resting: list[Resting], fate: Fate) -> list[Resting]:
    return [one for one in resting if one.fate is fate]


def _judgment(form: Mapping[str, str]) -> Judgment:
    try:
        decided = date.fromisoformat(form["decided"])
    except ValueError:
        raise RulingRefused("say on which day the court decided: 2026-03-10") from None
    return Judgment(form["court"], form["reference"], decided, form.get("extent", ""))


def _reach(form: Mapping[str, str]) -> Reach:
    return Reach(
        jurisdictions=tuple(form["jurisdictions"].replace(",", " ").upper().split()),
        parties=tuple(name.strip() for name in form["parties"].splitlines() if name.strip()),
        valid_from=_moment(form["valid_from"]),
        valid_to=_moment(form["valid_to"]),
    )


def _moment(written: str) -> datetime | None:
    if not written:
        return None
    try:
        given = datetime.fromisoformat(written)
        return (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise RulingRefused(f"{written} is no moment: write 2026-03-10, or 2026-03-10T14:05:07Z") from None


@for_staff
def resting(request: DeskRequest, number: int) -> HttpResponse:
    """Show what a ruling did to measures, and what waits for a person; take the form that reinstates the clause."""
    actor, now = request.actor, datetime.now(UTC)
    found = rulings.ruling(number=number, actor=actor)
    if found is None:
        raise NotThere(f"no ruling {number}")
    if request.method == "POST":
        form = {name: request.POST.get(name, "")[:4_000].strip() for name in _FIELDS}

        def deed() -> None:
            at = _moment(form["valid_from"])
            rulings.reinstate_clause(ruling=number, judgment=_judgment(form), at=at, actor=actor, now=now)

        done = f"Recorded: the clause {found.clause} is reinstated."
        return attempt(request, deed, done=done, back=resolve_url("enforcement:resting", number=number))
    context = {
        "ruling": found,
        "again": struck.reconsiderations(actor=actor, ruling=number),
        "fallen": struck.fallen(ruling=number, actor=actor),
        "reinstated": hasattr(found, "reinstated_by"),
        "clauses": rulings.clauses(),
        "today": now.date(),
    }
    return render(request, "enforcement/resting.html", context)


@for_forms
def reconsider(request: DeskRequest, number: int) -> HttpResponse:
    """Say of a measure that rests on a struck clause whether it stays, and on what, or lift it."""
    found = struck.reconsideration(number=number, actor=request.actor)
    if found is None:
        raise NotThere(f"nothing to look at again has the number {number}")
    form, actor, now = request.POST, request.actor, datetime.now(UTC)
    reasons = form.get("reasons", "")

    def deed() -> None:
        if form.get("do") == "keep":
            struck.keep(number=number, clause=form.get("clause", ""), reasons=reasons, actor=actor, now=now)
        else:
            orders.lift(number=number, reasons=reasons, actor=actor, now=now)

    done = "Recorded: it stays." if form.get("do") == "keep" else "Lifted. The edges are being told."
    return attempt(request, deed, done=done, back=resolve_url("enforcement:resting", number=found.ruling_id))
