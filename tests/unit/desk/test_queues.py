# size: one case with something of everything in it stands beside what is asked of each route
"""Queues bound all of the desk: who works in others sees nothing of a case and does nothing to it, by any view or route.

The routes are the resolver's, one by one: each is asked with the addresses of what belongs to the case. Those that take forms say
in `FORMS` what is posted; one that is not there fails, so that no new one is forgotten.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.messages import get_messages
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from tests.unit.desk.scene import ADMIN, NOON, WORKER, Desk
from tests.unit.desk.test_subtrees import ROUTES

from ringfence.desk.access import groups
from ringfence.desk.access import services as access
from ringfence.desk.access.groups import Bounds
from ringfence.desk.access.models import Person
from ringfence.desk.actor import Actor, Deed, StaffRole
from ringfence.desk.appeals.models import Appeal
from ringfence.desk.cases import services as working
from ringfence.desk.cases.models import Case, Note, Sighting
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.models import Obligation
from ringfence.desk.clocks.services import Owed
from ringfence.desk.complaints import answering
from ringfence.desk.complaints import services as complaints
from ringfence.desk.complaints.models import Answer, Campaign, Candidate, RightsNotice, Story
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions.models import Alarm, Decision, Reconsideration, Strike
from ringfence.desk.detections.models import Finding
from ringfence.desk.inquiries.models import Inquiry, Tier
from ringfence.desk.letters import services as letters
from ringfence.desk.letters.services import Draft
from ringfence.desk.notices.models import Notice
from ringfence.desk.parties import services as importing
from ringfence.desk.policies.models import Ruling
from ringfence.desk.queues import INTAKE
from ringfence.desk.recovery.models import Request

pytestmark = pytest.mark.django_db

MARK = "zq7"
SOURCE = "192.0.2.77"

SILENT = re.compile(
    r"^(health|expiring/|bulk/|charges/|endings/|rules/|returns/|disclosures/|papers/|quarantine/|sign-|recover/|me/|own/|keys/|logins/|policy/|api/|report/|parties/|automation/|complaints/(new|peers|marks)|"
    r"cases/of-finding/|(notices/<str:id>|inquiries/<int:number>|rights/<int:number>)/<str:token>/|clocks/board.json$)"
)
"""Routes on whose pages nothing of a case stands, or that a secret address opens: what is asked of the others is that it does."""

FORMS: dict[str, dict[str, str]] = {
    "cases/<int:number>/claim/": {},
    "cases/<int:number>/release/": {},
    "cases/<int:number>/note/": {"text": "x"},
    "cases/<int:number>/role/": {"role": "victim", "reason": "x"},
    "cases/<int:number>/severity/": {"severity": "warn", "reason": "x"},
    "cases/<int:number>/split/": {"matter": "x", "complaint": "COMPLAINT"},
    "cases/<int:number>/tie/": {"do": "related", "reason": "x", "case": "OTHER"},
    "cases/<int:number>/look/": {"do": "snooze", "days": "3", "reason": "x"},
    "cases/<int:number>/export/": {"reason": "x"},
    "cases/<int:number>/close/": {"outcome": "harmless"},
    "cases/<int:number>/decide/": {"finding": "FINDING", "reasons": "x"},
    "cases/<int:number>/ask/": {"kind": "question", "party": "shop", "text": "x"},
    "cases/<int:number>/owe/": {"clock": "x", "what": "x"},
    "cases/<int:number>/tell-peer/": {"complaint": "COMPLAINT", "peer": "p", "reason": "x"},
    "inquiries/<int:number>/withdraw/": {"reason": "x"},
    "clocks/<int:number>/pause/": {"ground": "x", "note": "x"},
    "clocks/<int:number>/resume/": {},
    "clocks/<int:number>/met/": {},
    "decisions/<str:id>/confirm/": {"notes": "x"},
    "decisions/<str:id>/charge/": {"fee": "x", "units": "1", "evidence": "x"},
    "alarms/<int:alarm>/acknowledge/": {},
    "orders/<str:id>/lift/": {"reasons": "x"},
    "appeals/<int:number>/review/": {"outcome": "upheld", "reasons": "x"},
    "complaints/<int:number>/look/": {},
    "complaints/<int:number>/answer/": {"verdict": "not-ours", "reason": "x"},
    "complaints/<int:number>/sort/": {"leaf": "enquiry"},
    "complaints/<int:number>/close/": {"outcome": "actioned"},
    "complaints/<int:number>/pack/": {"reason": "x"},
    "complaints/<int:number>/tell-peer/": {"peer": "p", "reason": "x"},
    "complaints/<int:number>/consent/": {"how": "x"},
    "complaints/<int:number>/reply/": {"text": "x"},
    "complaints/<int:number>/standing/": {"standing": "trusted", "reason": "x"},
    "complaints/<int:number>/open/<int:candidate>/": {"reason": "x"},
    "complaints/<int:number>/rights/pass/": {"party": "shop", "work": "w", "holder": "h"},
    "complaints/<int:number>/rights/settle/": {"state": "rejected", "reasons": "x"},
    "complaints/<int:complaint>/join/": {"case": "CASE"},
    "complaints/campaigns/<int:number>/": {"complaint": "COMPLAINT"},
    "policy/rulings/measures/<int:number>/": {"do": "keep", "clause": "technical-prevention", "reasons": "x"},
    "recovery/<int:number>/do/": {"do": "close", "done": "yes", "outcome": "x"},
}
"""What is posted to each route that belongs to something of a case. Of what the case does not have, such as a clock to pause, the
refusal of who may see it must be another than that of who may not."""
REFUSED = re.compile(
    r"40[34]:|302: Nothing was \w+: (no |there is no |otto may not|.* is not there|case \d+ has no |somebody acknowledged)"
)
ELSEWHERE = frozenset(
    [
        "sign-out/",
        "bulk/<int:number>/check/<int:item>/",
        "bulk/<int:number>/undo/",
        "charges/<int:number>/settle/",
        "endings/<int:number>/settle/",
        "returns/note/",
        "returns/<int:number>/answer/",
        "disclosures/new/",
        "disclosures/<int:number>/do/",
        "quarantine/<int:number>/release/",
        "quarantine/releases/<int:number>/",
        "parties/records/<path:name>/do/",
        "policy/<int:number>/acceptance/remind/",
        "recover/compromised/<str:token>/",
    ]
)
"""Forms about nothing of a case."""


@pytest.fixture
def full(desk: Desk) -> Desk:
    """A desk with one case in the queue `outsider` and something of everything in it; each bears the mark."""
    files = {"parties.csv": b"party,parent,kind\nshop,,\n", "contacts.csv": b"contact,party,mail\nc,shop,a@shop.example\n"}
    assert importing.import_parties(files=files, actor=ADMIN, now=NOON).written
    answering.know_peer(name="p", addresses=["198.51.100.7"], mail="", actor=ADMIN, now=NOON)
    desk.find(SOURCE)
    case, decision, finding = Case.objects.get(), Decision.objects.get(), Finding.objects.get()
    Decision.objects.update(grave=True, confirm_by=NOON + timedelta(days=999))
    Note.objects.create(case=case, author="ana", written=NOON, text=f"{MARK} note")
    raw = f"Subject: {MARK} heading\r\nFrom: joe@example.org\r\n\r\n{MARK} body\r\n".encode()
    mail = complaints.take_in(raw=raw, sender="joe@example.org", actor=WORKER, now=NOON)
    working.join_complaint(case_id=case.pk, complaint=mail, actor=WORKER, now=NOON)
    answer = Answer.objects.create(complaint_id=mail, made=NOON, by="mail", verdict="ours", party=f"{MARK} party", reasons=[])
    Candidate.objects.create(answer=answer, call=f"{MARK} call", start=NOON, likeness=1.0)
    campaign = Campaign.objects.create(opened=NOON, latest=NOON)
    Story.objects.create(complaint_id=mail, received=NOON, words=b"", names=b"", campaign=campaign, why=[f"{MARK} why"])
    RightsNotice.objects.create(complaint_id=mail, party=f"{MARK} p", work="w", holder="h", passed=NOON, passed_by="ana")
    owed = Owed(clock="thing", about=("case", str(case.pk)), what=f"{MARK} owed", case=case.pk, otherwise=timedelta(hours=1))
    assert clocks.start(owed=owed, actor=WORKER, now=NOON)
    inquiry = Inquiry.objects.create(
        case=case, kind="question", party="shop", path=["shop"], question=f"{MARK} asked", asked=NOON, asked_by="ana"
    )
    Tier.objects.create(inquiry=inquiry, party="shop", why="first", language="en", asked=NOON, due=NOON)
    for about in (("case", str(case.pk)), ("complaint", str(mail))):
        draft = Draft(key=f"{about}", about=about, case=None, mail="a@b.example", subject=f"{MARK} letter", text="t")
        letters.write(draft=draft, actor=WORKER, now=NOON)
    told = {"party": "shop", "contact": "c1", "mail": "a@shop.example", "language": "en", "subject": f"{MARK} told", "text": "t"}
    notice = Notice.objects.create(id="0" * 32, kind="measure", decision=decision, case=case, created=NOON, due=NOON, **told)
    Appeal.objects.create(decision=decision, case=case, notice=notice, rule=f"{MARK}-rule", text=f"{MARK} no", filed=NOON)
    Strike.objects.create(decision=decision, party="shop", clause="spam", weight=1, given=NOON, expires=NOON + timedelta(days=9))
    deciding.raise_alarm(kind="clock", text=f"{MARK} alarm", case=case.pk, actor=WORKER, now=NOON)
    judged = {"kind": "strike", "clause": "unauthorised-access", "court": "C", "reference": "r", "decided": NOON.date()}
    ruling = Ruling.objects.create(**judged, valid_from=NOON + timedelta(days=999), recorded=NOON, recorded_by="ada")
    Reconsideration.objects.create(decision=decision, ruling=ruling, raised=NOON)
    Request.objects.create(kind="other", door="desk", received=NOON, case=case, said=f"{MARK} said", mail=f"{MARK}@x.example")
    assert finding.subject_id == case.subject_id == SOURCE
    other = Case.objects.create(subject_kind="source", subject_id=SOURCE, matter="m", role="victim", opened=NOON, latest=NOON)
    for one in (case, other):
        Sighting.objects.create(kind="number", value=f"{MARK}-number", noun="finding", noun_id=str(one.pk), case=one, seen=NOON)
    return desk


def _someone(name: str, *queues: str) -> Client:
    access.create_login(username=name, password="x" * 12, roles=(StaffRole.LEAD,), actor=ADMIN, now=NOON)
    groups.set_group(name=name, bounds=Bounds([str(deed) for deed in Deed], queues), actor=ADMIN, now=NOON)
    groups.put_in_group(username=name, group=name, actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(Person.objects.get(username=name))
    return client


def _address(route: str) -> str:
    """Return the route's address of what belongs to the case."""
    case, mail = Case.objects.get(role="outsider").pk, Story.objects.get().complaint_id
    of = (
        ("cases/<int:number>", case),
        ("complaints/campaigns/<int:number>", Campaign.objects.get().pk),
        ("complaints/<int:number>", mail),
        ("inquiries/<int:number>", Inquiry.objects.get().pk),
        ("clocks/<int:number>", Obligation.objects.get(clock="thing").pk),
        ("appeals/<int:number>", Appeal.objects.get().pk),
        ("rights/<int:number>", RightsNotice.objects.get().pk),
        ("policy/rulings/measures/<int:number>", Reconsideration.objects.get().pk),
        ("policy/rulings/<int:number>", Ruling.objects.get().pk),
        ("recovery/<int:number>", Request.objects.get().pk),
        ("findings/<str:id>", Finding.objects.get().pk),
        ("cases/of-finding/<str:id>", Finding.objects.get().pk),
        ("decisions/<str:id>", Decision.objects.get().pk),
        ("orders/<str:id>", Decision.objects.get().pk),
        ("notices/<str:id>", "0" * 32),
    )
    for part, value in of:
        if route.startswith(part):
            route = route.replace(part, re.sub(r"<.*>", str(value), part))
    for part, value in (
        ("<int:alarm>", Alarm.objects.get().pk),
        ("<int:complaint>", mail),
        ("<int:candidate>", Candidate.objects.get().pk),
    ):
        route = route.replace(part, str(value))
    return "/" + re.sub(r"<int:\w+>|<number>", "1", re.sub(r"<(str|path|person):\w+>", "x", route))


