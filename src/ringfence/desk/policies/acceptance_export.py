"""The report of acceptance as a file: where each party stands with a version, and every piece of evidence."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

import msgspec

from ringfence.desk.actor import Actor
from ringfence.desk.parties.models import Party, PartyKind
from ringfence.desk.parties.subtree import visible
from ringfence.desk.policies import acceptance
from ringfence.desk.policies.models import Acceptance, How, PolicyVersion
from ringfence.watch.attribution.files import harmless

Row = Mapping[str, str]

_BATCH: Final = 500
_STANDINGS: Final = ("party", "kind", "below", "version", "state", "how", "by", "at", "proof", "sha256", "first_use", "attested")
_EVIDENCE: Final = ("party", "version", "how", "account", "by", "at", "recorded", "proof", "sha256")


def standings(version: PolicyVersion, actor: Actor, now: datetime) -> Iterator[Row]:
    """Yield a row for each party by name: its state, the strongest evidence, its first use since, and a reseller's attestation."""
    after = ""
    parties = visible(Party.objects.all(), actor=actor, now=now).order_by("name")
    while page := list(parties.filter(name__gt=after)[:_BATCH]):
        after = page[-1].name
        attested = dict(
            Acceptance.objects.filter(version=version, how=How.ATTESTATION, party__in=page).values_list("party_id", "at")
        )
        for one in acceptance.report(parties=page, version=version, now=now):
            word = attested.get(one.party.pk)
            yield {
                "party": one.party.name,
                "kind": str(one.party.kind),
                "below": one.reseller or "",
                "version": str(version.number),
                "state": str(one.state),
                **_of(one.evidence),
                "first_use": one.first_use.isoformat() if one.first_use else "",
                "attested": word.isoformat() if word else "no" if one.party.kind == PartyKind.RESELLER else "",
            }


def _of(evidence: Acceptance | None) -> Row:
    if evidence is None:
        return dict.fromkeys(("how", "by", "at", "proof", "sha256"), "")
    at = evidence.at.isoformat()
    return {"how": str(evidence.how), "by": evidence.by, "at": at, "proof": evidence.proof, "sha256": evidence.sha256}


def evidence(version: PolicyVersion, actor: Actor, now: datetime) -> Iterator[Row]:
    """Yield every piece of evidence for a version, oldest first, without the signed files themselves."""
    seen = visible(Party.objects.all(), actor=actor, now=now).values("pk")
    found = Acceptance.objects.filter(version=version, party_id__in=seen).select_related("party").defer("document")
    for one in found.order_by("at", "id").iterator(chunk_size=_BATCH):
        yield {
            "party": one.party.name,
            "version": str(version.number),
            "account": one.account,
            "recorded": one.recorded.isoformat(),
            **_of(one),
        }


TABLES: Final[dict[str, tuple[tuple[str, ...], Callable[[PolicyVersion, Actor, datetime], Iterator[Row]]]]] = {
    "standings": (_STANDINGS, standings),
    "evidence": (_EVIDENCE, evidence),
}


def as_csv(columns: tuple[str, ...], rows: Iterable[Row]) -> Iterator[str]:
    """Yield a CSV in pieces, its header first; cells that a spreadsheet would take for formulas are marked."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for nth, row in enumerate(rows, start=1):
        writer.writerow([harmless(row[column]) for column in columns])
        if nth % _BATCH == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def as_json(rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield one JSON array in pieces, an object a row without its empty cells."""
    yield b"["
    for nth, row in enumerate(rows):
        yield (b",\n" if nth else b"\n") + msgspec.json.encode({column: value for column, value in row.items() if value})
    yield b"\n]\n"
