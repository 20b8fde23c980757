"""What can go wrong with a source of traffic. A defect inside the traffic is never an error: it is counted."""


class SourceError(Exception):
    """A source can't be opened or read at all. `permanent`: trying again with the same input cannot help."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class AddressInUse(SourceError):
    """Somebody else listens there, or the address is none of this machine's, or the port needs more rights."""


class UnreadableFile(SourceError):
    """The file is not what it was taken for: the message says what was seen and what to do."""
