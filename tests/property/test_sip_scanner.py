"""Where the scanner of SIP heads understands a message, `wire` finds nothing wrong with it and reads the same."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.simulate import carrier, signalling
from ringfence.simulate.provider import harbour_voice
from ringfence.vocabulary.times import HOUR, Micros
from ringfence.watch.kernels import sip_fields
from ringfence.watch.sources import pcap
from ringfence.watch.wire.sip import parse
from ringfence.watch.wire.sip.head import READ
from ringfence.watch.wire.sip.scanning import TRACKED, Scanned
from tests.conftest import shared_data

_NAMES = sorted({*READ, "Subject", "Allow", "Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "X-Odd_Name", "Supported"})
_WORDS = [
    *("sip:alice@example.com", "<sip:alice@example.com>", "sips:a@b.example:5061", "<sip:b.example>", "tel:+3225551212", "*"),
    *('"Alice" <sip:alice@192.0.2.7:50600>;tag=9f', "Zoë <sip:z@a.example>", '"Zoë" <sip:z@a.example>;tag=a;x=y', "<tel:+44.1(2)>"),
    *("SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKa1;rport", "SIP/2.0/TCP a.example;branch=z9hG4bKb;received=192.0.2.9;rport=77"),
    *("SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK", "SIP/2.0/UDP [2001:db8::1];branch=z9hG4bKc", "SIP / 2.0 / UDP a.example ;branch=1"),
    *(
        "1 INVITE",
        "2147483648 INVITE",
        "7 ACK",
        "0 BYE",
        "1  INVITE",
        "INVITE",
        "70",
        "0",
        "256",
        "abc@def",
        "a b",
        "0x1",
        "9" * 30,
    ),
    *('Digest username="bob", realm="a", nonce="n", response="r"', 'Digest realm="username=eve", username="bob"', "Basic Zm9v"),
    *(
        'Digest username="x nonce y", realm="a"',
        'Digest username=bob, realm="a"',
        'Digest realm="a", stale=TRUE',
        "Digest stale=false",
    ),
    *(
        'Digest stale="true",realm="a"',
        'Digest realm="stale=true", stale = true',
        "timer",
        "Q.850;cause=16",
        'SIP;text="a, b"',
        "id; user",
    ),
    *("Sat, 14 Nov 2026 10:00:00 GMT", "Sun, 30 Feb 2026 10:00:00 GMT", "60", "120 (soon)", "", " ", "z9hG4bK", "SIP/2.0 200 OK"),
    *(
        "<sip:a@b.example;transport=udp>;expires=60;q=0.5",
        '<sip:a@b.example>;methods="INVITE, ACK", <sip:c@d.example>',
        "sip:%61@b.cd",
    ),
    *(
        "<sip:a@B.example>",
        "<sip:a@b.example?Route=x>",
        "<sip:a;x=y@b.example>",
        "<sip:a:p@b.example>;tag=1",
        "eyJh.b.c;info=<https://x>",
    ),
]
_MARKS = [
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b",",
    b";",
    b"<",
    b">",
    b'"',
    b"\\",
    b":",
    b"=",
    b"@",
    b"%",
    b"\0",
    b"\x7f",
    b"\xc3\xa9",
    b"\xff",
]
_USUAL = (
    b"INVITE sip:+3225551212@pbx.example:5080;user=phone SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKa1;rport\r\n"
    b"v: SIP/2.0/UDP a.example;branch=z9hG4bKb;received=192.0.2.9;rport=77, SIP/2.0/TLS c.example:1;branch=z9hG4bKc\r\n"
    b'Max-Forwards: 70\r\nFrom: "Alice" <sip:alice@example.com>;tag=9f\r\nTo: <tel:+3225551212>\r\nCall-ID: abc@def\r\n'
    b'CSeq: 7 INVITE\r\nProxy-Authorization: Digest username="bob", realm="a b", nonce="n", response="r"\r\nUser-Agent: Oak 2.0\r\n'
    b"Contact: <sip:alice@192.0.2.7:50600;ob>;expires=60\r\nP-Asserted-Identity: <sip:b.example>, A <tel:+3225551213>\r\n"
    b"Date: Sat, 14 Nov 2026 10:00:00 GMT\r\nSubject: Gr\xc3\xbc\xc3\x9fe\r\n"
    b"Content-Length: 5\r\n\r\nhello"
)


def check(payloads: list[bytes]) -> int:
    """Compare all that is understood with what `wire` reads; return how many that were."""
    scanned = Scanned.of(payloads)
    understood = 0
    for nth, payload in enumerate(payloads):
        seen = scanned.message(nth)
        if seen is not None:
            read = parse(payload)
            for field in TRACKED:
                assert getattr(seen, field) == getattr(read, field), (field, payload)
            details = scanned.found.details[nth].tolist()
            for uris, column in ((read.asserted, sip_fields.ASSERTED_USER), (read.diversions, sip_fields.DIVERTED_USER)):
                first = next((uri.user for uri in uris if uri.user is not None), None)
                assert (scanned.text[details[column] : details[column + 1]] if details[column] >= 0 else None) == first
            understood += 1
    return understood


def mutated(payload: bytes, chance: random.Random) -> bytes:
    """Change, drop, double or insert something, three times at most."""
    octets = bytearray(payload)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(octets) + 1)
        deed = chance.randrange(6)
        if deed == 0 and at < len(octets):
            octets[at] = chance.randrange(256)
        elif deed == 1:
            del octets[at : at + chance.choice((1, 1, 2, 30))]
        elif deed == 2:
            octets[at:at] = chance.choice(_MARKS)
        elif deed == 3:
            octets[at:at] = octets[at : at + chance.randrange(40)]
        elif deed == 4:
            del octets[at:]
        else:
            lines = bytes(octets).split(b"\r\n")
            lines.insert(chance.randrange(len(lines)), f"{chance.choice(_NAMES)}: {chance.choice(_WORDS)}".encode())
            octets = bytearray(b"\r\n".join(lines))
    return bytes(octets)


def lines() -> st.SearchStrategy[bytes]:
    """Header lines of known and unknown names, of right and wrong values."""
    values = st.one_of(st.sampled_from(_WORDS), st.lists(st.sampled_from(_WORDS), max_size=3).map(", ".join), st.text(max_size=12))
    return st.builds(
        lambda name, gap, value: f"{name}:{gap}{value}".encode(), st.sampled_from(_NAMES), st.sampled_from(["", " "]), values
    )


def test_a_usual_message_is_understood() -> None:
    assert check([_USUAL]) == 1


def test_the_names_are_those_that_wire_reads() -> None:
    fields = {name: {other for other in READ if READ[other] == READ[name]} for name in READ}
    assert {
        name: {other for other in sip_fields.NAMES if sip_fields.NAMES[other] == number}
        for name, number in sip_fields.NAMES.items()
    } == fields


@settings(max_examples=300)
@given(st.lists(lines(), max_size=6), st.permutations(range(12)), st.binary(max_size=3))
def test_whatever_lines_a_head_has_what_is_understood_is_read_alike(extra: list[bytes], order: list[int], body: bytes) -> None:
    head, _, _ = _USUAL.partition(b"\r\n\r\n")
    start, *fields = head.split(b"\r\n")[:-1]
    fields = [fields[place] for place in order if place < len(fields)] + extra
    payload = b"\r\n".join([start, *fields, b"", body])
    check([payload, payload.replace(b"INVITE sip:+3225551212@pbx.example:5080;user=phone SIP/2.0", b"SIP/2.0 200 OK")])


@pytest.mark.parametrize("seed", range(4))
def test_mutated_messages_that_are_understood_are_read_alike(seed: int) -> None:
    chance = random.Random(seed)
    plans = carrier.calls(harbour_voice(), seed=seed, duration=Micros(HOUR // 60))
    usual = [packet.payload for plan in plans for packet in signalling.flow(plan, "x").packets][:400] + [_USUAL] * 400
    assert check(usual) == len(usual)
    mutants = [mutated(payload, chance) for payload in usual for _ in range(3)]
    assert 0 < check(mutants) < len(mutants)


def test_cut_messages_are_never_understood() -> None:
    head = _USUAL.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert check([head[:size] for size in range(len(head))]) == 0


def test_neighbours_in_the_buffer_are_never_read() -> None:
    pieces = [_USUAL[:cut] for cut in range(len(_USUAL) + 1)] + [_USUAL[cut:] for cut in range(len(_USUAL) + 1)]
    alone = [Scanned.of([piece]).message(0) for piece in pieces]
    together = Scanned.of(pieces)
    assert [together.message(nth) for nth in range(len(pieces))] == alone


def captured() -> Iterator[bytes]:
    for path in sorted(Path(shared_data("sip-capture")).rglob("*.pcap*")):
        if path.suffix == ".json":
            continue
        with path.open("rb") as file:
            yield from (datagram.payload for datagram in pcap.read(file))


def test_real_captures_are_read_alike() -> None:
    payloads = list(captured())
    assert check(payloads) > 0.95 * len(payloads)
    chance = random.Random(7)
    check([mutated(payload, chance) for payload in payloads for _ in range(5)])


def test_torture_messages_are_read_alike() -> None:
    check([path.read_bytes() for path in sorted(shared_data("sip-torture").rglob("*")) if path.is_file()])


def test_nothing_of_a_body_or_a_digest_response_has_a_place() -> None:
    scanned = Scanned.of([_USUAL.replace(b'response="r"', b'response="5eed5eed"')])
    row, details, message = scanned.found.heads[0].tolist(), scanned.found.details[0].tolist(), scanned.message(0)
    firsts = [(row, column) for column in (sip_fields.CALL_ID, sip_fields.BRANCH, sip_fields.FROM_TAG, sip_fields.SENT_BY)]
    firsts += [(details, column) for column in (sip_fields.USER_AGENT, sip_fields.USER_NAME, sip_fields.REALM)]
    firsts += [(details, uri + place) for uri in (sip_fields.URI, sip_fields.FROM, sip_fields.TO) for place in (1, 3)]
    texts = {scanned.text[columns[column] : columns[column + 1]] for columns, column in firsts} | {repr(message)}
    assert {"bob", "abc@def", "Oak 2.0", "192.0.2.7"} <= texts
    assert [text for text in texts if "5eed" in text or "hello" in text] == []
