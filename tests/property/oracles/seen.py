"""What the oracles read of an event."""

from typing import Protocol


class Seen(Protocol):
    """A call or request. Anything with these fields will do."""

    @property
    def kind(self) -> str: ...

    @property
    def time(self) -> int: ...

    @property
    def source(self) -> str | None: ...

    @property
    def caller(self) -> str | None: ...

    @property
    def callee(self) -> str | None: ...

    @property
    def target(self) -> str | None: ...

    @property
    def account(self) -> str | None: ...

    @property
    def direction(self) -> str | None: ...

    @property
    def credentials(self) -> bool: ...

    @property
    def status(self) -> int: ...

    @property
    def answered(self) -> bool: ...

    @property
    def duration_ms(self) -> int: ...

    @property
    def ring_ms(self) -> int: ...
