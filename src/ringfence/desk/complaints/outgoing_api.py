"""Reports out, for a program with a key: what was carried for a peer and is not told yet, and the report that the peer gets."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema
from ninja.errors import HttpError

from ringfence.desk.actor import Actor
from ringfence.desk.complaints import telling_peers
from ringfence.desk.complaints.answering import NoGround
from ringfence.desk.complaints.reports.outgoing import ReportUnfit
from ringfence.desk.complaints.telling_peers import NoMailbox, Telling
from ringfence.desk.errors import NotPermitted, NotThere
from ringfence.watch.lake.carried import HistoryUnreadable

router = Router()
_LISTED = 200
_STATUS = {NotPermitted: 403, NotThere: 404, NoMailbox: 409, NoGround: 422, ReportUnfit: 422, HistoryUnreadable: 503}


class OutgoingOut(Schema):
    """A complaint whose call came from a peer. `told`: a report went to it, or was given to a program or a person."""

    id: int
    peer: str
    received: str
    leaf: str
    told: bool


class TellIn(Schema):
    """Whom to tell, and why. `with_callee` where the called person agreed; `send`: to the peer's abuse mailbox too."""

    peer: str = Field(max_length=128)
    reason: str = Field(max_length=500)
    with_callee: bool = False
    send: bool = False


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]  # the library puts there what `authenticate` returned
    return actor


@router.get("", response=list[OutgoingOut], summary="Complaints about calls that came from peers, the newest first")
def outgoing(request: HttpRequest, peer: str = "", untold: bool = False) -> list[OutgoingOut]:
    """Answer with at most 200, of one peer where it is named, of those not told yet where that is asked."""
    rows = telling_peers.carried(actor=_actor(request), peer=peer, untold=untold)[:_LISTED]
    return [
        OutgoingOut(id=one.complaint, peer=one.peer, received=one.received.isoformat(), leaf=one.leaf, told=one.told)
        for one in rows
    ]


@router.post("/{number}", summary="The report of a complaint for the peer that its call came from, in XARF 4")
def report(request: HttpRequest, number: int, told: TellIn) -> HttpResponse:
    """Give the report, and send it where that is asked; the same complaint is the same report to the same peer each time."""
    telling = Telling(complaint=number, **told.dict())
    try:
        data = telling_peers.tell_carried(telling=telling, actor=_actor(request), now=datetime.now(UTC))
    except tuple(_STATUS) as refused:
        raise HttpError(_STATUS[type(refused)], str(refused)) from None
    return HttpResponse(data, content_type="application/json")
