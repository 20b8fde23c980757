"""What follows elsewhere when a measure ends by itself or should not have been. `wiring` puts these beside the others."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from ringfence.desk.actor import Actor
from ringfence.desk.charges import services as charges
from ringfence.desk.decisions import confirming
from ringfence.desk.decisions.services import OVERRIDDEN, REVERSED
from ringfence.desk.endings import services as endings
from ringfence.desk.enforcement import services as enforcement


def _on_fallen(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    enforcement.remove_fallen(decision_id=payload["decision"], actor=actor, now=now)


def _on_overridden(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    reason = "another decision took its place"
    enforcement.remove_fallen(decision_id=payload["decision"], actor=actor, now=now, reason=reason)


def _on_reversed(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    charges.credit_reversed(decision_id=payload["decision"], actor=actor, now=now)
    endings.note_reversed(decision_id=payload["decision"], actor=actor, now=now)


def _on_ended(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    endings.begin(decision_id=payload["decision"], actor=actor, now=now)


def _on_withdrawn(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    endings.quarantine_withdrawn(order_id=payload["order"], actor=actor, now=now)


def _on_returned(payload: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    endings.return_number(order_id=payload["order"], actor=actor, now=now)


CONSEQUENCES: Final[dict[str, Callable[[Mapping[str, Any], Actor, datetime], None]]] = {
    confirming.FELL: _on_fallen,
    OVERRIDDEN: _on_overridden,
    REVERSED: _on_reversed,
    confirming.ENDED: _on_ended,
    enforcement.WITHDRAWN: _on_withdrawn,
    enforcement.RETURNED: _on_returned,
}
"""Topic to what follows."""
