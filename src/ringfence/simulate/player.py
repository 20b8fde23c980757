"""Plays the demo network in real time, as its edge would: asks the redirect server, obeys it, mirrors what passes."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from ringfence.simulate import attacks, carrier, signalling, sip_text
from ringfence.simulate.asking import Answer, Question
from ringfence.simulate.attacks import Attack
from ringfence.simulate.flows import Flow, Packet
from ringfence.simulate.mirror import Mirror, reply_to
from ringfence.simulate.pcap_reader import CapturedPacket
from ringfence.simulate.provider import Provider
from ringfence.vocabulary.times import HOUR, SECOND

ORDER_HEADER: Final = "P-Ringfence-Order"
SILENT_HEADER: Final = "P-Ringfence-Silent"
_REPORT_EVERY_S: Final = 5.0


@dataclass(slots=True)
class Tally:
    """What has been played so far: flows begun, flows stopped by a refusal, and which attack was begun last."""

    calls: int = 0
    calls_refused: int = 0
    attack_requests: int = 0
    attack_requests_refused: int = 0
    attack: str = ""

    def line(self, mirror: Mirror, question: Question) -> str:
        """Return it as one line for a person."""
        text = (
            f"{self.calls} calls ({self.calls_refused} refused), {self.attack_requests} attack requests "
            f"({self.attack_requests_refused} refused), {mirror.sent} packets mirrored"
        )
        if self.attack:
            text += f"; last attack: {self.attack}"
        if mirror.unheard:
            text += f"; nobody listened {mirror.unheard} times"
        if question.unanswered:
            text += f"; {question.unanswered} of {question.asked} questions unanswered"
        return text


@dataclass(slots=True)
class Player:
    """`speed` 2 plays twice as fast. `salt` marks this run: no Call-ID of it was seen before."""

    mirror: Mirror
    question: Question
    salt: str
    speed: float = 1.0
    tally: Tally = field(default_factory=Tally)

    async def play(self, flow: Flow) -> bool:
        """Play one flow from now on; return whether it passed whole. At the first refused request the rest of it is dropped."""
        begin = time.monotonic()
        for packet in flow.packets:
            await asyncio.sleep(begin + packet.offset / SECOND / self.speed - time.monotonic())
            self.mirror.message(packet)
            if sip_text.opens_dialog_or_stands_alone(packet.payload):
                asked = time.monotonic()
                answer = await self.question.ask(packet)
                begin += time.monotonic() - asked  # whoever waits for an answer sends the next message that much later
                if not answer.allows:
                    self._refuse(packet, answer)
                    return False
        return True

    async def ordinary_calls(self, provider: Provider, seed: int) -> None:
        """Play the provider's hour again and again, each time with another seed."""
        async with asyncio.TaskGroup() as playing:
            for hour in itertools.count():
                begin = time.monotonic()
                for plan in carrier.calls(provider, seed=seed + hour):
                    await self._until(begin, plan.offset / SECOND)
                    playing.create_task(self._call(signalling.flow(plan, f"{self.salt}{hour}")))
                await self._until(begin, HOUR / SECOND)

    async def attack(self, attack: Attack, packets: Sequence[CapturedPacket]) -> None:
        """Play one recorded attack as often as it comes back."""
        begin = time.monotonic()
        async with asyncio.TaskGroup() as playing:
            for visit in itertools.count():
                first_visit = visit == 0
                await self._until(begin, attack.first_s if first_visit else attack.back_s + (visit - 1) * attack.again_s)
                self.tally.attack = attack.name
                for turn in range(attack.first_rounds if first_visit else 1):
                    for flow in attacks.flows(list(packets), attack.source, f"{self.salt}v{visit}t{turn}"):
                        playing.create_task(self._attack_flow(flow))
                    await asyncio.sleep(attack.round_s / self.speed)

    async def _call(self, flow: Flow) -> None:
        self.tally.calls += 1
        if not await self.play(flow):
            self.tally.calls_refused += 1

    async def _attack_flow(self, flow: Flow) -> None:
        await asyncio.sleep(flow.start / SECOND / self.speed)
        self.tally.attack_requests += 1
        if not await self.play(flow):
            self.tally.attack_requests_refused += 1

    async def _until(self, begin: float, offset_s: float) -> None:
        await asyncio.sleep(begin + offset_s / self.speed - time.monotonic())

    def _refuse(self, packet: Packet, answer: Answer) -> None:
        """Tell the sender, unless the order is silent, and report the refusal with the order's id."""
        if sip_text.header(answer.payload, SILENT_HEADER) is None:
            self._answer_sender(packet, answer)
        order = sip_text.header(answer.payload, ORDER_HEADER)
        if order is not None:
            self.mirror.refusal(
                packet,
                order=order,
                method=sip_text.method(packet.payload) or "",
                call_id=sip_text.header(packet.payload, "Call-ID") or "",
            )

    def _answer_sender(self, packet: Packet, answer: Answer) -> None:
        status_line = answer.payload.partition(b"\r\n")[0].decode("utf-8", "replace").removeprefix("SIP/2.0 ")
        reason = sip_text.header(answer.payload, "Reason")
        more = [f"Reason: {reason}"] if reason is not None else []
        refusal = sip_text.answer(packet.payload, status_line, more, to_tag=f"edge-{self.question.asked}")
        self.mirror.message(reply_to(packet, refusal))
        if sip_text.method(packet.payload) == "INVITE":
            self.mirror.message(replace(packet, payload=sip_text.acknowledgement(packet.payload, refusal)))


@dataclass(frozen=True, slots=True)
class Programme:
    """What to play: whose calls, from which seed, and the recorded attacks, read already."""

    provider: Provider
    seed: int
    recordings: Mapping[Attack, Sequence[CapturedPacket]]

    @classmethod
    def read(cls, provider: Provider, seed: int, captures: Path, chosen: Iterable[Attack] = attacks.ATTACKS) -> "Programme":
        """Read the recordings from the folder `captures`. Raises `CaptureRefused`."""
        return cls(provider, seed, {attack: attacks.recording(captures / attack.file) for attack in chosen})


async def perform(programme: Programme, player: Player, *, duration_s: float | None, say: Callable[[str], None]) -> None:
    """Play until `duration_s` has gone by (`None`: until cancelled), and `say` a line every few seconds."""
    running = [
        asyncio.create_task(player.ordinary_calls(programme.provider, programme.seed)),
        *(asyncio.create_task(player.attack(attack, packets)) for attack, packets in programme.recordings.items()),
        asyncio.create_task(_report(player, say)),
    ]
    try:
        done, _ = await asyncio.wait(running, timeout=duration_s, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        say(player.tally.line(player.mirror, player.question))


async def _report(player: Player, say: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(_REPORT_EVERY_S)
        say(player.tally.line(player.mirror, player.question))
