"""A set of order ids behaves as Python's own, whatever is put in and taken out."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.gate.order_ids import OrderIds

_NUMBERED = st.one_of(st.integers(0, 40), st.sampled_from([(1 << 128) - 1, (1 << 64) - 1, 1 << 64, (1 << 128) - 2]))
_IDS = st.one_of(_NUMBERED.map("{:032x}".format), st.sampled_from(["ord-1", "A" * 32, "f" * 31, ""]))


@given(st.lists(st.tuples(st.booleans(), _IDS), max_size=200))
def test_it_holds_what_a_set_would_hold(steps: list[tuple[bool, str]]) -> None:
    ids, expected = OrderIds(), set[str]()
    for put, id in steps:
        if put:
            assert ids.add(id) is (id not in expected)
            expected.add(id)
        else:
            ids.discard(id)
            expected.discard(id)
        assert (id in ids, len(ids)) == (id in expected, len(expected))
    assert sorted(ids) == sorted(expected)


def test_a_hundred_thousand_come_and_go_in_little_memory() -> None:
    ids = OrderIds(f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128):032x}" for number in range(1, 100_001))
    assert len(ids) == len(set(ids)) == 100_000
    for id in ids:
        ids.discard(id)
    assert (len(ids), list(ids)) == (0, [])
    assert ids._slots.nbytes <= 100_000 * 16 * 8
