import sys

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


def test_call_ids_that_are_read_late_are_the_same_wherever_the_batch_ends() -> None:
    known = CallIds(remembered=5, batch=4)
    for nth, first in enumerate(range(0, 60, 3)):
        names = [f"call-{number}" for number in range(first, first + 3)]
        known.add(first, names if nth % 3 == 1 else tuple(names))
        for present in range(first, first + 3):
            expected = [f"call-{number}" for number in range(max(0, present - 4), present + 1)]
            assert known.of(range(present + 1), present=present) == expected


def test_call_ids_to_be_read_late_are_let_go_with_their_events() -> None:
    class Counted(tuple[str, ...]):
        pass

    known = CallIds(remembered=5, batch=4)
    first = Counted(("a", "b", "c"))
    known.add(0, first)
    held = sys.getrefcount(first)
    known.add(3, ("d", "e", "f"))
    known.add(6, ("g", "h", "i"))
    assert sys.getrefcount(first) == held
    known.add(9, ("j", "k", "l"))
    assert sys.getrefcount(first) == held - 1
