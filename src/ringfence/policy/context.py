"""What expressions read beside events: the bundle's lists, who holds which number, numbering plans."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Final, Protocol

from ringfence.policy.local_time import CallingHours
from ringfence.policy.number_facts import NumberFacts
from ringfence.policy.places import Places
from ringfence.policy.plan import Table
from ringfence.policy.tables import Entries, with_brought
from ringfence.vocabulary.contracts import BroughtList
from ringfence.vocabulary.times import Micros

_NEVER: Final = Micros(1 << 62)


class Holders(Protocol):
    """Knows who holds numbers."""

    def holder(self, number: str, time: Micros) -> str | None:
        """Return the account that held E.164 `number` at `time`, or `None`."""
        ...

    def changes_of_holder(self, number: str) -> Sequence[Micros]:
        """Return the moments at which the answer of `holder(number, …)` may become another, in order."""
        ...

    def may_show(self, account: str, number: str, time: Micros) -> bool:
        """Tell whether a record gave `account` the right at `time` to show `number`, which it need not hold."""
        ...

    def changes_of_right(self, number: str) -> Sequence[Micros]:
        """Return the moments at which the answer of `may_show(…, number, …)` may become another, in order."""
        ...

    def has_numbers(self, account: str) -> bool:
        """Tell whether any number is known that the account holds, held or will hold: else nothing says which are not its."""
        ...


class Addresses(Protocol):
    """Knows where IP addresses are."""

    def country(self, address: str, /) -> str | None:
        """Return the ISO 3166 code of the country, or `None`."""
        ...


class Context:
    """Shared by all expressions of a plan. `holders` may be replaced at any time: what is read afterwards is read of it.

    `hashed` is a text's 64-bit hash, by which it is sampled: under a key where there is one.
    """

    def __init__(
        self,
        lists: Mapping[str, Table] | None = None,
        holders: Holders | None = None,
        hashed: Callable[[str], int] | None = None,
    ) -> None:
        self._posted = lists or {}
        self._entries: dict[str, Entries] = {}
        self._brought: Mapping[str, BroughtList] = {}
        self.brought_times = 0
        """How often other entries were brought: what was made of lists before is made anew."""
        self.numbers: Final = NumberFacts()
        self.places: Final = Places(self._posted, self.numbers, self.entries)
        self.holders = holders
        self.addresses: Addresses | None = None
        """To be set before anything is read."""
        self.hashed: Final = hashed or _hashed
        self._hours: dict[str, CallingHours] = {}
        self._changes: dict[str, list[Micros]] = {}

    def bring(self, brought: Mapping[str, BroughtList]) -> None:
        """Read lists with these entries behind those of the bundle, in the place of what was brought before.

        A list that the bundle lacks no rule reads. Hours and holidays by country are the bundle's and its packs' alone.
        """
        known = {name: each for name, each in brought.items() if name in self._posted}
        other = [name for name in self._posted if known.get(name) != self._brought.get(name)]
        self._brought = known
        for name in other:
            self._changes.pop(name, None)
            if name in self._entries:
                self._entries[name].hold(self.table(name))
        if other:
            self.brought_times += 1
            self.places.forget()

    def table(self, name: str) -> Table:
        """Return the list as it is now. Raises `KeyError` for a list that the bundle lacks."""
        return with_brought(self._posted[name], self._brought.get(name))

    def entries(self, name: str) -> Entries:
        """Return the list's rows, arranged for questions: what is brought later too. Raises `KeyError` as `table` does."""
        if name not in self._entries:
            self._entries[name] = Entries(self.table(name))
        return self._entries[name]

    def list_changes_after(self, name: str, moment: Micros) -> Micros:
        """Return the first moment after `moment` at which the list holds other rows; far in the future where it stays."""
        if name not in self._changes:
            rows = self.entries(name).table.rows
            self._changes[name] = sorted({at for row in rows for at in (row.from_us, row.until_us) if at is not None})
        changes = self._changes[name]
        place = bisect_right(changes, moment)
        return changes[place] if place < len(changes) else _NEVER

    def hours(self, name: str) -> CallingHours:
        """Return the list's calling hours."""
        if name not in self._hours:
            self._hours[name] = CallingHours(self._posted[name])
        return self._hours[name]


def _hashed(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
