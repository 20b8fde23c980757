"""Who complains: some of those whom a party called or wrote to, some time after.

How many of a kind's calls and texts are complained of is said where the kind is; all of it is ours, since nobody publishes how many
of those called complain. What stands beside it for bulk mail (one in a thousand) is far above what honest callers get here.
"""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Final

from ringfence.simulate.labelled.acts import Act, Call, Complaint, Text
from ringfence.simulate.labelled.telephony import new_id
from ringfence.vocabulary.times import HOUR, Micros

_MEDIAN_DELAY_H: Final = 5.0
_SPREAD: Final = 1.3
"""Half of those who complain have done so after five hours, one in twenty takes two days (log-normal; ours)."""

_RANG: Final = frozenset({200, 202, 480, 487, 603, 607})


def complaints(acts: Iterable[Act], share: float, chance: Random) -> Iterator[Complaint]:
    """Yield the complaints about a party's own calls and texts among `acts`, of which a `share` is complained of."""
    for act in acts:
        if not isinstance(act, Call | Text) or act.party is None or act.status not in _RANG:
            continue
        if chance.random() < share:
            delay_us = int(_MEDIAN_DELAY_H * HOUR * chance.lognormvariate(0.0, _SPREAD))
            yield Complaint(Micros(act.time + delay_us), new_id(chance), act.party, act.callee, act.caller, act.time)