def _marks() -> tuple[bytes, ...]:
    return (MARK.encode(), SOURCE.encode(), *(one.pk[:8].encode() for one in (Finding.objects.get(), Decision.objects.get())))


def _content(response: HttpResponseBase) -> bytes:
    return b"".join(response) if response.streaming else bytes(response.content)  # type: ignore[attr-defined] # of two kinds


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _seen(client: Client, address: str) -> list[bytes]:
    """Return which marks stand in an answer, beside what was asked itself."""
    with _undone():
        content = _content(client.get(address))
    for part in filter(None, address.split("/")):
        content = content.replace(part.encode(), b"") if len(part) > 20 else content
    return [mark for mark in _marks() if mark in content]


def test_no_page_shows_who_works_in_other_queues_anything_of_a_case(full: Desk) -> None:
    other, taking_in = _someone("otto", "victim"), _someone("ines", "victim", INTAKE)
    Case.objects.filter(role="victim").update(subject_id="another")
    leaks = {
        route: found
        for route in ROUTES
        for client in (other, taking_in)
        if (found := _seen(client, _address(route))) and "<str:token>" not in route
    }
    assert not leaks


def test_every_other_page_shows_it_to_who_works_in_its_queue(full: Desk) -> None:
    """The test above would pass on pages that show nothing: these show it, or are said to have nothing to show."""
    inside = _someone("ida", "outsider")
    forms = {route for route in ROUTES if route in FORMS or route in ELSEWHERE}
    blind = [route for route in ROUTES if route not in forms and not SILENT.match(route) and not _seen(inside, _address(route))]
    assert blind == []


