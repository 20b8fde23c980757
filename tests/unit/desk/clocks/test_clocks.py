"""What is owed runs by the policy's clocks; it pauses on a ground alone; a warning and a miss are dealt with once, also late."""

import json
from datetime import datetime, timedelta

import pytest
from django.test import Client
from tests.unit.desk.scene import ADMIN, ANALYST, AUDITOR, LEAD, NOON, STRANGER, WORKER, Desk

from ringfence.desk.access import services as access
from ringfence.desk.access.models import Person
from ringfence.desk.actor import StaffRole
from ringfence.desk.audit import selectors as audit
from ringfence.desk.cases import selectors as cases
from ringfence.desk.clocks import selectors, services
from ringfence.desk.clocks.board import as_json
from ringfence.desk.clocks.models import Obligation
from ringfence.desk.clocks.selectors import Wanted
from ringfence.desk.clocks.services import NoGround, Owed
from ringfence.desk.clocks.sweeping import sweep
from ringfence.desk.decisions import selectors as decisions
from ringfence.desk.errors import NotPermitted, NotThere, StaleState
from ringfence.vocabulary.severity import Mode

pytestmark = pytest.mark.django_db

THING = ("complaint", "7")
HOUR = timedelta(hours=1)


def owe(clock: str = "traceback-answer", *, now: datetime = NOON, **changes: object) -> Obligation:
    told = {"about": THING, "what": "Answer traceback 7", **changes}
    row = services.start(owed=Owed(clock=clock, **told), actor=WORKER, now=now)  # type: ignore[arg-type]  # as above
    assert row is not None
    return row


def now_of(row: Obligation) -> Obligation:
    return Obligation.objects.get(id=row.id)


def alarms() -> list[str]:
    return [alarm.text for alarm in decisions.alarms(actor=AUDITOR)]


def test_a_clock_runs_by_the_version_in_force_and_says_which_rule_set_it(clocked: Desk) -> None:
    row = owe()
    assert (row.due, row.typical, row.rule) == (NOON + 24 * HOUR, NOON + 4 * HOUR, "traceback duty of 24 hours")
    assert owe(now=NOON + HOUR).id == row.id, "twice is once"
    days = owe("office-hours")
    assert days.due is not None
    assert days.due.isoformat() == "2026-03-04T17:00:00+00:00", "from a Sunday"
    (entry,) = [one for one in audit.history(noun=THING[0], noun_id=THING[1], actor=AUDITOR) if one.details["clock"] == row.clock]
    assert (entry.verb, entry.details["rule"]) == ("clock-started", "traceback duty of 24 hours")


def test_without_a_clock_of_the_version_the_things_own_length_counts_or_nothing_is_owed(clocked: Desk) -> None:
    assert services.start(owed=Owed(clock="unheard-of", about=THING, what="x"), actor=WORKER, now=NOON) is None
    row = owe("unheard-of", otherwise=2 * HOUR)
    assert (row.due, row.grounds, row.rule) == (NOON + 2 * HOUR, [], "ours: the policy in force names no such clock")


def test_it_pauses_on_a_ground_of_its_rule_alone_and_its_end_moves_by_the_pause(clocked: Desk) -> None:
    row, do = owe(), {"obligation": owe().id, "actor": ANALYST}
    with pytest.raises(NoGround):
        services.pause(ground="holiday", note="x", now=NOON, **do)  # type: ignore[arg-type]  # as above
    with pytest.raises(NoGround):
        services.pause(ground="waiting-for-authority", note=" ", now=NOON, **do)  # type: ignore[arg-type]  # as above
    for actor in (AUDITOR, STRANGER, WORKER):
        with pytest.raises(NotPermitted):
            services.pause(obligation=row.id, ground="waiting-for-authority", note="x", actor=actor, now=NOON)
    services.pause(ground="waiting-for-authority", note="they asked us to wait", now=NOON + HOUR, **do)  # type: ignore[arg-type]  # as above
    assert (now_of(row).state, now_of(row).due) == ("paused", None)
    assert sweep(actor=WORKER, now=NOON + 100 * HOUR) == 0, "a paused clock is not missed"
    with pytest.raises(StaleState):
        services.pause(ground="waiting-for-authority", note="again", now=NOON + HOUR, **do)  # type: ignore[arg-type]  # as above
    services.resume(now=NOON + 11 * HOUR, **do)  # type: ignore[arg-type]  # as above
    assert now_of(row).due == NOON + 34 * HOUR
    assert now_of(row).warn_at == NOON + 30 * HOUR
    with pytest.raises(StaleState):
        services.resume(now=NOON + 12 * HOUR, **do)  # type: ignore[arg-type]  # as above


