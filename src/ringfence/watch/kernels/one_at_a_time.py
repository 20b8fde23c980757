"""Compiled code kept on disk, where of several processes that need the same kernel one compiles it and the others wait for it."""

import fcntl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO, Final

from numba.core.caching import FunctionCache

LOOKS: Final = 2_400
"""So often another process's work is looked for, every `PAUSE_S`: two minutes in all. What takes longer hangs, perhaps."""
PAUSE_S: Final = 0.05


class OneAtATime(FunctionCache):
    """A kernel's cache. Whoever finds nothing in it compiles the kernel, and has it locked until that is kept.

    Numba calls it under its own lock, so by one thread at a time. A process that is killed leaves no lock behind: the next one
    compiles. Raises `RuntimeError` where there is no folder for compiled code; where nothing can be locked, nobody waits.
    """

    def __init__(self, kernel: Callable[..., object]) -> None:
        super().__init__(kernel)  # type: ignore[no-untyped-call]  # Numba says nothing of its types
        self._locked: BinaryIO | None = None

    def load_overload(self, sig: Any, target_context: Any) -> Any:  # noqa: ANN401 - likewise
        """Return the code for a signature; `None` where the caller is the one to compile it."""
        found = super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]  # likewise
        if found is None and self._lock():
            found = super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]  # likewise
            if found is not None:
                self._unlock()
        return found

    def save_overload(self, sig: Any, data: Any) -> None:  # noqa: ANN401 - likewise
        """Keep the code for a signature, and let those go on that wait for it."""
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]  # likewise
        finally:
            self._unlock()

    def _lock(self) -> bool:
        """Wait until no other process compiles this kernel; tell whether it was locked now."""
        if self._locked is not None:
            return False
        with suppress(OSError):
            self._impl.locator.ensure_cache_path()
            file = Path(self.cache_path, f"{self._cache_file._index_name}.lock").open("ab")  # noqa: SIM115 - closed with the lock
            pause = Event()
            for _ in range(LOOKS):
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pause.wait(PAUSE_S)
                else:
                    self._locked = file
                    return True
            file.close()
        return False

    def _unlock(self) -> None:
        if self._locked is not None:
            # Who waits for this very file has the code now, and who comes later needs no file.
            Path(self._locked.name).unlink(missing_ok=True)
            self._locked.close()
            self._locked = None
