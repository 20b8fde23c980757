"""Every address of the desk."""

from django.urls import URLPattern, URLResolver, include, path

from ringfence.desk.api import views as describing
from ringfence.desk.api.sync import api
from ringfence.desk.appeals import complainant_views
from ringfence.desk.appeals import views as appeals
from ringfence.desk.audit import views as audit
from ringfence.desk.cases import views as cases
from ringfence.desk.clocks import views as clocks
from ringfence.desk.complaints import public
from ringfence.desk.complaints import views as complaints
from ringfence.desk.complaints.api import api as reports_api
from ringfence.desk.complaints.peer_lists import views as peer_lists
from ringfence.desk.complaints.rights import views as rights
from ringfence.desk.decisions import views as decisions
from ringfence.desk.detections import views as detections
from ringfence.desk.enforcement import views as enforcement
from ringfence.desk.inquiries import views as inquiries
from ringfence.desk.notices import views as notices
from ringfence.desk.parties import record_views as recording
from ringfence.desk.parties import views as parties
from ringfence.desk.site import case_export as case_bundle
from ringfence.desk.site import expiring
from ringfence.desk.site import views as site
from ringfence.desk.site.due_urls import DUE
from ringfence.desk.site.policy_urls import INTERPRETATIONS, POLICIES, RULINGS


def _app(name: str, *patterns: URLPattern) -> URLResolver:
    return path("", include((list(patterns), name)))


