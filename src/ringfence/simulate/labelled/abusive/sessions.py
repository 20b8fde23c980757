"""Strangers on other people's sessions, stolen registrations, and datagrams made to break whoever reads them."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from ringfence.simulate.labelled.acts import Act, Forgery, Noise, Registration
from ringfence.simulate.labelled.numbering import any_number
from ringfence.simulate.labelled.parties import AGENTS
from ringfence.simulate.labelled.scene import AbusiveKind, Scene
from ringfence.simulate.labelled.telephony import Talk, new_id
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import MINUTE, SECOND, Micros

_LONG: Final = Talk(300, 0.5, 1.0, 0.0, 0.0, 0)


def _forged(scene: Scene, method: str) -> Iterator[Act]:
    """Yield calls of others, and what a stranger sends into each. The calls are honest."""
    chance, source, at = scene.chance, scene.outsider(), float(scene.begin)
    for _ in range(scene.count((3, 10), (1, 4))):
        party = scene.victim()
        at += chance.uniform(5, 60) * SECOND
        call = replace(
            scene.call(party, at, party.numbers[0], any_number(party.country, chance), _LONG),
            status=200,
            actor=None,
            challenged=False,
        )
        call = replace(call, ring_us=max(call.ring_us, 5 * SECOND), talk_us=max(call.talk_us, 60 * SECOND))
        yield call
        begun = call.time + call.setup_us + (2 * SECOND if method == "CANCEL" else call.ring_us + chance.uniform(3, 40) * SECOND)
        yield Forgery(Micros(int(begun)), call, source, method, chance.random() < 0.7, scene.label.actor)


def _byes(scene: Scene) -> Iterator[Act]:
    return _forged(scene, "BYE")


def _cancels(scene: Scene) -> Iterator[Act]:
    return _forged(scene, "CANCEL")


def _transfers(scene: Scene) -> Iterator[Act]:
    return _forged(scene, "REFER")


def _redirects(scene: Scene) -> Iterator[Act]:
    """A re-INVITE by which a stranger lets the media come to itself."""
    return _forged(scene, "INVITE")


def _steals(scene: Scene) -> Iterator[Act]:
    """Registers another's address again and again, each time soon after its owner."""
    chance, source, at = scene.chance, scene.outsider(), float(scene.begin)
    victim, agent = scene.victim(lambda party: party.user is not None), chance.choice(AGENTS)
    scene.concerns_party(victim)
    scene.concerns(SubjectKind.REGISTRATION, f"{victim.user}@voice.example,{source}")
    user = victim.user or victim.account
    for _ in range(scene.count((6, 30), (4, 10))):
        at += chance.uniform(2, 12) * MINUTE
        yield Registration(Micros(int(at)), new_id(chance), victim, victim.source, user, 200, user_agent=victim.agent)
        late = Micros(int(at + chance.uniform(1, 40) * SECOND))
        yield Registration(late, new_id(chance), victim, source, user, 200, user_agent=agent, port=5066, actor=scene.label.actor)


_ASKED: Final = "100"
"""Whom the broken messages are for: nobody's user."""

_TORN: Final = (
    b"INVITE sip:100@%(edge)s SIP/2.0\r\nVia: SIP/2.0/UDP %(from)s;branch=\r\nFrom: <sip:%(long)s\r\n"
    b"Call-ID: %(id)s\r\nCSeq: 99999999999 INVITE\r\n\r\n",
    b'REGISTER sip:%(edge)s SIP/7.0\r\nVia: SIP/2.0/UDP %(from)s\r\nTo: "%(long)s\r\nFrom: <sip:%%00%%00@x>;tag=\r\n'
    b"Call-ID: %(id)s\r\nCSeq: -1 REGISTER\r\n\r\n",
    b"OPTIONS sip:%(edge)s SIP/2.0\r\nContent-Length: 4294967295\r\nCall-ID: %(id)s\r\nCSeq: 1 INVITE\r\nVia: %(long)s\r\n\r\n",
    b"\x00\x01%(long)s\r\n\r\nSIP/2.0",
)


def _fuzz(scene: Scene) -> Iterator[Act]:
    """Message after message, each broken in its own way."""
    chance, source, at = scene.chance, scene.outsider(), float(scene.begin)
    scene.concerns(SubjectKind.NUMBER, _ASKED)
    for _ in range(scene.count((60, 200), (30, 90))):
        at += chance.expovariate(1 / scene.pick((0.1, 2), (0.5, 6))) * SECOND
        name = new_id(chance)
        text = chance.choice(_TORN) % {
            b"edge": b"192.0.2.10",
            b"from": source.encode(),
            b"id": name.encode(),
            b"long": b"A" * chance.choice((20, 300, 3000)),
        }
        yield Noise(Micros(int(at)), name, None, source, text, scene.label.actor)


def _fuzzing_customer(scene: Scene) -> Iterator[Act]:
    """The same from a customer's trunk."""
    party, chance, at = scene.account(by_address=True), scene.chance, float(scene.begin)
    scene.concerns(SubjectKind.NUMBER, _ASKED)
    for _ in range(scene.count((60, 200), (30, 90))):
        at += chance.expovariate(1 / scene.pick((0.1, 2), (0.5, 6))) * SECOND
        name = new_id(chance)
        text = chance.choice(_TORN) % {
            b"edge": b"192.0.2.10",
            b"from": party.source.encode(),
            b"id": name.encode(),
            b"long": b"B" * 400,
        }
        yield Noise(Micros(int(at)), name, party, party.source, text, scene.label.actor)


KINDS: Final = (
    AbusiveKind("forged BYE", "session-interference", _byes, ("interception",), wire=True),
    AbusiveKind("forged CANCEL", "session-interference", _cancels, ("interception",), wire=True),
    AbusiveKind("forged REFER", "session-interference", _transfers, ("interception",), wire=True),
    AbusiveKind("media redirected", "interception", _redirects, ("session-interference",), wire=True),
    AbusiveKind("stolen registration", "interception", _steals, ("security-breach", "credentials")),
    AbusiveKind("broken messages from outside", "malware", _fuzz, ("denial-of-service", "unauthorised-access"), wire=True),
    AbusiveKind("broken messages of a customer", "malware", _fuzzing_customer, ("denial-of-service",), wire=True),
)
