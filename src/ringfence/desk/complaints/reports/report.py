"""Report: what a machine-readable complaint says, whichever format said it."""

from enum import StrEnum
from hashlib import sha256

from msgspec import Struct

from ringfence.vocabulary.times import Micros


class ReportFormat(StrEnum):
    """In what form it came."""

    ARF = "arf"  # RFC 5965
    XARF = "xarf"  # version 4
    X_ARF = "x-arf"  # versions 0.1 to 3


class Evidence(Struct, frozen=True, kw_only=True):
    """Something that the reporter handed in: kept byte for byte, shown to nobody unasked."""

    content_type: str
    description: str = ""
    data: bytes = b""

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, in hexadecimal."""
        return sha256(self.data).hexdigest()


class Problem(Struct, frozen=True):
    """What in the report is not as its format says. `field` is a path such as `Report/SourceIp`."""

    field: str
    cause: str


class Report(Struct, frozen=True, kw_only=True):
    """One report. Texts as sent, cut where they are long; times in UTC; what it doesn't say is `None` or empty.

    A report with problems is still read as far as it goes: a person sees both.
    """

    format: ReportFormat
    version: str
    about: str
    """What it says happened, in its format's words: `abuse`, `messaging/spam`, `Activity/LoginAttack`."""
    reporter: str | None = None
    reporter_mail: str | None = None
    reference: str | None = None
    """The reporter's own case number."""
    happened: Micros | None = None
    addresses: tuple[str, ...] = ()
    """From which addresses it came."""
    numbers: tuple[str, ...] = ()
    """Telephone numbers that it names as the source."""
    callees: tuple[str, ...] = ()
    """The numbers called, where it tells them."""
    callbacks: tuple[str, ...] = ()
    """The numbers that one was asked to call."""
    accounts: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    notes: str = ""
    evidence: tuple[Evidence, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def is_test(self) -> bool:
        """Tell whether the reporter only tries the way: it is validated and answered, and nothing follows."""
        return "lifecycle:test" in self.tags
