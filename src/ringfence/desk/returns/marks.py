"""What parties have in common: persons, mailboxes, telephones, addresses, documents, means of payment, agents. Tokens alone."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from ringfence.desk.audit import services as audit
from ringfence.desk.parties.models import AccountHolding, Contact, Proof, TrunkUse
from ringfence.desk.returns.models import Trait

WEIGHTS: Final[Mapping[str, tuple[int, str]]] = {
    "document": (4, "the same document proves who or where it is"),
    "payment": (3, "the same means of payment"),
    "principal": (2, "the same person behind it"),
    "mail": (2, "the same mailbox"),
    "telephone": (2, "the same telephone"),
    "address": (2, "traffic from the same address"),
    "fingerprint": (2, "traffic that looks the same"),
    "called": (2, "calls to the same numbers"),
    "user": (1, "the same user name"),
    "agent": (1, "the same software"),
}
"""How much each says, most first, and in words. Ours."""
ENOUGH: Final = 3
COMMON: Final = 4
"""What so many parties share says nothing: a billing agency's mailbox, a cloud's address."""

Mark = tuple[str, str]


def token(kind: str, value: str) -> str:
    """Return what is kept of a mark: however they are written, names and mailboxes are one. Software has watch's token."""
    if kind == "agent":
        return audit.token_of("user_agent", value.strip())
    return audit.token_of(kind, " ".join(value.casefold().split()))


def marks() -> dict[Mark, set[str]]:
    """Return which parties bear, or bore, each mark."""
    found: defaultdict[Mark, set[str]] = defaultdict(set)
    for party, person, mail, telephone in Contact.objects.values_list("party__name", "person", "mail", "telephone"):
        for kind, value in (("principal", person), ("mail", mail), ("telephone", telephone)):
            if value:
                found[kind, token(kind, value)].add(party)
    holders: defaultdict[int, set[str]] = defaultdict(set)
    for account, party in AccountHolding.objects.values_list("account_id", "party__name"):
        holders[account].add(party)
    for account, address, user in TrunkUse.objects.values_list("account_id", "address", "user"):
        for kind, value in (("address", address), ("user", user)):
            if value:
                found[kind, token(kind, value)].update(holders[account])
    for party, digest in Proof.objects.exclude(sha256="").values_list("party__name", "sha256"):
        found["document", token("document", digest)].add(party)
    for party, kind, kept in Trait.objects.values_list("party", "kind", "token"):
        found[kind, kept].add(party)
    return found
