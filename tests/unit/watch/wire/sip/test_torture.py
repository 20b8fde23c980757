"""RFC 4475: every message has the verdict class it must have, and the defect that names its cause."""

import csv

import pytest
from tests.conftest import SHARED_DATA, shared_data

from ringfence.watch.wire.sip import Defect, parse

FOLDER = ("sip-torture", "rfc4475")

CAUSES = {
    "badinv01": {Defect.PARAMETER, Defect.VIA},
    "clerr": {Defect.BODY_SHORT},
    "ncl": {Defect.NUMBER},
    "scalar02": {Defect.NUMBER_RANGE},
    "scalarlg": {Defect.NUMBER_RANGE},
    "quotbal": {Defect.QUOTE},
    "ltgtruri": {Defect.REQUEST_URI},
    "lwsruri": {Defect.START_LINE, Defect.URI},
    "lwsstart": {Defect.START_LINE},
    "trws": {Defect.START_LINE},
    "escruri": {Defect.REQUEST_URI},
    "baddate": {Defect.DATE},
    "regbadct": {Defect.ADDRESS},
    "badaspec": {Defect.ADDRESS},
    "baddn": {Defect.DISPLAY_NAME},
    "badvers": {Defect.VERSION},
    "mismatch01": {Defect.CSEQ_METHOD},
    "mismatch02": {Defect.CSEQ_METHOD},
    "bigcode": {Defect.STATUS_CODE},
}
"""Message to its defects of syntax: the cause that the RFC gives, and no other."""

SENSE = {
    "badbranch": {Defect.BRANCH},
    "insuf": {Defect.MISSING_HEADER},
    "unkscm": {Defect.UNKNOWN_SCHEME},
    "novelsc": {Defect.UNKNOWN_SCHEME},
    "unksm2": {Defect.UNKNOWN_SCHEME},
    "bext01": {Defect.UNKNOWN_EXTENSION},
    "regaut01": {Defect.UNKNOWN_CREDENTIALS},
    "multi01": {Defect.REPEATED_HEADER},
    "mcl01": {Defect.REPEATED_HEADER, Defect.EXCESS},
    "bcast": {Defect.BROADCAST},
    "zeromf": {Defect.HOPS_EXHAUSTED},
    "inv2543": {Defect.BRANCH, Defect.MISSING_HEADER},
    "dblreq": {Defect.EXCESS},
    # Left to the receiver, since they turn on what it can do and not on the message: a body's type, what it accepts, unknown
    # parameters of a contact, a Route escaped into one.
    "invut": set(),
    "sdp01": set(),
    "cparam01": set(),
    "cparam02": set(),
    "regescrt": set(),
}


def messages() -> list[tuple[str, str]]:
    table = SHARED_DATA.joinpath(*FOLDER, "expectations.csv")
    if not table.exists():
        return [("absent", "absent")]
    with table.open(newline="", encoding="utf-8") as rows:
        return [(row["file"], row["class"]) for row in csv.DictReader(rows)]


@pytest.mark.parametrize(("file", "verdict"), messages())
def test_each_message_has_the_verdict_of_the_table(file: str, verdict: str) -> None:
    message = parse(shared_data(*FOLDER, file).read_bytes())
    syntax = {defect for defect in message.defects if defect.is_syntax}
    sense = {defect for defect in message.defects if not defect.is_syntax}
    name = file.removesuffix(".dat")
    assert syntax == CAUSES.get(name, set())
    assert bool(syntax) == (verdict == "invalid-syntax")
    if name in SENSE:
        assert sense == SENSE[name]


def test_all_49_messages_are_there() -> None:
    shared_data(*FOLDER)
    assert len(messages()) == 49


def test_white_space_wherever_the_grammar_allows_it_changes_nothing() -> None:
    message = parse(shared_data(*FOLDER, "wsinv.dat").read_bytes())
    assert (message.cseq, message.cseq_method, message.max_forwards) == (9, "INVITE", 68)
    assert (message.from_tag, message.to_tag) == ("98asjd8", "1918181833n")
    assert [(via.transport, via.host, via.branch) for via in message.vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]


def test_of_two_messages_in_a_datagram_the_first_is_read_and_the_other_dropped() -> None:
    message = parse(shared_data(*FOLDER, "dblreq.dat").read_bytes())
    assert (message.method, message.body_bytes) == ("REGISTER", 0)
    assert message.call_id is not None
    assert message.call_id.startswith("dblreq.0ha0isndaksdj99")


def test_escapes_are_read_in_users_and_never_in_methods_or_header_names() -> None:
    assert (
        parse(shared_data(*FOLDER, "esc01.dat").read_bytes()).uri
        == parse(b"INVITE sip:sips%3auser%40example.com@example.net SIP/2.0\r\n\r\n").uri
    )
    escaped = parse(shared_data(*FOLDER, "esc02.dat").read_bytes())
    assert escaped.method == "RE%47IST%45R"
    assert [contact.user for contact in escaped.contacts] == ["alias1", "alias3"]


def test_escaped_null_characters_stay_escaped() -> None:
    message = parse(shared_data(*FOLDER, "escnull.dat").read_bytes())
    assert [contact.user for contact in message.contacts] == ["%00", "%00%00"]


def test_a_status_too_large_leaves_neither_request_nor_response() -> None:
    message = parse(shared_data(*FOLDER, "bigcode.dat").read_bytes())
    assert (message.method, message.uri, message.status) == (None, None, 0)


def test_the_message_without_a_verdict_is_read_all_the_same() -> None:
    message = parse(shared_data(*FOLDER, "test.dat").read_bytes())
    assert Defect.START_LINE in message.defects
    assert message.call_id == "test.0ha0isndaksdj@192.0.2.1"
