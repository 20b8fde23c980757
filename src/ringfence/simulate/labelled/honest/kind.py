"""What a kind of honest party is: how many there are, what it has, how it behaves on a day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from ringfence.simulate.labelled.acts import Act, Registration
from ringfence.simulate.labelled.numbering import HOMES, any_number, block, fixed_number, mobile_number
from ringfence.simulate.labelled.parties import AGENTS, Addresses, Party
from ringfence.simulate.labelled.telephony import PEOPLE, Talk, Use, new_id, ordinary_day
from ringfence.vocabulary.times import DAY, SECOND, Micros

_TRIP_US = 40_000


@dataclass(frozen=True, slots=True)
class Day:
    """A day of UTC, `nth` from the beginning. After an `outage` all phones register again at once."""

    start: Micros
    nth: int
    outage: Micros | None = None


Habit = Callable[[Party, Day, Random], Iterator[Act]]


@dataclass(frozen=True, slots=True)
class HonestKind:
    """`share` of all parties; `rate` calls on a weekday (median; log-normal over parties with sigma `spread`); all ours.

    `lines` are the least and most numbers it holds, `book` those it calls again and again. `by_address` parties are known by their
    address, the others by a user with credentials, and register. `habits` are what it does beside ordinary calls; `complaints` the
    share of its calls and texts that somebody complains of.
    """

    name: str
    plan: str
    share: float
    rate: float
    use: Use
    talk: Talk = PEOPLE
    spread: float = 0.6
    lines: tuple[int, int] = (1, 1)
    book: int = 12
    by_address: bool = False
    mobile_line: bool = False
    habits: tuple[Habit, ...] = ()
    complaints: float = 0.00002

    def party(self, chance: Random, addresses: Addresses, *, parent: Party | None = None) -> Party:
        """Return a new party of this kind. Its names tell nothing."""
        country = chance.choices([name for name, _ in HOMES], [share for _, share in HOMES])[0]
        count = chance.randint(*self.lines)
        if count > 1:
            numbers = tuple(block(country, chance, count))
        else:
            numbers = ((mobile_number if self.mobile_line else fixed_number)(country, chance),)
        source = addresses.fixed()
        name = f"{chance.getrandbits(48):012x}"
        by_address = self.by_address and parent is None
        return Party(
            account=name,
            kind="customer" if parent is None else "end-user",
            plan=self.plan,
            habit=self.name,
            country=country,
            trunk=f"t{chance.getrandbits(40):010x}",
            address=source if by_address else None,
            user=None if by_address else f"u{chance.getrandbits(40):010x}",
            numbers=numbers,
            agent=chance.choice(AGENTS),
            source=source if parent is None else parent.source,
            parent=parent,
            book=tuple(any_number(country, chance, self.use.mobile) for _ in range(self.book)),
            rate=self.rate * chance.lognormvariate(0.0, self.spread),
        )

    def day(self, party: Party, day: Day, chance: Random) -> Iterator[Act]:
        """Yield what the party does on a day, in no order."""
        yield from ordinary_day(party, day.start, self.talk, self.use, chance)
        if party.user is not None:
            yield from registered(party, day, chance)
        for habit in self.habits:
            yield from habit(party, day, chance)


def registered(party: Party, day: Day, chance: Random, times: int = 2) -> Iterator[Registration]:
    """Yield the phone's refreshes, and those after an outage: each is challenged first, as RFC 3261 section 22 has it."""
    moments = [Micros(day.start + int(chance.random() * DAY)) for _ in range(times)]
    if day.outage is not None:
        moments.append(Micros(day.outage + int(chance.expovariate(1 / 40) * SECOND)))
    for at in moments:
        yield from register(party, at, party.source, chance)


def register(party: Party, at: Micros, source: str, chance: Random, agent: str | None = None) -> Iterator[Registration]:
    """Yield a registration of the party's own phone: challenged without credentials, accepted with them."""
    user, port = party.user or party.account, 5060 if source == party.source else chance.randint(20_000, 60_000)
    agent = agent or party.agent
    yield Registration(at, new_id(chance), None, source, user, 401, credentials=False, user_agent=agent, port=port)
    yield Registration(Micros(at + _TRIP_US), new_id(chance), party, source, user, 200, user_agent=agent, port=port)
