"""A program is known by how it writes, whatever it calls itself."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import shared_data
from tests.unit.watch.calls.recordings import recorded

from ringfence.watch.detectors.shapes import is_tool, shape_of
from ringfence.watch.wire.sip import parse

PHONE = (
    b"REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-524287-1---d1;rport\r\nMax-Forwards: 70\r\n"
    b"Contact: <sip:u@192.0.2.1>\r\nTo: <sip:u@h>\r\nFrom: <sip:u@h>;tag=3c26700f\r\nCall-ID: 81723\r\nCSeq: 1 REGISTER\r\n"
    b"User-Agent: Phone\r\nContent-Length: 0\r\n\r\n"
)


def requests(name: str) -> Iterator[bytes]:
    for each in recorded(shared_data("sip-capture", "attack-tools", f"{name}.pcap")):
        message = parse(each.payload)
        if message.is_request and message.method != "ACK":
            yield each.payload


@pytest.mark.parametrize("name", ["svmap", "svwar", "svwar_invite", "svcrack"])
@pytest.mark.parametrize("agent", [b"friendly-scanner", b"Larch IP-320/6.1", None])
def test_a_scanner_is_known_from_each_request_by_any_name_and_by_none(name: str, agent: bytes | None) -> None:
    for payload in requests(name):
        line = b"" if agent is None else b"User-Agent: " + agent + b"\r\n"
        renamed = payload.replace(b"User-Agent: friendly-scanner\r\n", line).replace(b"sipvicious", b"100")
        assert is_tool(renamed, parse(renamed).call_id or "")


@pytest.mark.parametrize("name", ["sipp_calls", "sipp_invite_flood"])
def test_a_tool_for_testing_is_no_scanner(name: str) -> None:
    assert not any(is_tool(payload, parse(payload).call_id or "") for payload in requests(name))


def test_a_phone_whose_call_ids_are_digits_is_no_scanner() -> None:
    assert shape_of(PHONE) == "via max-forwards contact to from call-id cseq | -? x d"
    assert not is_tool(PHONE, "81723")


def test_a_shape_says_nothing_of_what_the_request_says() -> None:
    other = PHONE.replace(b"192.0.2.1", b"198.51.100.77").replace(b"sip:u@h", b"sip:someone@elsewhere").replace(b"Phone", b"X")
    assert shape_of(other) == shape_of(PHONE)


@given(st.binary(max_size=300))
def test_no_octets_make_it_raise(octets: bytes) -> None:
    shape_of(octets)
    shape_of(b"X\r\nVia:" + octets + b"\r\nCall-ID:" + octets)
