"""Messages that break the protocol's grammar, as fuzzers send them."""

from collections.abc import Iterable
from typing import Final

from ringfence.watch.wire.sip.message import Defect

BROKEN: Final = "broken-"
"""What the names of such oddities begin with; the first defect follows."""

_CUT: Final = frozenset({Defect.EMPTY, Defect.BODY_SHORT, Defect.HEAD_UNFINISHED})
"""Keep-alive, and what a capture cut short leaves of any message: nothing that its sender did."""


def broken(defects: Iterable[Defect]) -> tuple[str, int] | None:
    """Return the name of the oddity that a message with these defects is, and how many break the grammar; `None` for none."""
    found = sorted({defect for defect in defects if defect.is_syntax and defect not in _CUT})
    return (f"{BROKEN}{found[0]}", len(found)) if found else None