def test_one_whose_time_is_over_pauses_no_more(clocked: Desk) -> None:
    row = owe()
    with pytest.raises(StaleState):
        services.pause(obligation=row.id, ground="waiting-for-authority", note="x", actor=ANALYST, now=NOON + 24 * HOUR)


def test_a_miss_is_dealt_with_once_also_when_nothing_ran_at_that_moment(clocked: Desk) -> None:
    row = owe(case=1)
    clocked.clock.now = NOON + timedelta(days=40)  # the worker was down for weeks
    clocked.work()
    assert now_of(row).missed is not None
    told = [text for text in alarms() if "Answer traceback 7 missed" in text]
    assert len(told) == 1
    assert "For lead" in told[0]
    for _ in range(3):
        clocked.clock.now += timedelta(days=1)
        clocked.work()
    assert [text for text in alarms() if "Answer traceback 7 missed" in text] == told
    assert len(audit.entries(actor=AUDITOR, verb="clock-missed").filter(noun_id="7")) == 2, "its own, and that of the chain"
    assert row.id in [one.id for one in selectors.obligations(actor=AUDITOR, now=clocked.clock.now, wanted=Wanted(state="overdue"))]


def test_the_next_of_a_chain_starts_when_the_first_is_met_or_at_its_missed_end(clocked: Desk) -> None:
    owe()
    assert services.meet(about=THING, actor=ANALYST, now=NOON + HOUR) == 1
    follower = Obligation.objects.get(clock="traceback-review")
    assert follower.due == NOON + 3 * HOUR
    assert services.meet(about=THING, actor=ANALYST, now=NOON + HOUR) == 1
    owe(about=("complaint", "8"), case=3)
    sweep(actor=WORKER, now=NOON + 30 * HOUR)
    follower = Obligation.objects.get(clock="traceback-review", noun_id="8")
    assert follower.due == NOON + 26 * HOUR
    clocked.clock.now = NOON + 30 * HOUR
    clocked.work()
    assert "escalated" in [entry.verb for entry in audit.timeline(case=3, actor=AUDITOR)]


def test_each_warning_is_given_once_and_none_after_it_is_met(clocked: Desk) -> None:
    row = owe()
    for hours in (20, 20.5, 23, 23.5):
        sweep(actor=WORKER, now=NOON + hours * HOUR)
    given = [entry.details["roles"] for entry in audit.entries(actor=AUDITOR, verb="clock-warned").order_by("id")]
    assert given == [["compliance"], ["lead"]]
    services.meet(about=THING, actor=ANALYST, now=NOON + 23.6 * HOUR)
    clocked.clock.now = NOON + 23.7 * HOUR
    clocked.work()
    assert alarms() == [], "what is done needs no alarm"
    assert now_of(row).settled_by == "ana"


def test_dropped_it_is_owed_no_more_and_starts_nothing(clocked: Desk) -> None:
    owe()
    assert services.drop(about=THING, reason="withdrawn", actor=ANALYST, now=NOON) == 1
    assert services.drop(about=THING, reason="withdrawn", actor=ANALYST, now=NOON) == 0
    assert not Obligation.objects.filter(clock="traceback-review").exists()


