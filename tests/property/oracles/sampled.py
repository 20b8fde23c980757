"""A distinct count by a sample, from the list of all that is in the window. Imports nothing of the library."""

from collections.abc import Sequence


def estimated(entries: Sequence[tuple[int, int]], horizon: int, exact: int) -> float:
    """Return the count over the hashes of `entries` (stamp, hash) above `horizon`: exactly up to `exact`, else by a sample.

    The sample is those that end in as many zero bits as it takes for no more than `exact` to be left.
    """
    inside = {hashed for stamp, hashed in entries if stamp > horizon}
    bits = 0
    while len(inside) > exact:
        bits += 1
        inside = {hashed for hashed in inside if hashed % 2**bits == 0}
    return float(max(len(inside) * 2**bits, exact + 1 if bits else 0))
