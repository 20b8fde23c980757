"""What every service of the desk may refuse with."""


class DeskError(Exception):
    """A service did nothing, and says why. `permanent`: trying the same again cannot help."""

    permanent = True


class NotPermitted(DeskError):
    """The actor may not do this."""


class NotThere(DeskError):
    """There is no such thing, or the actor may not know of it."""


class StaleState(DeskError):
    """Somebody else changed it in between; look again, then decide."""
