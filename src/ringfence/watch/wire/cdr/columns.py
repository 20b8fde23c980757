"""The generic layout's columns, and where a file has them."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Final

from ringfence.watch.wire.cdr.record import WrongHeader

REQUIRED: Final = (
    *("call_id", "start", "answer", "end", "account", "caller", "callee"),
    *("source_ip", "status", "released_by", "attestation"),
)
OPTIONAL: Final = ("trunk", "direction", "ring_ms", "q850", "pai", "diversion", "user_agent", "verstat")
KNOWN: Final = (*REQUIRED, *OPTIONAL)
HEADER: Final = ",".join(REQUIRED)
_SHOWN: Final = 200


class Columns:
    """Picks the `wanted` columns, in their order, out of a row's cells; a column that the file lacks is empty."""

    def __init__(
        self, names: Sequence[str], *, wanted: Sequence[str] = KNOWN, required: Sequence[str] = REQUIRED, hint: str | None = None
    ) -> None:
        """Raise `WrongHeader` where a column that must be there is missing, or one stands twice."""
        seen = ",".join(names)[:_SHOWN]
        missing = tuple(name for name in required if name not in names)
        hint = hint or f"the first line must be: {HEADER}"
        if missing:
            raise WrongHeader(f"the header lacks {', '.join(missing)}", seen=seen, missing=missing, hint=hint)
        twice = sorted({name for name in names if names.count(name) > 1 and name in wanted})
        if twice:
            raise WrongHeader(f"the header names {', '.join(twice)} twice", seen=seen, missing=(), hint=hint)
        self.count: Final = len(names)
        places = [names.index(name) if name in names else self.count for name in wanted]
        # One place alone would be picked as a cell, not as a row of one.
        self.pick: Final[Callable[[Sequence[str]], tuple[str, ...]]] = (
            itemgetter(*places) if len(places) > 1 else lambda cells: tuple(cells[place] for place in places)
        )


def looks_like_header(line: str) -> bool:
    """Tell whether a file that starts with `line` is meant as call records: it names at least three of their columns."""
    names = {name.strip().strip('"').lower() for name in line.split(",")}
    return len(names.intersection(REQUIRED)) >= 3
