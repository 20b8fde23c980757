"""What a policy's lists hold beside the policy: entries that peers and the operator bring, which come and go meanwhile."""

from msgspec import Struct

from ringfence.vocabulary.times import Micros


class BroughtEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry over a span, from `valid_from` (included) to `valid_to` (excluded). `values` are further columns by name.

    `source` says who vouches for it: the list or file, and where that came from.
    """

    entry: str
    source: str = ""
    valid_from: Micros | None = None
    valid_to: Micros | None = None
    values: dict[str, str] = {}

    def holds(self, time: Micros) -> bool:
        """Tell whether it counts at `time`."""
        return (self.valid_from is None or self.valid_from <= time) and (self.valid_to is None or time < self.valid_to)


class BroughtList(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is added to the list of one name. `fetched` is when the oldest part of it was taken from its source.

    `fresh_until` is when the first part of it should have come again: after that the list is stale, though its entries count.
    """

    entries: tuple[BroughtEntry, ...] = ()
    fetched: Micros | None = None
    fresh_until: Micros | None = None

    def joined(self, other: "BroughtList") -> "BroughtList":
        """Return this with what `other` brings to the same list behind it."""
        return BroughtList(
            entries=(*self.entries, *other.entries),
            fetched=_earlier(self.fetched, other.fetched),
            fresh_until=_earlier(self.fresh_until, other.fresh_until),
        )


def _earlier(first: Micros | None, second: Micros | None) -> Micros | None:
    return min((each for each in (first, second) if each is not None), default=None)
