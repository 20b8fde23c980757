"""An interrupt that one of Python's own hooks swallows is not told as a fault, and still ends the start."""

import signal
import sys
import weakref

import pytest

from ringfence.cli import up


class Thing:
    pass


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> up._Stopping:
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    made = up._Stopping()
    for number, handler in before.items():
        signal.signal(number, handler)
    return made


def test_an_interrupt_lost_in_a_hook_is_seen_at_the_next_check(stopping: up._Stopping, capsys: pytest.CaptureFixture[str]) -> None:
    thing = Thing()
    told = weakref.ref(thing, lambda _: stopping._ask(signal.SIGINT, None))
    del thing
    assert told() is None
    assert capsys.readouterr().err == ""
    with pytest.raises(up._Stop):
        stopping.wait_to_be_asked()


def test_any_other_lost_exception_is_told(stopping: up._Stopping, capsys: pytest.CaptureFixture[str]) -> None:
    thing = Thing()
    told = weakref.ref(thing, lambda _: 1 / 0)
    del thing
    assert told() is None
    assert "ZeroDivisionError" in capsys.readouterr().err
