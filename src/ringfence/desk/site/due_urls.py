"""Addresses of what follows decisions: many at once, charges, disclosures, ends of contracts, parties that return, paper."""

from typing import Final

from django.urls import URLPattern, URLResolver, include, path

from ringfence.desk.appeals import rules
from ringfence.desk.bulk import views as bulk
from ringfence.desk.charges import views as charges
from ringfence.desk.disclosures import views as disclosures
from ringfence.desk.endings import views as endings
from ringfence.desk.notices import papers
from ringfence.desk.returns import views as returns

_BULK: Final[list[URLPattern]] = [
    path("bulk/", bulk.bulk_decisions, name="all"),
    path("bulk/new/", bulk.new, name="new"),
    path("bulk/<int:number>/", bulk.bulk_decision, name="one"),
    path("bulk/<int:number>/bulk.json", bulk.bulk_json, name="json"),
    path("bulk/<int:number>/check/<int:item>/", bulk.check, name="check"),
    path("bulk/<int:number>/undo/", bulk.undo, name="undo"),
]

_CHARGES: Final[list[URLPattern]] = [
    path("charges/", charges.charges, name="all"),
    path("charges/lines.csv", charges.invoice_lines, name="lines"),
    path("charges/<int:number>/settle/", charges.settle, name="settle"),
    path("decisions/<str:id>/charges/", charges.of_decision, name="of-decision"),
    path("decisions/<str:id>/charge/", charges.charge, name="charge"),
]

_ENDINGS: Final[list[URLPattern]] = [
    path("endings/", endings.endings, name="all"),
    path("endings/<int:number>/", endings.ending, name="ending"),
    path("endings/<int:number>/settle/", endings.settle, name="settle"),
    path("quarantine/", endings.quarantine, name="quarantine"),
    path("quarantine/<int:number>/release/", endings.ask_release, name="ask-release"),
    path("quarantine/releases/<int:number>/", endings.answer_release, name="answer-release"),
]

_DISCLOSURES: Final[list[URLPattern]] = [
    path("disclosures/", disclosures.requests, name="all"),
    path("disclosures/new/", disclosures.register, name="register"),
    path("disclosures/<int:number>/", disclosures.request, name="request"),
    path("disclosures/<int:number>/do/", disclosures.do, name="do"),
]

_RETURNS: Final[list[URLPattern]] = [
    path("returns/", returns.returns, name="all"),
    path("returns/note/", returns.note, name="note"),
    path("returns/<int:number>/answer/", returns.answer, name="answer"),
]

DUE: Final[list[URLPattern | URLResolver]] = [
    path("", include(([path("papers/<str:noun>/<str:id>.pdf", papers.pdf, name="pdf")], "papers"))),
    path("", include(([path("rules/<str:name>/", rules.page, name="rule")], "rules"))),
    path("", include((_BULK, "bulk"))),
    path("", include((_CHARGES, "charges"))),
    path("", include((_ENDINGS, "endings"))),
    path("", include((_RETURNS, "returns"))),
    path("", include((_DISCLOSURES, "disclosures"))),
]
