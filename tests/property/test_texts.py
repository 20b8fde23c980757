"""The compiled hash is SipHash-2-4, wherever a text stands and however it is asked for."""

from hashlib import blake2b

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.watch.columns import UNSET, TextHashes
from ringfence.watch.kernels import texts
from tests.property.oracles.hashing import siphash

_KEY = bytes(range(16))
_WORDS = np.frombuffer(_KEY, "<u8").astype(np.uint64)


def test_the_hash_is_the_one_that_its_authors_published() -> None:
    # The 16th value of the vectors in the paper's appendix: fifteen octets from 0 on, under the key of sixteen.
    assert siphash(_KEY, bytes(range(15))) == 0xA129CA6149BE45E5
    data = np.frombuffer(bytes(range(15)), np.uint8)
    assert int(texts.siphash(data, 0, 15, _WORDS)) == 0xA129CA6149BE45E5


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300), st.integers(0, 9), st.binary(max_size=9))
def test_a_hash_depends_on_the_text_alone(text: bytes, before: int, after: bytes) -> None:
    data = np.frombuffer(b"\xff" * before + text + after, np.uint8)
    assert int(texts.siphash(data, before, len(text), _WORDS)) == siphash(_KEY, text)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=64), st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=20))
def test_cells_hash_as_their_texts_do_one_by_one(key: bytes, values: list[str]) -> None:
    hashes = TextHashes(key)
    octets = [value.encode() for value in values]
    begins = np.cumsum([0, *map(len, octets)])[:-1]
    cells = np.zeros((len(values), 2, 2), np.int32)
    cells[:, 1, 0], cells[:, 1, 1] = begins, list(map(len, octets))
    data = np.frombuffer(b"".join(octets), np.uint8)
    assert hashes.of_cells(data, cells, 1).tolist() == [hashes[value or None] for value in values]
    derived = blake2b(b"ringfence columns", digest_size=16, key=key).digest()
    assert [hashes[value] for value in values] == [siphash(derived, each) or 1 for each in octets]
    assert hashes[None] == UNSET
