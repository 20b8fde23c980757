"""Every address of the policy."""

from typing import Final

from django.urls import URLPattern, path

from ringfence.desk.decisions import interpretation_views as interpreting
from ringfence.desk.enforcement import ruling_views as ruling
from ringfence.desk.policies import acceptance_views as accepting
from ringfence.desk.policies import draft_views as drafting
from ringfence.desk.policies import ruling_views as ruled
from ringfence.desk.policies import views as policies
from ringfence.desk.site import policy_pages as pages

POLICIES: Final[list[URLPattern]] = [
    path("policy/", policies.policy, name="policy"),
    path("policy/<int:number>/", policies.policy, name="version"),
    path("policy/<int:number>/policy.pdf", policies.pdf, name="pdf"),
    path("policy/<int:number>/since/<int:older>/", policies.since, name="since"),
    path("policy/since/", policies.choose, name="choose"),
    path("policy/feed.atom", policies.feed, name="feed"),
    path("policy/rulings/", ruled.rulings, name="rulings"),
    path("policy/rulings/<int:number>/", ruled.ruling, name="ruling"),
    path("policy/drafts/", drafting.drafts, name="drafts"),
    path("policy/drafts/<int:number>/", pages.draft, name="draft"),
    path("policy/acceptance/", accepting.report, name="acceptance"),
    path("policy/<int:number>/acceptance/", accepting.report, name="acceptance-version"),
    path("policy/<int:number>/acceptance/remind/", accepting.remind, name="acceptance-remind"),
    path("policy/<int:number>/acceptance/<str:table>.<str:form>", accepting.export, name="acceptance-export"),
    path("policy/acceptance/of/<path:name>/", accepting.of_party, name="acceptance-of"),
    path("own/", accepting.own, name="own"),
    path("own/<path:name>/", accepting.own_party, name="own-party"),
]

RULINGS: Final[list[URLPattern]] = [
    path("policy/rulings/new/", ruling.strike, name="strike"),
    path("policy/rulings/<int:number>/measures/", ruling.resting, name="resting"),
    path("policy/rulings/measures/<int:number>/", ruling.reconsider, name="reconsider"),
]
"""Of the enforcement: what rests on a clause."""

INTERPRETATIONS: Final[list[URLPattern]] = [
    path("policy/interpretations/", interpreting.interpretations, name="interpretations"),
    path("policy/interpretations/<int:number>/", interpreting.interpretation, name="interpretation"),
]
"""Of the decisions, which cite them."""
