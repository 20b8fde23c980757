"""Pages of the register of interpretations: searched, added to, and each with the decisions that cite it."""

from datetime import UTC, datetime

from django.http import HttpResponse
from django.shortcuts import render, resolve_url

from ringfence.desk.actor import DeskRequest
from ringfence.desk.decisions import selectors
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import attempt, for_staff, page_of
from ringfence.desk.policies import interpretations as register
from ringfence.desk.policies.rulings import clauses


@for_staff
def interpretations(request: DeskRequest) -> HttpResponse:
    """List interpretations, newest first, narrowed as the form says; take a new one."""
    actor, now = request.actor, datetime.now(UTC)
    if request.method == "POST":
        form = request.POST

        def deed() -> None:
            register.interpret(
                clause=form.get("clause", ""),
                question=form.get("question", ""),
                answer=form.get("answer", ""),
                actor=actor,
                now=now,
            )

        return attempt(request, deed, done="Kept. Decisions can cite it.", back="decisions:interpretations")
    clause, search = request.GET.get("clause", "")[:64], request.GET.get("search", "")[:200]
    page = page_of(request, register.interpretations(actor=actor, clause=clause, search=search))
    context = {"page": page, "clause": clause, "search": search, "clauses": clauses()}
    return render(request, "decisions/interpretations.html", context)


@for_staff
def interpretation(request: DeskRequest, number: int) -> HttpResponse:
    """Show one with the decisions that cite it; withdraw it, or put another in its place."""
    actor, now = request.actor, datetime.now(UTC)
    found = register.interpretation(number=number, actor=actor)
    if found is None:
        raise NotThere(f"no interpretation {number}")
    if request.method == "POST":
        form, clause = request.POST, found.clause

        def deed() -> None:
            if form.get("do") == "withdraw":
                register.withdraw(number=number, actor=actor, now=now)
            else:
                question, answer = form.get("question", ""), form.get("answer", "")
                register.interpret(clause=clause, question=question, answer=answer, replaces=number, actor=actor, now=now)

        done = "Withdrawn: it is applied no more." if form.get("do") == "withdraw" else "Kept in its place."
        return attempt(request, deed, done=done, back=resolve_url("decisions:interpretation", number=number))
    citing = selectors.decisions(actor=actor).filter(citations__interpretation=found)
    return render(request, "decisions/interpretation.html", {"one": found, "page": page_of(request, citing)})
