"""Who answers for traffic: trunk by address and proven user, then account, plan and party path, all as of a moment."""

from ringfence.watch.attribution.addresses import AddressCountries, read_countries
from ringfence.watch.attribution.directory import EMERGENCY_LIST, Directory, Sender
from ringfence.watch.attribution.files import CsvFile, RowProblem, read_reference
from ringfence.watch.attribution.rights import read_rights

__all__ = [
    "EMERGENCY_LIST",
    "AddressCountries",
    "CsvFile",
    "Directory",
    "RowProblem",
    "Sender",
    "read_countries",
    "read_reference",
    "read_rights",
]
