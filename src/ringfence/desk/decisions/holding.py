"""Holding a decision while something follows from it."""

from ringfence.desk.decisions.models import Decision


def hold(id: str) -> None:
    """Hold a decision until the transaction's end: of two workers that draw the same consequence one waits, and finds it drawn."""
    Decision.objects.select_for_update(of=("self",)).filter(id=id).values_list("id").first()
