"""How live watch speaks to whoever runs it: named happenings with fields, never payloads, numbers or addresses of people."""

from typing import Protocol


class Log(Protocol):
    """What structlog's loggers offer."""

    def info(self, event: str, **fields: object) -> object:
        """Something happened as it should."""

    def warning(self, event: str, **fields: object) -> object:
        """Something is not as it should be, and watch goes on."""

    def error(self, event: str, **fields: object) -> object:
        """Somebody must do something."""
