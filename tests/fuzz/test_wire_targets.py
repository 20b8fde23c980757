"""The fuzz targets on random bytes, on fragments of the grammar, and on real messages changed at random."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import shared_data
from tests.fuzz.wire_targets import TARGETS

PIECES = [
    *(
        b"INVITE sip:a@b SIP/2.0\r\n",
        b"SIP/2.0 200 OK\r\n",
        b"Via: SIP/2.0/UDP h;branch=z9hG4bK",
        b"From: ",
        b"t:",
        b"CSeq:",
        b"m:",
    ),
    *(b"Content-Length: ", b"Authorization: Digest ", b"username=", b"stale=", b"WWW-Authenticate: ", b"Identity: ", b"Require: "),
    *(b"<", b">", b'"', b"\\", b";", b",", b":", b"?", b"=", b"%", b"%41", b"@", b"[", b"]", b"::", b"*", b"/", b" ", b"\t", b"0"),
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n ",
        b"\r\n\r\n",
        b"\0",
        b"\xff",
        b"\xc3\xa9",
        b"9" * 400,
        b"sip:",
        b"tel:",
        b"urn:x",
        b"tag=",
        b"HEP3",
    ),
]


def mutated(data: st.DataObject, octets: bytes) -> bytes:
    """Return `octets` with a few places overwritten, left out, doubled or filled with a piece of the grammar."""
    changed = bytearray(octets)
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(changed)))
        length = data.draw(st.integers(0, 20))
        match data.draw(st.sampled_from(["write", "drop", "double", "insert"])):
            case "write":
                changed[at : at + 1] = data.draw(st.binary(min_size=1, max_size=1))
            case "drop":
                del changed[at : at + length]
            case "double":
                changed[at:at] = changed[at : at + length] * 3
            case _:
                changed[at:at] = data.draw(st.sampled_from(PIECES))
    return bytes(changed)


@pytest.mark.parametrize("target", TARGETS)
@given(octets=st.binary(max_size=600))
def test_random_bytes_never_raise(target: Callable[[bytes], None], octets: bytes) -> None:
    target(octets)


@pytest.mark.parametrize("target", TARGETS)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=60))
def test_pieces_of_the_grammar_in_any_order_never_raise(target: Callable[[bytes], None], pieces: list[bytes]) -> None:
    target(b"".join(pieces))
    target(PIECES[0] + b"".join(pieces))


def torture() -> list[Path]:
    return sorted(shared_data("sip-torture", "rfc4475").glob("*.dat"))


@pytest.mark.parametrize("target", TARGETS)
@given(data=st.data())
def test_changed_torture_messages_never_raise(target: Callable[[bytes], None], data: st.DataObject) -> None:
    target(mutated(data, data.draw(st.sampled_from(torture())).read_bytes()))


HEP = bytes.fromhex(
    "48455033 0058 0000 0001 0007 02 0000 0003 000a d4ca0001 0000 0005 0016 20010db8000000000000000000000001 0000 0009 000a"
    "4e4982cb 0000 000b 0007 01 0000 0010 000e 789c4b04 0000 6200 0000 000f 0008 4142"
)


@given(data=st.data())
def test_changed_hep_packets_never_raise(data: st.DataObject) -> None:
    for target in TARGETS:
        target(mutated(data, HEP))


@pytest.mark.parametrize(
    "pattern",
    [
        b" " * 60_000,
        b"\t\n" * 30_000,
        b'"' * 60_000,
        b"\\" * 60_000,
        b";" * 60_000,
        b"<" * 60_000,
        b"," * 60_000,
        b"%" * 60_000,
        b"a" * 60_000,
    ],
    ids=["spaces", "folds", "quotes", "backslashes", "semicolons", "brackets", "commas", "percents", "letters"],
)
@pytest.mark.parametrize(
    "before", [b"INVITE ", *(b"INVITE sip:a@b SIP/2.0\r\n" + name for name in (b"Via: SIP/2.0/UDP h;x", b"From: ", b"X"))]
)
def test_long_runs_cost_time_in_proportion_only(before: bytes, pattern: bytes) -> None:
    # Time that grew with the square of these lengths would be minutes: the suite's own limit on a test would end it.
    for target in TARGETS:
        target(before + pattern)
        target(before + pattern + b"\r\nContact: " + pattern)
        target(before + b"a<" + pattern + b"> " + pattern + b'"')
