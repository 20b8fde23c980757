"""Cases, inquiries and clocks, each by several at once."""

from collections import Counter
from datetime import timedelta

import msgspec
from tests.unit.desk.crowds.crowd import Crowd, at_once, person, verbs
from tests.unit.desk.scene import ANALYST, NOON, WORKER, finding

from ringfence.desk.audit.models import Entry
from ringfence.desk.cases import matters
from ringfence.desk.cases import services as cases
from ringfence.desk.cases.models import Case, JoinedFinding, Note
from ringfence.desk.clocks import services as clocks
from ringfence.desk.clocks.services import Owed
from ringfence.desk.clocks.sweeping import sweep
from ringfence.desk.decisions.models import Alarm, Decision
from ringfence.desk.detections import services as detections
from ringfence.desk.inquiries import services as inquiries
from ringfence.desk.inquiries.models import Inquiry, Tier
from ringfence.desk.inquiries.services import Question
from ringfence.desk.letters.models import Letter
from ringfence.desk.outbox.models import Message
from ringfence.desk.site.clocked import on_missed
from ringfence.feeds import Record
from ringfence.vocabulary.times import Micros, micros


def claiming(crowd: Crowd) -> dict[str, object]:
    case, _ = crowd.source()
    gave = at_once(*(lambda one=one: cases.claim_case(case_id=case, actor=person(one), now=NOON) for one in range(6)))
    winner = gave.index(None)
    return {
        "gave": sorted(map(str, gave)),
        "mine": Case.objects.get(id=case).assignee == f"p{winner}",
        "audit": verbs(case)["claimed"],
    }


def asking(crowd: Crowd) -> dict[str, object]:
    """A tier's time is over for two workers while its answer comes in two windows: it is answered, and nobody asked in vain."""
    case = Decision.objects.get(id=crowd.decided()).case_id
    now = Case.objects.get(id=case).latest
    number = inquiries.ask(question=Question(case=case, kind="question", party="shop", text="What?"), actor=ANALYST, now=now)
    tier = Tier.objects.select_related("inquiry").get(inquiry_id=number)
    over = now + timedelta(hours=49)
    written = Letter.objects.count()
    at_once(
        lambda: sweep(actor=WORKER, now=over),
        lambda: inquiries.answer(tier=tier, text="Shoes.", now=over),
        lambda: sweep(actor=WORKER, now=over),
        lambda: inquiries.answer(tier=tier, text="Boots.", now=over),
        lambda: inquiries.fall_silent(tier=tier.id, round=1, actor=WORKER, now=over),
        lambda: inquiries.fall_silent(tier=tier.id, round=1, actor=WORKER, now=over),
    )

    row = Inquiry.objects.get(id=number)
    seen = Counter(Entry.objects.filter(noun="inquiry", noun_id=str(number)).values_list("verb", flat=True))
    upward = Tier.objects.filter(inquiry=row).exclude(id=tier.id)
    missed = Entry.objects.filter(noun="inquiry-tier", noun_id=f"{tier.id}-1", verb="clock-missed").count()
    return {
        "answered": (seen["inquiry-answered"], row.state),
        "silent": seen["fell-silent"] <= 1,
        "letters": Letter.objects.count() - written == upward.count(),
        "asked still": Tier.objects.filter(inquiry=row, state="asked").count(),
        "missed": missed <= 1 and Message.objects.filter(topic="clock.missed").count() == missed,
    }


def sweeping(crowd: Crowd) -> dict[str, object]:
    """Two workers and two more look at the clock at the same moment: it fires once, and one alarm comes of it."""
    case, _ = crowd.source()
    now = NOON + timedelta(days=10_000)
    owed = Owed(clock=f"crowd-{case}", about=("crowd", str(case)), what="An answer", case=case, otherwise=timedelta(hours=1))
    started = at_once(*[lambda: clocks.start(owed=owed, actor=WORKER, now=now) and "started"] * 4)
    after = now + timedelta(hours=2)
    at_once(*[lambda: sweep(actor=WORKER, now=after)] * 4)
    missed = Message.objects.filter(topic="clock.missed", payload__has_key="obligation")
    payload = missed.get().payload
    told = Alarm.objects.count()
    at_once(*[lambda: on_missed(payload, WORKER, after)] * 4)
    return {
        "started": sorted(map(str, started)),
        "audit": [verbs(case)["clock-started"], verbs(case)["clock-missed"]],
        "alarms": Alarm.objects.count() - told,
    }


def sorting(crowd: Crowd) -> dict[str, object]:
    """Findings come in for two workers, analysts note, split and close: every finding in one case, every count right."""
    case, first = crowd.source()
    subject = Case.objects.get(id=case).subject_id
    more = [finding(crowd.desk.policy, subject, time=Micros(micros(NOON) + one)) for one in range(1, 5)]
    records = [Record(one + 1, msgspec.json.encode(found)) for one, found in enumerate(more)]
    detections.record_findings(feed=f"more-{case}", records=records, after=0, actor=WORKER, now=NOON)
    joins = [lambda id=found.id: cases.join_finding(finding_id=id, actor=WORKER, now=NOON) for found in more]
    at_once(
        *joins,
        *joins,
        lambda: cases.note_case(case_id=case, text="hm", actor=person(1), now=NOON),
        lambda: cases.note_case(case_id=case, text="ha", actor=person(2), now=NOON),
    )
    again = [found.id for found in more if not JoinedFinding.objects.filter(finding_id=found.id).exists()]
    for id in again:  # the worker tries what failed again
        cases.join_finding(finding_id=id, actor=WORKER, now=NOON)
    counted = (Case.objects.get(id=case).findings, JoinedFinding.objects.filter(case_id=case).count())
    gone = [more[0].id]
    split = {"case_id": case, "findings": gone, "complaints": (), "now": NOON}
    at_once(
        lambda: matters.split_case(matter="this", actor=person(1), **split),  # type: ignore[arg-type]  # as split has it
        lambda: matters.split_case(matter="that", actor=person(2), **split),  # type: ignore[arg-type]  # as split has it
        lambda: cases.note_case(case_id=case, text="so", actor=person(3), now=NOON),
    )
    parts = Case.objects.filter(subject_id=subject).order_by("id")
    right = [one.findings == JoinedFinding.objects.filter(case=one).count() for one in parts]
    other = parts.exclude(id=case).get().id
    merge = {"reason": "one matter", "now": NOON}
    at_once(
        lambda: matters.merge_case(case_id=case, into=other, actor=person(1), **merge),  # type: ignore[arg-type]  # as merge has it
        lambda: matters.merge_case(case_id=other, into=case, actor=person(2), **merge),  # type: ignore[arg-type]  # as merge has it
    )
    merged = [(one.findings, one.state) for one in Case.objects.filter(subject_id=subject).exclude(findings=0)]
    return {
        "counted": counted,
        "parts": right,
        "merged": merged,
        "notes": Note.objects.filter(case__subject_id=subject).count(),
        "joined": JoinedFinding.objects.filter(finding_id__in=[first, *(one.id for one in more)]).count(),
    }
