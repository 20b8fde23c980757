"""Beyond a stated number of values a distinct count is the same pure function of the window, whenever values were let go of."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.watch.tallies.asleep import decoded, encode
from ringfence.watch.tallies.keys import Key
from ringfence.watch.tallies.sampled import Sampled
from tests.property.oracles.sampled import estimated

# Time to the event before, which of few or many values it has, and whether the tally is packed and unpacked before it.
STEPS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 200), st.booleans()), max_size=200)


def through_a_snapshot(tally: Sampled) -> Sampled:
    blob = bytearray()
    encode(Key(parts=("a",), tallies=[tally], held=[], quiet=[], time=0, billing_day=1), blob)
    (restored,) = decoded(bytes(blob)).tallies
    assert isinstance(restored, Sampled)
    return restored


@settings(deadline=None, max_examples=200)
@given(STEPS, st.integers(1, 80), st.integers(1, 6), st.sampled_from([1, 5]), st.integers(0, 9))
def test_the_estimate_is_what_the_list_of_values_says(
    events: list[tuple[int, int, bool]], length: int, exact: int, grain: int, seed: int
) -> None:
    hashes = [Random(seed * 1_000 + nth).getrandbits(64) for nth in range(201)]
    tally, entries, time = Sampled(exact=exact), list[tuple[int, int]](), 100
    for gap, which, restarts in events:
        time += gap
        horizon = time - length - grain
        tally.leave(horizon)
        assert tally.value() == estimated(entries, horizon, exact)
        stamp = time - time % grain
        tally.add(stamp, hashes[which])
        entries.append((stamp, hashes[which]))
        if restarts:
            tally = through_a_snapshot(tally)
        assert tally.value() == estimated(entries, horizon, exact)
        assert (tally.error() == 0.0) == (len({each for at, each in entries if at > horizon}) <= exact)


def test_estimates_lie_within_their_bounds_and_few_values_are_held() -> None:
    exact, length = 1_000, 40_000
    near, far, most = 0, 0, 0
    for seed in range(2):
        chance = Random(seed)
        few = [chance.getrandbits(64) for _ in range(500)]
        tally, last = Sampled(exact=exact), dict[int, int]()
        for time in range(120_000):
            burst = 30_000 < time < 90_000
            value = chance.getrandbits(64) if burst else chance.choice(few)
            tally.leave(time - length)
            tally.add(time, value)
            last[value] = time
            most = max(most, tally.size)
            if time % 5_000 == 4_999:
                last = {each: at for each, at in last.items() if at > time - length}
                true, error = len(last), tally.error()
                if true <= exact:
                    assert tally.value() == true
                    assert error == 0.0
                    continue
                assert 0.0 < error < 0.1
                off = abs(tally.value() - true) / tally.value()
                near, far = near + (off <= error), far + (off > error)
                assert off <= 2 * error
    assert near > 30
    assert far <= 0.1 * (near + far)
    assert most < 15 * exact  # of 40,000


def test_values_that_come_again_do_not_make_an_exact_count_an_estimate() -> None:
    tally = Sampled(exact=100)
    for time in range(10_000):
        tally.add(time, Random(time % 100).getrandbits(64))
    assert tally.value() == 100.0
    assert tally.error() == 0.0


def test_what_is_forgotten_early_leaves_the_sample_too() -> None:
    tally, hashes = Sampled(exact=8), [Random(nth).getrandbits(64) for nth in range(60)]
    for time, value in enumerate(hashes):
        tally.add(time, value)
    while tally.entries > 8:
        tally.shed()
    assert tally.value() == float(tally.entries)
