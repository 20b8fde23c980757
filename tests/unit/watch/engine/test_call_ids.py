from ringfence.watch.engine.call_ids import CallIds


def test_only_the_last_so_many_are_remembered_wherever_the_batch_ends() -> None:
    known = CallIds(remembered=5, batch=4)
    for first in range(0, 40, 4):
        known.add(first, [f"call-{number}" for number in range(first, first + 4)])
        for present in range(first, first + 4):
            expected = [f"call-{number}" for number in range(max(0, present - 4), present + 1)]
            assert known.of(range(present + 1), present=present) == expected


def test_what_was_picked_can_replace_everything() -> None:
    known = CallIds(remembered=5, batch=4)
    known.add(7, ["seven", "eight"])
    successor = CallIds(remembered=5, batch=4)
    successor.add(6, ["six"])
    successor.replace(known.pick([7, 8], present=9))
    assert successor.of(range(10), present=9) == ["seven", "eight"]
