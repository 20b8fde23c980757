"""Countries of addresses, from tables and from databases that these tests make themselves."""

from ipaddress import IPv4Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.watch.attribution.databases import database

from ringfence.vocabulary.times import SECOND
from ringfence.watch.attribution import CsvFile, RowProblem
from ringfence.watch.attribution.addresses import AddressCountries, read_countries


def read(data: bytes) -> tuple[AddressCountries | None, list[RowProblem]]:
    problems: list[RowProblem] = []
    return read_countries(CsvFile("countries", data), problems), problems


def table(*rows: str, header: str = "network,country") -> AddressCountries:
    found, problems = read("\n".join([header, *rows]).encode())
    assert found is not None
    assert problems == []
    return found


def test_the_narrowest_network_answers() -> None:
    known = table("198.51.0.0/16,FR", "198.51.100.0/24,BE", "198.51.100.7/32,NL", "2001:db8::/32,DE", "203.0.113.0/24,-")
    asked = ("198.51.1.1", "198.51.100.1", "198.51.100.7", "198.51.100.8", "198.51.101.0", "2001:db8::1")
    assert [known.country(address) for address in asked] == ["FR", "BE", "NL", "BE", "FR", "DE"]
    assert [known.country(address) for address in ("198.52.0.0", "203.0.113.1", "::1", "no address", "")] == [None] * 5


@given(
    st.lists(st.tuples(st.integers(0, 255), st.integers(24, 32), st.sampled_from(["BE", "FR", "ZZ"])), max_size=12),
    st.integers(0, 255),
)
def test_any_networks_answer_as_the_longest_prefix_does(networks: list[tuple[int, int, str]], host: int) -> None:
    rows = {ip_network((f"192.0.2.{last}", length), strict=False): country for last, length, country in networks}
    known = table(*(f"{network},{country}" for network, country in rows.items()))
    address = IPv4Address(f"192.0.2.{host}")
    fitting = [(network.prefixlen, country) for network, country in rows.items() if address in network]
    expected = max(fitting)[1] if fitting else None
    assert known.country(str(address)) == (None if expected == "ZZ" else expected)


def test_columns_may_be_named_and_ordered_otherwise() -> None:
    known = table("x,be,192.0.2.0/24", header="geoname_id,country_iso_code,network")
    assert known.country("192.0.2.1") == "BE"


def test_a_row_that_is_none_is_named_and_the_others_count() -> None:
    found, problems = read(b"network,country\n192.0.2.0/33,BE\n192.0.2.0/24,Belgium\n198.51.100.0/24,BE\n")
    assert found is not None
    assert found.country("198.51.100.1") == "BE"
    assert [(problem.line, problem.column) for problem in problems] == [(2, "network"), (3, "country")]


@pytest.mark.parametrize("data", [b"", b"from,to,country\n1,2,BE\n", b"\xff\xfe", b"\xab\xcd\xefMaxMind.com"])
def test_what_is_no_database_is_told(data: bytes) -> None:
    found, (problem,) = read(data)
    assert found is None
    assert problem.hint


def test_a_database_of_the_common_kind_is_read() -> None:
    data = database(
        {
            "192.0.2.0/24": {"country": {"iso_code": "BE"}},
            "198.51.100.0/25": {"registered_country": {"iso_code": "NL"}},
            "203.0.113.0/24": {"country_code": "FR"},
            "2001:db8::/32": {"country": {"iso_code": "DE"}},
        },
        built=1_790_000_000,
    )
    found, problems = read(data)
    assert problems == []
    assert found is not None
    asked = ("192.0.2.1", "198.51.100.1", "198.51.100.200", "203.0.113.9", "2001:db8::9", "2001:db9::", "no address")
    assert [found.country(address) for address in asked] == ["BE", "NL", None, "FR", "DE", None, None]
    assert found.built == 1_790_000_000 * SECOND
    assert ip_address("192.0.2.1").version == 4
