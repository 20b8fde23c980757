"""Remembered answers are the directory's own, at every moment and also where validity begins and ends."""

import random

from ringfence.vocabulary.contracts import AccountLink, Reference, TrunkLink
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution import Directory
from ringfence.watch.calls.senders import Senders

_ADDRESSES = ("192.0.2.1", "192.0.2.2", "198.51.100.7", "2001:db8::7", "no address")


def _reference(chance: random.Random) -> Reference:
    def account(name: str) -> AccountLink:
        begin, end = span()
        return AccountLink(account=name, party=name, valid_from=begin, valid_to=end)

    def span() -> tuple[Micros | None, Micros | None]:
        begin, end = sorted(chance.sample(range(1, 20), 2))
        return chance.choice((None, Micros(begin))), chance.choice((None, Micros(end)))

    def trunk(number: int) -> TrunkLink:
        begin, end = span()
        address, user = chance.choice(networks), chance.choice((None, "u", "v"))
        held = chance.choice("abc")
        return TrunkLink(trunk=f"t{number}", account=held, address=address, user=user, valid_from=begin, valid_to=end)

    networks = ("192.0.2.1", "192.0.2.0/24", "198.51.100.7", "2001:db8::/32", None)
    return Reference(time=Micros(0), accounts=tuple(map(account, "ab")), trunks=tuple(map(trunk, range(8))))


def test_every_answer_is_the_directory_s() -> None:
    told = set()
    for seed in range(40):
        chance = random.Random(seed)
        directory = Directory(_reference(chance))
        senders = Senders(directory)
        for _ in range(400):
            source, user, time = chance.choice(_ADDRESSES), chance.choice((None, None, "u", "w")), Micros(chance.randrange(22))
            expected = directory.sender(source, user, time)
            assert senders.of(source, user, time) == expected
            told.add(None if expected is None else expected.account)
    assert told == {None, "a", "b", "c"}