def _tables() -> dict[str, list[object]]:
    """Return all rows of the desk but those of people, of the audit and of messages that wait for none."""
    held = [model for model in apps.get_models() if model.__module__.startswith("ringfence.desk.")]
    kept = [model for model in held if model._meta.app_label not in ("access", "audit")]
    return {model.__name__: list(model._default_manager.order_by("pk").values_list()) for model in kept}


def _posted(client: Client, route: str) -> tuple[str, bool]:
    """Return what came of a form, as its status and what the next page says, and whether anything changed; all is undone."""
    places = {
        "CASE": str(Case.objects.get(role="outsider").pk),
        "OTHER": str(Case.objects.get(role="victim").pk),
        "COMPLAINT": str(Story.objects.get().complaint_id),
        "FINDING": Finding.objects.get().pk,
    }
    form = {name: places.get(value, value) for name, value in FORMS[route].items()}
    before = _tables()
    with _undone():
        answer = client.post(_address(route), form)
        said = "; ".join(str(message) for message in get_messages(answer.wsgi_request))
        if answer.status_code in (403, 404):
            said = " ".join(re.findall(r"<p>(.*?)</p>", answer.content.decode(), re.DOTALL))
        return f"{answer.status_code}: {said}", _tables() != before


def test_no_form_does_anything_for_who_works_in_other_queues(full: Desk) -> None:
    other, inside = _someone("otto", "victim", INTAKE), _someone("ida", "outsider", "victim")
    wrong = []
    for route in sorted(FORMS):
        refused, changed = _posted(other, route)
        taken, _ = _posted(inside, route)
        if changed or taken == refused or not REFUSED.match(refused):
            wrong.append((route, refused, taken))
    assert not wrong, "\n".join(map(str, wrong))


