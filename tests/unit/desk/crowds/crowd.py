"""What scenes need: calls made at the same moment, each by a connection of its own, and a desk with something to act on."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import msgspec
from django.db import connection, connections
from tests.unit.desk.decisions.conftest import LADDER, PARTIES
from tests.unit.desk.decisions.test_ladder import found
from tests.unit.desk.scene import ADMIN, ANALYST, NOON, WORKER, Desk, finding, write_bundle

from ringfence.desk.actor import Actor, ActorKind, StaffRole
from ringfence.desk.audit.models import Entry
from ringfence.desk.cases import services as cases
from ringfence.desk.decisions import services as deciding
from ringfence.desk.decisions.models import Decision
from ringfence.desk.decisions.services import Why
from ringfence.desk.detections import services as detections
from ringfence.desk.detections.models import Finding
from ringfence.desk.outbox.models import Message
from ringfence.desk.parties import services as parties
from ringfence.desk.policies import services as policies
from ringfence.feeds import Record

CLOCKS = "clocks:\n  inquiry-answer:\n    rule: ours\n    due: 48h elapsed\n    missed: escalate lead\n"
CONTACTS = b"""contact,party,role,mail,language
c1,shop,abuse,abuse@shop.example,fr
c2,reseller,abuse,noc@reseller.example,en
"""


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make all calls at the same moment, each in a thread with a connection of its own; return what each gave or raised."""
    gave: list[Any] = [None] * len(calls)
    together = Barrier(len(calls))

    def run(place: int, call: Callable[[], Any]) -> None:
        connection.ensure_connection()
        together.wait(60)
        try:
            gave[place] = call()
        except Exception as error:  # noqa: BLE001 # which one it was is what the scene is about
            gave[place] = type(error).__name__
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads), "they wait for each other"
    return gave


class Crowd:
    """The desk, and what each scene needs of it: a case of its own subject each time."""

    def __init__(self, data: Path) -> None:
        bundle = write_bundle(data.parent / "bundle", **{"ladder.yaml": LADDER, "clocks.yaml": CLOCKS})
        policies.post_bundle(folder=bundle, actor=ADMIN, now=NOON)
        files = {**PARTIES, "contacts.csv": CONTACTS}
        assert not parties.import_parties(files=files, actor=ADMIN, now=NOON - timedelta(days=9)).problems
        self.desk = Desk(data, next(path.name for path in (data / "policies").iterdir()))
        self.desk.work()
        self._turn = 0

    def source(self) -> tuple[int, str]:
        """A case of an outsider, with a finding that a standing order answers; it is recorded and joined, not yet answered."""
        self._turn += 1
        found = finding(self.desk.policy, f"203.0.113.{self._turn}")
        feed = f"crowd-{self._turn}"
        detections.record_findings(feed=feed, records=[Record(1, msgspec.json.encode(found))], after=0, actor=WORKER, now=NOON)
        case = cases.join_finding(finding_id=found.id, actor=WORKER, now=NOON)
        assert case is not None
        assert Finding.objects.filter(id=found.id).exists()
        Message.objects.all().delete()  # what follows is done by hand
        return case, found.id

    def decided(self) -> str:
        """A measure against an account of the shop, decided by a person, its consequences not yet drawn."""
        self._turn += 1
        now = NOON + timedelta(days=40 * self._turn)  # strikes and measures of the last time are over
        case, finding = found(self.desk, now)
        id = deciding.decide_by_person(case_id=case, finding_id=finding, why=Why("Too many."), actor=ANALYST, now=now)
        Message.objects.all().delete()
        return Decision.objects.get(id=id).id

    def close(self) -> None:
        """End the worker."""
        self.desk.close()


def person(number: int) -> Actor:
    return Actor(ActorKind.PERSON, f"p{number}", frozenset({StaffRole.ANALYST, StaffRole.LEAD}))


def verbs(case: int) -> Counter[str]:
    return Counter(Entry.objects.filter(case=case).values_list("verb", flat=True))
