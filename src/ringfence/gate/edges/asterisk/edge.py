"""Orders in AstDB, `ringfence/<kind>:<value>`, which the dialplan looks up (docs/edges/asterisk.md)."""

import re
from typing import Final

from ringfence.gate.edges.asterisk.ami import Ami, Block
from ringfence.gate.edges.asterisk.settings import AsteriskSettings
from ringfence.gate.edges.edge import LiveCall, Registration, looks_like_order
from ringfence.gate.edges.encryption import Encryption
from ringfence.gate.edges.held_value import held_value, order_in
from ringfence.gate.errors import EdgeRefused
from ringfence.gate.table import Reach, order_key
from ringfence.vocabulary.contracts import Order
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros

LIST_DEADLINES: Final = 10.0
_KINDS: Final = frozenset({SubjectKind.SOURCE, SubjectKind.ACCOUNT, SubjectKind.TRUNK, SubjectKind.NUMBER})
_ABSENT: Final = "not found"
_NONE_LISTED: Final = "No Contacts found"
_REJECTED: Final = "21"
"""Q.850: call rejected. With res_pjsip_rfc3326 it stands in the Reason header of the BYE."""
_KEY: Final = re.compile(r"[A-Za-z]+:[!-.0-~]{1,200}\Z")
"""What a key may be: printable, without spaces and without `/`, which parts families."""
_URI: Final = re.compile(r"<?(?:sips?|tel):(?:([^@;>]*)@)?([^;>]*)")
_ADDRESS: Final = re.compile(r"\[?([0-9A-Fa-f.:]+?)\]?:[0-9]+\Z")
_CAUSE: Final = re.compile(r"Q\.850;cause=([0-9]{1,3})")
_BEGAN: Final = re.compile(r"(?:.*-)?([0-9]+)\.[0-9]+\Z")


