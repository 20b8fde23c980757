"""Who answers for a request, from the provider's reference data."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from ipaddress import ip_address, ip_network
from itertools import chain
from typing import Final, TypeVar

from msgspec import Struct

from ringfence.vocabulary.contracts import (
    AccountLink,
    BlockLink,
    BroughtList,
    ExemptionLink,
    Finding,
    NumberLink,
    PartyLink,
    PresentationRight,
    Reference,
    TrunkLink,
)
from ringfence.vocabulary.number_blocks import Block
from ringfence.vocabulary.times import Micros
from ringfence.watch.attribution.rulings import Rulings
from ringfence.watch.attribution.spans import holds

EMERGENCY_LIST: Final = "emergency-numbers"
EVERYWHERE: Final = "ZZ"
"""The country, in `Reference.emergency`, of numbers that call for help wherever one is."""

_CACHED_SOURCES: Final = 65_536

_Link = TypeVar("_Link", AccountLink, BlockLink, ExemptionLink, NumberLink, PartyLink, PresentationRight, TrunkLink)
_AnyLink = AccountLink | BlockLink | ExemptionLink | NumberLink | PartyLink | PresentationRight | TrunkLink
_Key = TypeVar("_Key")


class Sender(Struct, frozen=True, kw_only=True):
    """Who answers for traffic, and the trunk, if known, it came over. `party_path` runs from the root to the account's party.

    `country` (ISO 3166) is where the account's callers are, `None` where that is where the provider is.
    """

    account: str
    trunk: str | None
    plan: str | None = None
    party_path: tuple[str, ...] = ()
    country: str | None = None


class Directory:
    """Reference data, arranged for questions about a moment. Never changes: a new reference makes a new directory.

    A number held by an account is no proof of who sent a call: anybody can write any caller. So `sender` never looks at numbers;
    `holder` answers who holds a number, which says where a call goes and what a caller claims.
    """

    def __init__(self, reference: Reference) -> None:
        self.policy = reference.policy
        self.emergency_numbers = frozenset(reference.lists.get(EMERGENCY_LIST, ()))
        """Those that call for help where the provider is."""
        self.brought: Mapping[str, BroughtList] = reference.brought
        """What peers and the operator add to the policy's lists, by the list's name."""
        self._emergency = {country: frozenset(numbers) for country, numbers in reference.emergency.items()}
        self._rights = _grouped((link.account, link) for link in reference.rights)
        self._above = _grouped((link.party, link) for link in reference.parties)
        self._accounts = _grouped((link.account, link) for link in reference.accounts)
        self._trunked = _grouped((link.trunk, link) for link in reference.trunks)
        self._numbers = _grouped((link.number, link) for link in reference.numbers)
        self._blocks = _grouped((Block(link.prefix, link.digits), link) for link in reference.blocks)
        self._exemptions = _grouped((link.party, link) for link in reference.exemptions)
        self._arrange()
        self.rulings = Rulings(reference, self._accounts, self.party_path)

    def _arrange(self) -> None:
        """Prepare what follows from the links."""
        self._shown = _grouped(
            (Block(link.number, link.digits or len(link.number)), link) for link in chain(*self._rights.values())
        )
        self._right_lengths = _grouped_plainly(sorted({(block.digits, len(block.prefix)) for block in self._shown}))
        self._trunks: Sequence[TrunkLink] = tuple(chain.from_iterable(self._trunked.values()))
        self._by_user = _grouped((link.user, link) for link in self._trunks if link.address is None and link.user is not None)
        self._networks = _networks(self._trunks)
        self._at_source = lru_cache(maxsize=_CACHED_SOURCES)(self._find_at_source)
        lengths = sorted({(block.digits, len(block.prefix)) for block in self._blocks}, reverse=True)
        self._block_lengths = _grouped_plainly(lengths)

    def changed(self, change: Reference) -> "Directory":
        """Return the directory of what is known once `change` was told, found without going through all.

        What stays is shared with this one. Changes of trunks alone lay all trunks out anew.
        """
        if change.full:
            return Directory(change)
        after = Directory.__new__(Directory)
        told = change.lists.get(EMERGENCY_LIST)
        after.policy = change.policy
        after.emergency_numbers = self.emergency_numbers if told is None else frozenset(told)
        after.brought = {**self.brought, **change.brought} if change.brought else self.brought
        after._emergency = self._emergency | {country: frozenset(numbers) for country, numbers in change.emergency.items()}
        after._rights = _replaced(
            self._rights, _grouped((link.account, link) for link in change.rights), gone=[link.account for link in change.accounts]
        )
        after._above = _replaced(self._above, _grouped((link.party, link) for link in change.parties))
        after._accounts = _replaced(self._accounts, _grouped((link.account, link) for link in change.accounts))
        after._trunked = _replaced(self._trunked, _grouped((link.trunk, link) for link in change.trunks))
        numbers = _grouped((link.number, link) for link in change.numbers)
        blocks = _grouped((Block(link.prefix, link.digits), link) for link in change.blocks)
        single = [block.prefix for block in blocks if block.digits == len(block.prefix)]
        after._numbers = _replaced(self._numbers, numbers, gone=single)
        after._blocks = _replaced(self._blocks, blocks, gone=[Block(number, len(number)) for number in numbers])
        after._exemptions = _replaced(
            self._exemptions,
            _grouped((link.party, link) for link in change.exemptions),
            gone=[link.party for link in change.parties],
        )
        after._arrange()
        after.rulings = Rulings(change, after._accounts, after.party_path)
        return after

    def sender(self, source: str | None, user: str | None, time: Micros) -> Sender | None:
        """Return who answers for a request from address `source` at `time`; `None` where nobody of ours does.

        `user` is an authentication user that was proven: the caller of this method must not pass a mere claim. Trunks known by
        address and user are preferred to those known by address, these to those known by user. Where several equally good
        trunks belong to different accounts nobody can tell, and the answer is `None`.
        """
        networks = self._at_source(source) if source is not None else ()
        ranks = (
            *([trunk for trunk in trunks if trunk.user is not None and trunk.user == user] for trunks in networks),
            *([trunk for trunk in trunks if trunk.user is None] for trunks in networks),
            self._by_user.get(user, ()) if user is not None else (),
        )
        for trunks in ranks:
            valid = [trunk for trunk in trunks if holds(trunk, time)]
            if valid:
                return self._answering(valid, time)
        return None

    def had_trunk_at(self, source: str, *, since: Micros, now: Micros) -> bool:
        """Tell whether any trunk was known by address `source`, or a network around it, at a moment from `since` to `now`."""
        links = chain.from_iterable(self._at_source(source))
        return any(
            (link.valid_to is None or link.valid_to > since) and (link.valid_from is None or link.valid_from <= now)
            for link in links
        )

    def account(self, account: str, trunk: str | None, time: Micros) -> Sender:
        """Return `account`, named by the provider's own records, with the plan and party path it had at `time`."""
        for link in self._accounts.get(account, ()):
            if holds(link, time):
                path = self.party_path(link.party, time)
                return Sender(account=account, trunk=trunk, plan=link.plan, party_path=path, country=link.country)
        return Sender(account=account, trunk=trunk)

    def emergency_in(self, country: str | None) -> frozenset[str]:
        """Return the numbers that call for help in a country, which is the provider's where it is `None`.

        Of a country that the reference doesn't name they are those that hold everywhere.
        """
        if country is None or not self._emergency:
            return self.emergency_numbers
        return self._emergency.get(country, self._emergency.get(EVERYWHERE, frozenset()))

    @property
    def every_emergency_number(self) -> frozenset[str]:
        """The numbers that call for help in any country."""
        return self.emergency_numbers.union(*self._emergency.values())

    @property
    def countries_of_accounts(self) -> list[str]:
        """The countries, in order, that any account says its callers are in."""
        return sorted({link.country for links in self._accounts.values() for link in links if link.country is not None})

    def is_emergency(self, dialled: str | None, sender: Sender) -> bool:
        """Tell whether the sender calls for help where its callers are."""
        return dialled in self.emergency_in(sender.country)

    def holder(self, number: str, time: Micros) -> str | None:
        """Return the account that held E.164 `number` at `time`, or `None`. In a block the narrower link answers."""
        for link in self._numbers.get(number, ()):
            if holds(link, time):
                return link.account
        if len(number) not in self._block_lengths:
            return None
        return next((link.account for link in self._covering(number) if holds(link, time)), None)

    def _covering(self, number: str) -> Iterator[BlockLink]:
        """Yield the links of the blocks that have `number`, the narrowest first."""
        digits = len(number)
        for length in self._block_lengths.get(digits, ()):
            yield from self._blocks.get(Block(number[:length], digits), ())

    def may_show(self, account: str, number: str, time: Micros) -> bool:
        """Tell whether a record gave `account` the right at `time` to show `number`, which it need not hold."""
        return self.right_verified(account, number, time) is not None

    def right_verified(self, account: str, number: str, time: Micros) -> str | None:
        """Return how somebody made sure of the right of `account` at `time` to show `number`, `None` where it has none."""
        return next((link.verified for link in self._rights_to(number) if link.account == account and holds(link, time)), None)

    def changes_of_right(self, number: str) -> list[Micros]:
        """Return the moments at which the answer of `may_show(…, number, …)` may become another, in order."""
        return _changes(self._rights_to(number))

    def _rights_to(self, number: str) -> Iterator[PresentationRight]:
        digits = len(number)
        for length in self._right_lengths.get(digits, ()):
            yield from self._shown.get(Block(number[:length], digits), ())

    def has_numbers(self, account: str) -> bool:
        """Tell whether any number is known that the account holds, held or will hold."""
        return account in self._numbered

    @cached_property
    def _numbered(self) -> frozenset[str | None]:
        links: Iterable[NumberLink | BlockLink] = chain(*self._numbers.values(), *self._blocks.values())
        return frozenset(link.account for link in links)

    def is_exempt(self, party_path: Sequence[str], clause: str, time: Micros) -> bool:
        """Tell whether a party of the path was exempt from the clause at `time`."""
        links = (link for party in party_path for link in self._exemptions.get(party, ()))
        return any(link.clause == clause and holds(link, time) for link in links)

    def silences(self, finding: Finding) -> bool:
        """Tell whether the party that a finding is about was exempt from its clause by then, or a court had struck that for it."""
        return self.is_exempt(finding.party_path, finding.clause, finding.time) or self.rulings.silence(finding)

    @property
    def numbers(self) -> Collection[str]:
        """All numbers that anybody held at some time, those of blocks written out."""
        if not self._blocks:
            return self._numbers.keys()
        held = (block for block, links in self._blocks.items() if any(link.account is not None for link in links))
        return self._numbers.keys() | {number for block in held for number in block.each()}

    @property
    def knows_addresses(self) -> bool:
        """Tell whether a trunk is known by an address: else `sender` never answers for one without a user."""
        return bool(self._networks)

    @property
    def knows_trunks(self) -> bool:
        """Tell whether any trunk is known, by address or by user: else `sender` never answers."""
        return bool(self._trunks)

    def changes_at_source(self, source: str) -> list[Micros]:
        """Return the moments at which the answer of `sender(source, None, …)` may become another, in order."""
        return self.changes_at(source, None)

    def changes_at(self, source: str, user: str | None) -> list[Micros]:
        """Return the moments at which the answer of `sender(source, user, …)` may become another, in order."""
        trunks = [trunk for trunks in self._at_source(source) for trunk in trunks]
        trunks += self._by_user.get(user, ()) if user is not None else ()
        accounts = [link for trunk in trunks for link in self._accounts.get(trunk.account, ())]
        return _changes([*trunks, *accounts, *self._lineage(accounts)])

    def changes_of_account(self, account: str) -> list[Micros]:
        """Return the moments at which the answer of `account(account, …)` may become another, in order."""
        accounts = self._accounts.get(account, [])
        return _changes([*accounts, *self._lineage(accounts)])

    def changes_of_holder(self, number: str) -> list[Micros]:
        """Return the moments at which the answer of `holder(number, …)` may become another, in order."""
        if number not in self._numbers and len(number) not in self._block_lengths:
            return []  # most texts that are asked about are nobody's number
        return _changes([*self._numbers.get(number, ()), *self._covering(number)])

    @cached_property
    def changes(self) -> list[Micros]:
        """The moments at which any link begins or ends, in order."""
        groups: Iterable[Iterable[_AnyLink]] = chain(
            self._accounts.values(), self._numbers.values(), self._blocks.values(), self._rights.values(), (self._trunks,)
        )
        return _changes(chain.from_iterable(groups))

    def accounts_at(self, time: Micros) -> list[str]:
        """Return the accounts that there were at `time`, in order."""
        return sorted(account for account, links in self._accounts.items() if any(holds(link, time) for link in links))

    def trunks_at(self, time: Micros) -> list[tuple[str, str]]:
        """Return each trunk that there was at `time`, in order, with the account it belonged to."""
        return sorted({(link.trunk, link.account) for link in self._trunks if holds(link, time)})

    def numbers_at(self, time: Micros) -> list[tuple[str, str]]:
        """Return each number that somebody held at `time`, in order, with the account that did."""
        held = ((number, self.holder(number, time)) for number in sorted(self.numbers))
        return [(number, account) for number, account in held if account is not None]

    def billing_day(self, account: str | None) -> int:
        """Return the day of the month, 1 to 31, on which the account's billing cycle begins; the first for an unknown one."""
        links = self._accounts.get(account, ()) if account is not None else ()
        return min(max(links[-1].billing_day, 1), 31) if links else 1

    def party_path(self, party: str, time: Micros) -> tuple[str, ...]:
        """Return the parties from the root down to `party` at `time`. A ring of parents is cut where it closes."""
        path = [party]
        while (parent := self._parent(path[-1], time)) is not None and parent not in path:
            path.append(parent)
        return tuple(reversed(path))

    def _parent(self, party: str, time: Micros) -> str | None:
        return next((link.parent for link in self._above.get(party, ()) if link.parent is not None and holds(link, time)), None)

    def _lineage(self, accounts: Iterable[AccountLink]) -> list[PartyLink]:
        """Return every link of the parties that may ever stand above the accounts."""
        waiting, seen, links = [link.party for link in accounts], set[str](), list[PartyLink]()
        while waiting:
            party = waiting.pop()
            if party not in seen:
                seen.add(party)
                above = self._above.get(party, [])
                links.extend(above)
                waiting.extend(link.parent for link in above if link.parent is not None)
        return links

    def _answering(self, trunks: list[TrunkLink], time: Micros) -> Sender | None:
        trunk = trunks[0]
        if any(other.account != trunk.account for other in trunks):
            return None
        links = self._accounts.get(trunk.account)
        if links is None:  # a scan may come with trunks alone
            return Sender(account=trunk.account, trunk=trunk.trunk)
        for link in links:
            if holds(link, time):
                path = self.party_path(link.party, time)
                return Sender(account=link.account, trunk=trunk.trunk, plan=link.plan, party_path=path, country=link.country)
        return None  # the account had ended or not begun

    def _find_at_source(self, source: str) -> tuple[tuple[TrunkLink, ...], ...]:
        """Return the trunks of each network that holds `source`, the narrowest network first."""
        try:
            address = ip_address(source)
        except ValueError:
            return ()
        found = []
        for (version, length), networks in self._networks.items():
            if version == address.version:
                trunks = networks.get(int(address) >> (address.max_prefixlen - length))
                if trunks:
                    found.append(tuple(trunks))
        return tuple(found)


