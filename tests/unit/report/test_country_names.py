"""Countries of numbers, named as the library's own geocoder does, without the names of towns."""

import subprocess
import sys

import phonenumbers
import pytest
from phonenumbers import geocoder

from ringfence.report.country_names import country_name


def test_every_countrys_example_number_is_named_as_the_geocoder_does() -> None:
    examples = [example for region in phonenumbers.SUPPORTED_REGIONS if (example := phonenumbers.example_number(region))]
    names = [country_name(example) for example in examples]
    assert names == [geocoder.country_name_for_number(example, "en") for example in examples]
    assert "Austria" in names


@pytest.mark.parametrize("text", ["+80012345678", "+883510000000", "+15005550006", "+1999", "+7", "+99999999"])
def test_a_number_of_no_one_country_is_named_as_the_geocoder_does(text: str) -> None:
    number = phonenumbers.PhoneNumber(country_code=int(text[1:2]), national_number=int(text[2:] or 0))
    assert country_name(number) == geocoder.country_name_for_number(number, "en")


def test_a_report_loads_no_names_of_towns() -> None:
    program = """
import sys
from ringfence.report.destinations import destinations
import ringfence.report.page
assert destinations({"+43": 1})[0][0].place == "Austria"
assert "phonenumbers.geocoder" not in sys.modules
assert "phonenumbers.geodata" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