def test_every_form_of_staff_is_asked_above(full: Desk) -> None:
    client = _someone("ida", "outsider")
    forms = []
    for route in ROUTES:
        with _undone():
            if client.get(_address(route)).status_code == 405:
                forms.append(route)
    assert set(forms) - ELSEWHERE - set(FORMS) - {route for route in ROUTES if route.startswith(("me/", "api/"))} == set()


def test_what_belongs_to_no_case_yet_is_for_the_intake(desk: Desk) -> None:
    mail = complaints.take_in(raw=f"Subject: {MARK}\r\n\r\nx\r\n".encode(), sender="a@b.example", actor=WORKER, now=NOON)
    other, taking_in = _someone("otto", "victim"), _someone("ines", INTAKE)
    for address in ("/complaints/", f"/complaints/{mail}/"):
        assert MARK.encode() not in other.get(address).content
        assert MARK.encode() in taking_in.get(address).content
    assert other.get(f"/complaints/{mail}/").status_code == 404


def test_a_campaign_shows_and_counts_only_what_is_ones_own(full: Desk) -> None:
    mail = complaints.take_in(raw=b"Subject: second\r\n\r\nx\r\n", sender="a@b.example", actor=WORKER, now=NOON)
    Story.objects.create(complaint_id=mail, received=NOON, words=b"", names=b"", campaign=Campaign.objects.get())
    taking_in = _someone("ines", INTAKE)
    page = taking_in.get(f"/complaints/campaigns/{Campaign.objects.get().pk}/").content
    assert b"second" in page
    assert MARK.encode() not in page
    assert Actor.works_in(Person.objects.get(username="ines").actor, INTAKE)
