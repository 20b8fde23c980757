"""What every edge is told, whatever kind it is: one `[[gate.edges]]` of ringfence.toml, told apart by its `kind`."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from ringfence.gate.errors import GateError

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="lower-case letters, digits and hyphens")]
Url = Annotated[str, Meta(pattern=r"^https?://[^/\s]+/[!-~]*$", description="http://address:port/path, or https")]
Address = Annotated[str, Meta(pattern=r"^(\[[0-9a-fA-F:.]+\]|[0-9.]+):[0-9]{1,5}$", description="address:port")]
Word = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{1,32}$", description="letters, digits and _")]


class EdgeSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """One edge that orders are pushed to.

    `name` stands in receipts. `deadline_ms` is for one command, `reconcile_s` how often the edge is asked what it holds.
    `asks_from` are the addresses from which it asks whether calls may pass: such a call counts under caps as long as it lists it.
    """

    name: Name
    deadline_ms: Annotated[int, Meta(ge=10, le=60_000)] = 1_000
    reconcile_s: Annotated[int, Meta(ge=1, le=3_600)] = 5
    asks_from: tuple[str, ...] = ()

    @property
    def deadline_s(self) -> float:
        """The deadline in seconds."""
        return self.deadline_ms / 1_000


class SecretUnusable(GateError):
    """A file that an edge's settings name holds no secret that can be used."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class Secrets:
    """Files whose paths count from the data folder."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def file(self, name: str) -> Path:
        """Return where the file of this name is."""
        return self._data / name

    def __call__(self, name: str) -> str:
        """Return the one line that the file of this name holds. Raises `SecretUnusable`."""
        path = self.file(name)
        try:
            secret = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SecretUnusable(f"{path}: {error}. Hint: the file holds the secret alone; only Ringfence may read it") from error
        if not secret or any(ord(letter) < ord(" ") for letter in secret):
            raise SecretUnusable(f"{path}: not one line of text. Hint: the file holds the secret alone")
        return secret


def secrets_in(data: Path) -> Secrets:
    """Return what reads secrets from files whose paths count from the data folder."""
    return Secrets(data)