_Networks = dict[tuple[int, int], dict[int, list[TrunkLink]]]


def _networks(trunks: Iterable[TrunkLink]) -> _Networks:
    """Return (IP version, prefix length) to prefix to trunks, longest prefixes first.

    The desk checks addresses when it takes them: what is no address here fits nothing.
    """
    networks: _Networks = {}
    for trunk in trunks:
        if trunk.address is None:
            continue
        try:
            network = ip_network(trunk.address, strict=False)
        except ValueError:
            continue
        prefix = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        networks.setdefault((network.version, network.prefixlen), {}).setdefault(prefix, []).append(trunk)
    return dict(sorted(networks.items(), reverse=True))


def _grouped(links: Iterable[tuple[_Key | None, _Link]]) -> dict[_Key, list[_Link]]:
    groups: dict[_Key, list[_Link]] = {}
    for key, link in links:
        if key is not None:
            groups.setdefault(key, []).append(link)
    return groups


def _grouped_plainly(pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def _replaced(
    before: dict[_Key, list[_Link]], after: Mapping[_Key, list[_Link]], gone: Iterable[_Key] = ()
) -> dict[_Key, list[_Link]]:
    """Return the groups with those of `after` behind those that stay, and without `gone`; the ones before where nothing changes.

    So they stand in the order of a whole record that tells the same: of equally good trunks the first is named.
    """
    gone = {key for key in gone if key in before and key not in after}
    if not after and not gone:
        return before
    groups = before.copy()
    for key in (*gone, *(key for key in after if key in before)):
        del groups[key]
    groups.update(after)
    return groups


def _changes(links: Iterable[_AnyLink]) -> list[Micros]:
    return sorted({time for link in links for time in (link.valid_from, link.valid_to) if time is not None})
