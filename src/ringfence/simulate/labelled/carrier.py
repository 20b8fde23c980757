"""The whole carrier: its parties, its abusers, and what all of them do, day after day. The same seed gives the same carrier."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, cycle
from random import Random
from typing import Final

from msgspec.structs import replace

from ringfence.simulate.labelled.abusive import ABUSIVE_KINDS
from ringfence.simulate.labelled.acts import Act, Call, Text
from ringfence.simulate.labelled.complaints import complaints
from ringfence.simulate.labelled.events import EventStream
from ringfence.simulate.labelled.honest import HONEST_KINDS, Day, HonestKind
from ringfence.simulate.labelled.labels import Label
from ringfence.simulate.labelled.parties import GATEWAY, Addresses, Party
from ringfence.simulate.labelled.scene import AbusiveKind, Scene
from ringfence.vocabulary.contracts import AccountLink, Event, NumberLink, PartyLink, Reference, TrunkLink
from ringfence.vocabulary.times import DAY, HOUR, SECOND, Micros, from_iso

BEGIN: Final = from_iso("2026-03-02T00:00:00Z")
"""A Monday."""
_BEHIND_ONE_ADDRESS: Final = 6
_USERS_OF_A_RESELLER: Final = ("small office", "shop", "household", "tradesperson")
_OUTAGE: Final = 0.1
_MORE_THAN_A_HOME: Final = 60
_FOR_HOMES: Final = ("residential", "alarm")
_CONTRADICTS: Final = "false-user-information"


@dataclass(frozen=True, slots=True)
class Size:
    """`parties` are honest; `abusers`, where not said, one in a hundred of all, against `clauses` (none: all); for `days`."""

    parties: int = 5000
    days: int = 28
    abusers: int | None = None
    clauses: tuple[str, ...] = ()

    @property
    def abuser_count(self) -> int:
        """How many abusers there are."""
        return self.parties // 99 if self.abusers is None else self.abusers


class Carrier:
    """`world` numbers the carriers of one seed: each has other parties, and goes on with the kinds of abuse where the last ended.

    With `wire` the abusers are those whom only packets show. `never_originate` are numbers that somebody's list says never call.
    `labels` are complete once the carrier is made.
    """

    def __init__(  # noqa: PLR0913 # each may be chosen by itself
        self,
        seed: int,
        size: Size,
        *,
        world: int = 0,
        held_out: bool = False,
        wire: bool = False,
        begin: Micros = BEGIN,
        never_originate: Sequence[str] = (),
    ) -> None:
        self.begin: Final = begin
        self.end: Final = Micros(begin + size.days * DAY)
        self.labels: Final[list[Label]] = []
        self._salt = f"{seed}:{world}:{'held-out' if held_out else 'usual'}"
        self._chance = Random(self._salt)
        self._addresses = Addresses(self._chance)
        self._never_originate = tuple(never_originate)
        self._later: dict[int, list[Act]] = defaultdict(list)
        self._seed, self._held_out = seed, held_out
        self._gateway = _network_abroad(self._chance)
        self._settled: list[tuple[Party, HonestKind]] = list(self._settle(size.parties))
        self.honest: Final = [party for party, _ in self._settled]
        kinds = [kind for kind in ABUSIVE_KINDS if kind.wire == wire and (held_out or not kind.held_out_only)]
        kinds = [kind for kind in kinds if not size.clauses or kind.clause in size.clauses]
        self._corrupt(kinds, size.abuser_count, world)
        self._chance.shuffle(self._settled)

    @property
    def parties(self) -> list[Party]:
        """All parties, in an order that tells nothing."""
        return [*(party for party, _ in self._settled), self._gateway]

    @property
    def reference(self) -> Reference:
        """What the provider knows of its parties."""
        parties = self.parties
        return Reference(
            time=self.begin,
            parties=tuple(PartyLink(party=p.account, parent=p.parent.account if p.parent else None, kind=p.kind) for p in parties),
            accounts=tuple(AccountLink(account=p.account, party=p.account, plan=p.plan) for p in parties),
            trunks=tuple(TrunkLink(trunk=p.trunk, account=p.account, address=p.address, user=p.user) for p in parties),
            numbers=tuple(NumberLink(number=number, account=p.account) for p in parties for number in p.numbers),
        )

    def acts(self) -> Iterator[Act]:
        """Yield everything that happens, in the order of its times. It can be asked for once."""
        for nth in range((self.end - self.begin) // DAY):
            start = Micros(self.begin + nth * DAY)
            dice = Random(f"{self._salt}:{nth}")
            day = Day(start, nth, Micros(start + int(dice.random() * DAY)) if dice.random() < _OUTAGE else None)
            for party, kind in self._settled:
                acts = list(kind.day(party, day, Random(f"{self._salt}:{party.account}:{nth}")))
                own = (act for act in acts if isinstance(act, Call | Text) and act.party is party)
                told = complaints(own, kind.complaints, Random(f"{self._salt}:{party.account}:{nth}:complaints"))
                for act in (*acts, *told):
                    self._put(act, nth)
            yield from sorted(self._later.pop(nth, ()), key=_time)

    def events(self) -> Iterator[Event]:
        """Yield the events that the edge gives of it all, in the order of their times. It can be asked for once."""
        return EventStream({number for party in self.parties for number in party.numbers}).of(self.acts())

    def _put(self, act: Act, today: int) -> None:
        if act.source == GATEWAY and isinstance(act, Call) and act.party is None:
            act = replace(act, party=self._gateway)
        nth = max((act.time - self.begin) // DAY, today)
        if act.time < self.end:
            self._later[nth].append(act)

    def _settle(self, count: int) -> Iterator[tuple[Party, HonestKind]]:
        sums, kinds = list(accumulate(kind.share for kind in HONEST_KINDS)), {kind.name: kind for kind in HONEST_KINDS}
        users = [kinds[name] for name in _USERS_OF_A_RESELLER]
        shared, behind, made = "", cycle(range(_BEHIND_ONE_ADDRESS)), 0
        while made < count:
            kind = self._chance.choices(HONEST_KINDS, cum_weights=sums)[0]
            party = kind.party(self._chance, self._addresses)
            if kind.name.startswith("remote worker"):
                shared = party.source if next(behind) == 0 else shared
                party.source = shared
            yield party, kind
            made += 1
            if kind.plan == "wholesale":
                for _ in range(self._chance.randint(3, 12)):
                    user = self._chance.choice(users)
                    yield user.party(self._chance, self._addresses, parent=party), user
                    made += 1

    def _corrupt(self, kinds: Sequence[AbusiveKind], count: int, world: int) -> None:
        """Let abusers in: clause after clause, of each its kinds in turn."""
        by_clause: dict[str, list[AbusiveKind]] = defaultdict(list)
        for kind in kinds:
            by_clause[kind.clause].append(kind)
        clauses, turns, seen = list(by_clause), Counter[str](), Counter[str]()
        first = world * count
        for turn in range(first):  # go on where the worlds before ended
            turns[clauses[turn % len(clauses)]] += 1
        turn = first
        while len(self.labels) < count:
            clause = clauses[turn % len(clauses)]
            kind = by_clause[clause][turns[clause] % len(by_clause[clause])]
            turns[clause] += 1
            turn += 1
            begin = self._beginning(kind)
            for _ in range(kind.together):
                self._play(kind, begin, seen[kind.name])
                seen[kind.name] += 1

    def _beginning(self, kind: AbusiveKind) -> Micros:
        """Return when an abuser of the kind begins: in the waking hours of a day that leaves it enough of them."""
        days = max(1, (self.end - self.begin) // DAY - kind.whole_days)
        day = self._chance.randrange(days)
        return Micros(self.begin + day * DAY + int(self._chance.uniform(7.0, 19.5 if kind.whole_days == 1 else 10.0) * HOUR))

    def _play(self, kind: AbusiveKind, begin: Micros, nth: int) -> None:
        label = Label(len(self.labels), kind.name, kind.clause, kind.also, self._held_out, kind.wire)
        chance = Random(f"{self._salt}:{kind.name}:{nth}:{self._chance.random()}")
        scene = Scene(
            label, chance, self._addresses, self.honest, begin, self.end, nth, self._seed, self._held_out, self._never_originate
        )
        acts = [act for act in kind.acts(scene) if act.time < self.end]
        own = sorted((act for act in acts if act.actor is not None), key=_time)
        label.begin, label.end = own[0].time, Micros(max(act.time for act in own) + SECOND)
        label.times = [int(act.time) for act in own]
        label.talk_us = [act.talk_us if isinstance(act, Call) and act.status == 200 else 0 for act in own]
        if len(own) > _MORE_THAN_A_HOME and any(party.plan in _FOR_HOMES for party, _ in scene.parties):
            label.also = tuple(sorted({*label.also, _CONTRADICTS} - {label.clause}))  # whatever else it is, it is no home
        if any(act.source == GATEWAY for act in own):
            scene.concerns_party(self._gateway)
        told = complaints(own, kind.complaints, Random(f"{self._salt}:{kind.name}:{nth}:complaints"))
        for act in (*acts, *told):
            self._put(act, 0)
        self.labels.append(label)
        self._settled += scene.parties


def _network_abroad(chance: Random) -> Party:
    """Return the party that calls from abroad come from."""
    account, trunk = f"{chance.getrandbits(48):012x}", f"t{chance.getrandbits(40):010x}"
    return Party(account, "customer", "international", "network abroad", "GB", trunk, GATEWAY, None, (), "Quay SBC 4.2", GATEWAY)


def _time(act: Act) -> tuple[int, str]:
    return act.time, act.call.id if not hasattr(act, "id") else act.id
