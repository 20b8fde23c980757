"""Says that kernels are being compiled: once after each upgrade, half a minute in which a process seems to do nothing."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from numba.core import event
from numba.core.dispatcher import Dispatcher

from ringfence.watch.live import Log

_KERNELS: Final = "ringfence.watch.kernels."
_EVENT: Final = "numba:compile"


@contextmanager
def compiling_said(log: Log) -> Iterator[None]:
    """Say in the log of each kernel that is compiled meanwhile how many have been, of how many there are; and when it is done.

    What an earlier process has left compiled is loaded, and not spoken of.
    """
    told = _Told(log)
    event.register(_EVENT, told)  # type: ignore[no-untyped-call]  # numba has no types
    try:
        yield
    finally:
        event.unregister(_EVENT, told)  # type: ignore[no-untyped-call]  # as above
        told.close()


class _Told(event.Listener):
    """Hears of compilations, which nest: a kernel has those compiled first that it calls."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._begun: float | None = None
        self._done = 0
        self._depth = 0

    def on_start(self, event: Any) -> None:  # noqa: ANN401, ARG002 - numba has no types, and names what it passes
        if self._begun is None:
            self._begun = time.monotonic()
            self._log.info("kernels.compiling", hint="once after an install or upgrade: half a minute; traffic waits meanwhile")
        self._depth += 1

    def on_end(self, event: Any) -> None:  # noqa: ANN401, ARG002 - as above
        self._depth -= 1
        self._done += 1
        if self._depth == 0:
            self._log.info("kernels.compiling", done=self._done, of=max(_kernels(), self._done))

    def close(self) -> None:
        """Say how long it took, if anything was compiled."""
        if self._begun is not None:
            self._log.info("kernels.compiled", kernels=self._done, seconds=round(time.monotonic() - self._begun, 1))


def _kernels() -> int:
    """Return how many kernels are loaded, compiled or not."""
    modules = [module for name, module in sys.modules.items() if name.startswith(_KERNELS)]
    return len({id(each) for module in modules for each in vars(module).values() if isinstance(each, Dispatcher)})
