"""Bodies, digest responses and passwords never reach a message, however mangled they come."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.watch.wire.sip import parse

SECRET = "S3CR3T"
HEAD = (
    "MESSAGE sip:bob:S3CR3T-password@example.com SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
    "From: <sip:alice:S3CR3T@example.com?Subject=S3CR3T>;tag=1\r\n"
    'To: "S3CR3T" <sip:bob@example.com;x=S3CR3T>\r\n'
    "Call-ID: c\r\nCSeq: 1 MESSAGE\r\n"
    "Subject: S3CR3T\r\n"
    'Authorization: Digest username="alice", realm="example.com", nonce="S3CR3T-n", uri="sip:S3CR3T", response="S3CR3T-r",'
    ' cnonce="S3CR3T-c", opaque="S3CR3T-o"\r\n'
    "Proxy-Authorization: Basic S3CR3T\r\n"
    'WWW-Authenticate: Digest realm="x", nonce="S3CR3T", stale=true\r\n'
    'Authentication-Info: rspauth="S3CR3T"\r\n'
)
BODY = "v=0\r\no=- 1 1 IN IP4 S3CR3T\r\na=crypto:1 AES inline:S3CR3T\r\n\r\nS3CR3T\r\n"


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("length", ["", "Content-Length: 9999\r\n", "Content-Length: 2\r\n", "Content-Length: -1\r\n"])
def test_no_field_holds_what_must_be_dropped(end: str, length: str) -> None:
    message = parse((HEAD + length + "\r\n" + BODY).replace("\r\n", end).encode())
    assert message.authorization is not None
    assert message.authorization.username == "alice"
    assert SECRET not in repr(message)


def test_a_body_without_an_empty_line_before_it_is_dropped_too() -> None:
    assert SECRET not in repr(parse((HEAD + BODY).encode()))
    assert SECRET not in repr(parse((HEAD + "\r\n" + BODY).replace("\r\n", "\r").encode()))


@pytest.mark.parametrize(
    "credentials",
    [
        'Digest username="alice, response="S3CR3T", realm="r"',
        'Digest username="alice, nonce=S3CR3T, x="',
        "Digest username=response=S3CR3T",
        'Digest realm="r, cnonce="S3CR3T"',
        'Digest username="S3CR3T',
        "Bearer S3CR3T",
        "S3CR3T",
        "S3CR3T x=y",
        "Digest S3CR3T",
    ],
)
def test_credentials_out_of_order_give_nothing_away(credentials: str) -> None:
    assert SECRET not in repr(parse(f"REGISTER sip:example.com SIP/2.0\r\nAuthorization: {credentials}\r\n\r\n".encode()))


@given(st.data())
def test_a_body_stays_dropped_when_the_head_is_cut_or_changed(data: st.DataObject) -> None:
    octets = bytearray(re.sub(r"S3CR3T", "x", HEAD).encode())
    for _ in range(data.draw(st.integers(0, 6))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    assert SECRET not in repr(parse(bytes(octets) + b"\r\n\r\n" + BODY.encode()))
