"""Orders as the desk writes them, for the gate's tests."""

from ringfence.vocabulary.contracts import Action, ActionKind, Order, Scope
from ringfence.vocabulary.subjects import SubjectKind
from ringfence.vocabulary.times import HOUR, SECOND, Micros

NOW = Micros(1_773_144_000 * SECOND)
SCANNER = "203.0.113.9"


def order(number: int, kind: SubjectKind = SubjectKind.SOURCE, value: str = SCANNER, **more: object) -> Order:
    """Return order `number`: against `kind` and `value`, from now for an hour, generation 1, unless `more` says otherwise."""
    fields: dict[str, object] = {
        "id": f"{number:032x}",
        "generation": 1,
        "decision": f"{number:032x}",
        "policy": "5c" * 32,
        "clause": "unauthorised-access",
        "rule": "sip-scan",
        "scope": Scope(kind=kind, value=value),
        "action": Action(kind=ActionKind.REFUSE, silent=True, code=403, phrase="Forbidden"),
        "start": NOW,
        "until": Micros(NOW + HOUR),
    }
    fields.update(more)
    return Order(**fields)  # type: ignore[arg-type]  # the fields are checked by what the tests expect of them
