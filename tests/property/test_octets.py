"""Octets looked at together say what they say one by one, wherever they stand."""

import re
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.watch.kernels import moments, octets
from ringfence.watch.kernels.row_layout import NAIVE, NEVER

_MARKED = st.one_of(st.sampled_from(b',;"\n\r\t\x00\x1f \x7f\x80\xff'), st.integers(0, 255))
_TEXTS = st.lists(_MARKED, max_size=200).map(bytes)
_DIGITS = st.text("0123456789", min_size=1, max_size=10)
_WRITTEN = st.builds(
    lambda moment, mark, decimals, zone: f"{moment:%Y-%m-%d}{mark}{moment:%H:%M:%S}{decimals}{zone}",
    st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 30)),
    st.sampled_from("T T T x"),
    st.one_of(st.just(""), st.builds("{}{}".format, st.sampled_from(".,"), _DIGITS), st.sampled_from([".", ",x", ".1:2"])),
    st.sampled_from(["", "Z", "+01:00", "-05:30", "+24:00", "z", "+0100"]),
)
_ODDLY = st.builds(
    lambda text, place, octet: text[: place % len(text)] + octet + text[place % len(text) + 1 :],
    _WRITTEN,
    st.integers(0, 60),
    st.sampled_from(list("0123456789:;/-.T Zé")),
)
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?\Z", re.ASCII)
_NUMBER = re.compile(r"\+[1-9]\d{2,14}\Z|\d{2,6}\Z", re.ASCII)


def moment_of(text: str) -> tuple[int, int]:
    """Return what a time says, by Python."""
    if not _ISO.match(text):
        return NEVER, 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return NEVER, 0
    state = NAIVE if moment.tzinfo is None else 0
    passed = (moment.replace(tzinfo=UTC) if state else moment) - datetime(1970, 1, 1, tzinfo=UTC)
    return passed // timedelta(microseconds=1), state


@settings(deadline=None, max_examples=300)
@given(_TEXTS, st.sampled_from(b",;\t|"))
def test_what_needs_a_closer_look_is_found_octet_for_octet(text: bytes, delimiter: int) -> None:
    data = np.frombuffer(text, np.uint8)
    special = [octet in (delimiter, ord('"')) or (octet < 32 and octet != 9) or octet >= 128 for octet in text]
    for place in (0, 1, len(text) // 2):
        word = int(octets.specials(data, place, delimiter))
        assert [bool(word >> nth & 1) for nth in range(64)] == (special[place:] + [False] * 64)[:64]


@settings(deadline=None, max_examples=100)
@given(_TEXTS)
def test_lines_are_counted(text: bytes) -> None:
    assert octets.count_lines(np.frombuffer(text, np.uint8)) == text.count(b"\n")


@settings(deadline=None, max_examples=500)
@given(st.lists(st.one_of(_WRITTEN, _WRITTEN, _ODDLY), min_size=1, max_size=4), st.binary(max_size=30))
def test_times_are_read_as_python_reads_them(texts: list[str], after: bytes) -> None:
    day = np.zeros(3, np.uint64)
    for text in texts:
        written = text.encode()
        data = np.frombuffer(written + b"," + after, np.uint8)
        assert moments.moment(data, 0, len(written), day) == moment_of(text), text


@settings(deadline=None, max_examples=300)
@given(st.text("+0123456789x", max_size=18), st.binary(max_size=12))
def test_numbers_are_known_by_their_form(text: str, after: bytes) -> None:
    data = np.frombuffer(text.encode() + b"," + after, np.uint8)
    assert moments.is_number(data, 0, len(text)) == (_NUMBER.match(text) is not None)
