"""What the parser reads from messages as they really are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.watch.wire.sip import Authorization, Defect, Message, Uri, Via, parse
from ringfence.watch.wire.sip.head import MAX_HEADERS

INVITE = (
    b"INVITE sip:+3225550100@sip.example.com:5080;user=phone SIP/2.0\r\n"
    b"Via: SIP/2.0/TLS 192.0.2.10:5061;branch=z9hG4bK1;rport=5062;received=198.51.100.4,"
    b" SIP/2.0/UDP [2001:db8::1];branch=z9hG4bK2\r\n"
    b"v: SIP/2.0/UDP c.example.com;branch=z9hG4bK3;rport\r\n"
    b"Max-Forwards: 70\r\n"
    b'From: "Alice, \\"A\\" <x>" <sip:alice:secret@Example.COM;transport=tcp>;tag=a1;x=y\r\n'
    b"To: sip:bob@example.com;tag=b2\r\n"
    b"Call-ID: 1@host\r\n"
    b"CSeq: 7 INVITE\r\n"
    b'Contact: <sip:alice@192.0.2.10>;expires=60, "B" <sips:b@[2001:DB8::2]:5071>\r\n'
    b'P-Asserted-Identity: "A" <tel:+3225550101;phone-context=x>, <sip:+3225550101@example.com>\r\n'
    b"Diversion: <sip:+3225550102@example.com>;reason=unconditional\r\n"
    b"Privacy: id; Critical\r\n"
    b'Reason: SIP;cause=603;text="v=analytics1;url=https://example.com/redress, x";location=TN\r\n'
    b"Identity: eyJh.eyJi.c;info=<https://cert.example.com/a.pem>;alg=ES256;ppt=shaken\r\n"
    b"Record-Route: <sip:p1.example.com;lr>\r\nRecord-Route: <sip:p2.example.com;lr>\r\n"
    b"User-Agent: Desk phone/1.0\r\n"
    b"Expires: 120\r\n"
    b"l: 4\r\n"
    b"\r\n"
    b"v=0\n"
)


def test_an_invite_is_read_in_all_its_parts() -> None:
    message = parse(INVITE)
    assert message == Message(
        method="INVITE",
        uri=Uri("sip", "+3225550100", "sip.example.com", 5080),
        status=0,
        reason_phrase=None,
        call_id="1@host",
        cseq=7,
        cseq_method="INVITE",
        from_uri=Uri("sip", "alice", "example.com"),
        from_tag="a1",
        to_uri=Uri("sip", "bob", "example.com"),
        to_tag="b2",
        vias=(
            Via("TLS", "192.0.2.10", 5061, "z9hG4bK1", "198.51.100.4", 5062),
            Via("UDP", "[2001:db8::1]", None, "z9hG4bK2"),
            Via("UDP", "c.example.com", None, "z9hG4bK3", None, 0),
        ),
        contacts=(Uri("sip", "alice", "192.0.2.10"), Uri("sips", "b", "[2001:db8::2]", 5071)),
        record_routes=(Uri("sip", None, "p1.example.com"), Uri("sip", None, "p2.example.com")),
        asserted=(Uri("tel", "+3225550101", None), Uri("sip", "+3225550101", "example.com")),
        diversions=(Uri("sip", "+3225550102", "example.com"),),
        identities=("eyJh.eyJi.c;info=<https://cert.example.com/a.pem>;alg=ES256;ppt=shaken",),
        privacy=("id", "critical"),
        reason=('SIP;cause=603;text="v=analytics1;url=https://example.com/redress, x";location=TN',),
        user_agent="Desk phone/1.0",
        max_forwards=70,
        expires=120,
        content_length=4,
        body_bytes=4,
    )


def test_line_feeds_alone_end_lines_as_well() -> None:
    assert parse(INVITE.replace(b"\r\n", b"\n")) == parse(INVITE)


def test_a_response_has_its_method_from_cseq() -> None:
    message = parse(b"SIP/2.0 407 Proxy Authentication Required\r\nCSeq: 2 REGISTER\r\n\r\n")
    assert (message.status, message.method, message.reason_phrase) == (407, "REGISTER", "Proxy Authentication Required")
    assert not message.is_request


def test_credentials_are_told_and_kept_no_further_than_whose_they_are() -> None:
    message = parse(
        b"REGISTER sip:x SIP/2.0\r\n"
        b'Authorization: Digest username="al\\"ice", realm="example.com",nonce="n1", response="r1"\r\n\r\n'
    )
    assert message.authorization == Authorization("digest", 'al"ice', "example.com")


@pytest.mark.parametrize(
    ("flag", "stale"), [(b"stale=TRUE", True), (b'stale="true"', True), (b"stale=false", False), (b"x=y", False)]
)
def test_a_challenge_says_whether_only_the_nonce_was_too_old(flag: bytes, stale: bool) -> None:
    message = parse(b'SIP/2.0 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="a", ' + flag + b"\r\n\r\n")
    assert message.stale is stale


def test_a_wildcard_contact_is_no_address() -> None:
    message = parse(b"REGISTER sip:example.com SIP/2.0\r\nContact: *\r\nExpires: 0\r\n\r\n")
    assert (message.contacts, message.expires) == ((), 0)
    assert Defect.URI not in message.defects


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"\r\n", b"\n" * 70_000])
def test_keep_alive_is_an_empty_message(data: bytes) -> None:
    assert parse(data).defects == (Defect.EMPTY,)


def test_a_head_cut_off_says_so_and_gives_what_came() -> None:
    message = parse(INVITE[:360])
    assert Defect.HEAD_UNFINISHED in message.defects
    assert message.from_tag == "a1"


@pytest.mark.parametrize(
    ("header", "defect"),
    [
        (b"CSeq: 1", Defect.CSEQ),
        (b"CSeq: 9999999999 INVITE", Defect.NUMBER_RANGE),
        (b"CSeq: " + b"9" * 9000 + b" INVITE", Defect.NUMBER_RANGE),
        (b"Content-Length: +4", Defect.NUMBER),
        (b"Content-Length: \xd9\xa3", Defect.NUMBER),
        (b"Call-ID: a b", Defect.CALL_ID),
        (b"From: <sip:a@b", Defect.ADDRESS),
        (b"From: nothing", Defect.URI),
        (b"From: <sip:a@b_c-:1>", Defect.HOST),
        (b"From: <sip:a@b:99999>", Defect.HOST),
        (b"From: <sip:a@[::1>", Defect.HOST),
        (b"From: <sip:%zz@b>", Defect.ESCAPE),
        (b"Via: SIP/2.0/UDP", Defect.VIA),
        (b"Via: SIP/2.0/UDP h;rport=x", Defect.NUMBER),
        (b"no colon here", Defect.HEADER_LINE),
        (b"bad name: 1", Defect.HEADER_LINE),
        (b"X: 1\rY: 2", Defect.LINE_END),
        (b"X: \x00", Defect.CONTROL_CHARACTER),
    ],
)
def test_each_defect_is_named(header: bytes, defect: Defect) -> None:
    assert defect in parse(b"INVITE sip:x@example.com SIP/2.0\r\n" + header + b"\r\n\r\n").defects


def test_more_header_fields_than_anybody_needs_are_not_read() -> None:
    message = parse(b"INVITE sip:x@example.com SIP/2.0\r\n" + b"X: 1\r\n" * MAX_HEADERS + b"Call-ID: a\r\n\r\n")
    assert Defect.HEADER_COUNT in message.defects
    assert message.call_id is None


def test_the_same_defect_is_recorded_once() -> None:
    message = parse(b"INVITE sip:x@example.com SIP/2.0\r\nFrom: <sip:a@b:99999>\r\nTo: <sip:a@b:99999>\r\n\r\n")
    assert message.defects.count(Defect.HOST) == 1


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        (b"sip:alice@example.com", Uri("sip", "alice", "example.com")),
        (b"SIP:Alice@EXAMPLE.com.", Uri("sip", "Alice", "example.com.")),
        (b"sips:example.com:5061", Uri("sips", None, "example.com", 5061)),
        (b"sip:@example.com", Uri("sip", None, "example.com")),
        (b"sip:+1-555;postd=pp22@foo.com;user=phone", Uri("sip", "+1-555", "foo.com")),
        (b"sip:a?b@example.com", Uri("sip", "a?b", "example.com")),
        (b"sip:%61%C3%A9@h", Uri("sip", "aé", "h")),
        (b"sip:u@[2001:db8::10%25eth0]", Uri("sip", "u", None)),
        (b"tel:+32-2-555;ext=1", Uri("tel", "+32-2-555", None)),
        (b"urn:service:sos", Uri("urn", "service:sos", None)),
    ],
)
def test_uris_of_all_kinds(text: bytes, uri: Uri) -> None:
    assert parse(b"INVITE " + text + b" SIP/2.0\r\n\r\n").uri == uri


@given(
    name=st.sampled_from(["", "a ", "a b", '"Q. <x>" ', '"q"', "%", "a.b "]),
    uri=st.lists(
        st.sampled_from(
            [
                "sip:",
                "sips:",
                "tel:",
                "a",
                "+32",
                "@",
                "h.example",
                "H",
                ":",
                "5060",
                "99999",
                ";x=y",
                "?a=b",
                "%41",
                "<",
                "[::1]",
                "-",
                ".",
            ]
        ),
        max_size=7,
    ).map("".join),
    tag=st.sampled_from(["", ";tag=a-1", ";tag=", ";x;tag=b", ";tag=a;y", ";tag=a b", "x"]),
)
def test_an_address_means_the_same_whichever_way_it_is_read(name: str, uri: str, tag: str) -> None:
    def read(address: str) -> Message:
        return parse(f"INVITE sip:x@example.com SIP/2.0\r\nFrom: {address}\r\n\r\n".encode())

    # The tab before the bracket takes the address off the short path.
    short, long = read(f"{name or 'n'}<{uri}>{tag}"), read(f"{name or 'n'}\t<{uri}>{tag}")
    assert (short.from_uri, short.from_tag, short.defects) == (long.from_uri, long.from_tag, long.defects)


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("urn:service:sos", "service:sos"),
        ("URN:service:Sos.Fire", "service:sos.fire"),
        ("urn:service:sos.", None),
        ("urn:isbn:1", None),
    ],
)
def test_a_service_has_its_name_as_user_and_any_other_urn_nothing(text: str, user: str | None) -> None:
    message = parse(INVITE.replace(b"sip:+3225550100@sip.example.com:5080;user=phone", text.encode()))
    assert message.uri == Uri("urn", user, None)
    assert (Defect.UNKNOWN_SCHEME in message.defects) == (user is None)
