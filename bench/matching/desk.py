"""A desk with a carrier's parties, peers and calls, which is told complaints and asked whether they are ours."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django.core.management import call_command

from bench.matching.world import PEERS, World
from ringfence.desk.actor import system
from ringfence.desk.complaints import answering, mails, services
from ringfence.desk.complaints.models import Answer
from ringfence.desk.parties import services as parties
from ringfence.desk.policies import services as policies
from ringfence.watch.lake.store import Lake

BUNDLE: Final = Path(__file__).resolve().parents[2] / "bundles" / "default"
_BEFORE: Final = datetime(2026, 1, 1, tzinfo=UTC)


class Desk:
    """In a process that `configure` made one of `data`'s."""

    def __init__(self, data: Path, made: World, key: bytes) -> None:
        self._actor = system("bench")
        call_command("migrate", interactive=False, verbosity=0)
        policies.post_bundle(folder=BUNDLE, actor=self._actor, now=_BEFORE)
        accounts = "account\n" + "".join(f"{name}\n" for name in sorted(set(made.held.values())))
        numbers = "number,account\n" + "".join(f"{one},{name}\n" for one, name in made.held.items())
        files = {"accounts.csv": accounts.encode(), "numbers.csv": numbers.encode()}
        assert parties.import_parties(files=files, actor=self._actor, now=_BEFORE).written
        for name, addresses in PEERS.items():
            answering.know_peer(name=name, addresses=addresses, mail="", actor=self._actor, now=_BEFORE)
        with Lake(data / "lake", data / "lake-keys", key).writing() as writer:
            writer.add(sorted(made.events(), key=lambda event: event.time))
            writer.commit()

    def asked(self, raw: bytes, now: datetime) -> tuple[str, str, str]:
        """Return the verdict on a mail, the peer or party that it names, and its reasons with the mail's words."""
        complaint = services.take_in(raw=raw, sender="a", actor=self._actor, now=now)
        answer = Answer.objects.get(id=answering.look_into(number=complaint, actor=self._actor, now=now))
        return answer.verdict, answer.upstream or answer.party, f"{answer.reasons} {mails.text(raw)}"