urlpatterns: list[URLPattern | URLResolver] = [
    _app(
        "site",
        path("", site.dashboard, name="dashboard"),
        path("banners/", site.banners, name="banners"),
        path("expiring/", expiring.page, name="expiring"),
        path("health", site.health, name="health"),
    ),
    path("", include("ringfence.desk.recovery.urls")),
    path("", include("ringfence.desk.access.urls")),
    _app(
        "detections",
        path("findings/", detections.findings, name="findings"),
        path("findings/<str:id>/", detections.finding, name="finding"),
    ),
    _app(
        "cases",
        path("cases/", cases.cases, name="cases"),
        path("cases/<int:number>/", site.case_page, name="case"),
        path("cases/<int:number>/claim/", cases.claim, name="claim"),
        path("cases/<int:number>/release/", cases.release, name="release"),
        path("cases/<int:number>/note/", cases.note, name="note"),
        path("cases/<int:number>/split/", cases.split, name="split"),
        path("cases/<int:number>/tie/", cases.tie, name="tie"),
        path("cases/<int:number>/look/", cases.look, name="look"),
        path("cases/<int:number>/export/", case_bundle.export, name="export"),
        path("cases/<int:number>/role/", cases.role, name="role"),
        path("cases/<int:number>/severity/", cases.grade, name="grade"),
        path("cases/<int:number>/close/", cases.close, name="close"),
        path("cases/<int:number>/tell-peer/", cases.tell_peer, name="tell-peer"),
        path("cases/of-finding/<str:id>/", cases.case_of_finding, name="of-finding"),
        path("complaints/<int:complaint>/join/", cases.join_complaint, name="join-complaint"),
    ),
    _app(
        "inquiries",
        path("inquiries/", inquiries.inquiries, name="inquiries"),
        path("inquiries/<int:number>/", inquiries.inquiry, name="inquiry"),
        path("inquiries/<int:number>/withdraw/", inquiries.withdraw, name="withdraw"),
        path("inquiries/<int:number>/<str:token>/", inquiries.public, name="public"),
        path("cases/<int:number>/ask/", inquiries.ask, name="ask"),
    ),
    _app(
        "clocks",
        path("clocks/", clocks.board, name="board"),
        path("clocks/board.json", clocks.board_json, name="json"),
        path("clocks/<int:number>/", clocks.obligation, name="obligation"),
        path("clocks/<int:number>/pause/", clocks.pause, name="pause"),
        path("clocks/<int:number>/resume/", clocks.resume, name="resume"),
        path("clocks/<int:number>/met/", clocks.met, name="met"),
        path("cases/<int:number>/owe/", clocks.owe, name="owe"),
    ),
    _app(
        "decisions",
        *INTERPRETATIONS,
        path("decisions/", decisions.decisions, name="decisions"),
        path("decisions/reach/", decisions.reach, name="reach"),
        path("decisions/<str:id>/", decisions.decision, name="decision"),
        path("cases/<int:number>/decide/", decisions.decide, name="decide"),
        path("decisions/<str:id>/confirm/", decisions.confirm, name="confirm"),
        path("automation/", decisions.automation, name="automation"),
        path("alarms/<int:alarm>/acknowledge/", decisions.acknowledge, name="acknowledge"),
    ),
    _app(
        "enforcement",
        path("orders/", enforcement.orders, name="orders"),
        path("orders/<str:id>/", enforcement.order, name="order"),
        path("orders/<str:id>/lift/", enforcement.lift, name="lift"),
        *RULINGS,
    ),
    _app(
        "notices",
        path("notices/", notices.notices, name="notices"),
        path("notices/<str:id>/", notices.notice, name="notice"),
    ),
    _app(
        "appeals",
        path("appeals/", appeals.appeals, name="appeals"),
        path("appeals/<int:number>/", appeals.appeal, name="appeal"),
        path("appeals/<int:number>/review/", appeals.review, name="review"),
        path("notices/<str:id>/<str:token>/", appeals.public, name="public"),
    ),
    _app(
        "parties",
        path("parties/", parties.parties, name="parties"),
        path("parties/import/", parties.import_files, name="import"),
        path("parties/who/", parties.who, name="who"),
        path("parties/export/<str:file>", recording.export, name="export"),
        path("parties/records/<path:name>/do/", recording.do, name="do"),
        path("parties/records/<path:name>/", recording.record_page, name="records"),
        path("parties/of/<path:name>/", parties.party, name="party"),
    ),
    _app(
        "complaints",
        path("complaints/", complaints.complaints, name="complaints"),
        path("report/", public.report, name="report"),
        path("report/<str:ticket>/", complainant_views.status, name="status"),
        path("complaints/new/", complaints.new, name="new"),
        path("complaints/rights/", rights.rights_notices, name="rights"),
        path("complaints/marks/", rights.marks, name="marks"),
        path("complaints/<int:number>/rights/pass/", rights.pass_on, name="rights-pass"),
        path("complaints/<int:number>/rights/settle/", rights.settle, name="rights-settle"),
        path("rights/<int:number>/<str:token>/", rights.public, name="rights-public"),
        path("complaints/peers/lists/", peer_lists.peer_lists, name="peer-lists"),
        path("complaints/peers/", complaints.peers, name="peers"),
        path("complaints/<int:number>/", complaints.complaint, name="complaint"),
        path("complaints/<int:number>/look/", complaints.look_again, name="look"),
        path("complaints/<int:number>/answer/", complaints.answer, name="answer"),
        path("complaints/campaigns/", complaints.campaigns, name="campaigns"),
        path("complaints/campaigns/<int:number>/", complaints.campaign, name="campaign"),
        path("complaints/<int:number>/standing/", complaints.standing, name="standing"),
        path("complaints/<int:number>/tell-peer/", complaints.tell_peer, name="tell-peer"),
        path("complaints/<int:number>/reply/", complaints.reply, name="reply"),
        path("complaints/<int:number>/consent/", complaints.consent, name="consent"),
        path("complaints/<int:number>/pack/", complaints.pack, name="pack"),
        path("complaints/<int:number>/sort/", complaints.sort, name="sort"),
        path("complaints/<int:number>/close/", complaints.close, name="close"),
        path("complaints/<int:number>/open/<int:candidate>/", complaints.open_call, name="open"),
    ),
    _app(
        "policies",
        *POLICIES,
    ),
    *DUE,
    path("api/reports/v1/", reports_api.urls),
    _app("audit", path("audit/", audit.entries, name="entries")),
    path("api/v1/docs", describing.docs, name="api-docs"),
    path("api/v1/", api.urls),
]
