"""What a bundle adds to the reference data: its version, its lists, and which numbers call for help where."""

from datetime import date

from msgspec.structs import replace

from ringfence.policy.bundle import Bundle
from ringfence.policy.packs import emergency_by_country, told_to_others
from ringfence.policy.packs.reading import EMERGENCY
from ringfence.vocabulary.contracts import Reference


def with_lists(reference: Reference, bundle: Bundle, on: date) -> Reference:
    """Return the reference with the bundle's version and the entries of its lists that hold on a day; `date.min`: of every day."""
    return replace(
        reference,
        policy=bundle.hash,
        lists=told_to_others(bundle.lists, bundle.settings.jurisdiction, on),
        emergency=emergency_by_country(bundle.lists.get(EMERGENCY, ()), on),
    )
