"""Pages of complaints."""

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url

from ringfence.desk.actor import Actor, DeskRequest, require
from ringfence.desk.complaints import answering, reporters, selectors, services, telling_peers, telling_reporters, tracebacks
from ringfence.desk.complaints.campaigns import services as grouping
from ringfence.desk.complaints.kinds import BY_SLUG, LEAVES
from ringfence.desk.complaints.models import FOUND, OUTCOME_OF, Door, Outcome, Standing, Story, Traceback, Verdict
from ringfence.desk.complaints.rights import selectors as rights
from ringfence.desk.complaints.rights.services import LEAVES as RIGHTS
from ringfence.desk.complaints.submissions import Submission, SubmissionRefused, checked
from ringfence.desk.errors import DeskError, NotPermitted, NotThere
from ringfence.desk.letters.selectors import letters_about
from ringfence.desk.pages import attempt, for_forms, for_staff, page_of, render_live
from ringfence.vocabulary.times import micros
from ringfence.watch.lake.carried import HistoryUnreadable


@for_staff
def complaints(request: DeskRequest) -> HttpResponse:
    """List complaints, newest first."""
    page = page_of(request, selectors.complaints(actor=request.actor))
    return render_live(request, "complaints/complaints.html", "complaints/_complaints.html", {"page": page})


@for_staff
def complaint(request: DeskRequest, number: int) -> HttpResponse:
    """Show one complaint; that somebody read it is recorded."""
    found = selectors.complaint_page(number=number, actor=request.actor)
    if found is None:
        raise NotThere(f"no complaint {number}")
    services.note_reading(number=number, actor=request.actor, now=datetime.now(UTC))
    return render(request, "complaints/complaint.html", _page(found, request.actor))


def _page(found: selectors.ComplaintPage, actor: Actor) -> dict[str, object]:
    notice = rights.rights_notices(actor=actor).filter(complaint=found.complaint).first()
    return {
        "found": found,
        "complaint": found.complaint,
        "attachments": found.complaint.attachments.order_by("id"),
        "answer": next(iter(found.answers), None),
        "verdicts": Verdict.choices,
        "story": Story.objects.filter(complaint=found.complaint, campaign__isnull=False).first(),
        "traceback": Traceback.objects.filter(complaint=found.complaint).first(),
        "reporter": reporters.record_of(token=found.complaint.reporter, actor=actor, now=datetime.now(UTC)),
        "standings": Standing.choices,
        "leaves": LEAVES,
        "leaf": BY_SLUG.get(found.complaint.leaf),
        "outcomes": Outcome.choices,
        "likely": OUTCOME_OF.get(found.answers[0].verdict, "") if found.answers else "",
        "telling": FOUND.get(found.answers[0].verdict, "") if found.answers else "",
        "rights": notice,
        "is_right": found.complaint.leaf in RIGHTS,
        "infringements": 0 if notice is None else rights.infringements(party=notice.party, actor=actor, now=datetime.now(UTC)),
        "letters": letters_about(about=("complaint", str(found.complaint.id)), actor=actor),
        "peers": selectors.peers(actor=actor),
    }


@for_forms
def look_again(request: DeskRequest, number: int) -> HttpResponse:
    """Ask again whether it is ours: more calls may be known by now."""

    def deed() -> None:
        try:
            answering.look_into(number=number, actor=request.actor, now=datetime.now(UTC))
        except HistoryUnreadable as error:
            raise DeskError(f"the calls can't be read now: {error}") from error

    return attempt(request, deed, done="It was looked into again.", back=resolve_url("complaints:complaint", number=number))


@for_forms
def answer(request: DeskRequest, number: int) -> HttpResponse:
    """Answer by hand whether it is ours."""
    typed = request.POST

    def deed() -> None:
        answering.answer_by_hand(
            number=number,
            verdict=typed.get("verdict", ""),
            names=(typed.get("party", "").strip(), typed.get("upstream", "").strip()),
            reason=typed.get("reason", ""),
            actor=request.actor,
            now=datetime.now(UTC),
        )

    return attempt(request, deed, done="The answer is kept.", back=resolve_url("complaints:complaint", number=number))


