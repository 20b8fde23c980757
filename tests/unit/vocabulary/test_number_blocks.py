"""Ranges of numbers as blocks: exactly the range, in as few as can be, and each number found among its prefixes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.vocabulary.number_blocks import MOST_NUMBERS, blocks, covering


@given(st.integers(100, 99_999), st.integers(0, 3_000))
def test_blocks_are_exactly_the_range(start: int, more: int) -> None:
    first, last = f"+{start}", f"+{start + more}"
    if len(first) != len(last):
        return
    found = blocks(first, last)
    assert [number for block in found for number in block.each()] == [f"+{number}" for number in range(start, start + more + 1)]
    assert sum(block.numbers for block in found) == more + 1
    assert len(found) <= 2 * 9 * 5


@given(st.integers(1_000, 9_998), st.integers(0, 9_999))
def test_a_number_is_in_a_block_where_a_prefix_of_it_is_the_blocks(start: int, asked: int) -> None:
    found = {(block.prefix, block.digits) for block in blocks(f"+{start}", "+9999")}
    number = f"+{asked}"
    assert any((prefix, len(number)) in found for prefix in covering(number)) == (start <= asked)


@pytest.mark.parametrize(
    ("first", "last"), [("+3225", "+32250"), ("+3226", "+3225"), ("+1000000000", f"+{1_000_000_000 + MOST_NUMBERS}")]
)
def test_what_is_no_range_is_refused(first: str, last: str) -> None:
    with pytest.raises(ValueError, match="no range"):
        blocks(first, last)


def test_a_range_is_written_by_its_ends() -> None:
    (block,) = blocks("+3225551000", "+3225551999")
    assert (block.prefix, block.written) == ("+3225551", "+3225551000-+3225551999")
