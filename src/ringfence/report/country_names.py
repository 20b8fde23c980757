"""English names of the countries that numbers belong to, as `phonenumbers.geocoder` tells them.

That module loads the names of all towns too, which takes half a second and 60 MB.
"""

from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import cast

import phonenumbers

_NAMES = "phonenumbers.geodata.locale"
_ENGLISH = "en"
_ELSEWHERE = "*"
"""Begins a name that is the same in another language, which follows."""


def country_name(number: phonenumbers.PhoneNumber) -> str:
    """Return the country of a number; nothing where its code has several and the number is valid in none, or in more than one."""
    regions = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    if len(regions) != 1:
        regions = tuple(region for region in regions if phonenumbers.is_valid_number_for_region(number, region))
    return _name(regions[0]) if len(regions) == 1 else ""


def _name(region: str) -> str:
    names = _names().get(region, {})
    name = names.get(_ENGLISH, "")
    return names.get(name[1:], "") if name.startswith(_ELSEWHERE) else name


@cache
def _names() -> dict[str, dict[str, str]]:
    """Return countries' names by region and language, read without the package that they stand in."""
    spec = spec_from_file_location(_NAMES, Path(phonenumbers.__file__).parent / "geodata" / "locale.py")
    if spec is None or spec.loader is None:  # only where it was installed without its files
        return {}
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast(dict[str, dict[str, str]], module.LOCALE_DATA)
