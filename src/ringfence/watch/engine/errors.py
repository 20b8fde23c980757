"""Why a snapshot was not restored. The engine is as it was before."""


class SnapshotRefused(Exception):
    """The snapshot can't be continued from. Trying again cannot help: start without it, from further back in the input."""

    permanent = True


class SnapshotDamaged(SnapshotRefused):
    """Bytes are missing or changed."""


class SnapshotOfAnotherVersion(SnapshotRefused):
    """It was written by a version of Ringfence that lays windows out in another way."""


class SnapshotOfAnotherInstallation(SnapshotRefused):
    """It was written under another installation's key."""
