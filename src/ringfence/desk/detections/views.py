"""Pages of findings."""

from django.http import HttpResponse
from django.shortcuts import render

from ringfence.desk.actor import DeskRequest
from ringfence.desk.detections import selectors
from ringfence.desk.detections.reading import compared
from ringfence.desk.errors import NotThere
from ringfence.desk.pages import for_staff, page_of, render_live
from ringfence.desk.policies import selectors as policies
from ringfence.vocabulary.severity import Severity


@for_staff
def findings(request: DeskRequest) -> HttpResponse:
    """List findings, newest first."""
    wanted = {name: request.GET.get(name, "").strip() for name in ("rule", "subject", "severity")}
    found = selectors.findings(actor=request.actor, rule=wanted["rule"], subject=wanted["subject"])
    page = page_of(request, found.filter(severity=wanted["severity"]) if wanted["severity"] else found)
    rules = sorted({finding.rule for finding in page})
    context = {"page": page, "rules": rules, "severities": [str(one) for one in Severity], **wanted}
    return render_live(request, "detections/findings.html", "detections/_findings.html", context)


@for_staff
def finding(request: DeskRequest, id: str) -> HttpResponse:
    """Show one finding with all that is needed to contest it."""
    found = selectors.finding(id=id, actor=request.actor)
    if found is None:
        raise NotThere(f"no finding {id}")
    version = policies.versions(actor=request.actor).filter(hash=found.policy).first()
    told = selectors.explanation(of=found, actor=request.actor)
    context = {"finding": found, "explanation": told, "compared": compared(found.contract), "version": version}
    return render(request, "detections/finding.html", context)
