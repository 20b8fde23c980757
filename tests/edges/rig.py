"""What a test needs of an edge beside its driver: to spoil it, to look behind the driver's back, and to know what it can refuse."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from ringfence.gate.edges import Edge
from ringfence.vocabulary.subjects import SubjectKind

VALUES: dict[SubjectKind, tuple[str, ...]] = {
    SubjectKind.SOURCE: ("203.0.113.9", "203.0.113.10", "203.0.113.11", "2001:db8::9"),
    SubjectKind.ACCOUNT: ("acme", "beta", "gamma", "delta"),
    SubjectKind.NUMBER: ("+32255501", "+32255502", "+32255503", "+32255504"),
}
"""Scopes of each kind that the tests order against, the first four of one kind for each edge."""


class Rig(Protocol):
    """One edge that a test may do anything to. It is entered before a test and left after it."""

    kind: SubjectKind
    """The kind of scope that the tests use here."""

    def edge(self, deadline_ms: int = 10_000) -> Edge:
        """Return a new connection, as a new process would make it."""

    async def foreign(self, key: str) -> None:
        """Put an operator's own entry under a key."""

    async def keys(self) -> set[str]:
        """Return the keys of all entries, an operator's too, without the driver."""

    async def forget(self, key: str | None = None) -> None:
        """Lose one entry, or all of them as a restart does."""

    async def stray(self, key: str, order: str) -> None:
        """Put an entry under a key that looks like ours."""

    async def break_down(self, how: str) -> None:
        """From now on be `silent`, answer with `errors`, or be `away` altogether."""

    async def mend(self) -> None:
        """Work again, and still know what was known."""


RigMaker = AbstractAsyncContextManager[Rig]