def test_the_board_shows_the_next_due_first_and_narrows_and_gives_strangers_nothing(clocked: Desk) -> None:
    owe(), owe("office-hours", party="shop"), owe("soon", about=("case", "9"), case=9, otherwise=HOUR)

    def board(**wanted: object) -> list[str]:
        rows = selectors.obligations(actor=AUDITOR, now=NOON + 2 * HOUR, wanted=Wanted(**wanted))  # type: ignore[arg-type]  # as above
        return [row.clock for row in rows]

    assert board() == ["soon", "traceback-answer", "office-hours"]
    assert board(state="overdue") == ["soon"]
    assert (board(clock="office-hours"), board(party="shop"), board(case=9)) == (["office-hours"], ["office-hours"], ["soon"])
    rows = as_json(selectors.obligations(actor=AUDITOR, now=NOON + 2 * HOUR), NOON + 2 * HOUR)
    assert [(row["overdue_s"], row["left_s"]) for row in rows][:2] == [(3600, None), (None, 22 * 3600)]
    for nothing in (
        selectors.obligations(actor=STRANGER, now=NOON),
        selectors.obligation(id=1, actor=STRANGER),
        selectors.overdue(actor=STRANGER, now=NOON + 99 * HOUR),
        selectors.regimes(actor=STRANGER),
        selectors.clock_names(actor=STRANGER),
    ):
        assert not nothing
    assert selectors.clock_names(actor=AUDITOR) == ["office-hours", "traceback-answer", "traceback-review"]


def test_a_person_starts_a_clock_on_a_case_and_says_when_it_is_done(clocked: Desk) -> None:
    by_hand = {"case": 4, "clock": "office-hours", "actor": ANALYST, "now": NOON}
    with pytest.raises(NoGround):
        services.owe_by_hand(what=" ", **by_hand)  # type: ignore[arg-type]  # as above
    with pytest.raises(NotThere):
        services.owe_by_hand(what="x", **{**by_hand, "clock": "none"})  # type: ignore[arg-type]  # as above
    with pytest.raises(NotPermitted):
        services.owe_by_hand(what="x", **{**by_hand, "actor": AUDITOR})  # type: ignore[arg-type]  # as above
    number = services.owe_by_hand(what="Wait for their letter", **by_hand)  # type: ignore[arg-type]  # as above
    services.meet_by_hand(obligation=number, actor=LEAD, now=NOON)
    with pytest.raises(StaleState):
        services.meet_by_hand(obligation=number, actor=LEAD, now=NOON)
    with pytest.raises(NotThere):
        services.meet_by_hand(obligation=owe().id, actor=LEAD, now=NOON)


def test_the_pages_show_what_is_overdue_and_pause_by_form(clocked: Desk) -> None:
    access.create_login(username="ana", password="correct horse battery", roles=(StaffRole.ANALYST,), actor=ADMIN, now=NOON)
    client = Client()
    client.force_login(Person.objects.get())
    clocked.find(mode=Mode.REPORT)
    case = cases.cases(actor=ANALYST).get().id
    owe(case=case)
    page = client.get("/clocks/").content.decode()
    assert "1 overdue." in page
    assert "OVERDUE" in page
    assert json.loads(client.get("/clocks/board.json?state=overdue").content)["obligations"][0]["clock"] == "traceback-answer"
    assert "Answer traceback 7" in client.get(f"/cases/{case}/").content.decode()
    assert client.post(f"/cases/{case}/owe/", {"clock": "office-hours", "what": "a letter"}).status_code == 302
    row = Obligation.objects.get(noun="by-hand")
    shown = client.get(f"/clocks/{row.id}/").content.decode()
    assert "Pause: it has no end meanwhile" in shown
    done = client.post(f"/clocks/{row.id}/pause/", {"ground": "agreed", "note": "they are away"}, follow=True).content.decode()
    assert "they are away" in done
    assert "Let it run on" in done
    assert "The clock runs on." in client.post(f"/clocks/{row.id}/resume/", follow=True).content.decode()
    assert "It is done." in client.post(f"/clocks/{row.id}/met/", follow=True).content.decode()
    assert client.get("/clocks/999/").status_code == 404
