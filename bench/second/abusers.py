"""What abusers have in common: when they begin, accounts of their own, addresses, victims."""

from typing import Final

from bench.second.acts import BEGIN, DAY, HOUR, Abuser, Customer, World

DEAR: Final = ("CU", "LV", "MV", "SO", "GM", "SL", "TN", "GN", "PG", "LT")


def begin(world: World, latest: float = 1.5) -> float:
    """Return when an abuse begins, with `latest` days left."""
    return BEGIN + world.chance.uniform(1.2, max(1.3, world.days - latest)) * DAY


def account(world: World, abuser: Abuser, plan: str = "", lines: int = 2, *, by_address: bool = True) -> Customer:
    """Return an account of the abuser, with a little ordinary use."""
    who = world.customer("abuser", plan, lines, by_address=by_address)
    world.concerns(abuser, who)
    for day in range(world.days):  # a little ordinary use
        for _ in range(world.chance.randint(0, 3)):
            at = BEGIN + day * DAY + world.chance.uniform(0, 9) * HOUR
            world.call(who, at, world.numbers.of(who.country), world.outcome(0.7, 20, 300))
    return who


def stranger(world: World, abuser: Abuser) -> str:
    """Return an address that attacks."""
    address = world.address("203")
    abuser.names.add(address)
    return address


def somebody(world: World, *, registers: bool = False) -> Customer:
    """Return an honest customer that can be harmed."""
    return world.chance.choice([each for each in world.customers if each.kind in ("home", "firm") and (each.user or not registers)])
