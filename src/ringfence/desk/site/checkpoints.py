"""Signing where the audit stands every hour, and mailing that to the auditors every day: what they keep, nobody here can change."""

from datetime import datetime, timedelta
from typing import Final

from ringfence.desk.access import selectors as access
from ringfence.desk.actor import Actor
from ringfence.desk.audit import chain, checkpoints
from ringfence.desk.audit.models import Checkpoint
from ringfence.desk.letters import services as letters
from ringfence.desk.letters.services import Attached, Draft
from ringfence.desk.policies import selectors as policies

EVERY: Final = timedelta(hours=1)
_TEXT: Final = """This is the audit's checkpoint of {day}: signed by this installation, it says that {entries} entries stood in its
audit, and where their chain was. Keep it where nobody who administers the installation can change it. Save the
attached file; later

    ringfence audit verify EXPORT --checkpoint {name}

says whether an export of the audit still holds all that it held on that day, unchanged.

{lines}"""


def sign(*, actor: Actor, now: datetime) -> Checkpoint | None:
    """Sign where the audit stands, once an hour at most, and only where it grew; the first of a day (UTC) goes to the auditors."""
    last = checkpoints.latest(actor=actor)
    if last is not None and now - last.made < EVERY:
        return None
    made = checkpoints.checkpoint(actor=actor, now=now)
    if made is not None and (last is None or last.made.date() != made.made.date()):
        for mail in access.mails_of_auditors(actor=actor):
            letters.write(draft=_letter(made, mail, actor), actor=actor, now=now)
    return made


def _letter(made: Checkpoint, mail: str, actor: Actor) -> Draft:
    version = policies.current(actor=actor)
    provider = policies.bundle(hash=version.hash).settings.provider if version is not None else ""
    lines = chain.as_text(bytes(made.statement), bytes(made.signature))
    name = f"checkpoint-{made.sequence}.txt"
    said = {"day": f"{made.made:%Y-%m-%d}", "entries": made.sequence, "name": name, "lines": lines.decode()}
    return Draft(
        key=f"checkpoint {made.sequence} {mail}"[:128],
        about=("audit", str(made.sequence)),
        mail=mail,
        subject=f"Checkpoint of the audit, {made.made:%Y-%m-%d}: {made.sequence} entries",
        text=_TEXT.format(**said),
        provider=provider,
        attached=Attached(name, "text/plain", lines),
    )