class AsteriskEdge:
    """One Asterisk whose dialplan asks `ringfence-check`, with chan_pjsip."""

    reach: Final = Reach(_KINDS)

    def __init__(self, settings: AsteriskSettings, password: str, tls: Encryption | None = None) -> None:
        self.name: Final = settings.name
        self._family = settings.family
        self._ami = Ami(
            settings.address, user=settings.user, password=password, where=settings.name, deadline_s=settings.deadline_s, tls=tls
        )

    async def place(self, order: Order, now: Micros) -> None:
        """Write the entry and read it back."""
        key = order_key(order)
        if order.until is not None and order.until <= now:
            raise self._refused("the order has ended")
        if not looks_like_order(order.id):
            raise self._refused(f"{order.id!r} is not written as an order id")
        if not _KEY.match(key):
            raise self._refused(f"{key!r} cannot be a key of its database")
        there = await self._value(key)
        if there is not None and order_in(there) is None:
            raise self._refused(f"{key} is an entry of somebody else's; left as it is")
        wanted = held_value(order)
        if there != wanted:
            answer = await self._ami.ask("DBPut", {"Family": self._family, "Key": key, "Val": wanted})
            if not answer.succeeded:
                raise self._refused(f"DBPut: {answer.message}")
        if await self._value(key) != wanted:
            raise EdgeRefused(f"{self.name}: {key} was written but does not read back", permanent=False, reached=True)

    async def remove(self, order_id: str, key: str) -> None:
        """Delete the entry if it is that order's, and read back that it is gone."""
        if order_in(await self._value(key)) != order_id:
            return
        await self._ami.ask("DBDel", {"Family": self._family, "Key": key})  # the look below says whether it worked
        if order_in(await self._value(key)) == order_id:
            raise EdgeRefused(f"{self.name}: {key} was deleted but is still there", permanent=False, reached=True)

    async def placed(self) -> dict[str, str]:
        """Return the family's entries that are written as orders."""
        found: dict[str, str] = {}
        for event in await self._listed("DBGetTree", {"Family": self._family}):
            key = event.get("Key", "").removeprefix(f"/{self._family}/")
            order = order_in(event.get("Val"))
            if order is not None:
                found[key] = order
        return found

    async def leave(self) -> None:
        """Take away what the dialplan noted of calls for help."""
        await self._ami.ask("DBDelTree", {"Family": f"{self._family}-help"})  # an error where nobody called for help

    async def calls(self) -> list[LiveCall]:
        """Return the calls that came in by PJSIP and have not ended. What Asterisk itself began is none."""
        calls = []
        for event in await self._listed("CoreShowChannels", {}):
            channel = event.get("Channel", "")
            if channel.startswith("PJSIP/") and event.get("Uniqueid") == event.get("Linkedid"):
                call = await self._call(channel, event)
                if call is not None:
                    calls.append(call)
        return calls

    async def end(self, call: LiveCall, reason: str) -> None:
        """Hang the caller's channel up, and with it the other side's. Of the reason Asterisk takes the Q.850 cause alone."""
        cause = _CAUSE.search(reason)
        await self._ami.ask("Hangup", {"Channel": call.handle, "Cause": cause[1] if cause else _REJECTED})

    async def registrations(self) -> list[Registration]:
        """Return the contacts that registered; those that pjsip.conf names are none."""
        found = []
        for event in await self._listed("PJSIPShowContacts", {}):
            name, expires = event.get("ObjectName", ""), event.get("RegExpire") or event.get("ExpirationTime", "0")
            aor, mark, _ = name.partition(";@")
            if mark and expires not in ("", "0"):
                found.append(Registration(handle=name, user=aor, source=_address(f"{event.get('ViaAddr', '')}:1")))
        return found

    async def drop(self, registration: Registration) -> None:
        """Delete the contact from the registrar's database, which is asked for every call."""
        await self._ami.ask("DBDel", {"Family": "registrar", "Key": f"contact/{registration.handle}"})

    async def close(self) -> None:
        """Close the connection."""
        await self._ami.close()

    async def _call(self, channel: str, event: Block) -> LiveCall | None:
        """Return the call of a channel; `None` where it ended while it was looked at, or was not taken but made."""
        call_id = await self._of(channel, "CHANNEL(pjsip,call-id)")
        target = await self._of(channel, "CHANNEL(pjsip,request_uri)")
        if not call_id:
            return None
        began = _BEGAN.match(event.get("Uniqueid", ""))
        return LiveCall(
            handle=channel,
            call_id=call_id,
            tag=await self._of(channel, "CHANNEL(pjsip,remote_tag)") or None,
            caller=_user(await self._of(channel, "CHANNEL(pjsip,remote_uri)")),
            called=_user(target) if target else event.get("Exten") or None,
            source=_address(await self._of(channel, "CHANNEL(pjsip,remote_addr)")),
            user=await self._of(channel, "CHANNEL(endpoint)") or None,
            began=None if began is None else Micros(int(began[1]) * SECOND),
            answered=event.get("ChannelStateDesc") == "Up",
        )

    async def _of(self, channel: str, variable: str) -> str:
        """Return what a channel says of itself; nothing where it is gone."""
        answer = await self._ami.ask("Getvar", {"Channel": channel, "Variable": variable})
        return answer.fields.get("Value", "") if answer.succeeded else ""

    async def _value(self, key: str) -> str | None:
        answer = await self._ami.ask("DBGet", {"Family": self._family, "Key": key})
        if answer.succeeded:
            return next((event.get("Val", "") for event in answer.events), "")
        if _ABSENT in answer.message:
            return None
        raise self._refused(f"DBGet: {answer.message}")

    async def _listed(self, action: str, fields: dict[str, str]) -> list[Block]:
        answer = await self._ami.ask(action, fields, within=LIST_DEADLINES)
        if not answer.succeeded and answer.message != _NONE_LISTED:
            raise self._refused(f"{action}: {answer.message}")
        return answer.events

    def _refused(self, cause: str) -> EdgeRefused:
        return EdgeRefused(f"{self.name}: {cause}", permanent=True, reached=True)


def _user(uri: str) -> str | None:
    """Return the user of a SIP URI, or a whole `urn:service:…`."""
    if uri.strip("<>").lower().startswith("urn:"):
        return uri.strip("<>")
    found = _URI.match(uri)
    return (found[1] or None) if found else None


def _address(text: str) -> str | None:
    """Return the address of `address:port`."""
    found = _ADDRESS.match(text)
    return found[1] if found else None
