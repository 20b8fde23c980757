"""Work done ahead on a thread of its own, while what it gave before is used."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class _Queue(Generic[Item]):
    """What one thread gives and another takes, at most `most` at a time."""

    def __init__(self, items: Iterable[Item], most: int) -> None:
        self.given: deque[Item] = deque()
        self.changed = threading.Condition()
        self.is_over = self.is_wanted = False
        self.failure: BaseException | None = None
        self.is_wanted = True
        self._items = items
        self._most = most

    def fill(self) -> None:
        try:
            for item in self._items:
                with self.changed:
                    self.changed.wait_for(lambda: len(self.given) < self._most or not self.is_wanted)
                    if not self.is_wanted:
                        break
                    self.given.append(item)
                    self.changed.notify_all()
        except BaseException as failure:  # noqa: BLE001 - it is raised again where the items are taken
            self.failure = failure
        with self.changed:
            self.is_over = True
            self.changed.notify_all()

    def take(self) -> Iterator[Item]:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.given or self.is_over)
                if not self.given:
                    break
                item = self.given.popleft()
                self.changed.notify_all()
            yield item
        if self.failure is not None:
            raise self.failure


def ahead(items: Iterable[Item], *, most: int = 2) -> Iterator[Item]:
    """Yield the items, up to `most` of them made while one is used. What making them raises is raised here.

    It helps where making them lets other threads run: compiled loops, reading files.
    """
    queue = _Queue(items, most)
    thread = threading.Thread(target=queue.fill, name="ahead", daemon=True)
    thread.start()
    try:
        yield from queue.take()
    finally:
        with queue.changed:
            queue.is_wanted = False
            queue.changed.notify_all()
        thread.join()
