"""Orders in a realm of FreeSWITCH's mod_hash, which its dialplan looks up (docs/edges/freeswitch.md)."""

import re
from typing import Final

import msgspec
from msgspec import Struct

from ringfence.gate.edges.edge import LiveCall, Registration, looks_like_order
from ringfence.gate.edges.encryption import Encryption
from ringfence.gate.edges.freeswitch.esl import EventSocket
from ringfence.gate.edges.freeswitch.settings import FreeswitchSettings
from ringfence.gate.edges.held_value import held_value, order_in
from ringfence.gate.errors import EdgeRefused
from ringfence.gate.table import Reach, order_key
from ringfence.vocabulary.contracts import Order
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import SECOND, Micros

LIST_DEADLINES: Final = 10.0
_KINDS: Final = frozenset({SubjectKind.SOURCE, SubjectKind.ACCOUNT, SubjectKind.NUMBER})
_KEY: Final = re.compile(r"[a-z]+:[A-Za-z0-9+.:@_-]{1,200}\Z")
"""What a key may be: nothing that parts the words of a command, or that the dialplan would read as a variable."""
_NONE: Final = "-ERR no reply"
_ID: Final = re.compile(r"[0-9a-f-]{36}\Z")
_CALL_ID: Final = re.compile(r"[!-~]{1,200}\Z")
_RINGING: Final = frozenset({"RINGING", "EARLY", "DOWN", "RING_WAIT"})


class _Channel(Struct, frozen=True):
    uuid: str
    direction: str = ""
    created_epoch: str = ""
    cid_num: str = ""
    ip_addr: str = ""
    dest: str = ""
    initial_cid_num: str = ""
    initial_ip_addr: str = ""
    initial_dest: str = ""
    callstate: str = ""


class _Channels(Struct, frozen=True):
    rows: tuple[_Channel, ...] = ()