@for_forms
def open_call(request: DeskRequest, number: int, candidate: int) -> HttpResponse:
    """Show the numbers of a call once, for a reason that the audit keeps."""
    try:
        opened = answering.open_call(
            candidate=candidate, reason=request.POST.get("reason", ""), actor=request.actor, now=datetime.now(UTC)
        )
    except answering.NoGround as refused:
        messages.error(request, f"Nothing was opened: {refused}.")
        return redirect("complaints:complaint", number=number)
    found = selectors.complaint_page(number=number, actor=request.actor)
    if found is None:
        raise NotThere(f"no complaint {number}")
    context = {**_page(found, request.actor), "opened": opened, "opened_candidate": candidate}
    return render(request, "complaints/complaint.html", context)


@for_forms
def sort(request: DeskRequest, number: int) -> HttpResponse:
    """Say what a complaint is about."""

    def deed() -> None:
        services.sort_complaint(number=number, leaf=request.POST.get("leaf", ""), actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="It is sorted.", back=resolve_url("complaints:complaint", number=number))


@for_forms
def close(request: DeskRequest, number: int) -> HttpResponse:
    """Say what came of a complaint."""

    def deed() -> None:
        services.close_complaint(number=number, outcome=request.POST.get("outcome", ""), actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="The reporter is told so.", back=resolve_url("complaints:complaint", number=number))


@for_forms
def reply(request: DeskRequest, number: int) -> HttpResponse:
    """Answer an enquiry."""

    def deed() -> None:
        text = request.POST.get("text", "")
        telling_reporters.answer_enquiry(number=number, text=text, actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="The answer goes by mail.", back=resolve_url("complaints:complaint", number=number))


@for_staff
def new(request: DeskRequest) -> HttpResponse:
    """Type in what was told by telephone."""
    require(request.actor.works_cases, request.actor, "type complaints in")
    now, typed, problem = datetime.now(UTC), request.POST, ""
    if request.method == "POST":
        filled = Submission(
            leaf=typed.get("leaf", ""),
            caller=typed.get("caller", ""),
            callee=typed.get("callee", ""),
            callback=typed.get("callback", ""),
            when=typed.get("when", ""),
            what=typed.get("what", ""),
            contact=typed.get("contact", ""),
            reference=typed.get("reference", ""),
            may_tell=typed.get("tell") == "yes",
        )
        try:
            submission = checked(filled, now=micros(now), country=answering.home(actor=request.actor)[0])
            reporter = services.reporter_token(submission.contact or f"typed {request.actor.id} {now.isoformat()}")
            kept = services.submit(
                submission=submission,
                door=Door.TELEPHONE,
                reporter=reporter,
                sender=reporter,
                token=now.isoformat(),
                actor=request.actor,
                now=now,
            )
        except SubmissionRefused as refused:
            problem = f"{refused.field}: {refused.cause}."
        else:
            return redirect("complaints:complaint", number=kept.id)
    context = {"leaves": LEAVES, "typed": typed, "problem": problem}
    return render(request, "complaints/new.html", context, status=400 if problem else 200)


@for_staff
def campaigns(request: DeskRequest) -> HttpResponse:
    """List campaigns, the latest first."""
    return render(request, "complaints/campaigns.html", {"page": page_of(request, selectors.campaigns(actor=request.actor))})


@for_staff
def campaign(request: DeskRequest, number: int) -> HttpResponse:
    """Show a campaign's complaints with why each is in it; split and merge by hand."""
    if request.method == "POST":
        typed, now, back = request.POST, datetime.now(UTC), resolve_url("complaints:campaign", number=number)
        if typed.get("do") == "merge":
            into = typed.get("into", "").strip()

            def merging() -> None:
                if not into.isdecimal() or len(into) > 15:
                    raise NotThere("type the number of a campaign")
                grouping.merge(campaign=number, into=int(into), actor=request.actor, now=now)

            return attempt(request, merging, done=f"It is part of campaign {into} now.", back=resolve_url("complaints:campaigns"))
        chosen = [int(one) for one in typed.getlist("complaint") if one.isdecimal() and len(one) < 16]
        return attempt(
            request,
            lambda: grouping.split(campaign=number, complaints=chosen, actor=request.actor, now=now),
            done="They are a campaign of their own now.",
            back=back,
        )
    found = selectors.campaigns(actor=request.actor).filter(id=number).first()
    if found is None:
        raise NotThere(f"no campaign {number}, or it was merged into another")
    page = page_of(request, selectors.members(campaign=number, actor=request.actor))
    return render(request, "complaints/campaign.html", {"campaign": found, "page": page})


