"""What happens in the second network: calls, requests, forged requests; and who does it."""

from dataclasses import dataclass, field
from random import Random
from typing import Final

import phonenumbers

EDGE: Final = "198.51.100.5"
PEERS: Final = ("172.16.0.11", "172.16.0.12")
"""Other networks' border controllers."""
DOMAIN: Final = "sip.second.test"
MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86_400.0
BEGIN: Final = 1_778_400_000.0
"""A Sunday, 10 May 2026, 08:00 UTC: the week begins in its middle."""

HOMES: Final = ("DE", "IT", "AU", "CA", "PL", "BE")
AGENTS: Final = (
    "Desk/1.0",
    "desk 9",
    "PBXone-18.2",
    "trunk.b2b 4",
    "soft:7",
    "gw-0.3",
    "Handy 22",
    "ATA v2",
    "vox",
    "Xbox Phone 3.3",
)
"""What equipment calls itself there: made-up names."""


@dataclass(slots=True)
class Act:
    """One call or request. `actor` names the abuser, `None` for what is honest; nothing that is judged carries it."""

    time: float
    what: str
    source: str
    caller: str = ""
    callee: str = ""
    account: str | None = None
    user: str | None = None
    status: int = 200
    ring: float = 0.0
    talk: float = 0.0
    setup: float = 0.6
    released: str = "caller"
    agent: str | None = None
    method: str = "INVITE"
    credentials: bool = False
    domain: str = DOMAIN
    destination: str = EDGE
    asserted: str | None = None
    diverted: str | None = None
    body: str = ""
    stranger: str | None = None
    """Who sends a request of this method into the call, while it is under way."""
    actor: int | None = None
    port: int = 5060


@dataclass(slots=True)
class Customer:
    """An account of the network. `user` is set where it registers; else it is known by its address."""

    name: str
    plan: str
    country: str
    source: str
    numbers: list[str]
    user: str | None
    agent: str
    kind: str = ""


@dataclass(slots=True)
class Abuser:
    """What is true of an abuser: the clauses that may be cited, what names it has in findings, when its acts were."""

    actor: int
    kind: str
    clause: str
    also: tuple[str, ...]
    names: set[str] = field(default_factory=set)
    times: list[float] = field(default_factory=list)
    since: float | None = None
    """When it began to prepare, where that was before its first act."""
    recorded: bool = True
    """Call records show it; the capture shows everything."""


class Numbers:
    """Valid numbers of any country: an example of its plan with the last digits drawn until the plan says it is one."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def of(self, country: str, mobile: float = 0.5) -> str:
        """Return one."""
        kind = phonenumbers.PhoneNumberType.MOBILE if self._chance.random() < mobile else phonenumbers.PhoneNumberType.FIXED_LINE
        example = phonenumbers.example_number_for_type(country, kind) or phonenumbers.example_number(country)
        if example is None:
            raise ValueError(f"{country}: no numbering plan")
        digits = str(example.national_number)
        zeros = "0" if example.italian_leading_zero else ""
        for free in (6, 5, 4, 3):
            for _ in range(6):
                made = f"+{example.country_code}{zeros}{digits[:-free]}{self._chance.randrange(10**free):0{free}d}"
                if phonenumbers.is_valid_number(phonenumbers.parse(made)):
                    return made
        return f"+{example.country_code}{zeros}{digits}"

    def dead(self, country: str) -> str:
        """Return digits that nobody can have."""
        return f"+{phonenumbers.country_code_for_region(country)}000{self._chance.randrange(10**5):05d}"


class World:
    """What generators share: chance, numbers, addresses, customers, abusers and all acts."""

    def __init__(self, seed: int, days: int) -> None:
        self.chance = Random(f"second {seed}")
        self.numbers = Numbers(self.chance)
        self.days = days
        self.end = BEGIN + days * DAY
        self.customers: list[Customer] = []
        self.abusers: list[Abuser] = []
        self.acts: list[Act] = []
        self._given: set[str] = set()

    def address(self, net: str = "10") -> str:
        """Return one that nobody has, below 10/8 or another first octet."""
        while True:
            made = f"{net}.{self.chance.randrange(1, 250)}.{self.chance.randrange(256)}.{self.chance.randrange(2, 250)}"
            if made not in self._given:
                self._given.add(made)
                return made

    def customer(self, kind: str, plan: str = "", lines: int = 1, *, by_address: bool = False, country: str = "") -> Customer:
        """Return a new account, with numbers one after the other where it has many."""
        country = country or self.chance.choice(HOMES)
        numbers = [self.numbers.of(country, 0.0 if lines > 1 else 0.4)]
        while len(numbers) < lines:
            numbers.append(self.numbers.of(country, 0.0))
        name = f"cust-{len(self.customers) + 1:04d}"
        user = None if by_address else f"{self.chance.randrange(2000, 9999)}-{len(self.customers)}"
        made = Customer(name, plan, country, self.address(), numbers, user, self.chance.choice(AGENTS), kind)
        self.customers.append(made)
        return made

    def abuser(self, kind: str, clause: str, *also: str, recorded: bool = True) -> Abuser:
        """Return a new one."""
        made = Abuser(len(self.abusers), kind, clause, also, recorded=recorded)
        self.abusers.append(made)
        return made

    def concerns(self, abuser: Abuser, customer: Customer) -> None:
        """Whatever is said of the customer is said of the abuser."""
        abuser.names |= {customer.name, customer.source, *customer.numbers}
        if customer.user is not None:
            abuser.names.add(customer.user)

    def does(self, act: Act, abuser: Abuser | None = None) -> None:
        """Let it happen, if the end is not reached."""
        if act.time >= self.end:
            return
        if abuser is not None:
            act.actor = abuser.actor
            abuser.times.append(act.time)
        self.acts.append(act)

    def call(  # noqa: PLR0913 # a call has that many ends
        self,
        who: Customer | None,
        at: float,
        callee: str,
        outcome: "Outcome",
        *,
        caller: str = "",
        by: Abuser | None = None,
        agent: str | None = None,
        **more: str | float | int | None,
    ) -> Act:
        """Let a call be tried, from another network where nobody of ours makes it."""
        status, ring, talk, released = outcome
        act = Act(
            at,
            "call",
            who.source if who is not None else self.chance.choice(PEERS),
            caller or (self.chance.choice(who.numbers) if who is not None else self.numbers.of(self.chance.choice(HOMES))),
            callee,
            who.name if who is not None else None,
            who.user if who is not None else None,
            status,
            ring,
            talk,
            self.chance.uniform(0.3, 2.5),
            released,
            agent or (who.agent if who is not None else "peer-sbc"),
            credentials=who is not None and who.user is not None,
        )
        for name, value in more.items():
            setattr(act, name, value)
        self.does(act, by)
        return act

    def outcome(self, answered: float, low: float, high: float, *, busy: float = 0.1) -> "Outcome":
        """Return what becomes of a call: talks are spread evenly between `low` and `high` seconds."""
        dice = self.chance.random()
        if dice < answered:
            released = "caller" if self.chance.random() < 0.5 else "callee"
            return 200, self.chance.uniform(2, 18), self.chance.uniform(low, high), released
        if dice < answered + busy:
            return 486, 0.0, 0.0, "callee"
        if self.chance.random() < 0.5:
            return 487, self.chance.uniform(9, 30), 0.0, "caller"
        return 480, self.chance.uniform(20, 30), 0.0, "network"


Outcome = tuple[int, float, float, str]
"""Status, seconds of ringing, seconds of talk, who ended it."""
