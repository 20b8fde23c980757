"""Inquiries in words: one file of texts for each language."""

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from ringfence.desk.actor import Actor
from ringfence.desk.inquiries.models import Inquiry, Tier
from ringfence.desk.letters.services import Draft
from ringfence.desk.letters.wording import filled, spoken, texts
from ringfence.desk.parties.addressees import Addressee
from ringfence.desk.policies import selectors as policies

_PACKAGE: Final = "ringfence.desk.inquiries"


def phrases(language: str) -> Mapping[str, str]:
    """Return what the page of a tier says, in the nearest language that there is."""
    return texts(_PACKAGE, spoken(_PACKAGE, language))["page"]


def places_of(inquiry: Inquiry, tier: Tier, actor: Actor) -> dict[str, str]:
    """Return what the texts of an inquiry may name."""
    version = policies.current(actor=actor)
    held = policies.bundle(hash=version.hash).settings if version is not None else None
    zone = ZoneInfo(held.time_zone) if held is not None else ZoneInfo("UTC")
    told = texts(_PACKAGE, spoken(_PACKAGE, tier.language))
    return {
        "provider": held.provider if held is not None else "",
        "mailbox": held.abuse_mailbox if held is not None else "",
        "party": tier.party,
        "about": inquiry.party,
        "case": str(inquiry.case_id),
        "due": tier.due.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z"),
        "kind": told["kinds"][inquiry.kind],
        "why": told["why"][tier.why],
        "question": inquiry.question,
    }


def letter_of(*, inquiry: Inquiry, tier: Tier, addressee: Addressee, page: str, actor: Actor) -> Draft:
    """Return the letter that asks an addressee. Raises `Unfilled`."""
    language = spoken(_PACKAGE, addressee.language)
    told, places = texts(_PACKAGE, language)["letter"], {**places_of(inquiry, tier, actor), "page": page}
    return Draft(
        key=f"inquiry {tier.id}-{tier.round} {addressee.contact}"[:128],
        about=("inquiry", str(inquiry.id)),
        case=inquiry.case_id,
        mail=addressee.mail,
        subject=filled(told["subject"], places),
        text=filled(told["text"], places).strip() + "\n",
        language=language,
        provider=places["provider"],
    )
