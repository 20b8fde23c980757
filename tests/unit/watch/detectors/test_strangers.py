"""Who takes part in a session, by address."""

import pytest

from ringfence.watch.detectors.strangers import places_named, takes_part


@pytest.mark.parametrize("source", ["192.0.2.101", "192.0.2.200", "2001:db8::1:2:3:4"])
def test_a_place_and_its_neighbours_take_part(source: str) -> None:
    assert takes_part(source, ("192.0.2.101", "2001:db8::1:2:3:9"))


@pytest.mark.parametrize("source", ["192.0.3.101", "2001:db8:0:1::1", "nonsense", "2001:zz::"])
def test_others_are_strangers(source: str) -> None:
    assert not takes_part(source, ("192.0.2.101", "2001:db8::1:2:3:9"))


def test_an_answer_names_the_addresses_of_contact_and_record_route() -> None:
    answer = (
        b"SIP/2.0 200 OK\r\nRecord-Route: <sip:198.51.100.7;lr>, <sip:x@[2001:DB8::7]:5060;lr>\r\n"
        b"m: <sip:100@203.0.113.4:5060;transport=udp>\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n\r\nContact: <sip:203.0.113.99>\r\n"
    )
    assert places_named(answer) == ["198.51.100.7", "2001:db8::7", "203.0.113.4"]


def test_names_of_hosts_and_what_is_no_address_name_nothing() -> None:
    assert places_named(b"SIP/2.0 200 OK\r\nContact: <sip:gw.example.net>, <sip:999.1.2.3>, *\r\n\r\n") == []


def test_however_many_addresses_are_named_few_are_kept() -> None:
    contacts = b", ".join(b"<sip:10.0.0.%d>" % nth for nth in range(1, 200))
    assert len(places_named(b"SIP/2.0 200 OK\r\nContact: " + contacts + b"\r\n\r\n")) == 8