class FreeswitchEdge:
    """One FreeSWITCH whose dialplan has Ringfence's extensions first."""

    reach: Final = Reach(_KINDS)

    def __init__(self, settings: FreeswitchSettings, password: str, tls: Encryption | None = None) -> None:
        self.name: Final = settings.name
        self._realm = settings.realm
        self._profiles = settings.profiles
        self._socket = EventSocket(
            settings.address, password=password, where=settings.name, deadline_s=settings.deadline_s, tls=tls
        )

    async def place(self, order: Order, now: Micros) -> None:
        """Write the entry and read it back."""
        key = order_key(order)
        if order.until is not None and order.until <= now:
            raise self._refused("the order has ended")
        if not looks_like_order(order.id):
            raise self._refused(f"{order.id!r} is not written as an order id")
        if not _KEY.match(key):
            raise self._refused(f"{key!r} cannot be a key of mod_hash")
        there = await self._value(key)
        if there is not None and order_in(there) is None:
            raise self._refused(f"{key} is an entry of somebody else's; left as it is")
        wanted = held_value(order)
        if there != wanted:
            answer = await self._socket.api(f"hash insert/{self._realm}/{key}/{wanted}")
            if not answer.startswith("+OK"):
                raise self._refused(f"hash insert: {answer.strip()[:200]}. Hint: is mod_hash loaded?")
        if await self._value(key) != wanted:
            raise EdgeRefused(f"{self.name}: {key} was written but does not read back", permanent=False, reached=True)

    async def remove(self, order_id: str, key: str) -> None:
        """Delete the entry if it is that order's, and read back that it is gone."""
        if not _KEY.match(key) or order_in(await self._value(key)) != order_id:
            return
        await self._socket.api(f"hash delete/{self._realm}/{key}")  # the look below says whether it worked
        if order_in(await self._value(key)) == order_id:
            raise EdgeRefused(f"{self.name}: {key} was deleted but is still there", permanent=False, reached=True)

    async def placed(self) -> dict[str, str]:
        """Return the realm's entries that are written as orders."""
        told = await self._socket.api(f"hash_dump db {self._realm}", within=LIST_DEADLINES)
        if told.startswith("-ERR") and not told.startswith(_NONE):
            raise self._refused(f"hash_dump: {told.strip()[:200]}. Hint: is mod_hash loaded?")
        found: dict[str, str] = {}
        for line in told.split("\n"):
            key, slash, value = line.removeprefix(f"D/{self._realm}_").partition("/")
            order = order_in(value)
            if slash and order is not None and line.startswith(f"D/{self._realm}_"):
                found[key] = order
        return found

    async def calls(self) -> list[LiveCall]:
        """Return the calls that came in and have not ended. What FreeSWITCH itself began is none."""
        told = await self._socket.api("show channels as json", within=LIST_DEADLINES)
        try:
            channels = msgspec.json.decode(told, type=_Channels).rows
        except msgspec.MsgspecError as error:
            raise self._refused(f"show channels: not understood: {error}") from error
        calls = []
        for channel in channels:
            if channel.direction == "inbound" and _ID.match(channel.uuid):
                call_id = await self._of(channel.uuid, "sip_call_id")
                if call_id is not None:
                    calls.append(await self._call(channel, call_id))
        return calls

    async def end(self, call: LiveCall, reason: str) -> None:
        """End the caller's channel, and with it the other side's; both are told that the call was rejected (Q.850 cause 21)."""
        if _ID.match(call.handle) and reason:
            await self._socket.api(f"uuid_kill {call.handle} CALL_REJECTED")

    async def registrations(self) -> list[Registration]:
        """Return what is registered with the profiles."""
        found = []
        for profile in self._profiles:
            told = await self._socket.api(f"sofia status profile {profile} reg", within=LIST_DEADLINES)
            if "Registrations:" not in told:
                raise self._refused(f"sofia status profile {profile}: {told.strip()[:200]}")
            for block in told.split("Call-ID:")[1:]:
                registration = _registration(profile, block)
                if registration is not None:
                    found.append(registration)
        return found

    async def drop(self, registration: Registration) -> None:
        """Forget a registration."""
        profile, call_id = registration.handle.split(" ", 1)
        await self._socket.api(f"sofia profile {profile} flush_inbound_reg {call_id}")

    async def close(self) -> None:
        """Close the connection."""
        await self._socket.close()

    async def _call(self, channel: _Channel, call_id: str) -> LiveCall:
        began = channel.created_epoch
        return LiveCall(
            handle=channel.uuid,
            call_id=call_id,
            tag=await self._of(channel.uuid, "sip_from_tag"),
            caller=await self._of(channel.uuid, "sip_from_user") or channel.initial_cid_num or channel.cid_num or None,
            called=await self._of(channel.uuid, "sip_req_user") or channel.initial_dest or channel.dest or None,
            source=channel.initial_ip_addr or channel.ip_addr or None,
            user=await self._of(channel.uuid, "user_name"),
            began=Micros(int(began) * SECOND) if began.isdecimal() else None,
            answered=channel.callstate not in _RINGING,
        )

    async def _of(self, channel: str, variable: str) -> str | None:
        """Return a channel's variable; `None` where it has none, or is gone."""
        told = (await self._socket.api(f"uuid_getvar {channel} {variable}")).strip()
        return None if not told or told == "_undef_" or told.startswith("-ERR") else told

    async def _value(self, key: str) -> str | None:
        told = (await self._socket.api(f"hash select/{self._realm}/{key}")).rstrip("\n")
        if told == "" or told.startswith(_NONE):
            return None
        if told.startswith("-ERR"):
            raise self._refused(f"hash select: {told[:200]}. Hint: is mod_hash loaded?")
        return told

    def _refused(self, cause: str) -> EdgeRefused:
        return EdgeRefused(f"{self.name}: {cause}", permanent=True, reached=True)


def _registration(profile: str, block: str) -> Registration | None:
    """Read one registration of a profile's list, from behind its `Call-ID:` on. One whose id no command could carry is left out."""
    call_id, *lines = (line.strip() for line in block.split("\n"))
    fields = {name: value.strip() for name, colon, value in (line.partition(":") for line in lines) if colon}
    user, _, domain = fields.get("User", "").partition("@")
    if not _CALL_ID.match(call_id) or not user:
        return None
    return Registration(handle=f"{profile} {call_id}", user=user, domain=domain or None, source=fields.get("IP") or None)
