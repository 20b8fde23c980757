"""What can go wrong with a feed."""


class FeedError(Exception):
    """A feed could not be read or written. `permanent`: trying again cannot help."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class FeedBusy(FeedError):
    """Another process writes this feed. Two writers would number two records alike."""


class FeedDamaged(FeedError):
    """A record before the feed's end fails its checksum."""


class FeedGap(FeedError):
    """Records that were to be read are gone. Raised once; reading then goes on after number `resume`."""

    def __init__(self, message: str, *, resume: int) -> None:
        super().__init__(message, permanent=False)
        self.resume = resume
