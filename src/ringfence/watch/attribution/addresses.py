"""In which country an address is, from a database that the operator brings: a MaxMind database, or a table of networks. Pure.

    countries.csv   network,country            192.0.2.0/24,BE: the narrowest network answers

A table may have further columns; `country_iso_code` is read for `country`. In a MaxMind database (MMDB) the country is
`country.iso_code`, else `registered_country.iso_code`, else `country_code` or `country` itself.
"""

import csv
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from io import BytesIO
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from maxminddb import MODE_FD, InvalidDatabaseError, Reader

from ringfence.vocabulary.times import SECOND, Micros
from ringfence.watch.attribution.files import CsvFile, RowProblem

_REMEMBERED: Final = 65_536
_MARK: Final = b"\xab\xcd\xefMaxMind.com"
_COUNTRY_COLUMNS: Final = ("country", "country_iso_code")
_HINT: Final = "the first line must name network and country; or give a MaxMind database (.mmdb)"
_NOWHERE: Final = ("", "-", "ZZ", "XX")

_Network = IPv4Network | IPv6Network


class AddressCountries:
    """Answers for IP addresses. `built` is when the database was made, `None` where it doesn't say."""

    def __init__(self, find: Callable[[str], str | None], *, built: Micros | None = None) -> None:
        self.country: Final = lru_cache(maxsize=_REMEMBERED)(find)
        """ISO 3166 code of an address in text, `None` where nobody can tell."""
        self.built: Final = built


def read_countries(file: CsvFile, problems: list[RowProblem]) -> AddressCountries | None:
    """Return what the file knows; rows that can't be used are added to `problems`. `None` where it can't be used at all."""
    if _MARK in file.data[-131_072:]:
        return _of_database(file, problems)
    rows = csv.reader(file.data.decode("utf-8-sig", errors="replace").splitlines())
    header = [name.strip().lower() for name in next(rows, [])]
    column = next((name for name in _COUNTRY_COLUMNS if name in header), None)
    if "network" not in header or column is None:
        problems.append(RowProblem(file.name, 1, None, "no table of networks and countries", _HINT))
        return None
    network_at, country_at = header.index("network"), header.index(column)
    found: dict[_Network, str] = {}
    for line, cells in enumerate(rows, start=2):
        if not any(cells):
            continue
        try:
            network, country = ip_network(cells[network_at].strip(), strict=False), cells[country_at].strip().upper()
        except (ValueError, IndexError):
            problems.append(RowProblem(file.name, line, "network", "no network", "write 192.0.2.0/24 or 2001:db8::/32"))
            continue
        if country not in _NOWHERE and not (len(country) == 2 and country.isascii() and country.isalpha()):
            problems.append(RowProblem(file.name, line, column, f"{country[:20]!r} is no country", "two letters (ISO 3166): BE"))
            continue
        found[network] = country
    return AddressCountries(_Table(found.items()).country)


class _Table:
    """Networks laid out as spans without overlap, so that one search answers."""

    def __init__(self, networks: Iterable[tuple[_Network, str]]) -> None:
        ordered = sorted(networks, key=lambda each: (each[0].version, int(each[0].network_address), each[0].prefixlen))
        self._spans = {version: _spans([each for each in ordered if each[0].version == version]) for version in (4, 6)}

    def country(self, text: str) -> str | None:
        """Return the country of an address; `None` also for what is none."""
        try:
            address = ip_address(text)
        except ValueError:
            return None
        starts, countries = self._spans[address.version]
        place = bisect_right(starts, int(address)) - 1
        return countries[place] or None if place >= 0 else None


def _spans(networks: list[tuple[_Network, str]]) -> tuple[list[int], list[str]]:
    """Return where spans begin, in order, and the country of each, empty where nobody can tell. Wide networks come first."""
    starts: list[int] = []
    countries: list[str] = []
    open_ends: list[tuple[int, str]] = []

    def begin(at: int, country: str) -> None:
        if starts and starts[-1] == at:
            countries[-1] = country
        else:
            starts.append(at)
            countries.append(country)

    def close(before: int) -> None:
        while open_ends and open_ends[-1][0] < before:
            end, _ = open_ends.pop()
            begin(end + 1, open_ends[-1][1] if open_ends else "")

    for network, country in networks:
        known = "" if country in _NOWHERE else country
        close(int(network.network_address))
        begin(int(network.network_address), known)
        open_ends.append((int(network.broadcast_address), known))
    close(1 << 129)
    return starts, countries


class _Held(BytesIO):
    name = "the database"
    """What the reader calls it in messages."""


def _of_database(file: CsvFile, problems: list[RowProblem]) -> AddressCountries | None:
    try:
        reader = Reader(_Held(file.data), MODE_FD)
    except (InvalidDatabaseError, TypeError, ValueError, KeyError) as error:
        problems.append(RowProblem(file.name, 1, None, f"no MaxMind database that can be read: {error}", "fetch it anew"))
        return None

    def find(text: str) -> str | None:
        try:
            return _country_in(reader.get(text))
        except (ValueError, TypeError, InvalidDatabaseError):
            return None

    return AddressCountries(find, built=Micros(reader.metadata().build_epoch * SECOND))


def _country_in(record: object) -> str | None:
    if not isinstance(record, Mapping):
        return None
    for name in ("country", "registered_country", "country_code"):
        value = record.get(name)
        code = value.get("iso_code") if isinstance(value, Mapping) else value
        if isinstance(code, str) and code not in _NOWHERE:
            return code
    return None
