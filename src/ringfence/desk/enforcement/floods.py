"""A flood towards emergency services passes every order: a person is called instead."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from ringfence.desk.actor import Actor, ActorKind, require
from ringfence.desk.data_folder import data_folder
from ringfence.desk.decisions import services as deciding
from ringfence.vocabulary.times import Micros, utc

FLOOD_FILE: Final = "gate-emergency.json"
"""Where the gate says that more calls for help passed than there should be."""
_RECENT: Final = timedelta(hours=1)


class _Flood(msgspec.Struct, frozen=True):
    since: int
    calls: int
    accounts: tuple[str, ...] = ()


def alarm_floods_for_help(*, actor: Actor, now: datetime) -> bool:
    """Raise an alarm for the flood that the gate told of, once; tell whether there is one. No gate here, no word."""
    require(actor.kind is ActorKind.SYSTEM, actor, "raise alarms")
    try:
        flood = msgspec.json.decode((data_folder() / FLOOD_FILE).read_bytes(), type=_Flood)
    except (OSError, RuntimeError, msgspec.MsgspecError):
        return False
    since = utc(Micros(flood.since))
    if now - since > _RECENT:
        return False
    text = (
        f"For lead: {flood.calls} calls to emergency services within a minute, {since:%Y-%m-%d %H:%M:%S} UTC, most by"
        f" {', '.join(flood.accounts)}. All passed, as every call for help does: only a person can tell need from abuse."
    )
    deciding.raise_alarm(kind="emergency", text=text, actor=actor, now=now)
    return True
