"""Messages, mails and seals, each by several processes at once."""

from collections import Counter
from datetime import timedelta
from email.message import EmailMessage
from threading import Lock

from django.db import transaction
from tests.unit.desk.crowds.crowd import Crowd, at_once
from tests.unit.desk.scene import NOON, WORKER

from ringfence.desk.audit import services as audit
from ringfence.desk.audit.services import Act
from ringfence.desk.letters import services as letters
from ringfence.desk.letters.models import Letter, LetterState
from ringfence.desk.letters.services import Draft
from ringfence.desk.notices import services as notices
from ringfence.desk.notices.models import Notice
from ringfence.desk.outbox import services as outbox
from ringfence.desk.outbox.models import Message


def carrying(crowd: Crowd) -> dict[str, object]:
    """Two workers have the same messages before them: each message has its effect once."""
    Message.objects.all().delete()
    outbox.enqueue(topic="crowd", payloads=[{"number": one} for one in range(20)], now=NOON)
    batch = outbox.due(topics=("crowd",), now=NOON)

    def carry() -> int:
        with transaction.atomic():
            outbox.take(ids=[message.id for message in batch])
            outbox.enqueue(topic="carried", payloads=[message.payload for message in batch], now=NOON)
        return len(batch)

    gave = at_once(*[carry] * 4)
    carried = Message.objects.filter(topic="carried").count()
    Message.objects.all().delete()
    return {"gave": sorted(map(str, gave)), "carried": carried}


def mailing(crowd: Crowd) -> dict[str, object]:
    """Three mail processes send letters and notices: the relay has each once."""

    class Relay:
        """Keeps what it took."""

        sender, state = "desk@voice.example", LetterState.SENT

        def __init__(self) -> None:
            self.took: Counter[str] = Counter()
            self._lock = Lock()

        def take(self, mail: EmailMessage) -> None:
            with self._lock:
                self.took[str(mail["Message-ID"])] += 1

    Letter.objects.all().delete()
    decision = crowd.decided()
    now = NOON + timedelta(days=20_000)
    Notice.objects.exclude(decision_id=decision).update(state="kept")
    notices.announce(decision_id=decision, actor=WORKER, now=now)
    for one in range(10):
        draft = Draft(key=f"{decision} {one}", about=("case", "1"), mail="a@b.example", subject="Hello", text="Hello.")
        letters.write(draft=draft, actor=WORKER, now=now)
    relay = Relay()
    send = [lambda: letters.send_due(relay=relay, actor=WORKER, now=now)] * 3
    at_once(*send, *[lambda: notices.send_due(relay=relay, actor=WORKER, now=now)] * 3)
    waiting = Letter.objects.exclude(state="sent").count() + Notice.objects.filter(decision_id=decision, state="queued").count()
    return {"taken": len(relay.took), "times": sorted(set(relay.took.values())), "waiting": waiting}


def sealing(crowd: Crowd) -> dict[str, object]:
    """People act while two workers seal: the chain is whole."""

    def act() -> None:
        for number in range(10):
            with transaction.atomic():
                audit.record(acts=[Act(verb="crowded", about=("crowd", str(number)))], actor=WORKER, now=NOON)

    def seal() -> None:
        for _ in range(5):
            audit.seal(actor=WORKER, limit=7)

    at_once(act, seal, act, seal, act)
    while audit.seal(actor=WORKER, all_ids=True):
        pass
    verified = audit.verify(actor=WORKER)
    return {"broken": verified.broken, "unsealed": verified.unsealed}
