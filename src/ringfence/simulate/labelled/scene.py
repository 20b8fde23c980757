"""What an abuser has at hand: when it begins, whom it can harm, accounts of its own, addresses."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from ringfence.simulate.labelled.acts import Act, Call
from ringfence.simulate.labelled.honest.kind import HonestKind
from ringfence.simulate.labelled.labels import Label
from ringfence.simulate.labelled.numbering import COSTLY, COSTLY_HELD_OUT, COUNTRIES
from ringfence.simulate.labelled.parties import Addresses, Party
from ringfence.simulate.labelled.telephony import PEOPLE, Talk, Use, placed
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, Micros

_COVER: Final = Use("office", 0.2, 0.6, 0.3)
_PLANS: Final = ("business", "business", "business", "residential")


@dataclass(slots=True)
class Scene:
    """One abuser's. `begin` is when its abuse may begin, `end` when the run ends; `nth` counts the abusers of its kind.

    `honest` are whom it can harm. With `held_out` it draws from other distributions than those that rules were tuned on.
    `parties` are the accounts that it opened, each with a little ordinary use as cover.
    """

    label: Label
    chance: Random
    addresses: Addresses
    honest: Sequence[Party]
    begin: Micros
    end: Micros
    nth: int
    seed: int
    held_out: bool
    never_originate: Sequence[str] = ()
    parties: list[tuple[Party, HonestKind]] = field(default_factory=list)

    def account(
        self, *, plan: str = "", lines: tuple[int, int] = (1, 4), cover: float = 3.0, by_address: bool | None = None
    ) -> Party:
        """Open an account, with some ordinary use."""
        chance = self.chance
        known = chance.random() < 0.6 if by_address is None else by_address
        kind = HonestKind("cover", plan or chance.choice(_PLANS), 0, cover, _COVER, lines=lines, by_address=known)
        party = kind.party(chance, self.addresses)
        self.parties.append((party, kind))
        self.concerns_party(party)
        return party

    def concerns_party(self, party: Party) -> None:
        """Whatever is said of the party's account, trunk or numbers is said of this abuse."""
        self.label.subjects |= {(SubjectKind.ACCOUNT, party.account), (SubjectKind.PARTY, party.account)}
        self.label.subjects.add((SubjectKind.TRUNK, party.trunk))
        self.label.subjects |= {(SubjectKind.NUMBER, number) for number in party.numbers}
        if party.parent is None:  # end users of a reseller share its address
            self.concerns(SubjectKind.SOURCE, party.source)

    def concerns(self, kind: SubjectKind, name: str) -> None:
        """Whatever is said of this subject is said of this abuse."""
        self.label.subjects.add((kind, name))

    def outsider(self) -> str:
        """Return an address that attacks."""
        address = self.addresses.access()
        self.concerns(SubjectKind.SOURCE, address)
        return address

    def victim(self, suits: Callable[[Party], bool] = lambda _party: True) -> Party:
        """Return an honest party that can be harmed."""
        while True:
            party = self.chance.choice(self.honest)
            if suits(party):
                return party

    def costly_prefix(self) -> str:
        """Return where expensive numbers are."""
        return self.chance.choice(COSTLY_HELD_OUT if self.held_out else COSTLY)

    def pick(self, usual: tuple[float, float], held_out: tuple[float, float]) -> float:
        """Return a number drawn evenly from the first span, or from the second in the held-out part."""
        return self.chance.uniform(*(held_out if self.held_out else usual))

    def count(self, usual: tuple[int, int], held_out: tuple[int, int]) -> int:
        """Return a whole number, drawn likewise."""
        return self.chance.randint(*(held_out if self.held_out else usual))

    def call(self, party: Party | None, at: float, caller: str, callee: str, talk: Talk = PEOPLE, **more: Any) -> Call:  # noqa: ANN401 # a call's fields
        """Return an attempt that belongs to this abuse. `more` are fields of `Call` that shall be so."""
        return placed(party, Micros(int(at)), caller, callee, talk, self.chance, actor=self.label.actor, **more)

    def at_hour(self, party: Party, day: int, hour: float) -> int:
        """Return the moment of the party's local `hour` on the `day`-th day from the beginning's."""
        midnight = self.begin // (24 * HOUR) * (24 * HOUR) + day * 24 * HOUR
        return midnight + int((hour - COUNTRIES[party.country].offset_h) % 24 * HOUR)


@dataclass(frozen=True, slots=True)
class AbusiveKind:
    """`acts` plays one abuser of the kind, in no order. It needs `whole_days` to show. `wire`: only packets show it."""

    name: str
    clause: str
    acts: Callable[[Scene], Iterator[Act]]
    also: tuple[str, ...] = ()
    wire: bool = False
    whole_days: int = 1
    together: int = 1
    """So many act together, each a party of its own."""
    held_out_only: bool = False
    """It is played in the held-out part alone."""
    written_last: bool = False
    """It was written when every threshold stood: nobody chose one with it in sight, or has since."""
    complaints: float = 0.0
    """The share of its calls and texts that somebody complains of."""
