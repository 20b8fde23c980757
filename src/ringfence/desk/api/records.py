"""What is kept about a party, read by a program: contracts, proofs, rights to show numbers, exemptions, transfers."""

from datetime import UTC, datetime
from typing import Any, Final

from django.db.models import Model
from django.http import HttpRequest
from ninja import Router, Schema

from ringfence.desk.actor import Actor
from ringfence.desk.api.problems import Problem
from ringfence.desk.errors import NotThere
from ringfence.desk.parties import selectors

router = Router()
_HIDDEN: Final = frozenset({"party_id", "account_id", "holder_id", "taker_id", "consent", "signature"})
"""Columns that are rows of the database, or octets; a transfer's parties and account stand by their names."""


class RecordsOut(Schema):
    """Each kind's records, with the columns that the desk's page shows; times are RFC 3339 in UTC, amounts are text.

    `transfers` are the provider's own to see: a party's key gets none.
    """

    party: str
    contracts: list[dict[str, Any]]
    proofs: list[dict[str, Any]]
    rights: list[dict[str, Any]]
    exemptions: list[dict[str, Any]]
    transfers: list[dict[str, Any]]


@router.get(
    "/{path:name}",
    response={200: RecordsOut, 401: Problem, 403: Problem, 404: Problem},
    summary="Contracts, proofs, rights, exemptions and transfers of a party",
)
def records(request: HttpRequest, name: str) -> RecordsOut:
    """Return what is kept about a party. What changes it takes a person: at the desk, with its second person where one is due."""
    actor: Actor = request.auth  # type: ignore[attr-defined]  # the library puts there what `authenticate` returned
    kept = selectors.records(name=name, actor=actor, now=datetime.now(UTC))
    if kept is None:
        raise NotThere(f"no party {name}")
    return RecordsOut(
        party=kept.party.name,
        contracts=[_row(one) for one in kept.contracts],
        proofs=[_row(one) for one in kept.proofs],
        rights=[{**_row(one), "account": one.account.name} for one in kept.rights],
        exemptions=[_row(one) for one in kept.exemptions],
        transfers=[
            {**_row(one), "account": one.account.name, "holder": one.holder.name, "taker": one.taker.name} for one in kept.transfers
        ],
    )


def _row(row: Model) -> dict[str, Any]:
    told = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.attname not in _HIDDEN}
    return {name: _written(value) for name, value in told.items()}


def _written(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value if value is None or isinstance(value, int | str) else str(value)