@for_forms
def standing(request: DeskRequest, number: int) -> HttpResponse:
    """Trust or mute the one who complains."""
    found = selectors.complaints(actor=request.actor).filter(id=number).first()

    def deed() -> None:
        reporters.set_standing(
            token="" if found is None else found.reporter,
            standing=request.POST.get("standing", ""),
            reason=request.POST.get("reason", ""),
            actor=request.actor,
            now=datetime.now(UTC),
        )

    return attempt(request, deed, done="The reporter's standing is kept.", back=resolve_url("complaints:complaint", number=number))


@for_forms
def pack(request: DeskRequest, number: int) -> HttpResponse:
    """Give the answer to a traceback as one file."""
    try:
        data = tracebacks.answer_pack(
            number=number, reason=request.POST.get("reason", ""), actor=request.actor, now=datetime.now(UTC)
        )
    except (answering.NoGround, HistoryUnreadable) as refused:
        messages.error(request, f"Nothing was packed: {refused}.")
        return redirect("complaints:complaint", number=number)
    answered = HttpResponse(data, content_type="application/json")
    answered["Content-Disposition"] = f'attachment; filename="traceback-{number}.json"'
    return answered


@for_forms
def consent(request: DeskRequest, number: int) -> HttpResponse:
    """Note that who complains agreed to be told of."""

    def deed() -> None:
        services.note_consent(number=number, how=request.POST.get("how", ""), actor=request.actor, now=datetime.now(UTC))

    return attempt(request, deed, done="The consent is kept.", back=resolve_url("complaints:complaint", number=number))


@for_forms
def tell_peer(request: DeskRequest, number: int) -> HttpResponse:
    """Send a peer the report of a complaint, or give it as a file."""
    return told_peer(request, number, None, resolve_url("complaints:complaint", number=number))


def told_peer(request: DeskRequest, number: int, case: int | None, back: str) -> HttpResponse:
    """Answer a form that tells a peer, from the page of a complaint or of a case."""
    typed = request.POST
    telling = telling_peers.Telling(
        complaint=number,
        peer=typed.get("peer", ""),
        reason=typed.get("reason", ""),
        case=case,
        with_callee=typed.get("callee") == "yes",
        send=typed.get("do") == "send",
    )
    try:
        data = telling_peers.tell_peer(telling=telling, actor=request.actor, now=datetime.now(UTC))
    except NotPermitted:
        raise
    except (DeskError, HistoryUnreadable) as refused:
        messages.error(request, f"Nothing was told: {refused}.")
        return redirect(back)
    if telling.send:
        messages.success(request, f"The report goes to {telling.peer}.")
        return redirect(back)
    answered = HttpResponse(data, content_type="application/json")
    answered["Content-Disposition"] = f'attachment; filename="xarf-C-{number}.json"'
    return answered


@for_staff
def peers(request: DeskRequest) -> HttpResponse:
    """List the networks that hand us traffic; an admin adds and changes them."""
    if request.method == "POST":
        typed = request.POST

        def deed() -> None:
            answering.know_peer(
                name=typed.get("name", ""),
                addresses=typed.get("addresses", "").split(),
                mail=typed.get("mail", "").strip(),
                actor=request.actor,
                now=datetime.now(UTC),
            )

        return attempt(request, deed, done="The peer is known.", back=resolve_url("complaints:peers"))
    return render(request, "complaints/peers.html", {"page": page_of(request, selectors.peers(actor=request.actor))})
