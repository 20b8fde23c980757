"""Taking everything of ours off an edge, by what the edge itself says: neither the desk nor its database is asked."""

from dataclasses import dataclass
from typing import Final

from ringfence.gate.edges.edge import Edge, EdgeRefused, Leaves

ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Cleared:
    """What became of an edge's entries. `left` are keys that are still there; `cause` says why, or why nothing could be seen."""

    edge: str
    removed: int
    left: tuple[str, ...] = ()
    cause: str | None = None


async def cleared(edge: Edge) -> Cleared:
    """Remove every entry of ours, and look again, in a few rounds: one lost command is no reason to leave the rest.

    Entries of the operator's own stay. An edge that fails is told of, not raised.
    """
    seen: set[str] = set()
    held: dict[str, str] = {}
    cause: str | None = None
    for _ in range(ROUNDS):
        try:
            held = await edge.placed()
            seen.update(held)
            if not held:
                if isinstance(edge, Leaves):
                    await edge.leave()
                return Cleared(edge.name, len(seen))
            for key, order in held.items():
                cause = await _removed(edge, key, order) or cause
        except EdgeRefused as error:
            cause = str(error)
    try:
        held = await edge.placed()
    except EdgeRefused as error:
        cause = str(error)
    return Cleared(edge.name, len(seen - held.keys()), tuple(sorted(held)), cause)


async def _removed(edge: Edge, key: str, order: str) -> str | None:
    """Remove one entry; return why it would not go. Raises `EdgeRefused` where the edge cannot be reached."""
    try:
        await edge.remove(order, key)
    except EdgeRefused as error:
        if not error.reached:
            raise
        return str(error)
    return None
